"""Layers: the steps from the input to the output. `LAYERS` holds every one by its name."""

from typing import Any

from barenet._messages import brief
from barenet._registry import by_name, lookup
from barenet.model.layers._dense import ActivationLayer, Dense, PReLU
from barenet.model.layers._dropout import Dropout
from barenet.model.layers._layer import Layer
from barenet.model.layers._normalization import BatchNorm, LayerNorm

__all__ = [
    "LAYERS", "ActivationLayer", "BatchNorm", "Dense", "Dropout", "Layer", "LayerNorm", "PReLU",
]  # fmt: skip

#: Every layer by its name.
LAYERS: dict[str, type[Layer]] = by_name(
    Dense, Dropout, BatchNorm, LayerNorm, ActivationLayer, PReLU
)


def layer_from(config: Any) -> Layer:
    """Make a layer from its description as plain data, the result of its `config`."""
    if not isinstance(config, dict):
        raise ValueError(f"{brief(config)} is not a layer")
    arguments = dict(config)
    layer_class = lookup(LAYERS, arguments.pop("layer"), "layer")
    return layer_class(**arguments)
