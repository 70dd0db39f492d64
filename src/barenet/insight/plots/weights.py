"""What the first layer looks for: its weights, as images where the inputs are pixels.

Red pulls a unit up, blue pulls it down, white does nothing. All units share one scale, centred
on zero, so that a strong unit and a weak one look it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from barenet.insight.plots import style
from barenet.insight.plots.checks import names, table
from barenet.model.arrays import FloatArray
from barenet.model.layers import Dense
from barenet.model.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

__all__ = ["plot_weights"]

MOST_UNITS = 256
MOST_NAMES = 100


def plot_weights(
    network: Network | ArrayLike,
    image_shape: tuple[int, int] | None = None,
    *,
    feature_names: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the first layer's weights: an image for each unit, or a heat map.

    Parameters
    ----------
    network : Network or array-like of shape (n_inputs, n_units)
        The network, or any layer's weights.
    image_shape : tuple of int, optional
        Height and width of the images that the inputs are. By default the inputs are no pixels,
        and the weights are drawn as a heat map, an input a row and a unit a column.
    feature_names : sequence of str, optional
        Names of the inputs, for the heat map; up to 100 are written.
    title : str, optional
        Title of the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Raises
    ------
    ValueError
        If the network has no weights, the shapes do not go together, or there are more than 256
        images.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> picture = plot_weights(np.eye(4), image_shape=(2, 2))
    >>> [axes.get_title() for axes in picture.axes[:4]]
    ['unit 0', 'unit 1', 'unit 2', 'unit 3']
    """
    weights = table(_first_weights(network), "network")
    limit = float(np.abs(weights).max()) or 1.0
    if image_shape is None:
        picture = _draw_map(weights, feature_names, limit)
    else:
        picture = _draw_images(weights, image_shape, limit)
    style.headline(picture, title)
    return picture


def _first_weights(network: Network | ArrayLike) -> ArrayLike:
    """Take the weights of the first layer that has some."""
    if not isinstance(network, Network):
        return network
    for layer in network.layers:
        if isinstance(layer, Dense):
            return layer.weights
    raise ValueError(f"network: expected a dense layer, got {network!r}")


def _draw_images(weights: FloatArray, image_shape: tuple[int, int], limit: float) -> Figure:
    """Draw each unit's weights as an image."""
    height, width = image_shape
    n_inputs, n_units = weights.shape
    if n_inputs != height * width:
        raise ValueError(
            f"image_shape: {height} x {width} is {height * width} pixels, "
            f"but there are weights for {n_inputs} inputs"
        )
    if n_units > MOST_UNITS:
        raise ValueError(
            f"network: at most {MOST_UNITS} images fit in a picture, got {n_units}; "
            f"choose some, such as network.layers[0].weights[:, :64]"
        )
    square, wide = int(np.ceil(np.sqrt(n_units))), int(np.ceil(np.sqrt(2.5 * n_units)))
    columns = min(range(square, wide + 1), key=lambda columns: -n_units % columns)
    rows = -(-n_units // columns)
    size = 2.4 if n_units == 1 else 1.3 if n_units <= 32 else 0.85
    picture, grid = style.new_picture(
        size * columns + 1.0, (size * height / width + 0.17) * rows, rows, columns
    )
    for unit, axes in enumerate(grid[:n_units]):
        style.bare(axes)
        image = _draw(axes, weights[:, unit].reshape(image_shape), limit, "equal")
        style.title(axes, f"unit {unit}", loc="center", fontsize=7.5, color=style.MUTED, pad=2)
    for axes in grid[n_units:]:
        axes.remove()
    _draw_scale(picture, image, grid[:n_units])
    return picture


def _draw_map(weights: FloatArray, feature_names: Sequence[str] | None, limit: float) -> Figure:
    """Draw all weights as one heat map, an input a row and a unit a column."""
    from matplotlib.ticker import MaxNLocator

    n_inputs, n_units = weights.shape
    height = float(np.clip(0.24 * n_inputs + 1.0, 2.4, 24 if feature_names else 8))
    picture, (axes,) = style.new_picture(float(np.clip(0.3 * n_units + 3, 4.5, 12)), height)
    style.bare(axes)
    image = _draw(axes, weights, limit, "auto")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(
            MaxNLocator(nbins=12, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
        )
    if feature_names is not None:
        names_ = names(feature_names, "feature_names", n_inputs, "input")
        if n_inputs <= MOST_NAMES:
            axes.set_yticks(range(n_inputs), names_)
    style.label_axes(axes, "unit", "input")
    axes.tick_params(length=0)
    _draw_scale(picture, image, [axes])
    return picture


def _draw(axes: Axes, weights: FloatArray, limit: float, aspect: str) -> AxesImage:
    """Draw weights in red and blue around zero."""
    return axes.imshow(
        weights,
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        interpolation="nearest",
        origin="upper",
        aspect=aspect,  # type: ignore[arg-type]
    )


def _draw_scale(picture: Figure, image: AxesImage, panels: list[Axes]) -> None:
    """Draw the scale that all panels share."""
    bar = picture.colorbar(image, ax=panels, shrink=0.8, aspect=25, pad=0.02)
    style.dress_scale(bar, "weight")
