from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0004_pacing"),
    ]

    operations = [
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.SmallAutoField(primary_key=True, serialize=False)),
                ("installation", models.CharField(max_length=100, verbose_name="installation")),
                ("epoch", models.UUIDField(verbose_name="epoch")),
                ("ticks", models.PositiveBigIntegerField(default=0, verbose_name="ticks")),
                ("ticked_at", models.DateTimeField(null=True, verbose_name="last tick")),
                (
                    "why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("RESTORED", "a backup was restored"),
                            ("REWOUND", "the database is older than what left this machine"),
                            ("CLONED", "the database is another installation's"),
                            ("ASLEEP", "nothing ran for more than 26 hours"),
                        ],
                        max_length=10,
                        verbose_name="why nothing leaves",
                    ),
                ),
                ("since", models.DateTimeField(null=True, verbose_name="held since")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="there_is_one_hold"),
                ],
            },
        ),
    ]
