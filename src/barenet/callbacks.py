"""Callbacks, which are invoked during training."""

from barenet.insight._live_plot import LivePlot as LivePlot
from barenet.training._callbacks import *
from barenet.training._progress import Progress as Progress

__all__ = [name for name in list(globals()) if not name.startswith("_")]
