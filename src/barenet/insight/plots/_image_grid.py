"""Images in a grid: those of the rows with their predictions, and the weights of the first layer.

An error of the classifier is marked by a word and a heavy frame, which stand out in print and for
colour-blind readers. Of the weights, red is positive, blue negative, white zero; all units share
one scale, so that they can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.errors import ArgumentError
from barenet.files._predictor import Predictor
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import check_images, check_probabilities, column, table
from barenet.insight.plots._style import Figure
from barenet.model._arrays import FloatArray
from barenet.model._network import Network
from barenet.model.layers import Dense

MAX_IMAGES = 100

#: Side of the image of a panel, in inches: of a single one, and of one of several.
SINGLE_SIDE = 2.6
SIDE = 1.55
#: Width of a character of a caption, and height of a caption, in inches.
CHARACTER_WIDTH = 0.083
CAPTION_HEIGHT = 0.36

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
    if confidences is not None:
        if predictions is None:
            raise ArgumentError("expected predictions as well, got none", argument="confidences")
        confidences = column(confidences, "confidences", len(images))
        check_probabilities(confidences, "confidences")
    image_labels = _for_each(images, labels, "labels")
    image_predictions = _for_each(images, predictions, "predictions")
    image_confidences = _for_each(images, confidences, "confidences")
    captions = []
    longest = 0
    for index in range(len(images)):
        caption = _caption(image_labels[index], image_predictions[index], image_confidences[index])
        captions.append(caption)
        for line in caption.text.split("\n"):
            longest = max(longest, len(line))
    side = SINGLE_SIDE if len(images) == 1 else SIDE
    height, width = image_shape
    panel_width = max(side, CHARACTER_WIDTH * longest)
    panel_height = side * min(height / width, 2) + CAPTION_HEIGHT
    columns = math.ceil(math.sqrt(len(images)))
    size = (panel_width, panel_height)
    figure, panels = style.new_figure(size, n_panels=len(images), columns=columns, title=title)
    darkest = images.max()
    if darkest <= 0:
        darkest = 1
    for axes, image, caption in zip(panels, images, captions, strict=True):
        style.show_matrix(axes, image, "gray_r", (0, darkest))
        look: dict[str, Any] = {"loc": "center", "fontsize": style.SMALL_SIZE, "pad": 4}
        if caption.is_wrong:
            axes.spines[:].set(visible=True, color=style.WRONG, linewidth=3.0)
            look |= {"fontweight": "bold", "color": style.WRONG}
        else:
            axes.spines[:].set(visible=True, color=style.GRID, linewidth=0.8)
        style.title(axes, caption.text, **look)
    return figure


class Caption(NamedTuple):
    """The label of an image and below it the prediction, and whether they differ."""

    text: str
    is_wrong: bool


def _caption(label: Any, prediction: Any, confidence: Any) -> Caption:
    """Write the caption of an image; the label, the prediction and its confidence may be None."""
    is_wrong = False
    if label is not None and prediction is not None:
        is_wrong = str(label) != str(prediction)
    lines = []
    if label is not None:
        lines.append(f"label {label}")
    if prediction is not None:
        text = f"wrong: {prediction}" if is_wrong else f"predicted {prediction}"
        if confidence is not None:
            text += f" ({confidence:.1%})"
        lines.append(text)
    return Caption("\n".join(lines), is_wrong)


def _for_each(images: FloatArray, values: Any, argument: str) -> NDArray[Any]:
    """Check that there is one value for each image; without any, all are None."""
    if values is None:
        return np.full(len(images), None)
    if np.shape(values) != (len(images),):
        problem = f"expected one for each of {len(images)} images, got shape {np.shape(values)}"
        raise ArgumentError(problem, argument=argument)
    return np.asarray(values)


MAX_UNITS = 256


def plot_weights(network: Any, image_shape: tuple[int, int], *, title: str | None = None) -> Figure:
    """Draw the first layer's weights, an image for each unit.

    Parameters
    ----------
    network : Network, Predictor or array-like of shape (n_inputs, n_units)
        The network, or any layer's weights. Of an ensemble, the first network is drawn.
    image_shape : tuple of int
        Height and width of an image.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If the network has no weights, the shapes do not match, or there are more than 256
        images.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> figure = plot_weights(np.eye(4), image_shape=(2, 2))
    >>> [axes.get_title() for axes in figure.axes[:4]]
    ['unit 0', 'unit 1', 'unit 2', 'unit 3']
    """
    if isinstance(network, Predictor):
        network = network.first_network
    weights = network
    if isinstance(network, Network):
        dense = [layer for layer in network.layers if isinstance(layer, Dense)]
        if not dense:
            raise ArgumentError.of("network", network, "one with a dense layer")
        weights = dense[0].weights
    images = check_images(table(weights, "network").T, image_shape, "network", MAX_UNITS)
    n_units, height, width = images.shape
    square = math.ceil(math.sqrt(n_units))
    wide = math.ceil(math.sqrt(2.5 * n_units))

    def n_empty_places(columns: int) -> int:
        rows = math.ceil(n_units / columns)
        return rows * columns - n_units

    # Of the grids in between, the one with the fewest empty places in its last row.
    columns = min(range(square, wide + 1), key=n_empty_places)
    if n_units == 1:
        size = 2.4
    elif n_units <= 32:
        size = 1.3
    else:
        size = 0.85
    panel_height = size * height / width + 0.17
    panel = (size, panel_height)
    figure, panels = style.new_figure(panel, n_panels=n_units, columns=columns, title=title)
    look = {"loc": "center", "fontsize": 7.5, "color": style.MUTED, "pad": 2}
    most = float(np.abs(images).max())
    if most == 0:  # any limits show zeros in the middle of the colours
        most = 1.0
    limits = (-most, most)
    for unit, axes in enumerate(panels):
        style.show_matrix(axes, images[unit], "RdBu_r", limits)
        style.title(axes, f"unit {unit}", **look)
    return figure
