from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "releveur.web.demo"
    label = "demo"
