from django.apps import AppConfig


class InboundConfig(AppConfig):
    name = "releveur.web.inbound"
    label = "inbound"
