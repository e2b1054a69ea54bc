"""What people did here: who, when, before, after and why; added to, never changed, sealed into a chain."""
