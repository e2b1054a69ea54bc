from django.apps import AppConfig


class FleetConfig(AppConfig):
    name = "releveur.fleet"
    label = "fleet"
