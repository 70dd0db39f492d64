"""Images with their labels and predictions.

An error of the classifier is marked by a word and a heavy frame, which stand out in print and for
colour-blind readers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.errors import ArgumentError
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import check_images, column
from barenet.insight.plots._style import Axes, Figure

MAX_IMAGES = 100
Labels = Sequence[Any] | NDArray[Any]


def plot_digits(
    images: ArrayLike,
    labels: Labels | None = None,
    predictions: Labels | None = None,
    confidences: ArrayLike | None = None,
    *,
    image_shape: tuple[int, int],
    title: str | None = None,
) -> Figure:
    """Draw images with their labels and predictions, and mark the errors.

    Parameters
    ----------
    images : array-like of shape (n_images, height * width)
        Rows of pixels, from 0 (white) up on any scale. At most 100 images.
    labels : sequence of length n_images, optional
        Class indices or names.
    predictions : sequence of length n_images, optional
        Predicted classes, as indices or names like `labels`.
    confidences : array-like of shape (n_images,), optional
        Probabilities of the predictions, 0 to 1.
    image_shape : tuple of int
        Height and width, in pixels.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If the shapes do not match, there are more than 100 images, labels are names and predictions
        indices or the other way round, or a confidence is not from 0 to 1 or has no prediction.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.eye(8).reshape(1, 64)
    >>> figure = plot_digits(images, [3], [5], [0.61], image_shape=(8, 8))
    >>> print(figure.axes[0].get_title())
    label 3
    wrong: 5 (61.0%)
    """
    images = check_images(images, image_shape, "images", MAX_IMAGES)
    n_images = len(images)
    actual = _as_many(labels, "labels", n_images)
    predicted = _as_many(predictions, "predictions", n_images)
    percents = _percents(confidences, predicted)
    errors = _errors(actual, predicted)
    captions = list(map(_caption, actual, predicted, percents, errors))
    figure, panels = _new_figure(captions, image_shape, title)
    darkest = images.max() if images.max() > 0 else 1
    for axes, image, caption, is_wrong in zip(panels, images, captions, errors, strict=True):
        style.show_matrix(axes, image, "gray_r", (0, darkest))
        color, width = (style.WRONG, 3.0) if is_wrong else (style.GRID, 0.8)
        axes.spines[:].set(visible=True, color=color, linewidth=width)
        look = {"fontweight": "bold", "color": style.WRONG} if is_wrong else {}
        style.title(axes, caption, loc="center", fontsize=style.SMALL_SIZE, pad=4, **look)
    return figure


def _as_many(values: Labels | None, argument: str, n_images: int) -> list[Any]:
    """Check that there is one value for each image; without values, return None for each."""
    if values is None:
        return [None] * n_images
    if np.shape(values) != (n_images,):
        problem = f"expected one for each of {n_images} images, got shape {np.shape(values)}"
        raise ArgumentError(problem, argument=argument)
    return list(values)


def _percents(confidences: ArrayLike | None, predictions: list[Any]) -> list[str]:
    """Check the probabilities of the predictions, and write them in percent."""
    if confidences is None:
        return [""] * len(predictions)
    if predictions[0] is None:
        raise ArgumentError("expected predictions as well, got none", argument="confidences")
    values = column(confidences, "confidences", len(predictions))
    outside = values[(values < 0) | (values > 1 + 1e-6)]
    if outside.size:
        problem = f"expected probabilities from 0 to 1, got {outside[0]:g}"
        raise ArgumentError(problem, argument="confidences")
    return [f" ({value:.1%})" for value in values]


def _errors(labels: list[Any], predictions: list[Any]) -> list[bool]:
    """Whether each prediction differs from the label."""
    if labels[0] is None or predictions[0] is None:
        return [False] * len(labels)
    actual, predicted = np.asarray(labels), np.asarray(predictions)
    if (actual.dtype.kind in "biuf") != (predicted.dtype.kind in "biuf"):
        expected = f"names or indices as labels has (such as {actual[0]!r})"
        raise ArgumentError.of("predictions", predicted[0], expected)
    return (actual != predicted).tolist()


def _caption(label: Any, prediction: Any, percent: str, is_wrong: bool) -> str:
    """Write the label, and below it the prediction."""
    lines = [] if label is None else [f"label {label}"]
    if prediction is not None:
        lines.append(f"{'wrong:' if is_wrong else 'predicted'} {prediction}{percent}")
    return "\n".join(lines)


def _new_figure(
    captions: Sequence[str], image_shape: tuple[int, int], title: str | None
) -> tuple[Figure, list[Axes]]:
    """Create a figure with a panel for each caption, wide enough for the longest line."""
    side = 2.6 if len(captions) == 1 else 1.55
    longest = max(len(line) for caption in captions for line in caption.split("\n"))
    panel = max(side, 0.083 * longest), side * min(image_shape[0] / image_shape[1], 2) + 0.36
    return style.new_figure(panel, len(captions), int(np.ceil(np.sqrt(len(captions)))), title=title)
