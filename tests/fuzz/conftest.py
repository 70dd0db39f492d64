"""The files of the fuzzer find each other, and those of the tests of files."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "files")]


@pytest.fixture(autouse=True)
def budget(monkeypatch):
    """Readers refuse a file that takes more memory than the fuzzer allows an input."""
    from format import MEMORY

    monkeypatch.setenv("BARENET_MEMORY", str(MEMORY))
