"""The limit of a page: a bare view, hand-written SQL for the same facts, and a string."""
