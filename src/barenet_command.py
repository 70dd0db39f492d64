"""Entry point of the ``barenet`` command.

It is outside of the package because Ctrl-C may come while that is imported.
"""

from __future__ import annotations

import gc

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
