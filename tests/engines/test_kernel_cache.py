"""Kernels on disk: whatever has become of the folder, learning works, and works the same."""

import hashlib
import os
import pickle
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from barenet.engines import _kernel_cache as kernel_cache

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
from barenet.engines.kernels._dense import multiply
built = sum(multiply.dispatcher.stats.cache_misses.values())
print(history.engine, network.parameters.tobytes().hex(), built)
"""


def start(folder, dtype="float32", *more, umask=-1, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, dtype, *more], text=True, umask=umask,
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
def whole(tmp_path_factory, worker_id):
    """A folder of kernels, which one worker builds for all, and what is learned with them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "kernels"
    learned = folder.with_suffix(".txt")
    with FileLock(folder.with_suffix(".lock")):
        if not learned.exists():
            parameters, built = finish(start(folder))
            assert built == 1
            learned.write_text(parameters)
    return folder, learned.read_text()


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
    shutil.copytree(Path(kernel_cache.__file__).parent, tmp_path / "engines")
    monkeypatch.setattr(kernel_cache, "__file__", str(tmp_path / "engines" / "kernel_cache.py"))
    seen = {kernel_cache.fingerprint.__wrapped__()}
    for source in ("kernel_cache.py", "simd/register_blocks.py", "kernels/losses.py"):
        with (tmp_path / "engines" / source).open("a") as file:
            file.write("\n")
        seen.add(kernel_cache.fingerprint.__wrapped__())
    assert len(seen) == 4


def test_what_was_not_used_for_a_month_is_removed(tmp_path):
    files, long_ago = kernel_cache.KernelFiles(str(tmp_path), "function"), time.time() - 31 * 86400
    for key in "abc":
        files.save(key, key.upper())
    for key in "ab":
        os.utime(files.path(key), (long_ago, long_ago))
    assert files.load("a") == "A"
    files.save("d", "D")
    assert [files.load(key) for key in "abcd"] == ["A", None, "C", "D"]


@pytest.mark.slow
def test_processes_that_fill_an_empty_folder_at_once(whole, tmp_path):
    kinds = ["float32", "float64"]
    found = [finish(each) for each in [start(tmp_path, dtype) for dtype in kinds]]
    assert found[0] == (whole[1], 1)
    for dtype, (parameters, _) in zip(kinds, found, strict=True):
        assert finish(start(tmp_path, dtype)) == (parameters, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits")
@pytest.mark.slow
def test_no_folder_and_a_full_disk(whole, tmp_path):
    """A file stands where the folder would be: not even the superuser gets around that."""
    (tmp_path / "file").write_text("")
    only = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    nowhere = start(tmp_path / "file" / "folder", **only)
    full = start(tmp_path / "full", "float32", "full")
    assert finish(nowhere)[0] == whole[1]
    assert finish(full) == (whole[1], 1)
    assert not [path for path in (tmp_path / "full").rglob("*") if path.is_file()]


class Plant:
    """Unpickled, it leaves a file that shows that it was run."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def plant(folder, mark):
    """Put code in the place of every kernel, with the right checksums."""
    content = pickle.dumps(Plant(mark))
    for path in folder.rglob("*.nbc"):
        path.write_bytes(hashlib.sha256(content).digest() + content)


def chmod(mode, *names):
    return lambda base: [(base / name).chmod(mode) for name in names]


def chown(*names):
    def change(base):
        for name in names:
            os.chown(base / name, 12345, -1)

    return change


def change_files(base):
    for path in base.rglob("*.nbc"):
        path.chmod(0o666)


def give_to_a_group(base):
    os.chown(base / "kernels", -1, 12345)
    (base / "kernels").chmod(0o775)


AS_ROOT = pytest.mark.skipif(getattr(os, "geteuid", int)() != 0, reason="gives files away")
OPEN_TO_OTHERS = {
    "folder": (chmod(0o777, "kernels"), "others can write to {base}/kernels ("),
    "sticky folder": (chmod(0o1777, "kernels/own"), "others can write to {base}/kernels/own ("),
    "folder above": (chmod(0o777, ""), "others can write to {base} ("),
    "files": (change_files, "others can write to {base}/kernels/own/"),
    "group": (give_to_a_group, "others can write to {base}/kernels ("),
    "owner": (chown("kernels/own"), "{base}/kernels/own belongs to another user, number 12345"),
    "owner above": (chown(""), "{base} belongs to another user, number 12345"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            *case,
            id=name,
            marks=[AS_ROOT] * (name in ("group", "owner", "owner above"))
            + [pytest.mark.slow] * (name in ("sticky folder", "folder above", "owner above")),
        )
        for name, case in OPEN_TO_OTHERS.items()
    ],
)
def test_fault_116_kernels_that_others_could_have_written_are_not_run(
    whole, tmp_path, change, said
):
    base, mark = tmp_path / "base", tmp_path / "mark"
    shutil.copytree(whole[0], base / "kernels")
    own = next(path.parent for path in (base / "kernels").rglob("*multiply*.nbc"))
    plant(own, mark)
    own.rename(base / "kernels" / "own")
    (base / "kernels" / own.name).symlink_to("own")
    change(base)
    home = {"XDG_CACHE_HOME": str(tmp_path / "home")}
    process = start(base / "kernels", **home)
    out, err = process.communicate(timeout=100)
    assert (process.returncode, mark.exists()) == (0, False), err
    assert out.split() == ["compiled", whole[1], "1"]
    assert said.format(base=base) in err
    if "kernels/own/" in said:  # a file is replaced
        assert not (tmp_path / "home").exists()
        assert finish(start(base / "kernels", **home)) == (whole[1], 0)
    else:
        assert f"the cache is {tmp_path}/home/" in err or sys.platform == "darwin"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
def test_fault_116_a_folder_that_only_its_owner_writes_to_is_used(whole, tmp_path):
    """Below a folder for everybody, as /tmp; and where new folders are open to a group."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    shutil.copytree(whole[0], shared / "kernels")
    assert finish(start(shared / "kernels")) == (whole[1], 0)
    new = start(tmp_path / "new", umask=0)
    assert finish(new) == (whole[1], 1)
    assert finish(start(tmp_path / "new")) == (whole[1], 0)
