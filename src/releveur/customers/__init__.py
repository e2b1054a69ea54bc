"""Customers, their sites and the people there."""
