from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "releveur.web.health"
    label = "health"
