"""Losses; `LOSSES` has them by name."""

from barenet.model.losses import *

__all__ = [name for name in list(globals()) if not name.startswith("_")]
