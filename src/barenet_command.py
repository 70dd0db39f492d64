"""Where the ``barenet`` command starts and ends: around all that is imported and left behind.

Importing takes a while, in which Ctrl-C may come; inside the package it would be too late.
"""

from __future__ import annotations

import gc

__all__ = ["main"]


def main() -> int:
    """Run the command line, as `barenet.cli.main` does.

    Returns
    -------
    int
        The exit status.
    """
    try:
        from barenet.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        return 130
    finally:
        gc.freeze()  # or Python looks through all of Numba for garbage: half a second at its end
