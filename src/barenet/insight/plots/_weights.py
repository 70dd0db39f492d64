"""The weights of the first layer, as images where the inputs are pixels.

Red is positive, blue negative, white zero. All units share one scale, so that they can be compared.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from barenet._constraints import check_names
from barenet.errors import ArgumentError
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import check_images, table
from barenet.insight.plots._style import Axes, Figure
from barenet.model._arrays import FloatArray
from barenet.model._network import Network
from barenet.model.layers import Dense

MAX_UNITS = 256
MAX_NAMES = 100


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
        Height and width, if the inputs are the pixels of an image. By default the weights are
        drawn as a heat map, with an input in each row and a unit in each column.
    feature_names : sequence of str, optional
        Names of the inputs, for the heat map; up to 100 are written.
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
    weights = table(_first_weights(network), "network")
    if image_shape is None:
        figure, panels = _draw_map(weights, feature_names, title)
    else:
        figure, panels = _draw_images(weights, image_shape, title)
    style.color_bar(figure, panels, panels[-1].images[0], "weight", shrink=0.8, aspect=25, pad=0.02)
    return figure


def _first_weights(network: Network | ArrayLike) -> ArrayLike:
    """The weights of the first dense layer."""
    if not isinstance(network, Network):
        return network
    for layer in network.layers:
        if isinstance(layer, Dense):
            return layer.weights
    raise ArgumentError.of("network", network, "one with a dense layer")


def _draw_images(
    weights: FloatArray, image_shape: tuple[int, int], title: str | None
) -> tuple[Figure, list[Axes]]:
    """Draw the weights of each unit as an image."""
    images = check_images(weights.T, image_shape, "network", MAX_UNITS)
    n_units, height, width = images.shape
    square, wide = int(np.ceil(np.sqrt(n_units))), int(np.ceil(np.sqrt(2.5 * n_units)))
    columns = min(range(square, wide + 1), key=lambda columns: -n_units % columns)
    size = 2.4 if n_units == 1 else 1.3 if n_units <= 32 else 0.85
    panel = size, size * height / width + 0.17
    figure, panels = style.new_figure(panel, n_units, columns, title=title, margin=(1.0, 0))
    look = {"loc": "center", "fontsize": 7.5, "color": style.MUTED, "pad": 2}
    most = float(np.abs(weights).max()) or 1.0
    for unit, axes in enumerate(panels):
        style.show_matrix(axes, images[unit], "RdBu_r", (-most, most))
        style.title(axes, f"unit {unit}", **look)
    return figure, panels


def _draw_map(
    weights: FloatArray, feature_names: Sequence[str] | None, title: str | None
) -> tuple[Figure, list[Axes]]:
    """Draw all weights as one heat map, with an input in each row and a unit in each column."""
    n_inputs, n_units = weights.shape
    height = float(np.clip(0.24 * n_inputs + 1.0, 2.4, 24 if feature_names else 8))
    width = float(np.clip(0.3 * n_units + 3, 4.5, 12))
    figure, (axes,) = style.new_figure((width, height), title=title)
    style.show_matrix(axes, weights, "RdBu_r", aspect="auto")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(style.integer_ticks(12))
    if feature_names is not None:
        labels = check_names(feature_names, "feature_names", n_inputs, "input")
        if n_inputs <= MAX_NAMES:
            axes.set_yticks(range(n_inputs), labels)
    style.label_axes(axes, "unit", "input")
    axes.tick_params(length=0)
    return figure, [axes]
