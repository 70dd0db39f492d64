"""Kernels on disk: whatever has become of the folder, learning works, and works the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from barenet.engines import kept

SCRIPT = """
import resource, signal, sys
if "full" in sys.argv:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
import numpy as np
from barenet import Network, train
X = np.random.default_rng(0).normal(size=(40, 3))
network = Network.dense([3, 1], seed=0, dtype=sys.argv[1])
history = train(network, X, X[:, 0], epochs=2, engine="compiled", optimizer="sgd")
from barenet.engines.kernels.dense import multiply
built = sum(multiply.dispatcher.stats.cache_misses.values())
print(history.engine, network.parameters.tobytes().hex(), built)
"""


def start(folder, dtype="float32", *more, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, dtype, *more], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder), "BARENET_THREADS": "1", **environment},
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


def test_damaged_files_are_built_anew_and_replaced(whole, tmp_path):
    folder, files = copy_of(whole, tmp_path)
    assert len(files) > 8
    for number, path in enumerate(sorted(files)):
        content = path.read_bytes()
        damaged = [b"", b"garbage!garbage" * 9, content[:-100], content[:-1] + b"?"]
        path.write_bytes(damaged[number % 4])
    assert finish(start(folder)) == (whole[1], 1)
    assert finish(start(folder)) == (whole[1], 0)


def test_any_source_of_the_engine_gives_kernels_new_names(tmp_path, monkeypatch):
    shutil.copytree(Path(kept.__file__).parent, tmp_path / "engines")
    monkeypatch.setattr(kept, "__file__", str(tmp_path / "engines" / "kept.py"))
    seen = {kept.fingerprint.__wrapped__()}
    for source in ("kept.py", "simd/blocks.py", "compiled/losses.py"):
        with (tmp_path / "engines" / source).open("a") as file:
            file.write("\n")
        seen.add(kept.fingerprint.__wrapped__())
    assert len(seen) == 4


def test_what_was_not_used_for_a_month_is_removed(tmp_path):
    files, long_ago = kept.KeptFiles(str(tmp_path), "function"), time.time() - 31 * 86400
    for key in "abc":
        files.save(key, key.upper())
    for key in "ab":
        os.utime(files.path(key), (long_ago, long_ago))
    assert files.load("a") == "A"
    files.save("d", "D")
    assert [files.load(key) for key in "abcd"] == ["A", None, "C", "D"]


def test_processes_that_fill_an_empty_folder_at_once(whole, tmp_path):
    kinds = ["float32", "float64"]
    found = [finish(each) for each in [start(tmp_path, dtype) for dtype in kinds]]
    assert found[0] == (whole[1], 1)
    for dtype, (parameters, _) in zip(kinds, found, strict=True):
        assert finish(start(tmp_path, dtype)) == (parameters, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits")
def test_no_folder_and_a_full_disk(whole, tmp_path):
    """A file stands where the folder would be: not even the superuser gets around that."""
    (tmp_path / "file").write_text("")
    only = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    nowhere = start(tmp_path / "file" / "folder", **only)
    full = start(tmp_path / "full", "float32", "full")
    assert finish(nowhere)[0] == whole[1]
    assert finish(full) == (whole[1], 1)
    assert not [path for path in (tmp_path / "full").rglob("*") if path.is_file()]
