"""Callbacks that are invoked during training."""

from typing import TYPE_CHECKING, NoReturn

from barenet._unknown_names import unknown_name
from barenet.insight._live_plot import LivePlot
from barenet.training._callbacks import Callback, EarlyStopping, LambdaCallback, Run, TimeLimit
from barenet.training._progress import Progress

__all__ = [
    "Callback", "EarlyStopping", "LambdaCallback", "LivePlot", "Progress", "Run", "TimeLimit",
]  # fmt: skip


if not TYPE_CHECKING:  # type checkers only know the names above

    def __getattr__(name: str) -> NoReturn:
        """Refuse another name, with what to use instead."""
        raise unknown_name(__name__, name, __all__)
