"""Losses; `LOSSES` contains them by name."""

from barenet.model import losses as _source
from barenet.model.losses import *

__all__ = _source.__all__
