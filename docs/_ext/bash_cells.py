"""`%%bash` in a page: the commands of a shell, and in one piece what they print.

A page asks for it with ``%load_ext bash_cells``. Text is plain and of one width, whatever the
terminal of the build; ``barenet`` is that of the Python which runs the page.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CHANGES = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "88"}
LEFT_OUT = ("FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "BARENET_DATA")


def bash(line: str, cell: str) -> None:
    """Run the commands, and show what they print; a failure fails the page."""
    done = subprocess.run(
        ["bash", "-ec", cell],
        env={name: value for name, value in os.environ.items() if name not in LEFT_OUT} | CHANGES,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    sys.stdout.write(done.stdout)
    done.check_returncode()


def load_ipython_extension(ipython: Any) -> None:
    """Take the place of IPython's own, which shows the two streams apart."""
    ipython.register_magic_function(bash, "cell")
