"""Learning rate schedules; `SCHEDULES` has them by name."""

from barenet.optimization._schedules import *

__all__ = [name for name in list(globals()) if not name.startswith("_")]
