"""Explanation: what the step just taken did to one neuron, in numbers.

The last epoch is taken once more by the reference engine, from what the network was before it, up
to its last step; that step is then shown in parts, and held against what the training made of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines import Job, ReferenceEngine
from barenet.model.layers import Dense
from barenet.model.losses import as_loss, loss_on
from barenet.model.network import Network
from barenet.model.randomness import derive_key
from barenet.model.rows import Rows, check_rows
from barenet.optimization.optimizers import Optimizer, as_optimizer
from barenet.playground.blueprint import batch_size, blocks, penalties
from barenet.playground.lane import Lane
from barenet.playground.onward import Onward
from barenet.playground.progress import Progress
from barenet.playground.score import finite
from barenet.training.batches import epoch_order

__all__ = ["explain_step"]

#: Inputs of a neuron that are listed.
MOST_INPUTS = 16


def explain_step(lane: Lane, layer: int, neuron: int) -> dict[str, Any]:
    """Tell what the last step of the last epoch did to a neuron.

    Parameters
    ----------
    lane : Lane
        At rest, after a single epoch.
    layer : int
        Which layer of neurons, the output's the last.
    neuron : int
        Which of its neurons.

    Returns
    -------
    dict
        Plain data: the sums, the gradient, and each weight before and after.

    Raises
    ------
    ValueError
        If there is no such neuron, or no step to tell of.
    """
    lane.index_of(layer, -1, neuron)
    progress, design = lane.latest, lane.design
    if progress.before is None:
        raise ValueError("step: take one first; then it can be told in numbers")
    optimizer = as_optimizer(design.optimizer_spec)
    if not isinstance(optimizer, Optimizer):
        raise ValueError("step: L-BFGS searches its way, and takes no step that could be told so")
    network = lane.network.copy()
    progress.before.restore(network, optimizer)
    replay = _Replay(lane, network, optimizer, progress)
    batch = replay.to_the_last_batch()
    told = _tell(network, lane, batch, layer, neuron, replay.key)
    before = network.parameters.copy()
    replay.last_step()
    return _with_changes(told, lane, layer, neuron, before, network.parameters)


class _Replay:
    """The last epoch once more, by the reference engine."""

    def __init__(
        self, lane: Lane, network: Network, optimizer: Optimizer, progress: Progress
    ) -> None:
        design, material = lane.design, lane.material
        loss = as_loss(design.loss or None, network.output_activation)
        self.rows = check_rows(network, loss, *material.rows(material.training))
        seed, epoch = progress.drawn_from
        self.size = batch_size(design, material)
        n_rows = len(self.rows.X)
        self.n_batches = -(-n_rows // self.size)
        self.order = epoch_order(n_rows, seed=seed, epoch=epoch)
        self.first_step = epoch * self.n_batches
        schedule = Onward(design, progress.epoch - 1)
        times = np.arange(self.n_batches) / self.n_batches
        factors = [schedule.factor(0.0 if schedule.steady else float(t), 0) for t in times]
        self.rates = optimizer.learning_rate * np.array(factors)
        self.engine = ReferenceEngine(
            Job(
                network=network,
                rows=self.rows,
                loss=loss,
                optimizer=optimizer,
                penalties=penalties(design),
                seed=seed,
            )
        )

    def to_the_last_batch(self) -> Rows:
        """Take all steps but the last, and return the rows of that."""
        done = (self.n_batches - 1) * self.size
        if done:
            self.engine.run(self.order[:done], self.size, self.rates[:-1], self.first_step)
        return self.rows.take(self.order[done:])

    def last_step(self) -> None:
        """Take the last step, too."""
        done = (self.n_batches - 1) * self.size
        step = self.first_step + self.n_batches - 1
        self.engine.run(self.order[done:], self.size, self.rates[-1:], step)

    @property
    def key(self) -> int:
        """Fixes the dropout of the last step."""
        return derive_key(self.engine.job.seed, self.first_step + self.n_batches - 1)


def _tell(
    network: Network, lane: Lane, rows: Rows, layer: int, neuron: int, key: int
) -> dict[str, Any]:
    """Go forward and backward with the last batch, and pick the neuron out."""
    chosen = as_loss(lane.design.loss or None, network.output_activation)
    loss, logits = loss_on(chosen, network.output_activation)
    output, caches = network.forward(
        rows.inputs(network.dtype), training=True, key=key, logits=logits
    )
    value = loss.value(output, rows.y, rows.sample_weight)
    d_output = loss.gradient(output, rows.y, rows.sample_weight)
    gradient = network.backward(caches, d_output)
    dense = blocks(network)[layer][0]
    place = next(i for i, each in enumerate(network.layers) if each is dense)
    cache: Any = caches[place]
    assert isinstance(dense, Dense)
    X = cache.X[0]
    products = X * dense.weights[:, neuron]
    said = network.output_activation.forward(output) if logits else output
    return {
        "layer": layer,
        "neuron": neuron,
        "rows": len(rows.X),
        "loss": finite([value])[0],
        "sum": finite([float(cache.Z[0, neuron])])[0],
        "activation": dense.activation.name,
        "result": finite([float(cache.A[0, neuron])])[0],
        "output": finite(said[0].tolist()),
        "target": rows.y[0].tolist(),
        "values": finite(X[:MOST_INPUTS].tolist()),
        "products": finite(products[:MOST_INPUTS].tolist()),
        "gradient": gradient,
    }


def _with_changes(
    told: dict[str, Any],
    lane: Lane,
    layer: int,
    neuron: int,
    before: NDArray[np.floating],
    after: NDArray[np.floating],
) -> dict[str, Any]:
    """Add each weight before and after, and how near the training came to it."""
    n_in = lane.layout()[layer]["n_in"]
    rows = [*range(min(n_in, MOST_INPUTS)), -1]
    places = [lane.index_of(layer, row, neuron) for row in rows]
    gradient = told.pop("gradient")
    trained = lane.latest.parameters
    return {
        **told,
        "more": max(n_in - MOST_INPUTS, 0),
        "weights": finite(before[places].tolist()),
        "gradients": finite(gradient[places].tolist()),
        "after": finite(after[places].tolist()),
        "difference": finite([float(np.abs(after - trained).max())])[0],
    }
