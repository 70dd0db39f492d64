"""Confusion matrix of a classifier.

A row is an actual class, a column a predicted one. The colour is the fraction of the row, so that
a rare class is as visible as a frequent one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from barenet._constraints import check_names
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import Integers, class_indices
from barenet.insight.plots._style import Axes, Figure
from barenet.model._arrays import FloatArray


def plot_confusion(
    y_true: ArrayLike,
    y_predicted: ArrayLike,
    classes: Sequence[str],
    *,
    title: str | None = None,
) -> Figure:
    """Draw the confusion matrix, with the recall of each class.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Class indices of the samples.
    y_predicted : array-like of shape (n_samples,)
        Predicted class indices.
    classes : sequence of str
        Names of the classes.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If the lengths differ, or a class index has no class.
    MissingExtraError
        If matplotlib is not installed.

    Notes
    -----
    The recall of a class is the fraction of its samples that are predicted correctly: the diagonal
    over the sum of the row. A class without samples has none.

    Examples
    --------
    >>> figure = plot_confusion([0, 0, 1, 1], [0, 1, 1, 1], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['1', '1', '0', '2', 'recall', '50.0%', '100.0%']
    """
    classes = check_names(classes, "classes", len(classes), "class")
    actual = class_indices(y_true, "y_true", len(classes))
    predicted = class_indices(y_predicted, "y_predicted", len(classes), len(actual))
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (actual, predicted), 1)
    in_row = counts.sum(axis=1, keepdims=True)
    fractions = counts / np.maximum(in_row, 1)

    cell = float(np.clip(6 / len(classes), 0.52, 1.15))
    side, names_width = cell * len(classes), 0.08 * max(map(len, classes))
    size = side + names_width + 1.4, side + 1.1 + 0.6 * names_width
    figure, (axes,) = style.new_figure(size, title=title)
    style.show_matrix(axes, fractions, "Blues", (0, 1))
    _write_counts(axes, counts, fractions, cell)
    _write_recall(axes, fractions, in_row[:, 0])
    _write_classes(axes, classes, cell)
    style.title(axes, f"{np.trace(counts) / len(actual):.1%} of {len(actual):,} right", pad=10)
    return figure


def _write_counts(axes: Axes, counts: Integers, fractions: FloatArray, cell: float) -> None:
    """Write each count into its cell, dark on light and light on dark, and zeros in grey."""
    size = min(11.0, 0.9 * cell * 72 / (0.62 * len(f"{counts.max():,}")))
    for (row, column), count in np.ndenumerate(counts):
        ink = style.PAPER if fractions[row, column] > 0.5 else style.INK
        look = {"ha": "center", "color": ink if count else "#B8B8B8", "fontsize": size}
        weight = "bold" if row == column else "normal"
        style.write(axes, column, row, f"{count:,}", fontweight=weight, **look)


def _write_recall(axes: Axes, fractions: FloatArray, in_row: Integers) -> None:
    """Write the recall of each class to the right of its row."""
    edge = len(fractions) - 0.5 + 0.02 * len(fractions)
    style.write(axes, edge, -0.5, "recall", ha="left", va="bottom", color=style.MUTED)
    for row, recall in enumerate(np.diagonal(fractions)):
        style.write(axes, edge, row, f"{recall:.1%}" if in_row[row] else "none", ha="left")


def _write_classes(axes: Axes, classes: Sequence[str], cell: float) -> None:
    """Label rows and columns; slant the labels of columns where they would touch."""
    positions, names = range(len(classes)), [*map(style.literal, classes)]
    axes.set_yticks(positions, names)
    slanted = 0.085 * max(map(len, classes)) > 0.9 * cell
    slant: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(positions, names, **(slant if slanted else {}))
    axes.tick_params(length=0, labelcolor=style.INK)
    style.label_axes(axes, "predicted", "actual")
