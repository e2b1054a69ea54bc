"""Who pays, how often, and may we estimate."""
