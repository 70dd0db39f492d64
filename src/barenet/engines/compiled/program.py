"""Program: the instructions of a job in the order of a step, as tables for the interpreter.

First, threads split the *rows*: forward through the layers, loss, and backward. Then they split the
*parameters*: each computes its tiles of the gradient over the whole batch, and at once applies the
optimizer to them, while they are in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines.compiled import gradients, losses
from barenet.engines.compiled.interpreter import CREW, run_alone, run_together
from barenet.engines.compiled.kernel import Kernel
from barenet.engines.compiled.lowering import NEVER, Lowering, Parameters, Stage, Task
from barenet.engines.compiled.memory import Instruction, Memory, Record, address, up
from barenet.engines.compiled.optimizers import numbers_of
from barenet.engines.compiled.products import multiply
from barenet.engines.compiled.records import (
    GROUP,
    INSTRUCTION,
    LAYER,
    PROGRAM,
    REGION,
    SLICE,
    STEP,
)
from barenet.engines.engine import Job, SliceReport
from barenet.engines.simd.memory import kind_of
from barenet.model.rows import Rows
from barenet.optimization.clipping import ClipNorm
from barenet.optimization.optimizers import Optimizer

__all__ = ["Program"]

#: Rows of a batch that a thread takes at a time, and whole multiples of which it gets.
CHUNK, GRAIN = 128, 8


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

    Attributes
    ----------
    step : ndarray, a record
        What changes from slice to slice and from step to step.
    address : int
        Where the interpreter finds the program.
    """

    def __init__(self, job: Job, capacity: int, task: Task, rows: Rows) -> None:
        self.memory = Memory(kind_of(job.network.dtype), job.network.dtype)
        self.pointed: dict[str, NDArray[Any]] = {}
        self.job, self.task, self.capacity = job, task, capacity
        self.weighted = rows.sample_weight is not None
        self.lowered = Lowering(job, rows, self.memory, capacity, task)
        self.instructions: list[tuple[int, ...]] = []
        self.groups: list[tuple[int, ...]] = []
        self.regions: list[tuple[int, ...]] = []
        self.step = self.write_step()
        self.share_tiles(lambda layer: layer.load)
        start = len(self.regions)
        self.write_batch()
        stop = len(self.regions)
        if self.lowered.learning:
            self.share_tiles(lambda layer: layer.store)
        table = self.memory.table
        self.record = self.memory.record(
            PROGRAM, step=self.step, regions=table(REGION, self.regions),
            groups=table(GROUP, self.groups), instructions=table(INSTRUCTION, self.instructions),
            load=0, start=start, stop=stop, end=len(self.regions),
        )  # fmt: skip
        self.slice = self.memory.record(SLICE)
        self.address = address(self.slice)

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
        threads: int,
    ) -> SliceReport:
        """Go through the program for each batch; see `Engine.run`."""
        order, report = np.ascontiguousarray(order, np.int64), np.empty((2, len(rates)))
        self.slice[()] = (
            address(self.record), address(order), len(order), batch_size,
            address(rates), len(rates), first_step, address(report),
        )  # fmt: skip
        self.held = order, rates, report
        if threads == 1:
            self.run_again()
        else:
            crew = np.zeros((CREW + 64 * threads) // 8 + 8, np.int64)
            self.record["crew"] = up(address(crew), 64)
            run_together(self.address, threads)
        return SliceReport(*report)

    def run_again(self) -> None:
        """Do the same once more, alone."""
        run_alone(self.address)

    def keep_parameters(self) -> None:
        """Do not load the parameters again."""
        self.record["load"] = self.record["start"]

    def write_step(self) -> Record:
        """What the kernels share: the optimizer's numbers, and a place for sums."""
        job, n_tiles = self.job, self.lowered.n_tiles
        numbers = numbers_of(job.optimizer) if isinstance(job.optimizer, Optimizer) else {}
        if "epsilon" in numbers:  # 0 / ε is to be 0 for the padding, whatever the dtype makes of ε
            tiny = float(np.finfo(job.network.dtype).tiny)
            numbers["epsilon"] = max(numbers["epsilon"], tiny)
        return self.memory.record(
            STEP, seed=job.seed, capacity=self.capacity, n_tiles=n_tiles,
            multiply=multiply.address(self.memory.kind),
            squares=np.zeros(2 * n_tiles + 1), losses=np.zeros(self.capacity),
            clip=job.clipping.limit if job.clipping is not None else 0.0, **numbers,
        )  # fmt: skip

    def write_batch(self) -> None:
        """The regions of one batch."""
        lowered = self.lowered
        if self.weighted:
            self.alone(losses.weigh_rows)
        if lowered.parts:
            self.region([self.group(lowered.parts, -lowered.n_parts, NEVER, 1)])
        for stage in lowered.stages:
            self.add(stage)
        if self.task == "differentiate":
            self.share_tiles(lambda layer: layer.differentiate)
        elif isinstance(self.job.clipping, ClipNorm):
            self.share_tiles(lambda layer: layer.differentiate)
            self.alone(gradients.whole_norm)
            self.share_tiles(lambda layer: layer.apply)
        elif lowered.learning:
            self.share_tiles(lambda layer: layer.differentiate + layer.apply)

    def alone(self, kernel: Kernel) -> None:
        """Let one thread do something that is for no layer."""
        instruction = self.memory.instruction(kernel, self.memory.record(LAYER))
        self.add(Stage([instruction], alone=True))

    def add(self, stage: Stage) -> None:
        """Let threads split the rows of the batch."""
        units = (1, 1, 1) if stage.alone else (0, CHUNK, GRAIN)
        self.region([self.group(stage.instructions, *units)], stage.alone)

    def share_tiles(self, instructions: Callable[[Parameters], list[Instruction]]) -> None:
        """Let threads split the tiles of each layer's parameters."""
        self.region([
            self.group(instructions(layer), layer.units, layer.tile, layer.tile)
            for layer in self.lowered.parameters
        ])  # fmt: skip

    def group(self, instructions: list[Instruction], *units: int) -> tuple[int, ...]:
        first = len(self.instructions)
        self.instructions += instructions
        return (first, len(self.instructions), *units)

    def region(self, groups: list[tuple[int, ...]], alone: bool = False) -> None:
        first = len(self.groups)
        self.groups += groups
        self.regions.append((first, len(self.groups), alone))
