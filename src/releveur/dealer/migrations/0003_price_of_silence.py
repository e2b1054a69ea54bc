from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dealer", "0002_calendar_and_pages"),
    ]

    operations = [
        migrations.AddField(
            model_name="dealer",
            name="price_of_silence",
            field=models.CharField(
                choices=[
                    ("NEVER", "never"),
                    ("FROM_REMINDER_2", "from the second reminder"),
                    ("ALWAYS", "always"),
                ],
                db_default="FROM_REMINDER_2",
                default="FROM_REMINDER_2",
                max_length=15,
                verbose_name="say what silence costs",
            ),
        ),
    ]
