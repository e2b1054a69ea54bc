"""Validation and estimation, measured on real series and a simulated fleet."""
