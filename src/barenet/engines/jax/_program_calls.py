"""Calls of programs: the steps, the gradient or the evaluation of one network, or of many at once.

A program for many networks is that of one, by `jax.vmap`: parameters, moments, constants and inputs
have one more axis, and all networks read the same data.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from barenet.engines._engine import Job
from barenet.engines.jax import _jax_library as library
from barenet.engines.jax._jax_steps import (
    evaluation_function,
    gradient_function,
    learning_function,
)
from barenet.engines.jax._saved_programs import program_of

#: Maximum number of steps of a program, and of the rows of their batches. A chunk is divided into
#: pieces of so many steps, and the rest is a shorter piece for the same program.
MOST_STEPS = 1024
MOST_ROWS = 2**22


class LearnedSteps(NamedTuple):
    """What has been learned in the steps of a network."""

    #: The vectors of the network and of the optimizer.
    state: dict[str, Any]
    #: The loss and the norm of the gradient in each step.
    losses: Any
    norms: Any
    #: The parameters, and the statistics, after each epoch, shape (n_epochs, n_numbers); none, if
    #: the call has no `epoch_length`.
    parameters_of_epochs: Any
    statistics_of_epochs: Any
    #: Pace of the program, which has been compiled before.
    steps_per_second: float


@dataclass(frozen=True, eq=False)
class ProgramCall:
    """A call of a program for one network: its purpose and its arguments."""

    #: To take steps ("learn"), or to compute the "gradient" of a batch or "evaluate" one.
    purpose: str
    job: Job
    #: All that the program depends on, besides the shapes of the arrays.
    structure: tuple[Any, ...]
    precision: str
    #: The vectors of the network and of the optimizer.
    state: dict[str, Any]
    constants: dict[str, Any]
    #: The arrays of a data set on the device.
    data: dict[str, Any]
    #: The inputs; those of steps have one entry for each step.
    inputs: dict[str, Any]
    #: Number of steps, to learn.
    n_steps: int = 0
    #: Number of steps after which the vectors of the network are kept; 0 to keep none.
    epoch_length: int = 0
    #: Number of epochs of which the state has the vectors, to evaluate each; 0 for a single state.
    n_epochs: int = 0

    def make_function(self, *, together: bool = False) -> Callable[..., Any]:
        """Make the function that the program is compiled from, of one network or of several."""
        if self.purpose == "learn":
            return learning_function(self.job, self.precision, together=together)
        if self.purpose == "gradient":
            return gradient_function(self.job, self.precision)
        return evaluation_function(self.job, self.precision)

    @property
    def key(self) -> tuple[Any, ...]:
        """A key that is equal for calls which one program can compute together."""
        leaves = library.jax.tree.leaves
        shapes_of_vectors = [np.shape(leaf) for leaf in leaves((self.state, self.constants))]
        shapes_of_inputs = []
        for leaf in leaves(self.inputs):
            shape = np.shape(leaf)
            if self.purpose == "learn":
                shape = shape[1:]  # the calls may have different numbers of steps
            shapes_of_inputs.append(shape)
        return (
            self.purpose,
            self.structure,
            id(self.data),
            self.epoch_length,
            self.n_epochs,
            tuple(shapes_of_vectors),
            tuple(shapes_of_inputs),
        )


class PreparedCall(NamedTuple):
    """The arguments of a program for one network, or for several networks, stacked."""

    call: ProgramCall
    structure: tuple[Any, ...]
    make_function: Callable[[], Callable[..., Any]]
    state: dict[str, Any]
    constants: dict[str, Any]
    inputs: dict[str, Any]
    n_steps: int
    #: The axis of the steps, or of the epochs; that of the networks comes before it.
    axis: int

    def program(self, state: Any, *inputs: Any) -> Callable[..., Any]:
        """Return the program for a state and inputs of these shapes."""
        data = self.call.data
        return program_of(self.structure, self.make_function, state, self.constants, data, *inputs)


def compute(call: ProgramCall) -> Any:
    """Compute the result of a call, with arrays of NumPy; `LearnedSteps` for steps."""
    prepared = PreparedCall(
        call=call,
        structure=call.structure,
        make_function=call.make_function,
        state=call.state,
        constants=call.constants,
        inputs=call.inputs,
        n_steps=call.n_steps,
        axis=0,
    )
    return result_of(prepared)


def compute_together(calls: Sequence[ProgramCall], width: int) -> list[Any]:
    """Compute the results of calls with equal keys by one program for `width` networks.

    If there are fewer calls, the first one fills the places up, so that a program fits any number
    of them.
    """
    first = calls[0]
    places = [*calls, *[first] * (width - len(calls))]
    n_steps = max(call.n_steps for call in calls)
    inputs_of_places = [call.inputs for call in places]
    if first.purpose == "learn":
        fill_up = piece_of(0, n_steps)
        inputs_of_places = [library.jax.tree.map(fill_up, call.inputs) for call in places]

    def make_function() -> Callable[..., Any]:
        function = first.make_function(together=True)
        axes: tuple[int | None, ...] = (0, 0, None, 0)
        if first.purpose == "learn":
            axes = (*axes, None, None, 0)  # the first and the last step, and the curves
        return library.jax.vmap(function, in_axes=axes)

    prepared = PreparedCall(
        call=first,
        structure=("together", *first.structure),
        make_function=make_function,
        state=_stacked([call.state for call in places]),
        constants=_stacked([call.constants for call in places]),
        inputs=_stacked(inputs_of_places),
        n_steps=n_steps,
        axis=1,
    )
    result = result_of(prepared)
    if first.purpose != "learn":
        return [_place_of(result, index) for index in range(len(calls))]
    return [_steps_of_place(result, index, call) for index, call in enumerate(calls)]


def result_of(prepared: PreparedCall) -> Any:
    """Compute the result of a call of one network, or of several."""
    if prepared.call.purpose == "learn":
        return learn(prepared)
    if prepared.call.n_epochs:
        return evaluate_epochs(prepared)
    program = prepared.program(prepared.state, prepared.inputs)
    arguments = (prepared.state, prepared.constants, prepared.call.data, prepared.inputs)
    return library.jax.device_get(program(*arguments))


def learn(prepared: PreparedCall) -> LearnedSteps:
    """Take steps piece by piece, and keep the vectors after each epoch if the call has its length.

    The inputs of a piece are sent to the device once. Where epochs end within it, its steps are
    divided between several calls of the program.
    """
    jax = library.jax
    n_steps = prepared.n_steps
    data = prepared.call.data
    length = steps_of_program(prepared.inputs["rows"].size // n_steps)
    shape_of_curve = list(prepared.inputs["count"].shape)
    shape_of_curve[prepared.axis] = length
    state, constants = jax.device_put((prepared.state, prepared.constants))
    started = 0.0
    program = None
    curves_of_pieces = []
    kept: list[dict[str, Any]] = []
    for start in range(0, n_steps, length):
        inputs = jax.tree.map(piece_of(start, length, prepared.axis), prepared.inputs)
        inputs = jax.device_put(inputs)
        curves = {"losses": np.zeros(shape_of_curve), "norms": np.zeros(shape_of_curve)}
        stop = min(start + length, n_steps)
        for part in parts_between_epochs(start, stop, prepared.call.epoch_length):
            bounds = (np.int32(part.start - start), np.int32(part.stop - start))
            if program is None:
                program = prepared.program(state, inputs, *bounds, curves)
                started = time.perf_counter()
            state, curves = program(state, constants, data, inputs, *bounds, curves)
            if ends_epoch(part.stop, prepared.call.epoch_length):
                kept.append(vectors_of(state))
        curves_of_pieces.append(curves)
    joined = _joined(jax.device_get(curves_of_pieces), prepared.axis)
    vectors_of_epochs = {}
    if kept:
        fetched = jax.device_get(kept)
        vectors_of_epochs = jax.tree.map(lambda *each: np.stack(each, prepared.axis), *fetched)
    state = jax.device_get(state)
    seconds = time.perf_counter() - started
    return LearnedSteps(
        state=state,
        losses=joined["losses"][..., :n_steps],
        norms=joined["norms"][..., :n_steps],
        parameters_of_epochs=vectors_of_epochs.get("parameters"),
        statistics_of_epochs=vectors_of_epochs.get("statistics"),
        steps_per_second=n_steps / seconds,
    )


def parts_between_epochs(start: int, stop: int, epoch_length: int) -> list[range]:
    """Divide steps at the ends of epochs; the length 0 divides nothing.

    Examples
    --------
    >>> parts_between_epochs(0, 10, 4)
    [range(0, 4), range(4, 8), range(8, 10)]
    >>> parts_between_epochs(10, 20, 0)
    [range(10, 20)]
    """
    if not epoch_length:
        return [range(start, stop)]
    parts = []
    while start < stop:
        end_of_epoch = (start // epoch_length + 1) * epoch_length
        end = min(end_of_epoch, stop)
        parts.append(range(start, end))
        start = end
    return parts


def ends_epoch(step: int, epoch_length: int) -> bool:
    """Return whether an epoch whose vectors are kept ends before a step."""
    return epoch_length > 0 and step % epoch_length == 0


def vectors_of(state: dict[str, Any]) -> dict[str, Any]:
    """Return the vectors of the network, whose parameters may be an average."""
    parameters = state.get("average", state["parameters"])
    return {"parameters": parameters, "statistics": state["statistics"]}


def evaluate_epochs(prepared: PreparedCall) -> Any:
    """Compute the losses of a batch and its outputs by the vectors of each epoch."""
    jax = library.jax
    inputs = jax.device_put(prepared.inputs)
    program = None
    results = []
    for epoch in range(prepared.call.n_epochs):
        state = jax.tree.map(_entry(epoch, prepared.axis), prepared.state)
        if program is None:
            program = prepared.program(state, inputs)
        results.append(program(state, prepared.constants, prepared.call.data, inputs))
    fetched = jax.device_get(results)
    return jax.tree.map(lambda *each: np.stack(each, prepared.axis), *fetched)


def steps_of_program(rows_of_step: int) -> int:
    """Return the number of steps that a program has room for, a power of two.

    Examples
    --------
    >>> steps_of_program(128), steps_of_program(100_000)
    (1024, 32)
    """
    most = max(1, min(MOST_STEPS, MOST_ROWS // rows_of_step))
    return int(2 ** (most.bit_length() - 1))


def piece_of(start: int, length: int, axis: int = 0) -> Callable[[Any], Any]:
    """Make the function that takes the inputs of a piece, with zeros beyond the last step."""

    def take(values: Any) -> Any:
        part = values[start : start + length]
        if axis == 1:
            part = values[:, start : start + length]
        missing = length - part.shape[axis]
        if missing:
            shape = list(part.shape)
            shape[axis] = missing
            zeros = np.zeros(shape, part.dtype)
            part = np.concatenate([part, zeros], axis)
        return part

    return take


def _stacked(trees: Sequence[Any]) -> Any:
    """Stack the arrays of each network along a new first axis."""
    return library.jax.tree.map(lambda *arrays: np.stack(arrays), *trees)


def _joined(trees: Sequence[Any], axis: int) -> Any:
    """Join the arrays of each piece along the axis of the steps."""
    return library.jax.tree.map(lambda *arrays: np.concatenate(arrays, axis), *trees)


def _entry(index: int, axis: int) -> Callable[[Any], Any]:
    """Make the function that takes an entry along an axis."""
    return lambda array: np.take(array, index, axis)


def _place_of(tree: Any, index: int) -> Any:
    """Return the arrays of one network."""
    return library.jax.tree.map(lambda array: array[index], tree)


def _steps_of_place(learned: LearnedSteps, index: int, call: ProgramCall) -> LearnedSteps:
    """Return what one network has learned; others may have taken more steps."""
    parameters = None
    statistics = None
    if call.epoch_length:
        n_epochs = call.n_steps // call.epoch_length
        parameters = learned.parameters_of_epochs[index, :n_epochs]
        statistics = learned.statistics_of_epochs[index, :n_epochs]
    return LearnedSteps(
        state=_place_of(learned.state, index),
        losses=learned.losses[index, : call.n_steps],
        norms=learned.norms[index, : call.n_steps],
        parameters_of_epochs=parameters,
        statistics_of_epochs=statistics,
        steps_per_second=learned.steps_per_second,
    )
