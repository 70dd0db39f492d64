"""The JAX engine: the steps of the reference engine as one program, on a GPU or a CPU."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import Configurable
from barenet._registry import lookup, spec_of
from barenet._sparse_rows import SparseRows
from barenet.engines._block_rows import BlockRows
from barenet.engines._engine import (
    Chunk,
    ChunkResult,
    Engine,
    Job,
    Order,
    Orders,
    Rates,
    user_defined_part,
)
from barenet.engines._reference import take_steps
from barenet.engines.jax import _jax_library as library
from barenet.engines.jax._device_rows import DeviceRows, batches_of
from barenet.engines.jax._jax_model import drawing_layers, strengths_of
from barenet.engines.jax._jax_steps import (
    evaluation_function,
    gradient_function,
    learning_function,
    learning_together,
)
from barenet.engines.jax._printed_functions import update_rule
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._randomness import derive_key
from barenet.optimization.optimizers import Optimizer

#: JAX's names of the precisions of matrix products: all digits of float32, or the 10 bits of TF32.
PRECISIONS = {"exact": "highest", "tf32": "tensorfloat32"}

#: Maximum number of steps of a program, and of the rows of their batches. A chunk is divided into
#: pieces of so many steps, and the last piece is filled up.
MOST_STEPS = 1024
MOST_ROWS = 2**22

#: Maximum numbers of rows, and of their inputs, that are evaluated at a time.
EVALUATED_ROWS = 2**16
EVALUATED_NUMBERS = 2**24

#: Maximum number of numbers of a sparse X, which is made dense.
MOST_NUMBERS = 2**30

#: Maximum number of functions whose programs are kept.
MOST_PROGRAMS = 64

#: The functions that JAX compiles, the oldest first, by what they compute and the structure of the
#: job. JAX keeps a program of each for the shapes of its arguments, and on disk where its cache is
#: switched on.
PROGRAMS: dict[tuple[Any, ...], Callable[..., Any]] = {}


class Steps(NamedTuple):
    """The arguments of a program that takes steps, besides the rows."""

    #: The vectors of the network and of the optimizer.
    state: dict[str, Any]
    #: The numbers of the job that are the same for all steps.
    constants: dict[str, Any]
    #: The numbers of each step.
    inputs: dict[str, Any]


@dataclass(frozen=True)
class JaxOptions(Configurable):
    """The options in the name of the engine, such as ``"jax:precision=tf32"``.

    Parameters
    ----------
    precision : {"exact", "tf32"}, default="exact"
        Precision of the matrix products of float32: "tf32" rounds their operands to 10 bits, which
        is faster on GPUs that have such units, and has no effect elsewhere.
    """

    role: ClassVar[str] = "engine"
    name: ClassVar[str] = "jax"
    precision: str = "exact"

    def __post_init__(self) -> None:
        lookup(PRECISIONS, self.precision, "precision")


class JaxEngine(Engine):
    """A program for the whole chunk of batches, which JAX compiles for a GPU or a CPU.

    Activations, losses, penalties and optimizers are printed from their declared expressions. The
    orders of the rows and the masks of dropout are those of the reference engine. An optimizer that
    is not elementwise takes its steps in NumPy, with the gradients of this engine.

    Parameters
    ----------
    job : Job
        Network, training set, loss and optimizer.
    threads : int, optional
        Ignored; JAX chooses its threads.
    options : JaxOptions, optional
        The precision of matrix products.

    Attributes
    ----------
    device_rows : DeviceRows
        The data sets on the device, which networks that are trained together share.

    Raises
    ------
    ValueError
        If the job has a part that is user-defined, or rows that don't fit on the device.
    MissingExtraError
        If JAX is not installed.

    Examples
    --------
    >>> from barenet import Network, train
    >>> from barenet.losses import SquaredError
    >>> class MyError(SquaredError):
    ...     name = "my_error"
    >>> train(Network.dense([1, 1]), [[1.0]], [2.0], loss=MyError(), engine="jax")
    Traceback (most recent call last):
    barenet.errors.ArgumentError: engine: jax cannot run this: MyError(factor=0.5) is ...
    """

    name: ClassVar[str] = "jax"
    pace: ClassVar[float] = 1e8

    def __init__(
        self, job: Job, threads: int | None = None, options: JaxOptions | None = None
    ) -> None:
        if options is None:
            options = JaxOptions()
        reason, engine = refusal(job)
        if reason:
            problem = f"{self.name} cannot run this: {reason}"
            raise ArgumentError(
                problem, argument="engine", value=self.name, remedy="use {engine}", engine=engine
            )
        library.first_device()  # an error of JAX comes before the first step
        self.job = job
        self.options = options
        #: The name with the options, in the history and in checkpoints.
        self.name = spec_of(options)  # type: ignore[misc]
        self.device_rows = DeviceRows(job.network.dtype)

    def run(self, orders: Orders, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        optimizer = self.job.optimizer
        assert isinstance(optimizer, Optimizer)
        if not optimizer.elementwise:
            return take_steps(self, orders, batch_size, rates, first_step)
        with library.settings(self.precision):
            steps = self._prepare(orders, batch_size, rates, first_step)
            program = self._program(learning_function)
            state, curves = learn(program, steps, self.device_rows.arrays_of(self.job.rows))
        return self._finish(state, curves)

    def _prepare(self, orders: Orders, batch_size: int, rates: Rates, first_step: int) -> Steps:
        """Collect the arguments of the program that takes the steps of a chunk."""
        job = self.job
        optimizer = job.optimizer
        assert isinstance(optimizer, Optimizer)
        parameters = job.network.parameters
        optimizer.prepare(parameters)
        state = {
            "parameters": self.raw_parameters() if optimizer.average else parameters,
            "statistics": job.network.statistics,
            "moments": {name: optimizer.moments[name] for name in optimizer.moment_names},
        }
        if optimizer.average:
            state["average"] = optimizer.moments["average"]
        inputs = self._inputs_of_steps(orders, batch_size, rates, first_step)
        return Steps(state, self._constants(), inputs)

    def _finish(self, state: dict[str, Any], curves: FloatArray) -> ChunkResult:
        """Write the state after some steps into the network and the optimizer."""
        network = self.job.network
        optimizer = self.job.optimizer
        assert isinstance(optimizer, Optimizer)
        losses, norms = curves
        optimizer.n_steps += len(losses)
        network.parameters[:] = state["parameters"]
        network.statistics[:] = state["statistics"]
        for name, moment in state["moments"].items():
            optimizer.moments[name][:] = moment
        if optimizer.average:
            optimizer.moments["raw"][:] = state["parameters"]
            optimizer.moments["average"][:] = state["average"]
            network.parameters[:] = state["average"]
        return ChunkResult(losses, norms)

    def value_and_gradient(
        self, batch: Order | None = None, step: int = 0
    ) -> tuple[float, FloatArray]:
        network = self.job.network
        rows = self.job.rows
        if batch is None:
            batch = np.arange(rows.n_rows)
        with library.settings(self.precision):
            [inputs] = batches_to_evaluate(batch, filled_up(len(batch)), rows)
            inputs["keys"] = self._keys(range(step, step + 1))[0]
            program = self._program(gradient_function)
            data = self.device_rows.arrays_of(rows)
            result = program(self._vectors(), self._constants(), data, inputs)
            value, gradient, statistics = library.jax.device_get(result)
        network.statistics[:] = statistics
        return float(value), np.array(gradient)

    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        most = max(1, min(EVALUATED_ROWS, EVALUATED_NUMBERS // rows.X.shape[1]))
        size = filled_up(rows.n_rows)
        while size > most:
            size //= 2
        losses = []
        outputs = []
        with library.settings(self.precision):
            program = self._program(evaluation_function)
            data = self.device_rows.arrays_of(rows)
            for inputs in batches_to_evaluate(np.arange(rows.n_rows), size, rows):
                result = library.jax.device_get(program(self._vectors(), data, inputs))
                losses_of_batch, outputs_of_batch = result
                losses.append(losses_of_batch[: inputs["count"]])
                outputs.append(outputs_of_batch[: inputs["count"]])
        loss = np.concatenate(losses).astype(float) @ rows.batch_shares(1)
        return float(loss), np.concatenate(outputs)

    @property
    def precision(self) -> str:
        """JAX's name of the precision of matrix products."""
        return PRECISIONS[self.options.precision]

    def _program(self, make_function: Callable[[Job], Callable[..., Any]]) -> Callable[..., Any]:
        """Return the program of a function, which jobs of one structure share."""
        key = (make_function, self.job.structure)
        if key not in PROGRAMS:
            if len(PROGRAMS) >= MOST_PROGRAMS:
                del PROGRAMS[next(iter(PROGRAMS))]
            PROGRAMS[key] = library.jax.jit(make_function(self.job))
        return PROGRAMS[key]

    def _vectors(self) -> dict[str, FloatArray]:
        """The vectors of the network."""
        network = self.job.network
        return {"parameters": network.parameters, "statistics": network.statistics}

    def _constants(self) -> dict[str, Any]:
        """The numbers of the job that are the same for all steps."""
        constants: dict[str, Any] = {"strengths": strengths_of(self.job)}
        if self.job.clipping is not None:
            constants["limit"] = np.asarray(self.job.clipping.limit, self.job.network.dtype)
        if self.job.limits is not None:
            limits = self.job.limits
            constants["limits"] = {"lower": limits.lower, "upper": limits.upper}
        return constants

    def _inputs_of_steps(
        self, orders: Orders, batch_size: int, rates: Rates, first_step: int
    ) -> dict[str, Any]:
        """The inputs of each step: rows, keys of random numbers, and factors of the rule."""
        rows = self.job.rows
        optimizer = self.job.optimizer
        assert isinstance(optimizer, Optimizer)
        dtype = self.job.network.dtype
        # A resumed chunk may have only the rest of an epoch, and its batches have the same size.
        n_rows = max(len(orders[0]), rows.n_rows)
        batches = batches_of(orders, min(batch_size, n_rows), rows)
        rule = update_rule(type(optimizer))
        factors = {}
        for name, values in rule.factors_of(optimizer, rates).items():
            factors[name] = values.astype(dtype)
        inputs = {
            "rows": batches.rows,
            "count": batches.counts,
            "keys": self._keys(range(first_step, first_step + len(rates))),
            "factors": factors,
        }
        if optimizer.average:
            n_steps = optimizer.n_steps + 1 + np.arange(len(rates))
            shares = np.maximum(1 - optimizer.average, 1 / n_steps)
            inputs["average_share"] = shares.astype(dtype)
        return inputs

    def _keys(self, steps: range) -> Any:
        """The keys of the layers that draw random numbers, shape (n_steps, n_layers)."""
        layers = drawing_layers(self.job.network)
        keys = np.empty((len(steps), len(layers)), np.uint64)
        if layers:
            for keys_of_step, step in zip(keys, steps, strict=True):
                key = derive_key(self.job.seed, step)
                keys_of_step[:] = [derive_key(key, layer) for layer in layers]
        return keys

    def close(self, *, reusable: bool = True) -> None:
        self.device_rows = DeviceRows(self.job.network.dtype)


def run_together(chunks: Sequence[Chunk], n_places: int) -> None:
    """Run the chunks of networks of one structure on the same data, by one program.

    The program has a number of places. If there are fewer networks, the first one fills them up, so
    that one program fits until the last network ends.

    Parameters
    ----------
    chunks : sequence of Chunk
        A chunk of each network, which gets the result.
    n_places : int
        Number of networks that the program computes.
    """
    if n_places == 1:
        chunks[0].run()
        return
    engines = [cast(JaxEngine, chunk.engine) for chunk in chunks]
    steps = [
        engine._prepare(chunk.orders, chunk.batch_size, chunk.rates, chunk.first_step)
        for engine, chunk in zip(engines, chunks, strict=True)
    ]
    steps += steps[:1] * (n_places - len(steps))
    first = engines[0]
    tree = library.jax.tree
    most = max(len(chunk.rates) for chunk in chunks)
    inputs = [piece_of(one.inputs, 0, most) for one in steps]
    stacked = Steps(
        state=tree.map(lambda *arrays: np.stack(arrays), *(one.state for one in steps)),
        constants=tree.map(lambda *arrays: np.stack(arrays), *(one.constants for one in steps)),
        inputs=tree.map(lambda *arrays: np.stack(arrays, axis=1), *inputs),
    )
    with library.settings(first.precision):
        program = first._program(learning_together)
        states, curves = learn(program, stacked, first.device_rows.arrays_of(first.job.rows))
    for number, (engine, chunk) in enumerate(zip(engines, chunks, strict=True)):
        state = network_of(states, number)
        chunk.result = engine._finish(state, curves[:, : len(chunk.rates), number])


def learn(
    program: Callable[..., Any], steps: Steps, data: dict[str, Any]
) -> tuple[dict[str, Any], FloatArray]:
    """Take steps, piece by piece of one length; return the last state and the curves."""
    state, constants = library.jax.device_put((steps.state, steps.constants))
    rows = steps.inputs["rows"]
    n_steps = len(rows)
    length = steps_of_piece(rows.size // n_steps)
    curves = []
    for start in range(0, n_steps, length):
        piece = piece_of(steps.inputs, start, length)
        n_steps_of_piece = np.int32(min(length, n_steps - start))
        state, curves_of_piece = program(state, constants, data, piece, n_steps_of_piece)
        curves.append(curves_of_piece)
    fetched_state, fetched_curves = library.jax.device_get((state, curves))
    return fetched_state, np.concatenate(fetched_curves, axis=1)[:, :n_steps]


def steps_of_piece(n_rows: int) -> int:
    """Return the number of steps that a program has room for, given the rows of each step.

    Examples
    --------
    >>> steps_of_piece(128), steps_of_piece(100_000)
    (1024, 41)
    """
    return max(1, min(MOST_STEPS, MOST_ROWS // n_rows))


def piece_of(inputs: dict[str, Any], start: int, length: int) -> dict[str, Any]:
    """Return the inputs of some steps, filled up by zeros, which are batches without rows."""

    def take(values: NDArray[Any]) -> NDArray[Any]:
        part = values[start : start + length]
        zeros = np.zeros((length - len(part), *values.shape[1:]), values.dtype)
        return np.concatenate([part, zeros])

    piece: dict[str, Any] = library.jax.tree.map(take, inputs)
    return piece


def network_of(states: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the state of one of several networks."""
    state: dict[str, Any] = library.jax.tree.map(lambda array: array[number], states)
    return state


def batches_to_evaluate(order: Order, size: int, rows: ArrayDataset) -> Iterator[dict[str, Any]]:
    """Yield the rows of each batch of an order, filled up to one size."""
    batches = batches_of([order], size, rows)
    for indices, count in zip(batches.rows, batches.counts, strict=True):
        yield {"rows": indices, "count": count}


def filled_up(n_rows: int) -> int:
    """Return the next power of two, so that few programs are needed."""
    return 1 << max(n_rows - 1, 0).bit_length()


def refusal(job: Job) -> tuple[str, str]:
    """Return the reason that a job can't be run, and the engine that can; empty if it can be."""
    part = user_defined_part(job)
    if part is not None:
        return f"{part!r} is user-defined, in NumPy", "reference"
    if isinstance(job.rows, BlockRows):
        return "rows in blocks are not in memory", "compiled"
    X = job.rows.X
    n_numbers = math.prod(X.shape)
    if isinstance(X, SparseRows) and n_numbers > MOST_NUMBERS:
        dense = f"as a dense array on the device it would have {n_numbers:,} numbers"
        return f"X is sparse, and {dense}", "compiled"
    return "", ""
