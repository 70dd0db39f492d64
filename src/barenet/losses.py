"""Losses; `LOSSES` contains them by name."""

from typing import TYPE_CHECKING, NoReturn

from barenet._unknown_names import unknown_name
from barenet.model import losses as _source
from barenet.model.losses import *

__all__ = _source.__all__


if not TYPE_CHECKING:  # type checkers only know the names above

    def __getattr__(name: str) -> NoReturn:
        """Refuse another name, with what to use instead."""
        raise unknown_name(__name__, name, __all__)
