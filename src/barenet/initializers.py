"""Initializers of the parameters; `INITIALIZERS` has them by name."""

from barenet.model._initializers import *

__all__ = [name for name in list(globals()) if not name.startswith("_")]
