"""Entry point of the ``barenet`` command, and of ``python -m barenet``.

Importing the package loads nothing else, so Ctrl-C during later imports is caught here.
"""

import gc
import signal
import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line, and return the exit status."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # which would leave temporary files
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        from barenet.cli._main import main as run

        return run()
    except KeyboardInterrupt:
        return 130
    finally:
        gc.freeze()  # saves half a second of garbage collection by Numba at the exit


if __name__ == "__main__":
    sys.exit(main())
