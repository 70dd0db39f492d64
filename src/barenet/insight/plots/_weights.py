"""The weights of the first layer of a network of images.

Red is positive, blue negative, white zero. All units share one scale, so that they can be compared.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from barenet.errors import ArgumentError
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import check_images, table
from barenet.insight.plots._style import Figure
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
    weights: Any = network
    if isinstance(network, Network):
        layers = (layer.weights for layer in network.layers if isinstance(layer, Dense))
        if (weights := next(layers, None)) is None:
            raise ArgumentError.of("network", network, "one with a dense layer")
    images = check_images(table(weights, "network").T, image_shape, "network", MAX_UNITS)
    n_units, height, width = images.shape
    square, wide = int(np.ceil(np.sqrt(n_units))), int(np.ceil(np.sqrt(2.5 * n_units)))
    columns = min(range(square, wide + 1), key=lambda columns: -n_units % columns)
    size = 2.4 if n_units == 1 else 1.3 if n_units <= 32 else 0.85
    panel = size, size * height / width + 0.17
    figure, panels = style.new_figure(panel, n_units, columns, title=title)
    look = {"loc": "center", "fontsize": 7.5, "color": style.MUTED, "pad": 2}
    most = float(np.abs(images).max()) or 1.0
    for unit, axes in enumerate(panels):
        style.show_matrix(axes, images[unit], "RdBu_r", (-most, most))
        style.title(axes, f"unit {unit}", **look)
    return figure
