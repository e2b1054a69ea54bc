"""The shop window of a demonstration: its clock, its mails, and what became of the numbers."""
