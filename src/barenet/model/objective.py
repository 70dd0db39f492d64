"""Objective: what is made small, as a function of a network's parameters.

Forward through the layers, the loss of what comes out, and backward with its derivative: the three
moves that learning, the gradient check and everybody else has in common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from barenet.model.array_dataset import ArrayDataset
from barenet.model.arrays import Cache, FloatArray
from barenet.model.losses import Loss, loss_on

if TYPE_CHECKING:
    from barenet.model.network import Network

__all__ = ["Objective"]


class Objective:
    """The loss of a network on rows."""

    def __init__(self, network: Network, loss: Loss) -> None:
        self.network = network
        self.loss, self.logits = loss_on(loss, network.output_activation)

    def value(self, rows: ArrayDataset, *, training: bool = False, rng_key: int = 0) -> float:
        """Compute the loss."""
        output, _ = self._forward(rows, training=training, rng_key=rng_key)
        return self.loss.value(output, rows.y, rows.sample_weight)

    def value_and_output(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        """Compute the loss as when predicting, and what the network says."""
        output, _ = self._forward(rows)
        value = self.loss.value(output, rows.y, rows.sample_weight)
        return value, self.network.output_activation.forward(output) if self.logits else output

    def value_and_gradient(
        self, rows: ArrayDataset, *, training: bool = True, rng_key: int = 0
    ) -> tuple[float, FloatArray]:
        """Compute the loss, and its derivative by every parameter."""
        loss = self.loss
        output, cache = self._forward(rows, training=training, rng_key=rng_key)
        d_output = loss.gradient(output, rows.y, rows.sample_weight)
        value = loss.value(output, rows.y, rows.sample_weight)
        return value, self.network.backward(cache, d_output)

    def _forward(
        self, rows: ArrayDataset, *, training: bool = False, rng_key: int | None = None
    ) -> tuple[FloatArray, list[Cache]]:
        """Compute the output that the loss is computed from, of rows as they are kept."""
        inputs = rows.inputs(self.network.dtype)
        return self.network.forward(inputs, training=training, rng_key=rng_key, logits=self.logits)
