"""Running the house: commands, grants, background work."""
