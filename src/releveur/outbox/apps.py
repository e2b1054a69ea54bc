from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "releveur.outbox"
    label = "outbox"
