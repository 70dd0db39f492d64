"""A place for a model file, and what somebody else could make of it."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.numpy import save

sys.path.insert(0, str(Path(__file__).parent))  # the files that the tests share


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


@pytest.fixture(name="forge")
def make_forge():
    return forge


def forge(path, description, arrays, n_bytes, **entries):
    """Write a file with any header, zeros for numbers that take no place, and a right checksum."""
    text = json.dumps({"format_version": 2, "extra": {}, **description, "sha256": "0" * 64})
    header = {"__metadata__": {"barenet": text}, **arrays, **entries}
    start = json.dumps(header).encode()
    head = len(start).to_bytes(8, "little") + start
    digest = hashlib.sha256(head)
    for at in range(0, n_bytes, 2**20):
        digest.update(bytes(min(2**20, n_bytes - at)))
    path.write_bytes(head.replace(b"0" * 64, digest.hexdigest().encode()))
    with path.open("r+b") as file:
        file.truncate(len(head) + n_bytes)


LOADING = """
import json, pathlib, resource, sys, time
import barenet
from barenet.files._model_io import load, save
unit = 1 if sys.platform == "darwin" else 1024
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
save(barenet.Network.dense([2, 1]), "first.safetensors")
load("first.safetensors")
try:
    pathlib.Path("/proc/self/clear_refs").write_bytes(b"5")
except OSError:
    pass
before, started, outcome = peak(), time.process_time(), "read"
try:
    load(sys.argv[1])
except barenet.errors.ModelFileError as error:
    outcome = str(error)
print(json.dumps([outcome, time.process_time() - started, peak() - before]))
"""


@pytest.fixture
def loading(tmp_path):
    """Load a file in a process of its own: the outcome, the seconds, and the bytes it took."""

    def measure(path):
        command = [sys.executable, "-c", LOADING, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        return json.loads(done.stdout)

    return measure
