"""For whoever watches the program: is it alive, can it work, and its numbers."""
