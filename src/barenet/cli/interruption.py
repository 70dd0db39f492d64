"""Ctrl-C, and the signal that asks a process to end: a run stops early, and nothing is lost."""

from __future__ import annotations

import _thread
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from barenet.training.callbacks import Callback
from barenet.training.run import Run

__all__ = ["INTERRUPTED", "Interruption"]

#: What a history says of a run that a signal has ended.
INTERRUPTED = "interrupted"

#: Seconds until a signal is looked at again that came at the wrong moment.
AGAIN = 0.02


class Interruption(Callback):
    """Stop a run at the end of its slice when a signal comes; at a second one, end at once.

    And at the first one where no slice has ended yet, which may take seconds where kernels are
    built: there is nothing to save.

    Attributes
    ----------
    signal : int, optional
        The signal that came.
    begun : bool
        Whether anything is learned.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.begun = False
        self.before: dict[int, Any] = {}

    @property
    def status(self) -> int:
        """The exit status that tells of it: 130 or 143, and 0 if none came."""
        return 0 if self.signal is None else 128 + self.signal

    def __enter__(self) -> Interruption:
        """Listen, from the main thread; what was told to ignore signals still does."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self.before[number] = signal.signal(number, self._take_notice)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the signals to who had them before."""
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def on_chunk(self, run: Run) -> None:
        self.begun = True
        if self.signal is not None:
            run.stop(INTERRUPTED, resumable=True)

    def _take_notice(self, number: int, frame: FrameType | None) -> None:
        at_once = self.signal is not None or not self.begun
        self.signal = number
        if at_once and _is_called_by_the_compiler(frame):
            threading.Timer(AGAIN, _thread.interrupt_main, [number]).start()
        elif at_once:
            raise SystemExit(128 + number)


def _is_called_by_the_compiler(frame: FrameType | None) -> bool:
    """Tell if C called this Python: what is raised there is lost, and the kernel with it."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("llvmlite."):
            return True
        frame = frame.f_back
    return False
