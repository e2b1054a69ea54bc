"""Who runs this installation: one row, its branding and its closed days."""
