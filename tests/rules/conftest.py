"""Properties are tried on the same examples every time: a red run can be repeated."""

from hypothesis import settings

settings.register_profile("rules", max_examples=60, derandomize=True, deadline=None, database=None)
settings.load_profile("rules")
