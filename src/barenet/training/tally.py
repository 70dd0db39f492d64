"""Tally: what is known of an epoch while it goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines import ChunkResult

__all__ = ["Tally"]


class Tally:
    """The reports of an epoch's slices, and the time that it takes.

    Attributes
    ----------
    reports : list of ChunkResult
        In the order of the slices.
    started : float
        When the epoch began, on the clock of ``time.perf_counter``.
    rates : ndarray of shape (n_batches,), float64
        The learning rate of each of its steps.

    Examples
    --------
    >>> tally = Tally()
    >>> tally.reports.append(ChunkResult(np.array([3.0, 1.0]), np.array([0.1, 0.1])))
    >>> tally.reports.append(ChunkResult(np.array([2.0]), np.array([0.4])))
    >>> tally.joined().losses
    array([3., 1., 2.])
    """

    def __init__(self) -> None:
        self.begin(np.zeros(0))

    def begin(self, rates: NDArray[np.float64]) -> None:
        """Turn to a new epoch."""
        self.reports: list[ChunkResult] = []
        self.started, self.rates = time.perf_counter(), rates

    def joined(self) -> ChunkResult:
        """Put the reports together; mostly there is just one."""
        if len(self.reports) > 1:
            self.reports = [ChunkResult(*map(np.concatenate, zip(*self.reports, strict=True)))]
        return self.reports[0]

    @property
    def seconds(self) -> float:
        """The time since its begin."""
        return time.perf_counter() - self.started

    def state_dict(self) -> dict[str, Any]:
        """Say all of it."""
        report = self.joined() if self.reports else ChunkResult(np.zeros(0), np.zeros(0))
        return {**report._asdict(), "rates": self.rates, "seconds": self.seconds}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        report = ChunkResult(state["losses"], state["gradient_norms"])
        self.reports = [report] if len(report.losses) else []
        self.started, self.rates = time.perf_counter() - state["seconds"], state["rates"]
