"""Optimizers and gradient clipping; `OPTIMIZERS` contains the optimizers by name."""

from barenet.optimization import optimizers as _source
from barenet.optimization.optimizers import *

__all__ = _source.__all__
