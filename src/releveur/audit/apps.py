from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "releveur.audit"
    label = "audit"
