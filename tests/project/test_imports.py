"""What is slow to import is imported when it is needed, so that starting up stays instant.

Modules are counted, not milliseconds: a count is the same on a busy machine.
"""

import subprocess
import sys
from pathlib import Path

BARENET = str(Path(sys.executable).with_name("barenet"))


def imported_by(*command: str) -> set[str]:
    """Top-level packages that a Python process imports, as the interpreter itself logs them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_importing_barenet_is_light():
    packages = imported_by("-c", "import barenet")
    assert "barenet" in packages
    assert packages & {"sklearn", "scipy", "numba", "matplotlib", "pyarrow", "rich"} == set()


def test_the_help_is_light():
    packages = imported_by(BARENET, "--help")
    assert "cyclopts" in packages
    assert packages & {"sklearn", "scipy", "numba", "matplotlib", "pyarrow"} == set()
