"""Asking every customer, once a period."""
