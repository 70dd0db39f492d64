"""The weights of the first layer of a network of images.

Red is positive, blue negative, white zero. All units share one scale, so that they can be compared.
"""

import numpy as np
from numpy.typing import ArrayLike

from barenet.errors import ArgumentError
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import check_images, table
from barenet.insight.plots._style import Axes, Figure
from barenet.model._arrays import FloatArray
from barenet.model._network import Network
from barenet.model.layers import Dense

MAX_UNITS = 256


def plot_weights(
    network: Network | ArrayLike,
    image_shape: tuple[int, int],
    *,
    title: str | None = None,
) -> Figure:
    """Draw the first layer's weights, an image for each unit.

    Parameters
    ----------
    network : Network or array-like of shape (n_inputs, n_units)
        The network, or any layer's weights.
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
    weights = table(_first_weights(network), "network")
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
