from django.apps import AppConfig


class DealerConfig(AppConfig):
    name = "releveur.dealer"
    label = "dealer"
