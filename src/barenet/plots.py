"""Plots of networks, data and runs, with Matplotlib.

Each function returns a matplotlib Figure, which a notebook displays and `save_figure` saves. Pyplot
is not used.
"""

from barenet.insight.plots._boundary import plot_boundary as plot_boundary
from barenet.insight.plots._calibration import plot_calibration as plot_calibration
from barenet.insight.plots._column_importance import plot_importance as plot_importance
from barenet.insight.plots._confusion import plot_confusion as plot_confusion
from barenet.insight.plots._dependence import plot_dependence as plot_dependence
from barenet.insight.plots._digits import plot_digits as plot_digits
from barenet.insight.plots._fit import plot_fit as plot_fit
from barenet.insight.plots._learning_curves import plot_history as plot_history
from barenet.insight.plots._residuals import plot_residuals as plot_residuals
from barenet.insight.plots._saving import save_figure as save_figure
from barenet.insight.plots._weights import plot_weights as plot_weights

__all__ = [name for name in list(globals()) if not name.startswith("_")]
