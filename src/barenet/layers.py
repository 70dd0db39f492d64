"""Layers; `LAYERS` has them by name."""

from barenet.model.layers import (
    LAYERS as LAYERS,
    ActivationLayer as ActivationLayer,
    BatchNorm as BatchNorm,
    Dense as Dense,
    Dropout as Dropout,
    Layer as Layer,
    LayerNorm as LayerNorm,
)

__all__ = [name for name in list(globals()) if not name.startswith("_")]
