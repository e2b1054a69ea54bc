from django.apps import AppConfig


class ClockConfig(AppConfig):
    name = "releveur.clock"
    label = "clock"
