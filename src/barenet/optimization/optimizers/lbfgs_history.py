"""LBFGSHistory: evaluations of an L-BFGS search, recorded so that it can be replayed.

SciPy's L-BFGS keeps its memory to itself. But it is a function of the values and gradients that it
was given; given the same ones again it takes the same steps, to the last bit, and at no cost but
their addition.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from barenet.errors import ResumeError
from barenet.model.arrays import FloatArray


class LBFGSHistory:
    """The values and gradients of a search, in the order in which it asked for them.

    Attributes
    ----------
    start : ndarray of shape (n_parameters,), optional
        Where the search began.
    values : list of float
        What it was told at each place.
    gradients : list of ndarray of shape (n_parameters,)
        And the gradients there, in the network's dtype.
    places : list of int
        A checksum of each place, so that a search that takes other steps is noticed.
    reported : int
        Iterations that were told of.

    Examples
    --------
    >>> import numpy as np
    >>> past, x = LBFGSHistory(), np.array([2.0])
    >>> _ = past.begin(x)
    >>> past.add(x, 4.0, 2 * x)
    >>> again = LBFGSHistory()
    >>> again.load_state_dict(past.state_dict())
    >>> again.answer(x), again.answer(x)
    ((4.0, array([4.])), None)
    """

    def __init__(self) -> None:
        self.start: FloatArray | None = None
        self.values: list[float] = []
        self.gradients: list[FloatArray] = []
        self.places: list[int] = []
        self.reported = 0
        self._answered = self._iterations = 0

    def begin(self, parameters: FloatArray) -> FloatArray:
        """Note where a search begins, or say where it did."""
        if self.start is None:
            self.start = parameters.copy()
        return self.start

    def add(self, x: FloatArray, value: float, gradient: FloatArray) -> None:
        """Note what was computed."""
        self.places.append(_checksum(x))
        self.values.append(value)
        self.gradients.append(gradient.copy())
        self._answered += 1

    def answer(self, x: FloatArray) -> tuple[float, FloatArray] | None:
        """Answer from what was computed, as long as there is something left."""
        at = self._answered
        if at == len(self.values):
            return None
        if _checksum(x) != self.places[at]:
            raise ResumeError(
                "resume: L-BFGS takes other steps here than it did; another version of SciPy, or "
                "another processor, goes its own way. Start the run anew"
            )
        self._answered += 1
        return self.values[at], self.gradients[at]

    def has_reported(self) -> bool:
        """Tell if the iteration that ends now was told of before."""
        self._iterations += 1
        before = self._iterations <= self.reported
        self.reported = max(self.reported, self._iterations)
        return before

    def state_dict(self) -> dict[str, Any]:
        """Say all of it."""
        if self.start is None:
            return {"reported": 0}
        return {
            "reported": self.reported,
            "start": self.start,
            "values": np.array(self.values),
            "gradients": np.array(self.gradients).reshape(-1, self.start.size),
            "places": np.array(self.places, np.int64),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up, to lead a search there."""
        self._answered = self._iterations = 0
        self.reported, self.start = state["reported"], state.get("start")
        if self.start is not None:
            self.values, self.places = state["values"].tolist(), state["places"].tolist()
            self.gradients = list(state["gradients"])


def _checksum(x: FloatArray) -> int:
    return zlib.crc32(np.ascontiguousarray(x).data)
