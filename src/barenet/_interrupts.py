"""Ctrl-C at a moment when its exception would be lost: it waits until the code is back in Python.

This module imports nothing of barenet, as Ctrl-C may come while the rest is imported.
"""

import _thread
import signal
import sys
import threading
from types import FrameType

#: Seconds until a signal that came at the wrong moment is handled again.
RETRY_SECONDS = 0.02


def raise_interrupt(number: int, frame: FrameType | None) -> None:
    """Handle Ctrl-C as Python does, but later where the exception would be lost."""
    if loses_exceptions(frame):
        repeat_later(number)
    else:
        raise KeyboardInterrupt


def loses_exceptions(frame: FrameType | None) -> bool:
    """Whether an exception would be lost: LLVM has called this code, a `__del__`, or an import.

    A compiled module that is imported, such as those of SciPy, prints the exception with its
    traceback, and raises another one.
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
    """Send a signal to the main thread again, after some time."""
    timer = threading.Timer(RETRY_SECONDS, _repeat, [number])
    timer.daemon = True
    timer.start()


def _repeat(number: int) -> None:
    """Send a signal to the main thread again, which wakes it where it waits."""
    if sys.platform == "win32":
        _thread.interrupt_main(number)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, number)
