from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "releveur.accounts"
    label = "accounts"
