"""Differences: what the gradients of a step are by their definition, without any chain rule.

Every quantity can be moved, the parameters and what is computed on the way alike: the forward pass
then goes on with what it was moved to. All is computed in float64.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from barenet.engines import Job
from barenet.insight.explain.limits import LARGEST_ENTRIES
from barenet.insight.explain.neuron import Neuron
from barenet.insight.explain.trace import LayerTrace, Trace
from barenet.insight.gradient_check import slopes
from barenet.model.arrays import FloatArray
from barenet.model.objective import Objective
from barenet.model.randomness import derive_key

__all__ = ["Differences"]


class Differences:
    """The slopes of a job's loss, before its penalties."""

    def __init__(
        self,
        job: Job,
        trace: Trace,
        limit: int,
        first_step: int = 0,
        neuron: Neuron | None = None,
    ) -> None:
        self.trace, self.limit, self.rows, self.neuron = trace, limit, job.rows, neuron
        self.network = job.network.copy()
        self.objective = Objective(self.network, job.loss)
        self.key = derive_key(job.seed, first_step)

    def by_parameter(self, layer: int, name: str) -> NDArray[np.float64]:
        """Move a layer's parameters."""
        views = self.network.layout.views(self.network.parameters)
        return self._slopes(layer, views[layer][name], self.trace.layers[layer].gradients[name])

    def by_output(self, layer: int) -> NDArray[np.float64]:
        """Move a layer's output."""
        step = self.trace.layers[layer]
        moved = step.output.copy()
        return self._in_place_of(step, lambda: moved, moved, step.d_output)

    def by_sum(self, layer: int) -> NDArray[np.float64]:
        """Move what a dense layer has before its activation."""
        step = self.trace.layers[layer]
        _, Z, A, activation = step.cache
        moved, dZ = Z.copy(), activation.backward(Z, A, step.d_output)
        return self._in_place_of(step, lambda: activation.forward(moved), moved, dZ)

    def _in_place_of(
        self,
        step: LayerTrace,
        output: Callable[[], FloatArray],
        moved: FloatArray,
        analytic: FloatArray,
    ) -> NDArray[np.float64]:
        """Let a layer give something else than what it computes, for as long as it takes."""
        layer = vars(self.network.layers[step.index])
        layer["forward"] = lambda *_, **__: (output(), None)
        try:
            return self._slopes(step.index, moved, analytic)
        finally:
            del layer["forward"]

    def _slopes(self, layer: int, moved: FloatArray, analytic: FloatArray) -> NDArray[np.float64]:
        """Compute the slopes of all entries, or of the largest."""
        flat = analytic.ravel()
        indices: NDArray[np.intp] = np.arange(analytic.size).reshape(analytic.shape)
        if self.neuron is not None:
            mine = slice(self.neuron.column, self.neuron.column + 1)
            indices = indices[..., mine if layer in self.neuron.layers else slice(0)]
        indices = indices.ravel()
        if indices.size > self.limit:
            indices = indices[np.argsort(-np.abs(flat[indices]), kind="stable")[:LARGEST_ENTRIES]]
        found = slopes(self._value, moved.reshape(-1), flat, indices=indices)
        return found.reshape(analytic.shape)

    def _value(self) -> float:
        """Compute the loss of where things are."""
        return self.objective.value(self.rows, training=True, rng_key=self.key)
