"""Stateful: base of all whose state survives a restart."""

from collections.abc import Mapping
from typing import Any


class Stateful:
    """A part of a run whose state a checkpoint holds; by default it has none."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state, which decides what it does next.

        Returns
        -------
        dict
            Numbers, text and arrays by name; the arrays may change when the run continues.
        """
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state, in the same or another process.

        Parameters
        ----------
        state : mapping
            The state that `state_dict` returned.
        """
