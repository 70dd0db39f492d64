import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from barenet.cli import _doctor as doctor, _kernels as kernels

#: What a process finds on disk and what it builds, of all that a training needs.
TRAINING = """
import json
import numpy as np
from barenet import Network, train

X, y = np.zeros((20, 9), "uint8"), np.zeros(20, int)
for dtype in ("float32", "float64"):
    for threads in (1, 2):
        network = Network.dense([9, 8, 3], hidden="gelu", output="softmax", dtype=dtype)
        train(network, X, y, epochs=2, batch_size=7, optimizer="adamw", engine="compiled",
              penalty="l2:strength=1", clip="norm:limit=1", threads=threads)

from barenet.engines.compiled._interpreter import run_on_one_thread, run_on_threads
from barenet.engines.kernels._kernel import KERNELS

dispatchers = [run_on_one_thread, run_on_threads, *(kernel.dispatcher for kernel in KERNELS)]
count = lambda name: sum(sum(getattr(each.stats, name).values()) for each in dispatchers)
print(json.dumps([count("cache_hits"), count("cache_misses")]))
"""

#: Files stay shorter than a kernel is, as on a disk that is full.
SMALL_FILES = """
import resource, sys
from barenet.cli import _kernels as kernels, _main as main

resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
some = kernels._builders()[:2]
kernels._builders = lambda: some
sys.exit(main.main(["doctor", "--warm"]))
"""


@pytest.fixture(scope="module")
def built():
    return kernels.build_kernels()


def test_kernels_are_built_once(built, barenet):
    again = barenet("doctor", "--warm", "--json").json
    assert again.keys() == {"kernels", "built", "seconds", "folder"}
    assert (again["kernels"], again["built"]) == (built["kernels"], 0)
    assert again["kernels"] > 100
    assert again["folder"] == built["folder"] == kernels.kernel_folder()
    assert any(Path(again["folder"]).glob("*.nbc"))


def test_a_later_process_builds_nothing(built):
    command = [sys.executable, "-c", TRAINING]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    hits, misses = json.loads(done.stdout)
    assert (hits > 20, misses) == (True, 0)


def test_without_a_folder_nothing_is_built(barenet, monkeypatch):
    monkeypatch.setattr(kernels, "kernel_folder", lambda: None)
    done = barenet("doctor", "--warm")
    assert (done.status, done.out) == (1, "")
    assert "no folder to keep kernels in; set NUMBA_CACHE_DIR" in done.err


def test_a_full_disk_is_told(tmp_path):
    pytest.importorskip("resource", reason="files have no greatest length here")
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", SMALL_FILES]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert str(tmp_path) in done.stderr and "is the disk full?" in done.stderr


def test_the_doctor_tells_where_they_are(barenet, monkeypatch):
    found = barenet("doctor", "--json").json
    assert found["kernel_folder"] == kernels.kernel_folder()
    assert not any("NUMBA_CACHE_DIR" in line for line in found["advice"])
    monkeypatch.setattr(doctor, "kernel_folder", lambda: None)
    found = barenet("doctor", "--json").json
    assert found["kernel_folder"] is None
    assert any("NUMBA_CACHE_DIR" in line for line in found["advice"])
