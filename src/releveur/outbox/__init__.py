"""Mails owed: writing, keys, delivering. Knows nothing of meters."""
