"""Layers; `LAYERS` has them by name."""

from barenet.model.layers import *

__all__ = [name for name in list(globals()) if not name.startswith("_")]
