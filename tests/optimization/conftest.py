"""What tests of optimization share: figures of PyTorch, and both precisions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FIGURES = Path(__file__).parents[1] / "oracles" / "pytorch.json"


@pytest.fixture(scope="session")
def pytorch() -> dict[str, Any]:
    """What PyTorch computed, written down by `oracles/make_pytorch.py`."""
    return json.loads(FIGURES.read_text("utf-8"))


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> str:
    return request.param
