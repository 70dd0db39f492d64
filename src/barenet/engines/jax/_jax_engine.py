"""The JAX engine: the steps of the reference engine as one program, on a GPU or a CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from barenet._constraints import Configurable
from barenet._registry import lookup, spec_of
from barenet._sparse_rows import SparseRows
from barenet.engines._block_rows import BlockRows
from barenet.engines._built_in_parts import user_defined_part
from barenet.engines._engine import ChunkResult, Engine, Job, Order, Orders, Rates
from barenet.engines._reference import take_steps
from barenet.engines.jax import _jax_library as library
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._randomness import derive_key
from barenet.optimization.optimizers import Optimizer

if TYPE_CHECKING:
    from barenet.engines.jax._device_rows import Batches, DeviceRows
    from barenet.engines.jax._update_rule import UpdateRule

#: JAX's names of the precisions of matrix products: all digits of float32, or the 10 bits of TF32.
PRECISIONS = {"exact": "highest", "tf32": "tensorfloat32"}

#: Numbers of steps of a program. A chunk is divided into such pieces, so that a few programs fit
#: chunks of any length.
PIECES = (1024, 64, 4)

#: Maximum numbers of rows, and of their inputs, that are evaluated at a time.
EVALUATED_ROWS = 2**16
EVALUATED_NUMBERS = 2**24

#: Maximum number of entries of a sparse X, with its zeros, which the device holds as a dense array.
MOST_ENTRIES = 2**29


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
    barenet.errors.ArgumentError: engine: jax cannot run this: MyError(factor=0.5) is user-defined...
    """

    name: ClassVar[str] = "jax"

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
        _ = library.jax  # the error of a missing package comes before the first step
        self.job = job
        self.options = options
        #: The name with the options, in the history and in checkpoints.
        self.name = spec_of(options)  # type: ignore[misc]

    def run(self, orders: Orders, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        job = self.job
        optimizer = job.optimizer
        assert isinstance(optimizer, Optimizer)
        if not optimizer.elementwise:
            return take_steps(self, orders, batch_size, rates, first_step)
        parameters = job.network.parameters
        optimizer.prepare(parameters)
        raw = parameters
        if optimizer.average:
            raw = self.raw_parameters()
        state = self._state(raw)
        state["moments"] = {name: optimizer.moments[name] for name in optimizer.moment_names}
        if optimizer.average:
            state["average"] = optimizer.moments["average"]
        with library.wide_types():
            inputs = self._inputs_of_steps(orders, batch_size, rates, first_step)
            state, result = self._learn(state, inputs, len(rates))
        optimizer.n_steps += len(rates)
        raw[:] = state["parameters"]
        job.network.statistics[:] = state["statistics"]
        for name, moment in state["moments"].items():
            optimizer.moments[name][:] = moment
        if optimizer.average:
            optimizer.moments["average"][:] = state["average"]
            parameters[:] = state["average"]
        return result

    def _learn(
        self, state: dict[str, Any], inputs: dict[str, Any], n_steps: int
    ) -> tuple[dict[str, Any], ChunkResult]:
        """Take steps piece by piece; return the new state, and the losses and gradient norms."""
        jax = library.jax
        data = self._device_rows.arrays_of(self.job.rows)
        constants = self._constants()
        state = jax.device_put(state)
        results = []
        for start, length in pieces(n_steps):
            inputs_of_piece = {}
            for name, values in inputs.items():
                inputs_of_piece[name] = jax.tree.map(piece_of(start, length), values)
            arguments = (state, constants, data, inputs_of_piece)
            program = self._program("learn", *arguments)
            state, losses_and_norms = program(*arguments)
            results.append(losses_and_norms)
        losses = np.concatenate([np.asarray(losses) for losses, _ in results])
        norms = np.concatenate([np.asarray(norms) for _, norms in results])
        # Only the last piece has more steps than are left.
        return jax.device_get(state), ChunkResult(losses[:n_steps], norms[:n_steps])

    def value_and_gradient(
        self, batch: Order | None = None, step: int = 0
    ) -> tuple[float, FloatArray]:
        network = self.job.network
        rows = self.job.rows
        if batch is None:
            batch = np.arange(rows.n_rows)
        with library.wide_types():
            [inputs] = self._batches_to_evaluate(batch, filled_up(len(batch)), rows)
            inputs["keys"] = self._keys(range(step, step + 1))[0]
            data = self._device_rows.arrays_of(rows)
            state = self._state(network.parameters)
            arguments = (state, self._constants(), data, inputs)
            program = self._program("gradient", *arguments)
            value, gradient, statistics = program(*arguments)
            network.statistics[:] = statistics
            return float(value), np.array(gradient)

    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        most = max(1, min(EVALUATED_ROWS, EVALUATED_NUMBERS // rows.X.shape[1]))
        size = filled_up(rows.n_rows)
        while size > most:
            size //= 2
        losses = []
        outputs = []
        with library.wide_types():
            data = self._device_rows.arrays_of(rows)
            state = self._state(self.job.network.parameters)
            for inputs in self._batches_to_evaluate(np.arange(rows.n_rows), size, rows):
                arguments: tuple[Any, ...] = (state, {}, data, inputs)
                program = self._program("evaluate", *arguments)
                losses_of_batch, outputs_of_batch = program(*arguments)
                count = int(inputs["count"])
                losses.append(np.asarray(losses_of_batch)[:count])
                outputs.append(np.asarray(outputs_of_batch)[:count])
        loss = mean_loss(np.concatenate(losses), rows)
        return loss, np.concatenate(outputs)

    def _state(self, parameters: FloatArray) -> dict[str, Any]:
        """The vectors of the network that a program reads."""
        return {"parameters": parameters, "statistics": self.job.network.statistics}

    def _constants(self) -> dict[str, Any]:
        """The numbers of the job that are the same for all steps."""
        from barenet.engines.jax._jax_model import strengths_of

        constants: dict[str, Any] = {"strengths": strengths_of(self.job)}
        if self.job.clipping is not None:
            constants["limit"] = np.asarray(self.job.clipping.limit, self.job.network.dtype)
        return constants

    def _inputs_of_steps(
        self, orders: Orders, batch_size: int, rates: Rates, first_step: int
    ) -> dict[str, Any]:
        """The inputs of each step: rows, keys of random numbers, and factors of the rule."""
        from barenet.engines.jax._device_rows import batches_of

        rows = self.job.rows
        optimizer = self.job.optimizer
        assert isinstance(optimizer, Optimizer)
        dtype = self.job.network.dtype
        # A resumed chunk may have only the rest of an epoch, and its batches have the same size.
        n_rows = max(len(orders[0]), rows.n_rows)
        batches: Batches = batches_of(orders, min(batch_size, n_rows), rows)
        factors = {}
        for name, values in self._rule.factors_of(optimizer, rates).items():
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

    def _batches_to_evaluate(
        self, order: Order, size: int, rows: ArrayDataset
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of each batch of an order, filled up to one size."""
        from barenet.engines.jax._device_rows import batches_of

        batches: Batches = batches_of([order], size, rows)
        for indices, count in zip(batches.rows, batches.counts, strict=True):
            yield {"rows": indices, "count": count}

    def _keys(self, steps: range) -> Any:
        """The keys of the layers that draw random numbers, shape (n_steps, n_layers)."""
        from barenet.engines.jax._jax_model import drawing_layers

        layers = drawing_layers(self.job.network)
        keys = np.empty((len(steps), len(layers)), np.uint64)
        if layers:
            for keys_of_step, step in zip(keys, steps, strict=True):
                key = derive_key(self.job.seed, step)
                keys_of_step[:] = [derive_key(key, layer) for layer in layers]
        return keys

    @cached_property
    def _rule(self) -> UpdateRule:
        """The update rule of the optimizer."""
        from barenet.engines.jax._update_rule import UpdateRule

        assert isinstance(self.job.optimizer, Optimizer)
        return UpdateRule(self.job.optimizer)

    @cached_property
    def _device_rows(self) -> DeviceRows:
        """The data sets on the device."""
        from barenet.engines.jax._device_rows import DeviceRows

        return DeviceRows(self.job.network.dtype)

    def _program(self, purpose: str, *arguments: Any) -> Callable[..., Any]:
        """Return the program for a purpose and for arguments of these types and shapes."""
        from barenet.engines.jax import _jax_steps
        from barenet.engines.jax._saved_programs import program_of

        makers = {
            "learn": _jax_steps.learning_function,
            "gradient": _jax_steps.gradient_function,
            "evaluate": _jax_steps.evaluation_function,
        }
        job = self.job
        precision = PRECISIONS[self.options.precision]

        def make_function() -> Callable[..., Any]:
            return makers[purpose](job, precision)

        structure = (purpose, precision, *structure_of(job))
        return program_of(structure, make_function, *arguments)

    def close(self, *, reusable: bool = True) -> None:
        vars(self).pop("_device_rows", None)


def structure_of(job: Job) -> tuple[Any, ...]:
    """Describe all of a job that its programs depend on, besides the shapes of the arrays."""
    penalties = []
    for penalty in job.penalties:
        penalties.append((penalty.name, penalty.normalize_by_batch))
    clipping = None
    if job.clipping is not None:
        clipping = job.clipping.name
    return (
        tuple(repr(layer) for layer in job.network.layers),
        job.network.dtype.name,
        spec_of(job.loss),
        job.optimizer.name,
        getattr(job.optimizer, "average", 0) > 0,
        clipping,
        tuple(penalties),
    )


def pieces(n_steps: int) -> Iterator[tuple[int, int]]:
    """Yield the first step and the length of each piece; the last may be longer than needed.

    Examples
    --------
    >>> list(pieces(70))
    [(0, 64), (64, 4), (68, 4)]
    """
    start = 0
    while start < n_steps:
        length = PIECES[-1]
        for candidate in PIECES:
            if candidate <= n_steps - start:
                length = candidate
                break
        yield start, length
        start += length


def piece_of(start: int, length: int) -> Callable[[Any], Any]:
    """Make the function that takes the inputs of a piece, with zeros beyond the last step.

    A step with a batch of 0 rows changes nothing.
    """

    def take(values: Any) -> Any:
        part = values[start : start + length]
        missing = length - len(part)
        if missing:
            zeros = np.zeros((missing, *part.shape[1:]), part.dtype)
            part = np.concatenate([part, zeros])
        return part

    return take


def filled_up(n_rows: int) -> int:
    """Return the next power of two, so that few programs are needed."""
    return 1 << max(n_rows - 1, 0).bit_length()


def mean_loss(losses: FloatArray, rows: ArrayDataset) -> float:
    """Average the losses of rows, by their weights; 0 if no row has a weight."""
    if rows.sample_weight is None:
        return float(losses.mean(dtype=float))
    weights = rows.sample_weight[rows.row_indices()].astype(float)
    total = weights.sum()
    if total == 0:
        return 0.0
    return float(losses.astype(float) @ (weights / total))


def refusal(job: Job) -> tuple[str, str]:
    """Return the reason that a job can't be run, and the engine that can; empty if it can be."""
    part = user_defined_part(job)
    if part is not None:
        return f"{part!r} is user-defined, in NumPy", "reference"
    if isinstance(job.rows, BlockRows):
        return "rows in blocks are not in memory", "compiled"
    X = job.rows.X
    if isinstance(X, SparseRows):
        n_entries = X.shape[0] * X.shape[1]
        if n_entries > MOST_ENTRIES:
            problem = f"X would be dense there, with {n_entries:,} entries"
            return problem, "compiled"
    return "", ""
