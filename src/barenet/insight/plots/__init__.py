"""Plots of training, predictions, classifiers and weights.

Each function returns a matplotlib Figure, which a notebook displays and `save_figure` saves. Pyplot
is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from barenet.insight.plots._boundary import plot_boundary
from barenet.insight.plots._column_importance import plot_importance
from barenet.insight.plots._confusion import plot_confusion
from barenet.insight.plots._digits import plot_digits
from barenet.insight.plots._fit import plot_fit, plot_fit_at_epochs
from barenet.insight.plots._learning_curves import plot_history
from barenet.insight.plots._saving import save_figure
from barenet.insight.plots._weights import plot_weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "PLOTS",
    "plot_boundary",
    "plot_confusion",
    "plot_digits",
    "plot_fit",
    "plot_fit_at_epochs",
    "plot_history",
    "plot_importance",
    "plot_weights",
    "save_figure",
]

#: Every kind of plot. The first line of a function's docstring is its help.
PLOTS: dict[str, Callable[..., Figure]] = {
    "history": plot_history,
    "fit": plot_fit,
    "epochs": plot_fit_at_epochs,
    "boundary": plot_boundary,
    "digits": plot_digits,
    "confusion": plot_confusion,
    "importance": plot_importance,
    "weights": plot_weights,
}
