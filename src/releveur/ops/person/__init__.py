"""All that is kept about one person: handed out, or erased."""
