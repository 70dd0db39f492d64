"""LBFGSHistory: evaluations of an L-BFGS search, recorded so that it can be replayed.

The state of SciPy's L-BFGS is private, but it is a function of the values and gradients passed to
it: with the same ones it takes the same steps, to the last bit, at negligible cost.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from barenet.errors import ResumeError
from barenet.model._arrays import FloatArray


class LBFGSHistory:
    """Values and gradients of a search, in the order of the evaluations.

    Examples
    --------
    >>> history, x = LBFGSHistory(), np.array([2.0])
    >>> _ = history.begin(x)
    >>> history.record(x, 4.0, 2 * x)
    >>> again = LBFGSHistory()
    >>> again.load_state_dict(history.state_dict())
    >>> again.replay(x), again.replay(x)
    ((4.0, array([4.])), None)
    """

    def __init__(self) -> None:
        self.start: FloatArray | None = None
        self.values: list[float] = []
        self.gradients: list[FloatArray] = []
        self.checksums: list[int] = []  # of the points, to detect a search that takes other steps
        self.n_reported = 0  # iterations
        self._position = self._iterations = 0

    def begin(self, parameters: FloatArray) -> FloatArray:
        """Return the point where the search started, shape (n_parameters,)."""
        if self.start is None:
            self.start = parameters.copy()
        return self.start

    def record(self, x: FloatArray, value: float, gradient: FloatArray) -> None:
        """Record an evaluation."""
        self.checksums.append(_checksum(x))
        self.values.append(value)
        self.gradients.append(gradient.copy())
        self._position += 1

    def replay(self, x: FloatArray) -> tuple[float, FloatArray] | None:
        """Return the next recorded evaluation; None after the last."""
        at = self._position
        if at == len(self.values):
            return None
        if _checksum(x) != self.checksums[at]:
            raise ResumeError(
                "resume: L-BFGS takes other steps here than before, with another version of SciPy "
                "or on another processor; start the run again"
            )
        self._position += 1
        return self.values[at], self.gradients[at]

    def has_reported(self) -> bool:
        """Count an iteration, and return whether it was reported before."""
        self._iterations += 1
        before = self._iterations <= self.n_reported
        self.n_reported = max(self.n_reported, self._iterations)
        return before

    def state_dict(self) -> dict[str, Any]:
        """Return the recorded evaluations."""
        if self.start is None:
            return {"reported": 0}
        return {
            "reported": self.n_reported,
            "start": self.start,
            "values": np.array(self.values),
            "gradients": np.array(self.gradients, self.start.dtype).reshape(-1, self.start.size),
            "places": np.array(self.checksums, np.int64),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replay these evaluations from the first."""
        self._position = self._iterations = 0
        self.n_reported, self.start = state["reported"], state.get("start")
        if self.start is not None:
            self.values, self.checksums = state["values"].tolist(), state["places"].tolist()
            self.gradients = list(state["gradients"])


def _checksum(x: FloatArray) -> int:
    return zlib.crc32(np.ascontiguousarray(x).data)
