"""Ctrl-C and SIGTERM: stop a run early without losing anything."""

import signal
import threading
from types import FrameType
from typing import Any, Self

from barenet._interrupts import loses_exceptions, repeat_later
from barenet.training._callbacks import Callback, Run

#: The stop reason of a run that a signal has ended.
INTERRUPTED = "interrupted"


class Interruption(Callback):
    """Stop a run at the end of its chunk after a signal, or immediately after a second one.

    Before the end of the first chunk, the first signal exits, as there is nothing to save. Networks
    on workers are cancelled at the first signal, which raises ``KeyboardInterrupt``.
    """

    history_only = True

    def __init__(self, *, on_workers: bool = False) -> None:
        self.on_workers = on_workers
        self.signal: int | None = None
        self.started = False
        self.handlers: dict[int, Any] = {}

    def __deepcopy__(self, memo: object) -> Self:
        """Return itself: a signal ends all networks of a population."""
        return self

    @property
    def status(self) -> int:
        """The exit status: 130 or 143 after a signal."""
        return 0 if self.signal is None else 128 + self.signal

    def __enter__(self) -> Self:
        """Handle the signals, in the main thread; ignored signals stay ignored."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self.handlers[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        """Restore the handlers."""
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def on_chunk(self, run: Run) -> None:
        self.started = True
        if self.signal is not None:
            run.stop(INTERRUPTED, resumable=True)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        at_once = self.signal is not None or not self.started
        if (at_once or self.on_workers) and loses_exceptions(frame):
            repeat_later(number)
            return
        is_first = self.signal is None
        self.signal = number
        if is_first and self.on_workers:
            raise KeyboardInterrupt
        if at_once:
            raise SystemExit(128 + number)
