"""Stateful: the base class of objects whose state is saved in checkpoints."""

from collections.abc import Mapping
from typing import Any


class Stateful:
    """A part of a run whose state a checkpoint holds; by default it has none."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state: numbers, text and arrays by name, which may change afterwards."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state that `state_dict` returned, in the same or another process."""
