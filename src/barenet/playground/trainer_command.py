"""Order: what a page wants of a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Order"]


@dataclass(frozen=True, eq=False)
class Command:
    """What a page wants of a training.

    Attributes
    ----------
    verb : str
        ``play``, ``pause``, ``step``, ``batch``, ``run_to``, ``scrub``, ``swap``, ``recover``,
        ``reset``, ``redesign``, ``pace``, ``edit``, ``plan`` or ``close``.
    value : object
        What goes with it.
    """

    action: str
    value: Any = None
