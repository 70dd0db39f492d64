"""Activation functions; `ACTIVATIONS` has them by name."""

from barenet.model._activations import *

__all__ = [name for name in list(globals()) if not name.startswith("_")]
