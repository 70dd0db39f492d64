"""Program: the instructions of a job in the order of a step, as tables for the interpreter.

First, threads split the *rows*: forward through the layers, loss, and backward. Then they split the
*parameters*: each computes its tiles of the gradient over the whole batch, and at once applies the
optimizer to them, while they are in the cache.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.engines.compiled import gradients, losses, records
from barenet.engines.compiled.interpreter import CREW, run_alone, run_together
from barenet.engines.compiled.kernel import Kernel
from barenet.engines.compiled.lowering import NEVER, Lowering, Parameters, Task
from barenet.engines.compiled.memory import Instruction, Memory, Record, address, up
from barenet.engines.compiled.optimizers import numbers_of
from barenet.engines.compiled.products import multiply
from barenet.engines.engine import Job, SliceReport
from barenet.engines.simd.memory import kind_of
from barenet.engines.threads import choose_threads
from barenet.model.layers import Dense
from barenet.model.rows import Rows
from barenet.optimization.clipping import ClipNorm
from barenet.optimization.optimizers import Optimizer

__all__ = ["Program"]

#: Rows of a batch that a thread takes at a time, and whole multiples of which it gets.
CHUNK, GRAIN = 128, 8


class Group(NamedTuple):
    """Instructions for units that threads share in whole grains, and take in chunks."""

    instructions: list[Instruction]
    units: int
    chunk: int
    grain: int


class Region(NamedTuple):
    """What threads do before they meet, or one of them alone."""

    groups: list[Group]
    alone: bool = False


class Program:
    """What is done for the batches of a slice.

    Parameters
    ----------
    job : Job
        What is to be done.
    capacity : int
        The most rows of a batch.
    task : {"learn", "differentiate", "evaluate", "predict"}
        Take steps, find a gradient, measure outputs, or only compute them.
    rows : Rows
        Like those that it is for: of that dtype, with weights or without.
    threads : int, optional
        The most that it may use; by default what pays.

    Attributes
    ----------
    step : ndarray, a record
        What changes from slice to slice and from step to step.
    address : int
        Where the interpreter finds the slice, and by it the program.
    """

    def __init__(
        self, job: Job, capacity: int, task: Task, rows: Rows, threads: int | None = None
    ) -> None:
        self.job, self.task, self.capacity = job, task, capacity
        self.memory = Memory(kind_of(job.network.dtype), job.network.dtype)
        self.lowered = Lowering(job, rows, self.memory, capacity, task)
        self.pointed: dict[str, NDArray[Any]] = {}
        self.step, self.slice = self.write_step(), self.memory.record(records.SLICE)
        batch = self.regions_of_batch(rows.sample_weight is not None)
        store = [self.tiles(lambda layer: layer.store)] if self.lowered.learning else []
        self.record = self.write([self.tiles(lambda layer: layer.load), *batch, *store])
        self.record["start"], self.record["stop"] = 1, 1 + len(batch)
        self.address, self.place = address(self.slice), address(self.record)
        weights = sum(
            layer.weights.size for layer in job.network.layers if isinstance(layer, Dense)
        )
        self.threads = functools.cache(lambda size: choose_threads(threads, 3 * size * weights))

    def read(self, rows: Rows) -> None:
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
    ) -> SliceReport:
        """Go through the program for each batch; see `Engine.run`."""
        order, report = np.ascontiguousarray(order, np.int64), np.empty((2, len(rates)))
        self.slice[()] = (
            self.place, address(order), len(order), batch_size,
            address(rates), len(rates), first_step, address(report),
        )  # fmt: skip
        self.held, threads = (order, rates, report), self.threads(batch_size)
        if threads == 1:
            run_alone(self.address)
        else:
            crew = np.zeros((CREW + 64 * threads) // 8 + 8, np.int64)
            self.record["crew"] = up(address(crew), 64)
            run_together(self.address, threads)
        return SliceReport(*report)

    def write_step(self) -> Record:
        """What the kernels share: the optimizer's numbers, and a place for sums."""
        job, n_tiles = self.job, self.lowered.n_tiles
        numbers = numbers_of(job.optimizer) if isinstance(job.optimizer, Optimizer) else {}
        if "epsilon" in numbers:  # 0 / ε is to be 0 for the padding, whatever the dtype makes of ε
            tiny = float(np.finfo(job.network.dtype).tiny)
            numbers["epsilon"] = max(numbers["epsilon"], tiny)
        return self.memory.record(
            records.STEP, seed=job.seed, capacity=self.capacity, n_tiles=n_tiles,
            multiply=multiply.address(self.memory.kind),
            squares=np.zeros(2 * n_tiles + 1), losses=np.zeros(self.capacity),
            clip=job.clipping.limit if job.clipping is not None else 0.0, **numbers,
        )  # fmt: skip

    def regions_of_batch(self, weighted: bool) -> list[Region]:
        """What is done for one batch."""
        lowered, regions = self.lowered, [self.alone(losses.weigh_rows)] if weighted else []
        if lowered.parts:
            regions.append(Region([Group(lowered.parts, -lowered.n_parts, NEVER, 1)]))
        for instructions, alone in lowered.stages:
            units = (1, 1, 1) if alone else (0, CHUNK, GRAIN)
            regions.append(Region([Group(instructions, *units)], alone))
        if self.task == "differentiate":
            regions.append(self.tiles(lambda layer: layer.differentiate))
        elif isinstance(self.job.clipping, ClipNorm) and lowered.learning:
            regions.append(self.tiles(lambda layer: layer.differentiate))
            regions.append(self.alone(gradients.whole_norm))
            regions.append(self.tiles(lambda layer: layer.apply))
        elif lowered.learning:
            regions.append(self.tiles(lambda layer: layer.differentiate + layer.apply))
        return regions

    def alone(self, kernel: Kernel) -> Region:
        """What one thread does, for no layer."""
        instruction = self.memory.instruction(kernel, self.memory.record(records.LAYER))
        return Region([Group([instruction], 1, 1, 1)], alone=True)

    def tiles(self, instructions: Callable[[Parameters], list[Instruction]]) -> Region:
        """What is done with the tiles of each layer's parameters."""
        layers = self.lowered.parameters
        return Region(
            [Group(instructions(each), each.units, each.tile, each.tile) for each in layers]
        )

    def write(self, regions: list[Region]) -> Record:
        """Write the tables of what is in these regions."""
        instructions: list[Instruction] = []
        groups: list[tuple[int, ...]] = []
        table: list[tuple[int, ...]] = []
        for region in regions:
            first = len(groups)
            for work, *units in region.groups:
                groups.append((len(instructions), len(instructions) + len(work), *units))
                instructions += work
            table.append((first, len(groups), region.alone))
        write = self.memory.table
        return self.memory.record(
            records.PROGRAM, step=self.step, load=0, end=len(regions),
            regions=write(records.REGION, table), groups=write(records.GROUP, groups),
            instructions=write(records.INSTRUCTION, instructions),
        )  # fmt: skip
