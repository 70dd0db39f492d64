"""Entry point of the ``barenet`` command, and of ``python -m barenet``.

Importing this package imports nothing else, so Ctrl-C is handled during all later imports.
"""

import gc
import signal
import sys

from barenet._interrupts import raise_interrupt

__all__ = ["main"]


def exit_with_status(signal_number: int, _: object) -> None:
    """End with the status that a shell expects after a signal."""
    sys.exit(128 + signal_number)


def main() -> int:
    """Run the command line, and return the exit status."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows lacks SIGHUP
        # The default action would leave temporary files behind.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, exit_with_status)
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
