from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("readings", "0004_readings_that_supersede"),
    ]

    operations = [
        migrations.AlterField(
            model_name="finding",
            name="answer",
            field=models.CharField(
                choices=[
                    ("NOTHING", "nothing was asked"),
                    ("CONFIRMED", "confirmed"),
                    ("MENDED", "mended"),
                    ("KEPT", "kept as typed"),
                    ("METER_REPLACED", "meter replaced"),
                    ("ROLLED_OVER", "meter back at zero after its last digit"),
                    ("LAST_WAS_WRONG", "the last reading was wrong"),
                    ("OTHER", "other reason"),
                ],
                default="NOTHING",
                max_length=20,
                verbose_name="answer",
            ),
        ),
    ]
