"""Penalties on the size of the weights."""

from barenet.optimization import _penalties as _source
from barenet.optimization._penalties import *

__all__ = _source.__all__
