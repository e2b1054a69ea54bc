import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dealer", "0003_price_of_silence"),
    ]

    operations = [
        migrations.AddField(
            model_name="dealer",
            name="resplit",
            field=models.CharField(
                choices=[("DAYS", "by days"), ("SEASON", "by the season of the meter")],
                db_default="DAYS",
                default="DAYS",
                max_length=6,
                verbose_name="split estimated periods again",
            ),
        ),
        migrations.AddField(
            model_name="dealer",
            name="estimates_in_a_row",
            field=models.PositiveSmallIntegerField(
                db_default=2, default=2, verbose_name="estimates in a row without a task"
            ),
        ),
        migrations.AddField(
            model_name="dealer",
            name="read_every_days",
            field=models.PositiveSmallIntegerField(
                db_default=365, default=365, verbose_name="days with one real reading"
            ),
        ),
        migrations.AddField(
            model_name="dealer",
            name="look_back_months",
            field=models.PositiveSmallIntegerField(
                db_default=14,
                default=14,
                validators=[django.core.validators.MaxValueValidator(600)],
                verbose_name="months that are charged afterwards",
            ),
        ),
    ]
