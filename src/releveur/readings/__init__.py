"""Every value a meter ever showed, and who says so."""
