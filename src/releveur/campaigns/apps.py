from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "releveur.campaigns"
    label = "campaigns"
