"""Program: the instructions of a job in the order of a step, as tables for the interpreter."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._sparse_rows import SparseRows
from barenet.engines._engine import ChunkResult, Job, Order, Rates
from barenet.engines._threads import choose_threads, helpers, worth_starting
from barenet.engines.compiled import _interpreter
from barenet.engines.compiled._lane_lowering import LaneLowering
from barenet.engines.compiled._lowering import Lowering, Purpose
from barenet.engines.compiled._program_builder import Region
from barenet.engines.compiled._thread_choice import new_choice, threads_to_start
from barenet.engines.compiled._workspace import Workspace, up
from barenet.engines.kernels._dense import multiply
from barenet.engines.kernels._records import STEP, address
from barenet.engines.simd._views import kernel_spec
from barenet.model._array_dataset import ArrayDataset
from barenet.optimization.optimizers import Optimizer

#: The network's vectors that layers may use in place, with the addresses of their parts.
PLACES = {
    "parameters": "weights",
    "moment_1": "moment_1",
    "moment_2": "moment_2",
    "average": "average",
    "lower": "lower",
    "upper": "upper",
}


class Program:
    """The instructions for the batches of a chunk, with the memory that they need.

    Predictions may be computed with a row in each lane of a vector, by `in_lanes`.
    """

    def __init__(
        self,
        job: Job,
        capacity: int,
        purpose: Purpose,
        rows: ArrayDataset,
        threads: int | None = None,
        *,
        in_lanes: bool = False,
    ) -> None:
        self.capacity = capacity
        dtype = job.network.dtype
        self.workspace = Workspace(kernel_spec(dtype), dtype)
        lowered: Lowering | LaneLowering
        if in_lanes:
            lowered = LaneLowering(job, rows, self.workspace, capacity)
        else:
            lowered = Lowering(job, rows, self.workspace, capacity, purpose)
        # Σ g² of each tile, then the penalty of each; the last number keeps the array from being
        # empty, as networks without parameters have no tiles.
        squares = np.zeros(2 * lowered.n_tiles + 1)
        #: The record that all kernels share.
        self.step = self.workspace.record(
            STEP,
            capacity=capacity,
            n_tiles=lowered.n_tiles,
            multiply=multiply.address(self.workspace.spec),
            squares=squares,
            losses=np.zeros(capacity),
        )
        self.max_threads = lowered.max_threads
        self.has_gradient = lowered.needs_gradient
        self.in_place = lowered.in_place
        self.penalized = lowered.penalized
        self.choice = new_choice(self.workspace)
        batch_start = len(lowered.load)
        batch_stop = batch_start + len(lowered.batch)
        n_regions = batch_stop + len(lowered.store)
        #: The record that the interpreter reads, at `address`.
        self.record = self.workspace.record(
            _interpreter.PROGRAM,
            step=self.step,
            regions=self.write([*lowered.load, *lowered.batch, *lowered.store]),
            start=batch_start,
            stop=batch_stop,
            end=n_regions,
            choice=self.choice,
        )
        self.address = address(self.record)
        self.pointed: dict[str, NDArray[Any]] = {}
        #: The rows whose addresses are set.
        self.rows: ArrayDataset | None = None
        self.assign(job, threads)

    def assign(self, job: Job, threads: int | None) -> None:
        """Take the numbers of a job with the structure that this program was made for."""
        self.work = 3 * job.network.n_parameters
        self.requested = threads
        self.teams: dict[int, int] = {}
        self.job = job
        self.step["seed"] = job.seed
        self.step["clip"] = 0.0
        if job.clipping is not None:
            self.step["clip"] = job.clipping.limit
        if self.has_gradient:
            for name, number in numbers_of(job).items():
                self.step[name] = number
            self.set_penalties(job)

    def set_penalties(self, job: Job) -> None:
        """Write the strengths of the penalties for each layer; penalties of one type add up."""
        for layer in self.penalized:
            for name in ("l1", "l2", "shared_l1", "shared_l2"):
                layer[name] = 0
        for penalty in job.penalties:
            strengths = job.strengths(penalty, np.dtype(np.float64))
            name = f"shared_{penalty.name}" if penalty.normalize_by_batch else penalty.name
            for layer in self.penalized:
                layer[name] += strengths[int(layer["flat"])]

    def threads(self, size: int, n_rows: int) -> int:
        """Choose the number of threads for some rows in batches of a size."""
        if self.requested == 1:
            return 1
        in_step = min(size, n_rows) * self.work
        worth = worth_starting(in_step, n_rows * self.work)
        if worth not in self.teams:
            self.teams[worth] = choose_threads(self.requested, worth)
        return self.teams[worth]

    def release(self) -> None:
        """Release the arrays of the job."""
        self.pointed.clear()
        self.rows = None
        # Without them, a released program fails at once if it is run before the next `assign`.
        del self.job, self.selection, self.held

    def write(self, regions: list[Region]) -> int:
        """Write the tables of these regions, of their groups and of their instructions."""
        table = self.workspace.table
        rows = []
        for region in regions:
            groups = []
            for instructions, units, block, grain in region:
                place = table(_interpreter.INSTRUCTION, instructions)
                groups.append((place, len(instructions), units, block, grain))
            is_serial = all(group.units == 1 for group in region)
            place = table(_interpreter.GROUP, groups)
            rows.append((place, len(groups), is_serial))
        return table(_interpreter.REGION, rows)

    def read(self, rows: ArrayDataset) -> None:
        """Set the rows from which batches are taken."""
        if rows is self.rows:
            return
        self.rows = rows
        step = self.step
        X = rows.X
        self.selection = rows.selection
        if isinstance(X, SparseRows):
            self.point("x_bounds", np.ascontiguousarray(X.bounds))
            self.point("x_columns", X.columns)
            X = X.values
        elif self.pointed.get("x") is not X:
            row_bytes, column_bytes = X.strides
            step["x_row"] = row_bytes // X.itemsize
            step["x_column"] = column_bytes // X.itemsize
        step["scale"] = rows.scale
        self.point("x", X)
        self.point("y", np.ascontiguousarray(rows.y))
        if rows.sample_weight is not None:
            self.point("sample_weight", np.ascontiguousarray(rows.sample_weight))

    def point(self, name: str, array: NDArray[Any]) -> None:
        """Set the address of an array, and keep the array alive."""
        if self.pointed.get(name) is array:
            return
        self.pointed[name] = array
        self.step[name] = address(array)
        if name in PLACES:
            for layer in self.in_place:
                offset = layer["flat"] * array.itemsize
                layer[PLACES[name]] = self.step[name] + offset

    def run(self, order: Order, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        """Run the program for each batch; see `Engine.run`."""
        if self.selection is not None:
            order = self.selection[order]
        order = np.ascontiguousarray(order, np.int64)
        report = np.empty((2, len(rates)))
        threads = self.threads(batch_size, order.size)
        threads = min(threads, self.max_threads)
        record = self.record
        if threads > 1:
            threads = threads_to_start(self.choice, threads, len(rates))
        self.held = order, rates, report
        record["order"] = address(order)
        record["rates"] = address(rates)
        record["report"] = address(report)
        record["n_rows"] = order.shape[-1]
        record["n_batches"] = len(rates)
        record["batch_size"] = batch_size
        record["first_step"] = first_step
        record["threads"] = threads
        if threads > 1:
            self.lead(threads)
        else:
            _interpreter.run_program(self.address)
        return ChunkResult(*report)

    def lead(self, threads: int) -> None:
        """Run the program on several threads, the calling one and its helpers."""
        n_bytes = _interpreter.TEAM + 64 * threads
        team = np.zeros(n_bytes // 8 + 8, np.int64)  # with room to align it to a cache line
        place = place_of(team)
        self.record["team"] = place

        def follow() -> None:
            _interpreter.follow(place_of(team))  # the closure keeps the team's memory alive

        try:
            helpers().call(follow, threads - 1)
            _interpreter.run_program(self.address)
        finally:  # also after Ctrl-C, or they would wait forever
            open_region = place + _interpreter.OPEN - address(team)  # the offset in bytes
            team[open_region // team.itemsize] = -1


def place_of(team: NDArray[Any]) -> int:
    """Return the address of a team's numbers, aligned to a cache line."""
    return up(address(team), 64)


#: The field of `STEP` for each option of the optimizers. The decay of the first moment is called
#: beta, decay or beta1, as in the publications.
_FIELDS_OF_OPTIONS = {
    "beta": "beta_1",
    "decay": "beta_1",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "epsilon": "epsilon",
    "epsilon_hat": "epsilon_hat",
    "weight_decay": "weight_decay",
    "average": "average_decay",
}


def numbers_of(job: Job) -> dict[str, float]:
    """The optimizer's options, by their fields in `STEP`."""
    if not isinstance(job.optimizer, Optimizer):
        return {}
    numbers: dict[str, float] = {}
    for option, value in option_values(job.optimizer).items():
        if option != "learning_rate":  # each step has its own rate
            numbers[_FIELDS_OF_OPTIONS[option]] = value
    if "epsilon" in numbers:  # in the padding, 0 / ε must be 0, so ε must not underflow
        tiny = float(np.finfo(job.network.dtype).tiny)
        numbers["epsilon"] = max(numbers["epsilon"], tiny)
    return numbers
