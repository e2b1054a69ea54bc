from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "releveur.appointments"
    label = "appointments"
