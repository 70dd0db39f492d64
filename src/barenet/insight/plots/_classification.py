"""Plots of a classification: its confusion matrix, and the calibration of its probabilities.

A row of the matrix is an actual class, a column a predicted one. The colour is the fraction of the
row, so that a rare class is as visible as a frequent one. Calibrated probabilities are the
frequencies that are observed: C. Guo et al., "On Calibration of Modern Neural Networks" (2017)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_count, check_names
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import Integers, check_probabilities, class_indices, table
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
