"""Settings that hold for every test."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("shapecheck", deadline=None)  # a shared machine: no test depends on how long it takes
settings.load_profile("shapecheck")
