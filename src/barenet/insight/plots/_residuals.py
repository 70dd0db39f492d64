"""Residuals of a regression over its predictions, and the distribution of its targets.

Residuals of one sign on a side, or ever larger ones, show structure that the model has missed.
"""

import numpy as np
from numpy.typing import ArrayLike

from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import column, numbers
from barenet.insight.plots._style import Figure

#: Bars of the distribution.
N_BARS = 30


def plot_residuals(
    y: ArrayLike, predictions: ArrayLike, *, target_name: str = "y", title: str | None = None
) -> Figure:
    """Draw the residuals of a regression, and the distribution of its targets.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, 1)
        Targets.
    predictions : array-like of shape (n_samples,) or (n_samples, 1)
        Predictions.
    target_name : str, default="y"
        Name of the target, with its unit.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The differences y − ŷ over the predictions ŷ, and a histogram of the targets.

    Raises
    ------
    ValueError
        If the shapes do not match, or a value is not finite.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> figure = plot_residuals([1.0, 2.0, 4.0], [1.0, 2.5, 3.0], target_name="price")
    >>> figure.axes[0].lines[0].get_ydata()
    array([ 0. , -0.5,  1. ])
    """
    y = column(y, "y", np.size(numbers(y, "y")))
    predicted = column(predictions, "predictions", len(y))
    figure, (residuals, targets) = style.new_figure((4.6, 3.6), 2, 2, title=title)
    style.dots(residuals, predicted, y - predicted, color=style.PREDICTED, alpha=0.55)
    residuals.axhline(0, color=style.ACTUAL, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    style.label_axes(residuals, f"predicted {target_name}", "actual − predicted")
    style.title(targets, "distribution of the target")
    edges = np.unique(np.linspace(y.min(), y.max(), N_BARS + 1)).tolist()  # fewer if almost equal
    targets.hist(y, edges if len(edges) > 1 else 1, color=style.ACTUAL, alpha=0.75)
    style.label_axes(targets, f"actual {target_name}", "rows")
    return figure
