from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dealer", "0004_resplit_and_policies"),
    ]

    operations = [
        migrations.AddField(
            model_name="dealer",
            name="priors",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                verbose_name="how often each slip happens here",
            ),
        ),
    ]
