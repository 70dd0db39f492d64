"""Callbacks, which are invoked during training."""

from barenet.insight.live_plot import LivePlot
from barenet.insight.progress import Progress
from barenet.training.callbacks import Callback, EarlyStopping, LambdaCallback, TimeLimit
from barenet.training.run import Run

__all__ = [
    "Callback",
    "EarlyStopping",
    "LambdaCallback",
    "LivePlot",
    "Progress",
    "Run",
    "TimeLimit",
]
