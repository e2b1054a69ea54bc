"""The surfaces: addresses, forms and pages, named after who uses them; they own no table."""
