"""Fixtures: the path of a model file."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the files that the tests share


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"
