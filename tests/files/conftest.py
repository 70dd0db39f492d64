"""Fixtures: the path of a model file, and the time and memory of loading one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the files that the tests share


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


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
    """Load a file in a separate process; return the outcome, the seconds and the memory."""

    def measure(path):
        command = [sys.executable, "-c", LOADING, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        return json.loads(done.stdout)

    return measure
