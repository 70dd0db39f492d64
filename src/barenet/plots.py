"""Plots of networks, data and runs, with Matplotlib.

Each function returns a matplotlib Figure, which a notebook displays and `save_figure` saves. Pyplot
is not used.
"""

from barenet.insight.plots._classifier_plots import plot_boundary, plot_calibration, plot_confusion
from barenet.insight.plots._column_effects import plot_dependence, plot_importance
from barenet.insight.plots._contribution_plots import (
    plot_beeswarm,
    plot_mean_contributions,
    plot_waterfall,
)
from barenet.insight.plots._image_grid import plot_digits, plot_weights
from barenet.insight.plots._learning_curves import plot_history
from barenet.insight.plots._regression_plots import plot_fit, plot_residuals
from barenet.insight.plots._saving import save_figure

__all__ = [
    "plot_beeswarm", "plot_boundary", "plot_calibration", "plot_confusion",
    "plot_dependence", "plot_digits", "plot_fit", "plot_history", "plot_importance",
    "plot_mean_contributions", "plot_residuals", "plot_waterfall", "plot_weights", "save_figure",
]  # fmt: skip
