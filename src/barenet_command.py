"""Where the ``barenet`` command starts, before anything of barenet is imported.

That takes a while, in which Ctrl-C may come; inside the package it would be too late to answer it.
"""

from __future__ import annotations

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
