"""Entry point of the ``barenet`` command, and of ``python -m barenet``.

Importing this package imports nothing else, so Ctrl-C is handled during all later imports.
"""

import gc
import signal
import sys
from collections.abc import Callable

from barenet._interrupts import defer_hangup, raise_interrupt

__all__ = ["main"]


def exit_with_status(signal_number: int, _: object) -> None:
    """End with the status that a shell expects after a signal."""
    sys.exit(128 + signal_number)


def main() -> int:
    """Run the command line, and return the exit status."""
    handlers: dict[str, Callable[..., None]] = {
        "SIGTERM": exit_with_status,
        "SIGHUP": exit_with_status,
    }
    if sys.argv[1:2] == ["serve"]:  # a hangup loads its model again, once it answers
        handlers["SIGHUP"] = defer_hangup
    for name, handler in handlers.items():
        number = getattr(signal, name, None)  # Windows lacks SIGHUP
        # The default action would leave temporary files behind.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, handler)
    is_usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_usual:
        signal.signal(signal.SIGINT, raise_interrupt)
    try:
        from barenet.cli._main import main as run

        return run()
    except KeyboardInterrupt:
        return 130
    finally:
        if is_usual:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        gc.freeze()  # saves half a second of Numba's garbage collection at exit


if __name__ == "__main__":
    sys.exit(main())
