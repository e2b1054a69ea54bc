"""Whom to call, and when, to make the devices of a company report by themselves."""
