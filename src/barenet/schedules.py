"""Learning rate schedules; `SCHEDULES` contains them by name."""

from typing import TYPE_CHECKING, NoReturn

from barenet._unknown_names import unknown_name
from barenet.optimization import _schedules as _source
from barenet.optimization._schedules import *

__all__ = _source.__all__


if not TYPE_CHECKING:  # type checkers only know the names above

    def __getattr__(name: str) -> NoReturn:
        """Refuse another name, with what to use instead."""
        raise unknown_name(__name__, name, __all__)
