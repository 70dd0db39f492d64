"""Penalties on the size of the weights."""

from barenet.optimization._penalties import *

__all__ = [name for name in list(globals()) if not name.startswith("_")]
