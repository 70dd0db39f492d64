"""Activation functions; `ACTIVATIONS` contains them by name."""

from barenet.model import _activations as _source
from barenet.model._activations import *

__all__ = _source.__all__
