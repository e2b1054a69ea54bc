"""The dealer's staff."""
