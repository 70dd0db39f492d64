"""Finite differences of the loss of a step, with respect to parameters and to layers' outputs.

Where an intermediate result is changed, the forward pass resumes from it. All is in float64.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from barenet.insight._gradient_check import slopes
from barenet.insight.explain._neuron import Neuron
from barenet.insight.explain._number_format import LARGEST_ENTRIES
from barenet.insight.explain._recorded_step import RecordedStep
from barenet.model._arrays import FloatArray
from barenet.model._network import Objective
from barenet.model._randomness import derive_key


class Differences:
    """Finite differences of the loss of a step, without its penalties."""

    def __init__(
        self, step: RecordedStep, limit: int, first_step: int = 0, neuron: Neuron | None = None
    ) -> None:
        self.step, self.limit, self.neuron = step, limit, neuron
        self.network = step.job.network.copy()
        self.objective = Objective(self.network, step.job.loss)
        self.key = derive_key(step.job.seed, first_step)

    def by_parameter(self, layer: int, name: str) -> NDArray[np.float64]:
        """Differences with respect to an array of a layer's parameters."""
        views = self.network.layout.views(self.network.parameters)
        return self._slopes(layer, views[layer][name], self.step.layers[layer].gradients[name])

    def by_output(self, layer: int) -> NDArray[np.float64]:
        """Differences with respect to a layer's output."""
        recorded = self.step.layers[layer]
        return self._by_result(layer, recorded.output, recorded.d_output, lambda A: A)

    def by_sum(self, layer: int) -> NDArray[np.float64]:
        """Differences with respect to a dense layer's weighted sums."""
        recorded = self.step.layers[layer]
        _, Z, A, activation = recorded.cache
        dZ = activation.backward(Z, A, recorded.d_output)
        return self._by_result(layer, Z, dZ, activation.forward)

    def _by_result(
        self,
        index: int,
        result: FloatArray,
        analytic: FloatArray,
        output: Callable[[FloatArray], FloatArray],
    ) -> NDArray[np.float64]:
        """Differences with respect to a result in a layer, of which its output is a function."""
        layer, moved = vars(self.network.layers[index]), result.copy()
        layer["forward"] = lambda *_, **__: (output(moved), None)
        try:
            return self._slopes(index, moved, analytic)
        finally:
            del layer["forward"]

    def _slopes(self, layer: int, moved: FloatArray, analytic: FloatArray) -> NDArray[np.float64]:
        """Compute the differences of all entries, or of the largest."""
        flat = analytic.ravel()
        indices: NDArray[np.intp] = np.arange(analytic.size).reshape(analytic.shape)
        if self.neuron is not None:
            mine = slice(self.neuron.column, self.neuron.column + 1)
            indices = indices[..., mine if layer in self.neuron.layers else slice(0)]
        indices = indices.ravel()
        if indices.size > self.limit:
            indices = indices[np.argsort(-np.abs(flat[indices]), kind="stable")[:LARGEST_ENTRIES]]

        def loss() -> float:
            rows = self.step.job.rows
            return self.objective.value_and_output(rows, training=True, rng_key=self.key)[0]

        return slopes(loss, moved.reshape(-1), flat, indices=indices).reshape(analytic.shape)
