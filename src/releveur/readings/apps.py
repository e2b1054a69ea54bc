from django.apps import AppConfig


class ReadingsConfig(AppConfig):
    name = "releveur.readings"
    label = "readings"
