"""Where a classifier changes its mind: the plane of two features, coloured by what it says.

The colour at a point is that of the likeliest class, the stronger the surer; the line is where
two classes are equally likely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.constraints import check_count
from barenet.insight.plots import style
from barenet.insight.plots.checks import Integers, class_indices, names, numbers, table
from barenet.model.arrays import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_boundary"]

#: Strongest background, as a share of the class's colour: the points must stand out from it.
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
    """Draw two-feature samples over the classes that a network sees around them.

    Parameters
    ----------
    predict : callable
        Takes an array of shape (n, 2), float64, and returns probabilities: shape (n, n_classes),
        or (n,) or (n, 1) for the probability of class 1 of two. ``network.predict`` and
        scikit-learn's ``predict_proba`` are such.
    X : array-like of shape (n_samples, 2)
        Samples.
    y : array-like of shape (n_samples,)
        Their class indices.
    classes : sequence of str, optional
        Names of the classes. By default "class 0", "class 1" and so on.
    feature_names : sequence of str, default=("first feature", "second feature")
        Names of the two features, with their units.
    resolution : int, default=200
        Points along each side at which `predict` is asked.
    title : str, optional
        Title of the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Raises
    ------
    ValueError
        If there are other than two features, a class index has no class, or what `predict`
        returned are no probabilities of the classes.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> picture = plot_boundary(lambda points: points[:, 0] > 0.5, X, [0, 1])
    >>> [text.get_text() for text in picture.legends[0].get_texts()]
    ['class 0', 'class 1']
    """
    X = table(X, "X")
    if X.shape[1] != 2:
        raise ValueError(
            f"X: a boundary is drawn over 2 features, got {X.shape[1]}; choose two columns"
        )
    resolution = max(check_count(resolution, "resolution"), 2)
    x_label, y_label = names(feature_names, "feature_names", 2, "feature")
    across, up = (_centres(X[:, feature], resolution) for feature in (0, 1))
    probabilities = _probabilities(predict, across, up)
    n_classes = probabilities.shape[2]
    classes = names(
        [f"class {index}" for index in range(n_classes)] if classes is None else classes,
        "classes",
        n_classes,
        "class that predict knows",
    )
    y = class_indices(y, "y", n_classes, len(X))
    picture, (axes,) = style.new_picture(7.0, 5.0)
    axes.grid(visible=False)
    _draw_background(axes, across, up, probabilities)
    _draw_samples(axes, X, y, classes)
    style.label_axes(axes, x_label, y_label)
    style.legend(picture, axes)
    if n_classes == 2:
        _draw_scale(picture, axes, classes[1])
    style.headline(picture, title)
    return picture


def shade(probabilities: FloatArray) -> FloatArray:
    """Colour probabilities: the likeliest class's colour, white where no class is likelier.

    Examples
    --------
    >>> import numpy as np
    >>> shade(np.array([[0.5, 0.5]]))
    array([[1., 1., 1.]])
    """
    from matplotlib.colors import to_rgb

    n_classes = probabilities.shape[-1]
    palette = np.array([to_rgb(_color(index)) for index in range(n_classes)])
    certainty = (probabilities.max(axis=-1, keepdims=True) - 1 / n_classes) / (1 - 1 / n_classes)
    strength = STRENGTH * np.clip(certainty, 0, 1)
    colors: FloatArray = 1 - strength * (1 - palette[probabilities.argmax(axis=-1)])
    return colors


def _color(index: int) -> str:
    """Choose a class's colour."""
    return style.CLASS_COLORS[index % len(style.CLASS_COLORS)]


def _centres(values: FloatArray, resolution: int) -> FloatArray:
    """Lay pixels over a feature's range and a margin, and take their centres."""
    low, high = values.min(), values.max()
    margin = 0.1 * (high - low) or 0.5
    edges = np.linspace(low - margin, high + margin, resolution + 1)
    return (edges[:-1] + edges[1:]) / 2


def _probabilities(
    predict: Callable[[NDArray[Any]], ArrayLike], across: FloatArray, up: FloatArray
) -> FloatArray:
    """Ask `predict` at every pixel; shape (n_up, n_across, n_classes)."""
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    answer = numbers(predict(grid.reshape(-1, 2)), "predict")
    n_points = len(up) * len(across)
    if answer.shape in ((n_points,), (n_points, 1)):
        answer = np.column_stack([1 - answer.reshape(-1), answer.reshape(-1)])
    if answer.ndim != 2 or len(answer) != n_points:
        raise ValueError(
            f"predict: expected shape ({n_points}, n_classes) for {n_points} points, "
            f"got {answer.shape}"
        )
    if answer.min() < -1e-6 or answer.max() > 1 + 1e-6:
        raise ValueError(
            f"predict: expected probabilities 0 to 1, got {answer.min():g} to {answer.max():g}"
        )
    return answer.reshape(*grid.shape[:2], -1)


def _draw_background(
    axes: Axes, across: FloatArray, up: FloatArray, probabilities: FloatArray
) -> None:
    """Fill the plane and draw the lines where the likeliest class changes."""
    half_x, half_y = (across[1] - across[0]) / 2, (up[1] - up[0]) / 2
    axes.imshow(
        shade(probabilities),
        extent=(across[0] - half_x, across[-1] + half_x, up[0] - half_y, up[-1] + half_y),
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
    )
    # Of n classes, the lines of n - 1 are all the lines.
    for index in range(probabilities.shape[2] - 1):
        others = np.delete(probabilities, index, axis=2).max(axis=2)
        lead = probabilities[:, :, index] - others
        if lead.min() < 0 < lead.max():
            axes.contour(
                across, up, lead, levels=[0], colors=style.INK, linewidths=1.3, linestyles="-"
            )


def _draw_samples(axes: Axes, X: FloatArray, y: Integers, classes: Sequence[str]) -> None:
    """Draw each class's samples in its colour, with its marker."""
    size = float(np.clip(120 / np.sqrt(len(X)), 2.5, 7.0))
    for index, name in enumerate(classes):
        points = X[y == index]
        axes.plot(
            points[:, 0],
            points[:, 1],
            linestyle="none",
            marker=style.CLASS_MARKERS[index % len(style.CLASS_MARKERS)],
            markersize=size,
            markeredgecolor=style.INK,
            markeredgewidth=0.5,
            color=_color(index),
            label=name,
        )


def _draw_scale(picture: Figure, axes: Axes, positive: str) -> None:
    """Draw the scale of two classes' probability beside the plane."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap

    steps = np.linspace(0, 1, 256)
    scale = ListedColormap(shade(np.column_stack([1 - steps, steps])))
    bar = picture.colorbar(ScalarMappable(cmap=scale), ax=axes, shrink=0.75, aspect=25, pad=0.02)
    style.dress_scale(bar, f"probability of {positive}", ticks=[0, 0.25, 0.5, 0.75, 1])
