"""The style and the types, checked with the same tools and settings as `make lint` and `types`."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--no-cache", "--quiet"],
        ["ruff", "format", "--check", "--no-cache", "--quiet"],
        pytest.param(["mypy"], marks=pytest.mark.integration),
    ],
    ids=" ".join,
)
def test_linters_pass(command):
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
