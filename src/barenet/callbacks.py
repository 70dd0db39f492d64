"""Callbacks that are invoked during training."""

from barenet.insight._live_plot import LivePlot
from barenet.training._callbacks import Callback, EarlyStopping, LambdaCallback, Run, TimeLimit
from barenet.training._progress import Progress

__all__ = [
    "Callback", "EarlyStopping", "LambdaCallback", "LivePlot", "Progress", "Run", "TimeLimit",
]  # fmt: skip
