"""Program: the instructions of a job in the order of a step, as tables for the interpreter."""

from __future__ import annotations

import functools
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines.compiled.interpreter import (
    CREW,
    GROUP,
    INSTRUCTION,
    PROGRAM,
    REGION,
    run_alone,
    run_together,
)
from barenet.engines.compiled.lowering import Lowering, Region, Task
from barenet.engines.compiled.memory import Memory, address, up
from barenet.engines.engine import ChunkResult, Job
from barenet.engines.kernels.dense import multiply
from barenet.engines.kernels.records import STEP
from barenet.engines.simd.memory import kind_of
from barenet.engines.threads import choose_threads
from barenet.model.array_dataset import ArrayDataset
from barenet.model.layers import Dense
from barenet.optimization.optimizers import Optimizer

__all__ = ["Program"]


class Program:
    """What is done for the batches of a slice.

    Attributes
    ----------
    step : ndarray, a record
        What kernels share; it changes from slice to slice and from step to step.
    record : ndarray, a record
        What the interpreter reads, at `address`.
    """

    def __init__(
        self, job: Job, capacity: int, task: Task, rows: ArrayDataset, threads: int | None = None
    ) -> None:
        self.job, self.capacity = job, capacity
        self.memory = Memory(kind_of(job.network.dtype), job.network.dtype)
        lowered = Lowering(job, rows, self.memory, capacity, task)
        self.step = self.memory.record(
            STEP, seed=job.seed, capacity=capacity, n_tiles=lowered.n_tiles,
            multiply=multiply.address(self.memory.kind),
            squares=np.zeros(2 * lowered.n_tiles + 1), losses=np.zeros(capacity),
            clip=job.clipping.limit if job.clipping is not None else 0.0, **numbers_of(job),
        )  # fmt: skip
        load, batch, store = lowered.load, lowered.batch, lowered.store
        self.record = self.memory.record(
            PROGRAM, step=self.step, regions=self.write([*load, *batch, *store]),
            start=len(load), stop=len(load + batch), end=len(load + batch + store),
        )  # fmt: skip
        self.address = address(self.record)
        self.pointed: dict[str, NDArray[Any]] = {}
        weights = sum(
            layer.weights.size for layer in job.network.layers if isinstance(layer, Dense)
        )
        self.threads = functools.cache(lambda size: choose_threads(threads, 3 * size * weights))

    def write(self, regions: list[Region]) -> int:
        """Write the table of these regions, and those of their groups and instructions."""
        table, rows = self.memory.table, []
        for region in regions:
            groups = [(table(INSTRUCTION, work), len(work), *units) for work, *units in region]
            alone = all(group.units == 1 for group in region)
            rows.append((table(GROUP, groups), len(groups), alone))
        return table(REGION, rows)

    def read(self, rows: ArrayDataset) -> None:
        """Take the batches from these rows."""
        network, step = self.job.network, self.step
        if self.pointed.get("x") is not rows.X:
            size = rows.X.itemsize
            step["x_row"], step["x_column"] = (stride // size for stride in rows.X.strides)
        step["scale"] = rows.scale
        self.point("x", rows.X)
        self.point("y", np.ascontiguousarray(rows.y))
        self.point("parameters", network.parameters)
        self.point("statistics", network.statistics)
        if rows.sample_weight is not None:
            self.point("sample_weight", np.ascontiguousarray(rows.sample_weight))

    def point(self, name: str, array: NDArray[Any]) -> None:
        """Tell the kernels where an array is, and hold it."""
        if self.pointed.get(name) is not array:
            self.pointed[name], self.step[name] = array, address(array)

    def run(
        self,
        order: NDArray[np.intp],
        batch_size: int,
        rates: NDArray[np.float64],
        first_step: int,
    ) -> ChunkResult:
        """Go through the program for each batch; see `Engine.run`."""
        order, report = np.ascontiguousarray(order, np.int64), np.empty((2, len(rates)))
        threads, record = self.threads(batch_size), self.record
        self.held = order, rates, report
        record["order"], record["rates"], record["report"] = map(address, self.held)
        record["n_rows"], record["n_batches"] = len(order), len(rates)
        record["batch_size"], record["first_step"] = batch_size, first_step
        if threads == 1:
            run_alone(self.address)
        else:
            crew = np.zeros((CREW + 64 * threads) // 8 + 8, np.int64)
            record["crew"] = up(address(crew), 64)
            run_together(self.address, threads)
        return ChunkResult(*report)


def numbers_of(job: Job) -> dict[str, float]:
    """The optimizer's numbers, by their names in `records.STEP`."""
    if not isinstance(job.optimizer, Optimizer):
        return {}
    names = {"beta": "beta_1", "decay": "beta_1", "beta1": "beta_1", "beta2": "beta_2"}
    given = [each.name for each in fields(job.optimizer) if each.init]
    numbers = {names.get(name, name): getattr(job.optimizer, name) for name in given}
    numbers.pop("learning_rate")  # each step has its own
    if "epsilon" in numbers:  # 0 / ε is to be 0 for the padding, whatever the dtype makes of ε
        tiny = float(np.finfo(job.network.dtype).tiny)
        numbers["epsilon"] = max(numbers["epsilon"], tiny)
    return numbers
