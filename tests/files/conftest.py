"""A place for a model file, and what somebody else could make of it."""

from __future__ import annotations

import hashlib
import json

import pytest
from safetensors import safe_open
from safetensors.numpy import save


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture(name="rewrite")
def make_rewrite():
    return rewrite


def rewrite(path, **changes):
    """Change a saved file's description or tensors as somebody with safetensors would."""
    with safe_open(path, framework="numpy") as file:
        description = json.loads(file.metadata()["barenet"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    tensors.update(changes.pop("tensors", {}))
    for name, value in changes.items():
        (tensors if name in ("parameters", "statistics") else description)[name] = value
    description["sha256"] = "0" * 64
    text = changes.get("text", json.dumps(description))
    data = save(tensors, {changes.get("key", "barenet"): text})
    checksum = hashlib.sha256(data).hexdigest().encode()
    path.write_bytes(data.replace(b"0" * 64, checksum))
