"""The ``barenet`` command.

Exit status: 0 if all went well, 1 if it failed, 2 for wrong usage or input, 130 and 143 after
Ctrl-C and a signal to end.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from barenet.cli.command_line import run

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    return run(list(sys.argv[1:] if arguments is None else arguments))
