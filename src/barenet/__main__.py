"""Entry point of the ``barenet`` command, and of ``python -m barenet``.

The package imports nothing before it is used, so Ctrl-C while Python imports arrives in here.
"""

import gc
import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line, and return the exit status."""
    try:
        from barenet.cli._main import main as run

        return run()
    except KeyboardInterrupt:
        return 130
    finally:
        gc.freeze()  # spares half a second of garbage collection in Numba at the exit


if __name__ == "__main__":
    sys.exit(main())
