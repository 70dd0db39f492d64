"""The fuzzer is a program of its own: its files find each other, and the tests find them."""

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
