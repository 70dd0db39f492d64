"""The decision boundary of a classifier, in the plane of two features.

The colour at a point is that of the most probable class, stronger where it is more certain; on the
line two classes are equally probable.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_count, check_names
from barenet.errors import ArgumentError
from barenet.insight.plots import _checks as checks, _style as style
from barenet.insight.plots._style import Axes, Figure
from barenet.model._array_dataset import class_probabilities
from barenet.model._arrays import FloatArray

#: Opacity of the background where a class is certain, so that the points stand out.
STRENGTH = 0.42


def plot_boundary(
    predict: Callable[[NDArray[Any]], ArrayLike],
    X: ArrayLike,
    y: ArrayLike,
    *,
    classes: Sequence[str] | None = None,
    feature_names: Sequence[str] = ("first feature", "second feature"),
    resolution: int = 200,
    title: str | None = None,
) -> Figure:
    """Draw the decision boundary of a classifier, and samples of two features.

    Parameters
    ----------
    predict : callable
        Maps a float64 array of shape (n, 2) to probabilities of shape (n, n_classes), or to the
        probability of class 1 of two, shape (n,) or (n, 1); such as ``network.predict`` or
        scikit-learn's ``predict_proba``.
    X : array-like of shape (n_samples, 2)
        Samples.
    y : array-like of shape (n_samples,)
        Their class indices.
    classes : sequence of str, optional
        Names of the classes. By default "class 0", "class 1" and so on.
    feature_names : sequence of str, default=("first feature", "second feature")
        Names of the two features, with their units.
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
    X = checks.table(X, "X")
    if X.shape[1] != 2:
        problem = f"expected 2 features, got {X.shape[1]}"
        raise ArgumentError(problem, argument="X", remedy="choose two columns")
    resolution = max(check_count(resolution, "resolution"), 2)
    x_label, y_label = check_names(feature_names, "feature_names", 2, "feature")
    low, high = X.min(axis=0), X.max(axis=0)
    margin = np.where(high > low, 0.1 * (high - low), 0.5)
    edges = np.linspace(low - margin, high + margin, 2 * resolution + 1)
    grid = np.stack(np.meshgrid(*edges[1::2].T), axis=-1)  # the centres of pixels
    probabilities = _probabilities(predict, grid)
    n_classes = probabilities.shape[2]
    if classes is None:
        classes = [f"class {index}" for index in range(n_classes)]
    classes = check_names(classes, "classes", n_classes, "class of predict")
    y = checks.class_indices(y, "y", n_classes, len(X))
    figure, (axes,) = style.new_figure((7.0, 5.0), title=title)
    axes.grid(visible=False)
    _draw_background(axes, grid, edges[[0, -1]].T.ravel().tolist(), probabilities)
    _draw_samples(axes, X, y, classes)
    style.label_axes(axes, x_label, y_label)
    style.legend(figure)
    return figure


def _shade(probabilities: FloatArray) -> FloatArray:
    """Colour of the most probable class; white where all are equally probable."""
    from matplotlib.colors import to_rgba_array

    n_classes = probabilities.shape[-1]
    palette = to_rgba_array([_color(index) for index in range(n_classes)])[:, :3]
    certainty = (probabilities.max(axis=-1, keepdims=True) - 1 / n_classes) / (1 - 1 / n_classes)
    strength = STRENGTH * np.clip(certainty, 0, 1)
    colors: FloatArray = 1 - strength * (1 - palette[probabilities.argmax(axis=-1)])
    return colors


def _color(index: int) -> str:
    """The colour of a class."""
    return style.CLASS_COLORS[index % len(style.CLASS_COLORS)]


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
    # Of n classes, the lines of n - 1 are all the lines.
    for index in range(probabilities.shape[2] - 1):
        others = np.delete(probabilities, index, axis=2).max(axis=2)
        lead = probabilities[:, :, index] - others
        if lead.min() < 0 < lead.max():
            axes.contour(grid[:, :, 0], grid[:, :, 1], lead, levels=[0], **look)


def _draw_samples(axes: Axes, X: FloatArray, y: checks.Integers, classes: Sequence[str]) -> None:
    """Draw the samples of each class in its colour, with its marker."""
    look: dict[str, Any] = {"markeredgecolor": style.INK, "markeredgewidth": 0.5}
    look["markersize"] = np.clip(120 / np.sqrt(len(X)), 2.5, 7.0)
    for index, name in enumerate(classes):
        look |= {"color": _color(index), "label": name}
        look["marker"] = style.CLASS_MARKERS[index % len(style.CLASS_MARKERS)]
        style.dots(axes, X[y == index, 0], X[y == index, 1], **look)
