"""The JAX engine: the steps of the reference engine as one program, on a GPU or a CPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from barenet.model._randomness import derive_key, epoch_orders
from barenet.optimization.optimizers import Optimizer

if TYPE_CHECKING:
    from barenet.engines.jax._device_rows import Batches, DeviceRows
    from barenet.engines.jax._joint_calls import JointCalls
    from barenet.engines.jax._program_calls import LearnedSteps

#: JAX's names of the precisions of matrix products: all digits of float32, or the 10 bits of TF32.
PRECISIONS = {"exact": "highest", "tf32": "tensorfloat32"}

#: A chunk of n networks takes FACTOR_FOR_NETWORK · n times as long as that of one network, but at
#: least as long, and at most MOST_CHUNK_FACTOR times.
FACTOR_FOR_NETWORK = 0.1
MOST_CHUNK_FACTOR = 20.0
#: Assumed pace of networks that are computed together: rows times parameters in a second, of all of
#: them, at least.
PACE_TOGETHER = 1e9

#: Maximum numbers of rows, and of their inputs, that are evaluated at a time.
EVALUATED_ROWS = 2**16
EVALUATED_NUMBERS = 2**24

#: An entry of a sparse X is two numbers: its value and its column.
NUMBERS_PER_ENTRY = 2
#: Maximum number of numbers that the entries of a sparse X take on the device.
MOST_NUMBERS = 2**30
#: Maximum number of columns of a sparse X, whose batches become dense on the device.
MOST_COLUMNS = 2**18


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
    joint_calls : JointCalls, optional
        Computes calls together with those of other networks, after `join`.

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
        self.joint_calls: JointCalls | None = None

    def run(self, orders: Orders, batch_size: int, rates: Rates, first_step: int) -> ChunkResult:
        optimizer = self.job.optimizer
        assert isinstance(optimizer, Optimizer)
        if not optimizer.elementwise:
            return take_steps(self, orders, batch_size, rates, first_step)
        learned = self.learn(orders, batch_size, rates, first_step)
        return ChunkResult(learned.losses, learned.norms)

    def learn(
        self,
        orders: Orders,
        batch_size: int,
        rates: Rates,
        first_step: int,
        *,
        epoch_length: int = 0,
    ) -> LearnedSteps:
        """Take the steps of an elementwise optimizer, as `run` does.

        Parameters
        ----------
        orders : sequence of ndarray of shape (n_rows,)
            The row indices of all batches, as for `run`.
        batch_size : int
            Rows in a batch.
        rates : ndarray of shape (n_batches,)
            The learning rate of each step.
        first_step : int
            Number of steps before these.
        epoch_length : int, default=0
            Number of steps after which the network's vectors are kept; 0 to keep none.

        Returns
        -------
        LearnedSteps
            Losses and gradient norms, and the vectors after each epoch.
        """
        job = self.job
        optimizer = job.optimizer
        assert isinstance(optimizer, Optimizer)
        parameters = job.network.parameters
        optimizer.prepare(parameters)
        raw = self.raw_parameters() if optimizer.average else parameters
        state = self._state(raw, job.network.statistics)
        state["moments"] = {name: optimizer.moments[name] for name in optimizer.moment_names}
        if optimizer.average:
            state["average"] = optimizer.moments["average"]
        with library.wide_types():
            inputs = self._inputs_of_steps(orders, batch_size, rates, first_step)
            learned: LearnedSteps = self._compute(
                "learn", state, job.rows, inputs, n_steps=len(rates), epoch_length=epoch_length
            )
        self.steps_per_second = learned.steps_per_second
        state = learned.state
        optimizer.n_steps += len(rates)
        raw[:] = state["parameters"]
        job.network.statistics[:] = state["statistics"]
        for name, moment in state["moments"].items():
            optimizer.moments[name][:] = moment
        if optimizer.average:
            optimizer.moments["average"][:] = state["average"]
            parameters[:] = state["average"]
        return learned

    def row_orders(self, n_rows: int, seed: int | None, epochs: Sequence[int]) -> Orders:
        if seed is None:
            return epoch_orders(n_rows, seed, epochs)
        try:
            from barenet.engines.kernels._row_orders import row_orders
        except ImportError:  # without Numba
            return epoch_orders(n_rows, seed, epochs)
        return row_orders(n_rows, seed, epochs)

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
            state = self._state(network.parameters, network.statistics)
            value, gradient, statistics = self._compute("gradient", state, rows, inputs)
        network.statistics[:] = statistics
        return float(value), np.array(gradient)

    def evaluate(self, rows: ArrayDataset) -> tuple[float, FloatArray]:
        network = self.job.network
        state = self._state(network.parameters, network.statistics)
        losses, outputs = self.losses_and_outputs(rows, state)
        return mean_loss(losses, rows), outputs

    def losses_and_outputs(
        self, rows: ArrayDataset, state: dict[str, Any], n_epochs: int = 0
    ) -> tuple[FloatArray, FloatArray]:
        """Compute the loss of each row and the outputs.

        Parameters
        ----------
        rows : ArrayDataset
            The rows.
        state : dict of str to ndarray
            The "parameters" of the network, shape (n_parameters,), and its "statistics", or those
            of each epoch, shape (n_epochs, n_parameters).
        n_epochs : int, default=0
            Number of these epochs; 0 if the state is that of a single network.

        Returns
        -------
        ndarray of shape (n_rows,), and ndarray of shape (n_rows, n_outputs)
            The losses, without penalties, and the outputs; with epochs, each has one more axis
            before these.
        """
        most = max(1, min(EVALUATED_ROWS, EVALUATED_NUMBERS // rows.X.shape[1]))
        size = filled_up(rows.n_rows)
        while size > most:
            size //= 2
        losses = []
        outputs = []
        axis = 0
        if n_epochs:
            axis = 1  # the first axis is that of the epochs
        with library.wide_types():
            for inputs in self._batches_to_evaluate(np.arange(rows.n_rows), size, rows):
                losses_of_batch, outputs_of_batch = self._compute(
                    "evaluate", state, rows, inputs, n_epochs=n_epochs
                )
                indices = range(int(inputs["count"]))
                losses.append(losses_of_batch.take(indices, axis))
                outputs.append(outputs_of_batch.take(indices, axis))
        return np.concatenate(losses, axis), np.concatenate(outputs, axis)

    def _state(self, parameters: FloatArray, statistics: FloatArray) -> dict[str, Any]:
        """The vectors of the network that a program reads."""
        return {"parameters": parameters, "statistics": statistics}

    def _constants(self) -> dict[str, Any]:
        """The numbers of the job that are the same for all steps."""
        from barenet.engines.jax._jax_model import strengths_of

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
        from barenet.engines.jax._device_rows import batches_of
        from barenet.engines.jax._update_rule import update_rule

        rows = self.job.rows
        optimizer = self.job.optimizer
        assert isinstance(optimizer, Optimizer)
        dtype = self.job.network.dtype
        # A resumed chunk may have only the rest of an epoch, and its batches have the same size.
        n_rows = max(len(orders[0]), rows.n_rows)
        batches: Batches = batches_of(orders, min(batch_size, n_rows), rows)
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

    def join(self, joint_calls: JointCalls) -> None:
        """Compute calls together with those of other networks.

        Python works for each network after each chunk, so chunks of many networks are longer.

        Parameters
        ----------
        joint_calls : JointCalls
            Collects the calls of all networks.
        """
        self.joint_calls = joint_calls
        width = joint_calls.widths[self.job.structure]
        self.chunk_factor = min(max(1.0, width * FACTOR_FOR_NETWORK), MOST_CHUNK_FACTOR)
        if width > 1:
            self.pace = PACE_TOGETHER / width  # type: ignore[misc]

    @cached_property
    def _device_rows(self) -> DeviceRows:
        """The data sets on the device."""
        from barenet.engines.jax._device_rows import DeviceRows

        if self.joint_calls is not None:
            return self.joint_calls.device_rows(self.job.network.dtype)
        return DeviceRows(self.job.network.dtype)

    def _compute(
        self,
        purpose: str,
        state: dict[str, Any],
        rows: ArrayDataset,
        inputs: dict[str, Any],
        *,
        n_steps: int = 0,
        epoch_length: int = 0,
        n_epochs: int = 0,
    ) -> Any:
        """Compute the result of a program, alone or together with those of other networks."""
        from barenet.engines.jax._program_calls import ProgramCall, compute

        joint_calls = self.joint_calls
        precision = PRECISIONS[self.options.precision]
        constants = self._constants() if purpose != "evaluate" else {}
        call = ProgramCall(
            purpose=purpose,
            job=self.job,
            structure=(purpose, precision, *self.job.structure),
            precision=precision,
            state=state,
            constants=constants,
            data=self._device_rows.arrays_of(rows),
            inputs=inputs,
            n_steps=n_steps,
            epoch_length=epoch_length,
            n_epochs=n_epochs,
        )
        if joint_calls is not None and joint_calls.has_joined:
            return joint_calls.compute(call, self.job.structure)
        return compute(call)

    def close(self, *, reusable: bool = True) -> None:
        vars(self).pop("_device_rows", None)


def filled_up(n_rows: int) -> int:
    """Return the next power of two, so that few programs are needed."""
    return 1 << max(n_rows - 1, 0).bit_length()


def mean_loss(losses: FloatArray, rows: ArrayDataset) -> float:
    """Average the losses of rows, by their weights; 0 if no row has a weight."""
    if rows.sample_weight is None:
        return float(losses.mean(dtype=float))
    weights = rows.sample_weight[rows.row_indices()].astype(float)
    total = weights.sum()
    return 0.0 if total == 0 else float(losses.astype(float) @ (weights / total))


def refusal(job: Job) -> tuple[str, str]:
    """Return the reason that a job can't be run, and the engine that can; empty if it can be."""
    part = user_defined_part(job)
    if part is not None:
        return f"{part!r} is user-defined, in NumPy", "reference"
    if isinstance(job.rows, BlockRows):
        return "rows in blocks are not in memory", "compiled"
    X = job.rows.X
    if isinstance(X, SparseRows):
        n_columns = X.shape[1]
        if n_columns > MOST_COLUMNS:
            problem = (
                f"batches of a sparse X become dense on the device, with {n_columns:,} columns"
            )
            return problem, "compiled"
        n_numbers = numbers_on_device(X)
        if n_numbers > MOST_NUMBERS:
            problem = f"the entries of X take {n_numbers:,} numbers on the device"
            return problem, "compiled"
    return "", ""


def numbers_on_device(X: SparseRows) -> int:
    """Count the numbers that the entries of a sparse X take: each row has room for the longest."""
    most_entries = int(X.counts.max(initial=0))
    return NUMBERS_PER_ENTRY * len(X) * most_entries
