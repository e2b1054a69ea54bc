from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "releveur.ops"
    label = "ops"
