"""Optimizers and gradient clipping; `OPTIMIZERS` has the optimizers by name."""

from barenet.optimization.optimizers import *

__all__ = [name for name in list(globals()) if not name.startswith("_")]
