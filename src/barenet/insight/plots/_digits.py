"""Images with their labels and predictions.

An error of the classifier is marked by a word and a heavy frame, which stand out in print and for
colour-blind readers.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.errors import ArgumentError
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import check_images, check_probabilities, column
from barenet.insight.plots._style import Figure
from barenet.model._arrays import FloatArray

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
        If the shapes do not match, there are more than 100 images, or a confidence
        is not from 0 to 1 or has no prediction.
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
    captions, errors = _captions(images, labels, predictions, confidences)
    side = 2.6 if len(images) == 1 else 1.55
    longest = max(len(line) for caption in captions for line in caption.split("\n"))
    size = max(side, 0.083 * longest), side * min(image_shape[0] / image_shape[1], 2) + 0.36
    columns = int(np.ceil(np.sqrt(len(images))))
    figure, panels = style.new_figure(size, len(images), columns, title=title)
    darkest = images.max() if images.max() > 0 else 1
    for axes, image, caption, is_wrong in zip(panels, images, captions, errors, strict=True):
        style.show_matrix(axes, image, "gray_r", (0, darkest))
        color, width = (style.WRONG, 3.0) if is_wrong else (style.GRID, 0.8)
        axes.spines[:].set(visible=True, color=color, linewidth=width)
        look = {"fontweight": "bold", "color": style.WRONG} if is_wrong else {}
        style.title(axes, caption, loc="center", fontsize=style.SMALL_SIZE, pad=4, **look)
    return figure


def _captions(
    images: FloatArray,
    labels: Labels | None,
    predictions: Labels | None,
    confidences: ArrayLike | None,
) -> tuple[list[str], NDArray[np.bool_]]:
    """The label of each image and below it the prediction, and whether they differ."""
    actual = _for_each(images, labels, "labels")
    predicted = _for_each(images, predictions, "predictions")
    errors = np.zeros(len(images), np.bool_)
    if labels is not None and predictions is not None:
        errors = actual.astype(str) != predicted.astype(str)
    heads = [f"label {label}" for label in actual]
    words = [
        f"{'wrong:' if is_wrong else 'predicted'} {name}"
        for name, is_wrong in zip(predicted, errors, strict=False)
    ]
    if confidences is not None:
        if predictions is None:
            raise ArgumentError("expected predictions as well, got none", argument="confidences")
        percents = check_probabilities(
            column(confidences, "confidences", len(images)), "confidences"
        )
        words = [f"{word} ({value:.1%})" for word, value in zip(words, percents, strict=True)]
    captions = ["\n".join(filter(None, each)) for each in zip_longest(heads, words)]
    return captions or [""] * len(images), errors


def _for_each(images: FloatArray, values: Labels | None, argument: str) -> NDArray[Any]:
    """Check that there is one value for each image."""
    if values is not None and np.shape(values) != (len(images),):
        problem = f"expected one for each of {len(images)} images, got shape {np.shape(values)}"
        raise ArgumentError(problem, argument=argument)
    return np.asarray([] if values is None else values)
