from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "releveur.contracts"
    label = "contracts"
