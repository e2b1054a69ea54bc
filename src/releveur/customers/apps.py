from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "releveur.customers"
    label = "customers"
