"""Ahead: what will be asked for later is computed meanwhile, so that nobody waits for it then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Ahead"]

T = TypeVar("T")


class Ahead(Generic[T]):
    """A function's result, computed in a thread that keeps no process from its end.

    Examples
    --------
    >>> Ahead(lambda: 6 * 7).result()
    42
    """

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._results: list[T] = []
        self._thread = threading.Thread(target=self._compute, daemon=True)
        self._thread.start()

    def result(self) -> T:
        """Wait for the result."""
        self._thread.join()
        return self._results[0] if self._results else self._function()

    def _compute(self) -> None:
        try:
            self._results.append(self._function())
        except Exception:  # noqa: BLE001
            return
