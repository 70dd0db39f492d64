"""The fuzzer is a program of its own: its files find each other, and the tests find them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def budget(monkeypatch):
    """Readers refuse a file that takes more memory than the fuzzer allows an input."""
    from checking import MEMORY

    monkeypatch.setenv("BARENET_MEMORY", str(MEMORY))
