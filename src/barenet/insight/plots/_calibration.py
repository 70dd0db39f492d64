"""Calibration: whether predicted probabilities are the frequencies that are observed.

After C. Guo et al., "On Calibration of Modern Neural Networks" (2017).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_count, check_names
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import check_probabilities, class_indices, table
from barenet.insight.plots._style import Axes, Figure
from barenet.model._arrays import FloatArray

#: The bars below the diagram: their base, and the height of that of the largest bin.
BASE, BAR_HEIGHT = -0.24, 0.14


def plot_calibration(
    y: ArrayLike,
    probabilities: ArrayLike,
    classes: Sequence[str],
    *,
    n_bins: int = 10,
    title: str | None = None,
) -> Figure:
    """Draw a reliability diagram of predicted probabilities.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class indices.
    probabilities : array-like of shape (n_samples, n_classes)
        Predicted probabilities.
    classes : sequence of str
        Names of the classes.
    n_bins : int, default=10
        Number of bins of equal width.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        Of two classes, the frequency of the second over its predicted probability; of more, the
        accuracy over the probability of the predicted class. A dot is the mean of a bin, with a
        95 % interval (E. B. Wilson, 1927); the number above a bar is that of the rows in the bin.

    Raises
    ------
    ValueError
        If the shapes do not match, or a value is not a probability or a class index.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> figure = plot_calibration([0, 1], [[0.8, 0.2], [0.4, 0.6]], ["no", "yes"])
    >>> figure.axes[0].get_xlabel()
    'predicted probability of yes'
    """
    n_bins = check_count(n_bins, "n_bins")
    p = check_probabilities(table(probabilities, "probabilities"), "probabilities")
    classes = check_names(classes, "classes", p.shape[1], "column of probabilities")
    actual = class_indices(y, "y", len(classes), len(p))
    if len(classes) > 2:
        names = "probability of the predicted class", "accuracy"
        hits, p = actual == p.argmax(axis=1), p.max(axis=1)
    else:
        names = f"predicted probability of {classes[-1]}", f"frequency of {classes[-1]}"
        hits, p = actual == len(classes) - 1, p[:, -1]
    figure, (axes,) = style.new_figure((4.6, 4.4), title=title)
    _draw(axes, p, hits, n_bins)
    style.label_axes(axes, *names)
    return figure


def _draw(axes: Axes, p: FloatArray, hits: NDArray[np.bool_], n_bins: int) -> None:
    """Draw the frequency of each bin with its interval, and below it a bar of its rows."""
    bins = np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], p)
    used, n = np.unique(bins, return_counts=True)
    mean, frequency = (np.bincount(bins, each)[used] / n for each in (p, hits))
    centres, heights = (used + 0.5) / n_bins, BAR_HEIGHT * n / n.max()
    axes.bar(centres, heights, 0.92 / n_bins, BASE, color=style.GRID)
    look: dict[str, Any] = {"ha": "center", "va": "bottom", "color": style.MUTED, "fontsize": 7.5}
    for place, height, count in zip(centres, heights, n, strict=True):
        style.write(axes, place, BASE + height + 0.005, f"{count:,}", **look)
    axes.plot([0, 1], [0, 1], color=style.MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
    middle, half = (frequency + 2 / n) / (1 + 4 / n), 2 / (1 + 4 / n)
    half *= np.sqrt(frequency * (1 - frequency) / n + 1 / n**2)
    errors = np.maximum([frequency - middle + half, middle + half - frequency], 0)
    axes.errorbar(mean, frequency, errors, marker="o", color=style.PREDICTED, capsize=2.5)
    axes.set(xlim=(0, 1), ylim=(BASE, 1.02), yticks=np.linspace(0, 1, 6), aspect="equal")
    style.show_grid(axes, "both")
