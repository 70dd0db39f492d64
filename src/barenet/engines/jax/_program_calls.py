"""Calls of programs: the steps, the gradient or the evaluation of one network, or of many at once.

A program for many networks is that of one, by `jax.vmap`: parameters, moments, constants and inputs
have one more axis, and all networks read the same data.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from barenet.engines._engine import Job
from barenet.engines.jax import _jax_library as library
from barenet.engines.jax._jax_steps import (
    evaluation_function,
    gradient_function,
    learning_function,
)
from barenet.engines.jax._saved_programs import program_of

#: Numbers of steps of a program. A chunk is divided into such pieces, so that a few programs fit
#: chunks of any length.
PIECES = (1024, 64, 4)


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

    def make_function(self) -> Callable[..., Any]:
        """Make the function that the program is compiled from."""
        makers = {
            "learn": learning_function,
            "gradient": gradient_function,
            "evaluate": evaluation_function,
        }
        return makers[self.purpose](self.job, self.precision)

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
    """Compute the result of a call, with arrays of NumPy."""

    def run(state: Any, inputs: Any) -> Any:
        arguments = (state, call.constants, call.data, inputs)
        program = program_of(call.structure, call.make_function, *arguments)
        return program(*arguments)

    if call.purpose != "learn":
        return library.jax.device_get(run(call.state, call.inputs))
    state, losses, norms = learn_in_pieces(run, call.state, call.inputs, call.n_steps, axis=0)
    return state, losses[: call.n_steps], norms[: call.n_steps]


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
        return library.jax.vmap(first.make_function(), in_axes=(0, 0, None, 0))

    def run(state: Any, inputs: Any) -> Any:
        arguments = (state, constants, first.data, inputs)
        structure = ("together", *first.structure)
        program = program_of(structure, make_function, *arguments)
        return program(*arguments)

    if first.purpose != "learn":
        inputs = _stacked([call.inputs for call in places])
        result = library.jax.device_get(run(state, inputs))
        return [_place_of(result, index) for index in range(len(calls))]
    n_steps = max(call.n_steps for call in calls)
    inputs_of_calls = []
    for call in places:
        inputs_of_calls.append(library.jax.tree.map(piece_of(0, n_steps), call.inputs))
    inputs = _stacked(inputs_of_calls)
    state, losses, norms = learn_in_pieces(run, state, inputs, n_steps, axis=1)
    results = []
    for index, call in enumerate(calls):
        state_of_call = _place_of(state, index)
        n_steps = call.n_steps
        results.append((state_of_call, losses[index, :n_steps], norms[index, :n_steps]))
    return results


def learn_in_pieces(
    run: Callable[[Any, Any], Any], state: Any, inputs: Any, n_steps: int, *, axis: int
) -> tuple[Any, Any, Any]:
    """Take steps piece by piece; return the new state, the losses and the gradient norms."""
    jax = library.jax
    state = jax.device_put(state)
    losses = []
    norms = []
    for start, length in pieces(n_steps):
        inputs_of_piece = jax.tree.map(piece_of(start, length, axis), inputs)
        state, (losses_of_piece, norms_of_piece) = run(state, inputs_of_piece)
        losses.append(losses_of_piece)
        norms.append(norms_of_piece)
    all_losses = np.concatenate(jax.device_get(losses), axis)
    all_norms = np.concatenate(jax.device_get(norms), axis)
    return jax.device_get(state), all_losses, all_norms


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


def piece_of(start: int, length: int, axis: int = 0) -> Callable[[Any], Any]:
    """Make the function that takes the inputs of a piece, with zeros beyond the last step.

    A step with a batch of 0 rows changes nothing.
    """

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
