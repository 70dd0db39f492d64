"""Measurement: the numbers that are taken of an epoch when its steps are done.

To look at all rows takes long where the network is large. So it is done some rows at a time, and
between them somebody may want to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from barenet.engines import Engine
from barenet.model.array_dataset import ArrayDataset
from barenet.model.arrays import FloatArray
from barenet.training.plan import Plan

__all__ = ["Measurement", "Stopped"]

#: Multiplications in one go, some tenths of a second: no more than these are waited for.
MOST = 2**31

#: Whole multiples of this many rows: what engines take at a time themselves.
GRAIN = 4096


class Stopped(Exception):  # noqa: N818
    """Somebody wants to stop, and what was measured is of no use."""


class Measurement:
    """The metrics on the training rows, and loss and metrics on the rows that are held out."""

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self.engine, self.plan = engine, plan
        most = MOST // max(1, engine.job.network.n_parameters)
        self.size = max(1, most // GRAIN) * GRAIN

    def take(self, is_stopped: Callable[[], bool]) -> dict[str, float]:
        """Measure the network as it is now."""
        rows, metrics = self.engine.job.rows, self.plan.metrics
        values: dict[str, float] = {}
        if metrics:
            _, output = self._evaluate(rows, is_stopped)
            values |= {name: metric(output, rows.y) for name, metric in metrics.items()}
        for part, held_out in self.plan.held_out.items():
            values[f"{part}_loss"], output = self._evaluate(held_out, is_stopped)
            scores = {name: metric(output, held_out.y) for name, metric in metrics.items()}
            if part == "validation" and self.plan.judge is not None:
                scores |= self.plan.judge(output)
            values |= {f"{part}_{name}": score for name, score in scores.items()}
        return values

    def _evaluate(
        self, rows: ArrayDataset, is_stopped: Callable[[], bool]
    ) -> tuple[float, FloatArray]:
        """Compute the loss and the outputs; the same rows are cut in the same places always."""
        if len(rows.X) <= self.size:
            return self.engine.evaluate(rows)
        losses, outputs = zip(*self._by_parts(rows, is_stopped), strict=True)
        weights = rows.batch_weights(self.size)
        loss = float(np.array(losses) @ weights / (weights.sum() or 1))
        return loss, np.concatenate(outputs)

    def _by_parts(
        self, rows: ArrayDataset, is_stopped: Callable[[], bool]
    ) -> Iterator[tuple[float, FloatArray]]:
        for start in range(0, len(rows.X), self.size):
            if is_stopped():
                raise Stopped
            yield self.engine.evaluate(rows.take(slice(start, start + self.size)))
