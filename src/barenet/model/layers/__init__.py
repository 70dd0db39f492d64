"""Layers: the steps from the input to the output. `LAYERS` holds every one by its name."""

from __future__ import annotations

from barenet.model.layers.activate import Activate
from barenet.model.layers.batch_norm import BatchNorm
from barenet.model.layers.dense import Dense
from barenet.model.layers.dropout import Dropout
from barenet.model.layers.layer import Layer
from barenet.model.layers.layer_norm import LayerNorm

__all__ = ["LAYERS", "Activate", "BatchNorm", "Dense", "Dropout", "Layer", "LayerNorm"]

#: Every layer by its name.
LAYERS: dict[str, type[Layer]] = {
    kind.name: kind for kind in (Dense, Dropout, BatchNorm, LayerNorm, Activate)
}
