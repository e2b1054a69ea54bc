from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "releveur.web.portal"
    label = "portal"
