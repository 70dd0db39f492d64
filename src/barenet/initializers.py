"""Initializers of the parameters; `INITIALIZERS` contains them by name."""

from barenet.model import _initializers as _source
from barenet.model._initializers import *

__all__ = _source.__all__
