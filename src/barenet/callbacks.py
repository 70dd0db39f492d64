"""Callbacks, which are invoked during training."""

from barenet.insight._live_plot import LivePlot
from barenet.insight._progress import Progress
from barenet.training._callbacks import Callback, EarlyStopping, LambdaCallback, TimeLimit
from barenet.training._run import Run

__all__ = [
    "Callback",
    "EarlyStopping",
    "LambdaCallback",
    "LivePlot",
    "Progress",
    "Run",
    "TimeLimit",
]
