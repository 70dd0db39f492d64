"""Small images with their labels and what a network said about them.

The quickest way to see what a classifier of images gets wrong. A wrong one says so in words and
wears a heavy frame, so that it stands out in print and to a reader who sees no red.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.insight.plots import style
from barenet.insight.plots.checks import column, table
from barenet.model.arrays import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_digits"]

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
    """Draw images with their labels and what the network said, the wrong ones marked.

    Parameters
    ----------
    images : array-like of shape (n_images, height * width)
        Rows of pixels, on any scale from 0 (paper) up (ink). At most 100 images.
    labels : sequence of length n_images, optional
        What each image is: class indices or names.
    predictions : sequence of length n_images, optional
        What the network said, in the same terms as `labels`.
    confidences : array-like of shape (n_images,), optional
        How sure it was, 0 to 1.
    image_shape : tuple of int
        Height and width, in pixels.
    title : str, optional
        Title of the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Raises
    ------
    ValueError
        If the shapes do not go together, there are more than 100 images, labels and predictions
        are not in the same terms, or a confidence is not within 0 to 1 or has no prediction.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.eye(8).reshape(1, 64)
    >>> picture = plot_digits(images, [3], [5], [0.61], image_shape=(8, 8))
    >>> print(picture.axes[0].get_title())
    label 3
    wrong: 5 (61.0%)
    """
    images = _pixels(images, image_shape)
    n_images = len(images)
    labels = _as_many(labels, "labels", n_images)
    predictions = _as_many(predictions, "predictions", n_images)
    confidences = _shares(confidences, predictions, n_images)
    wrong = _which_are_wrong(labels, predictions, n_images)
    captions = [
        _caption(
            None if labels is None else labels[place],
            None if predictions is None else predictions[place],
            None if confidences is None else confidences[place],
            wrong[place],
        )
        for place in range(n_images)
    ]
    picture, grid = _new_grid(captions, image_shape)
    for place, axes in enumerate(grid[:n_images]):
        _draw(axes, images[place].reshape(image_shape), images.max(), wrong[place])
        _title(axes, captions[place], wrong[place])
    for axes in grid[n_images:]:
        axes.remove()
    style.headline(picture, title)
    return picture


def _pixels(images: ArrayLike, image_shape: tuple[int, int]) -> FloatArray:
    """Read rows of as many pixels as the shape has, and no more rows than fit."""
    pixels = table(images, "images")
    height, width = image_shape
    if pixels.shape[1] != height * width:
        raise ValueError(
            f"image_shape: {height} x {width} is {height * width} pixels, "
            f"but images has {pixels.shape[1]} a row"
        )
    if len(pixels) > MOST_IMAGES:
        raise ValueError(
            f"images: at most {MOST_IMAGES} fit in a picture, got {len(pixels)}; "
            f"choose some, such as images[:25]"
        )
    return pixels


def _as_many(values: Labels | None, argument: str, n_images: int) -> Labels | None:
    """Check that there is one for each image."""
    if values is not None and np.shape(values) != (n_images,):
        raise ValueError(
            f"{argument}: expected one for each of {n_images} images, got shape {np.shape(values)}"
        )
    return values


def _shares(
    values: ArrayLike | None, predictions: Labels | None, n_images: int
) -> FloatArray | None:
    """Read the confidences."""
    if values is None:
        return None
    if predictions is None:
        raise ValueError("confidences: expected the predictions that they belong to, got none")
    shares = column(values, "confidences", n_images)
    outside = shares[(shares < 0) | (shares > 1 + 1e-6)]
    if outside.size:
        raise ValueError(f"confidences: expected shares from 0 to 1, got {outside[0]:g}")
    return shares


def _which_are_wrong(
    labels: Labels | None, predictions: Labels | None, n_images: int
) -> list[bool]:
    """Tell for each image if the network said something else than its label."""
    if labels is None or predictions is None:
        return [False] * n_images
    are, said = np.asarray(labels), np.asarray(predictions)
    if (are.dtype.kind in "biuf") != (said.dtype.kind in "biuf"):
        raise ValueError(
            f"predictions: expected the same terms as labels (such as {are[0]!r}), got {said[0]!r}"
        )
    return [bool(one != other) for one, other in zip(are, said, strict=True)]


def _caption(label: Any, said: Any, sure: float | None, wrong: bool) -> str:
    """Write the label, and under it what the network said."""
    lines = [] if label is None else [f"label {label}"]
    if said is not None:
        word = "wrong:" if wrong else "predicted"
        lines.append(f"{word} {said}" + ("" if sure is None else f" ({sure:.1%})"))
    return "\n".join(lines)


def _new_grid(captions: Sequence[str], image_shape: tuple[int, int]) -> tuple[Figure, list[Axes]]:
    """Make a picture with a panel for each caption, wide enough for the longest line."""
    columns = int(np.ceil(np.sqrt(len(captions))))
    rows = -(-len(captions) // columns)
    side = 2.6 if len(captions) == 1 else 1.55
    longest = max(len(line) for caption in captions for line in caption.split("\n"))
    height = side * min(image_shape[0] / image_shape[1], 2) + 0.36
    return style.new_picture(max(side, 0.083 * longest) * columns, height * rows, rows, columns)


def _draw(axes: Axes, image: FloatArray, darkest: float, wrong: bool) -> None:
    """Draw one image as ink on paper, in a heavy frame where the network is wrong."""
    style.bare(axes)
    axes.imshow(
        image,
        cmap="gray_r",
        vmin=0,
        vmax=darkest if darkest > 0 else 1,
        interpolation="nearest",
        origin="upper",
        aspect="equal",
    )
    color, width = (style.WRONG, 3.0) if wrong else (style.GRID, 0.8)
    axes.spines[:].set(visible=True, color=color, linewidth=width)


def _title(axes: Axes, caption: str, wrong: bool) -> None:
    """Write the caption over the image, heavy where the network is wrong."""
    style.title(
        axes,
        caption,
        loc="center",
        fontsize=style.SMALL_SIZE,
        fontweight="bold" if wrong else "normal",
        color=style.WRONG if wrong else style.INK,
        pad=4,
    )
