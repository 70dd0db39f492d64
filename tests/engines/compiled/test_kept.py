"""Kernels on disk: whatever has become of the folder, learning works, and works the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

SCRIPT = """
import resource, signal, sys
if "full" in sys.argv:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
import numpy as np
from barenet import Network, train
X = np.random.default_rng(0).normal(size=(40, 3))
network = Network.dense([3, 4, 2], hidden="tanh", output="softmax", seed=0, dtype=sys.argv[1])
history = train(network, X, np.arange(40) % 2, epochs=2, engine="compiled")
from barenet.engines.compiled.products import multiply
print(history.engine, network.parameters.tobytes().hex(), sum(multiply.dispatcher.stats.cache_misses.values()))
"""


def start(folder, dtype="float32", *more):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, dtype, *more], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder), "BARENET_THREADS": "1"},
    )  # fmt: skip


def finish(process):
    """What was learned, and how many kernels were built for it."""
    said, complaints = process.communicate(timeout=100)
    assert process.returncode == 0, complaints
    assert not complaints
    engine, parameters, built = said.split()
    assert engine == "compiled"
    return parameters, int(built)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder of kernels, and what is learned with them."""
    folder = tmp_path_factory.mktemp("kernels")
    parameters, built = finish(start(folder))
    assert built == 1
    return folder, parameters


def copy_of(whole, tmp_path):
    shutil.copytree(whole[0], tmp_path / "kernels")
    return tmp_path / "kernels", [
        path for path in (tmp_path / "kernels").rglob("*") if path.is_file()
    ]


def test_what_was_built_is_found_again(whole):
    assert finish(start(whole[0])) == (whole[1], 0)


@pytest.mark.parametrize("damage", [b"", b"garbage!garbage", None], ids=["empty", "other", "cut"])
def test_damaged_files_are_built_anew_and_replaced(whole, tmp_path, damage):
    folder, files = copy_of(whole, tmp_path)
    assert len(files) > 10
    for path in files:
        path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    assert finish(start(folder)) == (whole[1], 1)
    assert finish(start(folder)) == (whole[1], 0)


def test_files_of_one_kernel_are_never_taken_for_another(whole, tmp_path):
    """Two processes that write at once may leave any mixture behind, but not of one file."""
    folder, files = copy_of(whole, tmp_path)
    first = [finish(process) for process in [start(folder, "float64"), start(folder, "float64")]]
    assert first[0][0] == first[1][0]
    assert finish(start(folder, "float64")) == (first[0][0], 0)
    assert finish(start(folder)) == (whole[1], 0)
    assert all(path.exists() for path in files)


def test_processes_that_fill_an_empty_folder_at_once(whole, tmp_path):
    kinds = ["float32", "float64"] * 2
    found = [finish(each)[0] for each in [start(tmp_path, dtype) for dtype in kinds]]
    assert found[0] == found[2] == whole[1]
    assert found[1] == found[3]
    for dtype, parameters in zip(kinds, found, strict=True):
        assert finish(start(tmp_path, dtype)) == (parameters, 0)
    assert not [path for path in tmp_path.rglob("*") if "tmp" in path.name and path.is_file()]


def test_a_folder_that_cannot_be_written_to(whole, tmp_path):
    """A file stands where the folder would be: not even the superuser gets around that."""
    (tmp_path / "file").write_text("")
    assert finish(start(tmp_path / "file"))[0] == whole[1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits")
def test_a_full_disk(whole, tmp_path):
    assert finish(start(tmp_path, "float32", "full")) == (whole[1], 1)
    assert not [path for path in tmp_path.rglob("*.nbc") if path.stat().st_size == 0]
