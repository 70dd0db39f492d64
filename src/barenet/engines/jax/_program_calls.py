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
        data = id(self.data)
        return self.purpose, self.structure, data, tuple(shapes_of_vectors), tuple(shapes_of_inputs)


def compute(call: ProgramCall) -> Any:
    """Compute the result of a call, with arrays of NumPy; `LearnedSteps` for steps."""

    def prepare(state: Any, *inputs: Any) -> Callable[..., Any]:
        before = (state, call.constants, call.data)
        program = program_of(call.structure, call.make_function, *before, *inputs)
        return lambda state, *inputs: program(state, call.constants, call.data, *inputs)

    if call.purpose == "learn":
        return learn_in_pieces(prepare, call.state, call.inputs, call.n_steps, axis=0)
    program = prepare(call.state, call.inputs)
    return library.jax.device_get(program(call.state, call.inputs))


def compute_together(calls: Sequence[ProgramCall], width: int) -> list[Any]:
    """Compute the results of calls with equal keys by one program for `width` networks.

    If there are fewer calls, the first one fills the places up, so that a program fits any number
    of them.
    """
    first = calls[0]
    places = [*calls, *[first] * (width - len(calls))]
    state = _stacked([call.state for call in places])
    constants = _stacked([call.constants for call in places])

    def make_function() -> Callable[..., Any]:
        axes: tuple[int | None, ...] = (0, 0, None, 0)
        if first.purpose == "learn":
            axes = (*axes, None)  # the number of steps
        return library.jax.vmap(first.make_function(together=True), in_axes=axes)

    def prepare(state: Any, *inputs: Any) -> Callable[..., Any]:
        structure = ("together", *first.structure)
        before = (state, constants, first.data)
        program = program_of(structure, make_function, *before, *inputs)
        return lambda state, *inputs: program(state, constants, first.data, *inputs)

    if first.purpose != "learn":
        inputs = _stacked([call.inputs for call in places])
        program = prepare(state, inputs)
        result = library.jax.device_get(program(state, inputs))
        return [_place_of(result, index) for index in range(len(calls))]
    n_steps = max(call.n_steps for call in calls)
    inputs_of_calls = []
    for call in places:
        inputs_of_calls.append(library.jax.tree.map(piece_of(0, n_steps), call.inputs))
    inputs = _stacked(inputs_of_calls)
    learned = learn_in_pieces(prepare, state, inputs, n_steps, axis=1)
    results = []
    for index, call in enumerate(calls):
        steps = LearnedSteps(
            state=_place_of(learned.state, index),
            losses=learned.losses[index, : call.n_steps],
            norms=learned.norms[index, : call.n_steps],
            steps_per_second=learned.steps_per_second,
        )
        results.append(steps)
    return results


def learn_in_pieces(
    prepare: Callable[..., Callable[..., Any]], state: Any, inputs: Any, n_steps: int, *, axis: int
) -> LearnedSteps:
    """Take steps piece by piece, by the program that `prepare` returns for its arguments."""
    jax = library.jax
    length = steps_of_program(inputs["rows"].size // n_steps)
    program = None
    started = 0.0
    state = jax.device_put(state)
    losses = []
    norms = []
    for start in range(0, n_steps, length):
        inputs_of_piece = jax.tree.map(piece_of(start, length, axis), inputs)
        n_steps_of_piece = np.int32(min(length, n_steps - start))
        if program is None:
            program = prepare(state, inputs_of_piece, n_steps_of_piece)
            started = time.perf_counter()
        state, losses_of_piece, norms_of_piece = program(state, inputs_of_piece, n_steps_of_piece)
        losses.append(losses_of_piece)
        norms.append(norms_of_piece)
    all_losses = np.concatenate(jax.device_get(losses), axis)
    all_norms = np.concatenate(jax.device_get(norms), axis)
    state = jax.device_get(state)
    seconds = time.perf_counter() - started
    return LearnedSteps(
        state=state,
        losses=all_losses[..., :n_steps],
        norms=all_norms[..., :n_steps],
        steps_per_second=n_steps / seconds,
    )


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


def _place_of(tree: Any, index: int) -> Any:
    """Return the arrays of one network."""
    return library.jax.tree.map(lambda array: array[index], tree)
