"""Layers; `LAYERS` has them by name."""

from barenet.model.layers import (
    LAYERS,
    ActivationLayer,
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LayerNorm,
)

__all__ = ["LAYERS", "ActivationLayer", "BatchNorm", "Dense", "Dropout", "Layer", "LayerNorm"]
