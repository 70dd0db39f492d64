"""Keeper: what puts the state of a run away, so that it can be gone on with.

The loop knows when a state is whole, a keeper whether it is time and where to put it. So how a
run is resumed is told here, and what a file looks like is told where files are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

from barenet.training.run import Run

__all__ = ["Keeper", "Part", "State"]

#: Numbers, text and arrays by name, for each part of a run.
State: TypeAlias = dict[str, dict[str, Any]]


class Part(Protocol):
    """A part of a run that remembers something."""

    def state_dict(self) -> dict[str, Any]:
        """Say what; arrays may be its own, which change when the run goes on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember it."""


class Keeper(ABC):
    """Puts states away, one in the place of the other."""

    @abstractmethod
    def held(self, run: Run) -> AbstractContextManager[object]:
        """Hold the place for one run, from before its first step to its end.

        Parameters
        ----------
        run : Run
            Before it starts.

        Returns
        -------
        context manager
            It raises OSError where the place can't be written to, or another run holds it, and
            ValueError for a network that can't be kept.
        """

    @abstractmethod
    def read(self) -> State | None:
        """Read the last state.

        Returns
        -------
        dict or None
            What `keep` was given; None if there is none.
        """

    @abstractmethod
    def is_due(self, run: Run) -> bool:
        """Tell if it is time; asked after each slice and epoch, so it takes no time itself.

        Parameters
        ----------
        run : Run
            Where the run stands.

        Returns
        -------
        bool
            True to be given the state.
        """

    @abstractmethod
    def keep(self, run: Run, state: State) -> None:
        """Put a state away; the one before is there until this one is.

        Parameters
        ----------
        run : Run
            Where it stands.
        state : dict
            Of a run, between two of its steps.
        """
