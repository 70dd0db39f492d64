"""Plots of networks, data and runs, with Matplotlib.

Each function returns a matplotlib Figure, which a notebook displays and `save_figure` saves. Pyplot
is not used.
"""

from barenet.insight.plots._classification_plots import (
    plot_boundary as plot_boundary,
    plot_calibration as plot_calibration,
    plot_confusion as plot_confusion,
)
from barenet.insight.plots._column_effects import (
    plot_dependence as plot_dependence,
    plot_importance as plot_importance,
)
from barenet.insight.plots._image_grid import (
    plot_digits as plot_digits,
    plot_weights as plot_weights,
)
from barenet.insight.plots._learning_curves import plot_history as plot_history
from barenet.insight.plots._regression_plots import (
    plot_fit as plot_fit,
    plot_residuals as plot_residuals,
)
from barenet.insight.plots._saving import save_figure as save_figure

__all__ = [name for name in list(globals()) if not name.startswith("_")]
