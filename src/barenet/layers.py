"""Layers; `LAYERS` contains them by name."""

from barenet.model import layers as _source
from barenet.model.layers import *

__all__ = _source.__all__
