"""Learning rate schedules; `SCHEDULES` contains them by name."""

from barenet.optimization import _schedules as _source
from barenet.optimization._schedules import *

__all__ = _source.__all__
