"""Images with their labels and predictions.

An error of the classifier is marked by a word and a heavy frame, which stand out in print and for
colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.errors import ArgumentError
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import check_images, column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_IMAGES = 100
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
    images = check_images(images, image_shape, "images", MOST_IMAGES)
    n_images = len(images)
    labels = _as_many(labels, "labels", n_images)
    predictions = _as_many(predictions, "predictions", n_images)
    errors = _errors(labels, predictions, n_images)
    captions = [
        _caption(label, prediction, confidence, is_wrong)
        for label, prediction, confidence, is_wrong in zip(
            [None] * n_images if labels is None else labels,
            [None] * n_images if predictions is None else predictions,
            _confidences(confidences, predictions, n_images),
            errors,
            strict=True,
        )
    ]
    figure, panels = _new_figure(captions, image_shape)
    darkest = images.max() if images.max() > 0 else 1
    for axes, image, caption, is_wrong in zip(panels, images, captions, errors, strict=True):
        style.show_matrix(axes, image.reshape(image_shape), "gray_r", (0, darkest))
        color, width = (style.WRONG, 3.0) if is_wrong else (style.GRID, 0.8)
        axes.spines[:].set(visible=True, color=color, linewidth=width)
        look = {"fontweight": "bold", "color": style.WRONG} if is_wrong else {}
        style.title(axes, caption, loc="center", fontsize=style.SMALL_SIZE, pad=4, **look)
    style.headline(figure, title)
    return figure


def _as_many(values: Labels | None, argument: str, n_images: int) -> Labels | None:
    """Check that there is one value for each image."""
    if values is not None and np.shape(values) != (n_images,):
        raise ArgumentError(
            f"expected one for each of {n_images} images, got shape {np.shape(values)}",
            argument=argument,
        )
    return values


def _confidences(
    values: ArrayLike | None, predictions: Labels | None, n_images: int
) -> Sequence[float | None]:
    """Check the probabilities of the predictions."""
    if values is None:
        return [None] * n_images
    if predictions is None:
        raise ArgumentError("expected predictions as well, got none", argument="confidences")
    confidences = column(values, "confidences", n_images)
    outside = confidences[(confidences < 0) | (confidences > 1 + 1e-6)]
    if outside.size:
        raise ArgumentError(
            f"expected probabilities from 0 to 1, got {outside[0]:g}", argument="confidences"
        )
    return confidences.tolist()


def _errors(labels: Labels | None, predictions: Labels | None, n_images: int) -> list[bool]:
    """Whether each prediction differs from the label."""
    if labels is None or predictions is None:
        return [False] * n_images
    actual, predicted = np.asarray(labels), np.asarray(predictions)
    if (actual.dtype.kind in "biuf") != (predicted.dtype.kind in "biuf"):
        expected = f"names or indices as labels has (such as {actual[0]!r})"
        raise ArgumentError.of("predictions", predicted[0], expected)
    return [bool(one != other) for one, other in zip(actual, predicted, strict=True)]


def _caption(label: Any, prediction: Any, confidence: float | None, is_wrong: bool) -> str:
    """Write the label, and below it the prediction."""
    lines = [] if label is None else [f"label {label}"]
    if prediction is not None:
        percent = "" if confidence is None else f" ({confidence:.1%})"
        lines.append(f"{'wrong:' if is_wrong else 'predicted'} {prediction}{percent}")
    return "\n".join(lines)


def _new_figure(captions: Sequence[str], image_shape: tuple[int, int]) -> tuple[Figure, list[Axes]]:
    """Create a figure with a panel for each caption, wide enough for the longest line."""
    n_images = len(captions)
    side = 2.6 if n_images == 1 else 1.55
    longest = max(len(line) for caption in captions for line in caption.split("\n"))
    panel = max(side, 0.083 * longest), side * min(image_shape[0] / image_shape[1], 2) + 0.36
    return style.new_figure(panel, n_images, int(np.ceil(np.sqrt(n_images))))
