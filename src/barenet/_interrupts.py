"""Deferral of Ctrl-C while its exception would be lost, until Python code runs again.

This module imports nothing from barenet, as Ctrl-C may be pressed while the rest is imported.
"""

import _thread
import signal
import sys
import threading
from types import FrameType

#: The hangups that arrived before a service was ready.
DEFERRED: list[int] = []

#: Seconds until a deferred signal is handled again.
RETRY_SECONDS = 0.02


def raise_interrupt(number: int, frame: FrameType | None) -> None:
    """Handle Ctrl-C as Python does, but defer it where the exception would be lost."""
    if loses_exceptions(frame):
        repeat_later(number)
    else:
        raise KeyboardInterrupt


def defer_hangup(number: int, frame: FrameType | None) -> None:
    """Keep a signal in `DEFERRED`, as it asks for something that is not ready."""
    DEFERRED.append(number)


def loses_exceptions(frame: FrameType | None) -> bool:
    """Return whether an exception would be lost: in a call from LLVM, a `__del__`, or an import.

    If it is raised while a compiled module is imported, such as those of SciPy, the module prints
    it with its traceback, and raises another exception.
    """
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        name = frame.f_code.co_name
        is_import = frame.f_code.co_filename == "<frozen importlib._bootstrap>"
        if is_import or module.startswith("llvmlite.") or name == "__del__":
            return True
        frame = frame.f_back
    return False


def repeat_later(number: int) -> None:
    """Send a signal to the main thread again after a delay."""
    timer = threading.Timer(RETRY_SECONDS, _repeat, [number])
    timer.daemon = True
    timer.start()


def _repeat(number: int) -> None:
    """Send a signal to the main thread again, which wakes it up if it is waiting."""
    if sys.platform == "win32":
        _thread.interrupt_main(number)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, number)
