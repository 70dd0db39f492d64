"""Plots of a classification: its decision boundary, its confusion matrix, and its calibration.

In the plane of two features, the colour of a point is that of the most probable class, and paler
where the network is less certain. A row of the confusion matrix is an actual class, a column a
predicted one; the colour is the fraction of the row, so that a rare class is as visible as a
frequent one. Calibrated probabilities are the frequencies that are observed: C. Guo et al., "On
Calibration of Modern Neural Networks" (2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_count, check_names
from barenet._messages import some
from barenet.errors import ArgumentError
from barenet.files._predictor import Predictor
from barenet.insight.plots import _checks as checks, _style as style
from barenet.insight.plots._style import Axes, Figure
from barenet.model._array_dataset import class_probabilities
from barenet.model._arrays import FloatArray
from barenet.model._ensemble import Model
from barenet.tables.frames._to_frame import column_names

#: Opacity of the background where a class is certain, so that the points stand out.
STRENGTH = 0.42

#: Width of a digit of a count, as a fraction of the font size.
DIGIT_WIDTH = 0.62
#: Maximum font size of a count, in points.
MAX_COUNT_SIZE = 11.0
POINTS_PER_INCH = 72


def plot_boundary(
    predict: Any,
    X: Any,
    y: ArrayLike,
    *,
    classes: Sequence[Any] | None = None,
    feature_names: Sequence[str] | None = None,
    resolution: int = 200,
    title: str | None = None,
) -> Figure:
    """Draw the decision boundary of a classifier, and samples of two features.

    Parameters
    ----------
    predict : Network, Ensemble, Predictor, estimator or callable
        A model; or a function that maps a float64 array of shape (n, 2) to probabilities of shape
        (n, n_classes), or to the probability of class 1 of two, shape (n,) or (n, 1).
    X : array-like of shape (n_samples, 2), Frame or DataFrame
        Samples.
    y : array-like of shape (n_samples,)
        Their class indices, or their classes.
    classes : sequence of shape (n_classes,), optional
        Names of the classes, or the classes themselves. By default, those of the predictor or of
        the estimator, or else "class 0", "class 1" and so on.
    feature_names : sequence of str, optional
        Names of the two features, with their units. By default, the names of the columns, or else
        "first feature" and "second feature".
    resolution : int, default=200
        Points along each side at which `predict` is evaluated.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there are not two features, a class index has no class, or `predict` does not return
        probabilities of the classes.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> figure = plot_boundary(lambda points: points[:, 0] > 0.5, X, [0, 1])
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['class 0', 'class 1']
    """
    if feature_names is None:
        feature_names = column_names(X)
    if classes is None:
        classes = _classes_of(predict)
    predict = _probability_function(predict)
    X = checks.table(X, "X")
    if X.shape[1] != 2:
        problem = f"expected 2 features, got {X.shape[1]}"
        raise ArgumentError(problem, argument="X", remedy="choose two columns")
    resolution = max(check_count(resolution, "resolution"), 2)
    if feature_names is None:
        feature_names = ("first feature", "second feature")
    x_label, y_label = check_names(feature_names, "feature_names", 2, "feature")
    low = X.min(axis=0)
    high = X.max(axis=0)
    margin = np.where(high > low, 0.1 * (high - low), 0.5)
    n_edges = 2 * resolution + 1  # with the centres of the pixels in between
    edges = np.linspace(low - margin, high + margin, n_edges)
    x_centres, y_centres = edges[1::2].T
    grid = np.stack(np.meshgrid(x_centres, y_centres), axis=-1)
    probabilities = _probabilities(predict, grid)
    n_classes = probabilities.shape[2]
    labels = np.asarray(y).ravel().tolist()
    classes = checks.class_names(classes, "classes", n_classes, "class of predict", labels)
    y = checks.class_indices(y, "y", n_classes, len(X), classes)
    names = [str(name) for name in classes]
    figure, (axes,) = style.new_figure((7.0, 5.0), title=title)
    axes.grid(visible=False)
    left, bottom = edges[0].tolist()
    right, top = edges[-1].tolist()
    extent = (left, right, bottom, top)
    _draw_background(axes, grid, extent, probabilities)
    _draw_samples(axes, X, y, names)
    style.label_axes(axes, x_label, y_label)
    style.legend(figure)
    return figure


def _probability_function(model: Any) -> Callable[[NDArray[Any]], ArrayLike]:
    """Return the function of a model that predicts probabilities; return a function unchanged."""
    for name in ("predict_proba", "predict"):
        function = getattr(model, name, None)
        if callable(function):
            return function
    if not callable(model):
        raise ArgumentError.of("predict", model, "a model, or a function of points")
    return model


def _classes_of(model: Any) -> Sequence[Any] | None:
    """Return the classes of a predictor or of an estimator."""
    if isinstance(model, Predictor):
        return model.classes
    if isinstance(model, Model):
        return None
    classes: Sequence[Any] | None = getattr(model, "classes_", None)
    return classes


def _shade(probabilities: FloatArray) -> FloatArray:
    """Colour of the most probable class; white where all are equally probable."""
    from matplotlib.colors import to_rgba_array

    n_classes = probabilities.shape[-1]
    colors = islice(cycle(style.CLASS_COLORS), n_classes)
    palette = to_rgba_array(list(colors))[:, :3]
    largest = probabilities.max(axis=-1, keepdims=True)
    certainty = (largest - 1 / n_classes) / (1 - 1 / n_classes)
    strength = STRENGTH * np.clip(certainty, 0, 1)
    class_colors = palette[probabilities.argmax(axis=-1)]
    shades: FloatArray = 1 - strength * (1 - class_colors)
    return shades


def _probabilities(predict: Callable[[NDArray[Any]], ArrayLike], grid: FloatArray) -> FloatArray:
    """Evaluate `predict` at every pixel; shape (n_up, n_across, n_classes)."""
    n_points = grid.shape[0] * grid.shape[1]
    output = checks.numbers(predict(grid.reshape(-1, 2)), "predict")
    if output.shape == (n_points,):
        output = output[:, np.newaxis]
    if output.ndim != 2 or len(output) != n_points:
        expected = f"expected shape ({n_points}, n_classes) for {n_points} points"
        raise ArgumentError(f"{expected}, got {output.shape}", argument="predict")
    output = class_probabilities(checks.check_probabilities(output, "predict"))
    return output.reshape(*grid.shape[:2], -1)


def _draw_background(axes: Axes, grid: FloatArray, extent: Any, probabilities: FloatArray) -> None:
    """Fill the plane, and draw lines where the most probable class changes."""
    look: dict[str, Any] = {"origin": "lower", "aspect": "auto", "interpolation": "bilinear"}
    axes.imshow(_shade(probabilities), extent=extent, **look)
    look = {"colors": style.INK, "linewidths": 1.3, "linestyles": "-"}
    x = grid[:, :, 0]
    y = grid[:, :, 1]
    # Of n classes, the lines of n - 1 are all the lines.
    for index in range(probabilities.shape[2] - 1):
        others = np.delete(probabilities, index, axis=2).max(axis=2)
        lead = probabilities[:, :, index] - others
        if lead.min() < 0 < lead.max():
            axes.contour(x, y, lead, levels=[0], **look)


def _draw_samples(axes: Axes, X: FloatArray, y: checks.Integers, classes: Sequence[str]) -> None:
    """Draw the samples of each class in its colour, with its marker."""
    look: dict[str, Any] = {"markeredgecolor": style.INK, "markeredgewidth": 0.5}
    size = 120 / np.sqrt(len(X))
    look["markersize"] = np.clip(size, 2.5, 7.0)
    colors = cycle(style.CLASS_COLORS)
    markers = cycle(style.CLASS_MARKERS)
    for index, name in enumerate(classes):
        first_feature, second_feature = X[y == index].T
        look |= {"color": next(colors), "marker": next(markers)}
        style.dots(axes, first_feature, second_feature, label=name, **look)


def plot_confusion(
    y_true: ArrayLike,
    y_predicted: ArrayLike,
    classes: Sequence[Any] | None = None,
    *,
    title: str | None = None,
) -> Figure:
    """Draw the confusion matrix, with the recall of each class.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Class indices of the samples, or their classes.
    y_predicted : array-like of shape (n_samples,)
        Predicted class indices, or predicted classes, as from ``predictor.predict``.
    classes : sequence of shape (n_classes,), optional
        Names of the classes, or the classes themselves, as in ``predictor.labels``. By default, the
        different classes of both, sorted.
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
    if classes is None:
        classes = _different(y_true, y_predicted)
    classes = checks.class_names(classes, "classes", len(classes), "class")
    n_classes = len(classes)
    actual = checks.class_indices(y_true, "y_true", n_classes, None, classes)
    predicted = checks.class_indices(y_predicted, "y_predicted", n_classes, len(actual), classes)
    classes = [str(name) for name in classes]
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (actual, predicted), 1)
    in_row = counts.sum(axis=1, keepdims=True)
    fractions = counts / np.maximum(in_row, 1)

    cell = float(np.clip(6 / n_classes, 0.52, 1.15))
    side = cell * n_classes
    names_width = 0.08 * max(len(name) for name in classes)
    width = side + names_width + 1.4
    height = side + 1.1 + 0.6 * names_width
    figure, (axes,) = style.new_figure((width, height), title=title)
    style.show_matrix(axes, fractions, "Blues", (0, 1))
    _write_counts(axes, counts, fractions, cell)
    _write_recall(axes, fractions, in_row[:, 0])
    _write_classes(axes, classes, cell)
    accuracy = np.trace(counts) / len(actual)
    text = f"{accuracy:.1%} of {len(actual):,} right"
    style.title(axes, text, pad=10)
    return figure


def _different(y_true: ArrayLike, y_predicted: ArrayLike) -> list[Any]:
    """Return the different classes of the samples and of the predictions, sorted."""
    different = set()
    for labels in (y_true, y_predicted):
        different |= set(np.asarray(labels).ravel().tolist())
    try:
        return sorted(different)
    except TypeError:  # such as text and None
        problem = f"classes of several types: {some([str(label) for label in different])}"
        raise ArgumentError(problem, argument="y_true", remedy="pass classes") from None


def _write_counts(axes: Axes, counts: checks.Integers, fractions: FloatArray, cell: float) -> None:
    """Write each count into its cell, dark on light and light on dark, and zeros in grey."""
    n_digits = len(f"{counts.max():,}")
    cell_width = 0.9 * cell * POINTS_PER_INCH  # without the margins
    size = min(MAX_COUNT_SIZE, cell_width / (DIGIT_WIDTH * n_digits))
    for (row, column), count in np.ndenumerate(counts):
        ink = style.INK
        if count == 0:
            ink = "#B8B8B8"
        elif fractions[row, column] > 0.5:
            ink = style.PAPER
        weight = "bold" if row == column else "normal"
        text = f"{count:,}"
        style.write(
            axes, column, row, text, ha="center", color=ink, fontsize=size, fontweight=weight
        )


def _write_recall(axes: Axes, fractions: FloatArray, in_row: checks.Integers) -> None:
    """Write the recall of each class to the right of its row."""
    edge = len(fractions) - 0.5 + 0.02 * len(fractions)
    style.write(axes, edge, -0.5, "recall", ha="left", va="bottom", color=style.MUTED)
    for row, recall in enumerate(np.diagonal(fractions)):
        text = f"{recall:.1%}" if in_row[row] else "none"
        style.write(axes, edge, row, text, ha="left")


def _write_classes(axes: Axes, classes: Sequence[str], cell: float) -> None:
    """Label rows and columns; slant the labels of columns where they would touch."""
    positions = range(len(classes))
    names = [style.literal(name) for name in classes]
    axes.set_yticks(positions, names)
    widest = 0.085 * max(len(name) for name in classes)
    if widest > 0.9 * cell:
        axes.set_xticks(positions, names, **style.SLANTED)
    else:
        axes.set_xticks(positions, names)
    axes.tick_params(length=0, labelcolor=style.INK)
    style.label_axes(axes, "predicted", "actual")


#: The base of the bars below the diagram.
BASE = -0.24
#: The height of the bar of the largest bin.
BAR_HEIGHT = 0.14


def plot_calibration(
    y: ArrayLike,
    probabilities: ArrayLike,
    classes: Sequence[Any] | None = None,
    *,
    n_bins: int = 10,
    title: str | None = None,
) -> Figure:
    """Draw a reliability diagram of predicted probabilities.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class indices, or the classes.
    probabilities : array-like of shape (n_samples, n_classes), (n_samples, 1) or (n_samples,)
        Predicted probabilities; a single one is that of the second class of two.
    classes : sequence of shape (n_classes,), optional
        Names of the classes, or the classes themselves, as in ``predictor.labels``. By default, the
        different names in `y`, sorted, or else "class 0", "class 1" and so on.
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
    p = checks.numbers(probabilities, "probabilities")
    if p.ndim == 1:
        p = p[:, np.newaxis]
    p = checks.table(p, "probabilities")
    p = class_probabilities(checks.check_probabilities(p, "probabilities"))
    labels = np.asarray(y).ravel().tolist()
    noun = "column of probabilities"
    classes = checks.class_names(classes, "classes", p.shape[1], noun, labels)
    actual = checks.class_indices(y, "y", len(classes), len(p), classes)
    if len(classes) > 2:
        x_label = "probability of the predicted class"
        y_label = "accuracy"
        hits = actual == p.argmax(axis=1)
        p = p.max(axis=1)
    else:
        x_label = f"predicted probability of {classes[-1]}"
        y_label = f"frequency of {classes[-1]}"
        hits = actual == len(classes) - 1
        p = p[:, -1]
    figure, (axes,) = style.new_figure((4.6, 4.4), title=title)
    _draw(axes, p, hits, n_bins)
    style.label_axes(axes, x_label, y_label)
    return figure


def _draw(axes: Axes, p: FloatArray, hits: NDArray[np.bool_], n_bins: int) -> None:
    """Draw the frequency of each bin with its interval, and below it a bar of its rows."""
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    bins = np.searchsorted(inner_edges, p)
    used, n = np.unique(bins, return_counts=True)
    mean = np.bincount(bins, p)[used] / n
    frequency = np.bincount(bins, hits)[used] / n
    centres = (used + 0.5) / n_bins
    heights = BAR_HEIGHT * n / n.max()
    axes.bar(centres, heights, 0.92 / n_bins, BASE, color=style.GRID)
    look: dict[str, Any] = {"ha": "center", "va": "bottom", "color": style.MUTED, "fontsize": 7.5}
    for place, height, count in zip(centres, heights, n, strict=True):
        above = BASE + height + 0.005
        style.write(axes, place, above, f"{count:,}", **look)
    diagonal = [0, 1]
    axes.plot(diagonal, diagonal, color=style.MUTED, linewidth=1.2, linestyle=style.DASHES)
    # Wilson's interval (p + z²/2n ± z √(p (1 − p) / n + z²/4n²)) / (1 + z²/n), with z = 2
    middle = (frequency + 2 / n) / (1 + 4 / n)
    variance = frequency * (1 - frequency) / n
    half = 2 / (1 + 4 / n)
    half *= np.sqrt(variance + 1 / n**2)
    below = frequency - middle + half
    above = middle + half - frequency
    errors = np.maximum([below, above], 0)
    axes.errorbar(mean, frequency, errors, marker="o", color=style.PREDICTED, capsize=2.5)
    ticks = np.linspace(0, 1, 6)
    axes.set(xlim=(0, 1), ylim=(BASE, 1.02), yticks=ticks, aspect="equal")
    style.show_grid(axes, "both")
