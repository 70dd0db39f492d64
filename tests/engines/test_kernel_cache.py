"""Kernels on disk: whatever has become of the folder, code is compiled or found, and is safe."""

import hashlib
import os
import pickle
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
import pytest
from numba import types

from barenet.engines import _kernel_cache as kernel_cache, _machine_code as machine_code
from barenet.engines._machine_code import Entry
from barenet.engines.simd._calls import compiled

UNIX = pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
SCRIPT = """
import resource, signal, sys, threading
import numpy as np
from barenet import Network, train
if "full" in sys.argv:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
X = np.random.default_rng(0).normal(size=(40, 3))

def learn(found):
    network = Network.dense([3, 1], seed=0, dtype=sys.argv[1])
    history = train(network, X, X[:, 0], epochs=2, engine="compiled", optimizer="sgd", threads=1)
    found.append((history.engine, network.parameters.tobytes().hex()))

found = []
threads = [threading.Thread(target=learn, args=(found,)) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
from barenet.engines.kernels._dense import multiply
assert len(found) == 8 and len(set(found)) == 1
print(*found[0], multiply.code.n_compiled)
"""


def start(folder, dtype="float32", *more, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, dtype, *more], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder), **environment},
    )  # fmt: skip


def finish(process):
    """The parameters after training, and whether a kernel was compiled for it."""
    out, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, "")
    engine, parameters, compiled = out.split()
    assert engine == "compiled"
    return parameters, int(compiled)


@pytest.mark.slow
def test_eight_threads_compile_kernels_at_once_and_the_next_process_loads_them(tmp_path):
    parameters, compiled = finish(start(tmp_path))
    assert compiled == 1
    assert finish(start(tmp_path)) == (parameters, 0)


@pytest.mark.slow
def test_processes_can_fill_an_empty_cache_at_once(tmp_path):
    kinds = ["float32", "float64", "float32"]
    found = [finish(each) for each in [start(tmp_path, dtype) for dtype in kinds]]
    for dtype, (parameters, _) in zip(kinds, found, strict=True):
        assert finish(start(tmp_path, dtype)) == (parameters, 0)


@UNIX
@pytest.mark.slow
def test_without_a_folder_or_with_a_full_disk_each_process_compiles(tmp_path):
    """A file stands where the folder would be: not even the superuser gets around that."""
    (tmp_path / "file").write_text("")
    only = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    nowhere = start(tmp_path / "file" / "folder", **only)
    full = finish(start(tmp_path / "full", "float32", "full"))
    assert full == (finish(nowhere)[0], 1)
    assert not [path for path in (tmp_path / "full").rglob("*") if path.is_file()]


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """The cache folder of a small kernel, which is compiled."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "code.py").write_text(CODE)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(base / "kernels"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(kernel_cache, "REFUSED", {})
    assert compile_in(base) == 1
    return base / "kernels"


#: A kernel that writes twice a number to the place behind it.
CODE = """
import numpy as np
from barenet.engines.simd._views import array

def double(address):
    numbers = array(np.int64, address, 0, 2)
    numbers[1] = 2 * numbers[0]
"""


def compile_in(base):
    """Compile the kernel or load it, as a new process would; return how often it was compiled."""
    kernel_cache._risk_in.cache_clear()
    kernel_cache.FOLDERS.clear()
    path, namespace, numbers = base / "code.py", {"__name__": "code"}, np.array([21, 0])
    exec(compile(path.read_text(), path, "exec"), namespace)
    run = Entry(compiled(namespace["double"]), (types.intp,))
    run(numbers.ctypes.data)
    assert numbers[1] == 42
    return run.code.n_compiled


def test_eight_threads_that_compile_at_once_leave_a_file_that_is_loaded(kernels):
    shutil.rmtree(kernels)
    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(compile_in, [kernels.parent] * 8)) == 1
    assert compile_in(kernels.parent) == 0
    assert len(list(kernels.rglob("*.*"))) == 1


def test_threads_that_need_a_kernel_at_once_compile_it_once(monkeypatch):
    """Also where no folder keeps it."""
    monkeypatch.setattr(machine_code, "path_of", lambda *_: None)
    namespace = {"__name__": "code"}
    exec(CODE, namespace)
    code = machine_code.MachineCode(compiled(namespace["double"]))
    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(code.address, [(types.intp,)] * 8))
    assert (len(places), code.n_compiled) == (1, 1)


def test_damaged_files_are_compiled_again_and_replaced(kernels):
    (file,) = kernels.rglob("*.nbc")
    content = file.read_bytes()
    for damaged in (b"", b"garbage!garbage" * 9, content[:-100], content[:-1] + b"?"):
        file.write_bytes(damaged)
        assert [compile_in(kernels.parent) for _ in range(2)] == [1, 0]


def test_a_changed_source_changes_the_cache_key(tmp_path, monkeypatch):
    shutil.copytree(Path(kernel_cache.__file__).parent, tmp_path / "engines")
    monkeypatch.setattr(kernel_cache, "__file__", str(tmp_path / "engines" / "kernel_cache.py"))
    seen = {kernel_cache.fingerprint.__wrapped__()}
    for source in ("kernel_cache.py", "simd/register_blocks.py", "kernels/losses.py"):
        with (tmp_path / "engines" / source).open("a") as file:
            file.write("\n")
        seen.add(kernel_cache.fingerprint.__wrapped__())
    assert len(seen) == 4


def test_a_file_that_was_not_used_for_a_month_is_removed(tmp_path):
    paths, long_ago = [tmp_path / f"{key}.nbc" for key in "abcd"], time.time() - 31 * 86400
    for path in paths[:3]:
        kernel_cache.save(path, path.stem)
    for path in paths[:2]:
        os.utime(path, (long_ago, long_ago))
    assert kernel_cache.load(paths[0]) == "a"
    kernel_cache.save(paths[3], "d")
    assert list(map(kernel_cache.load, paths)) == ["a", None, "c", "d"]


class Plant:
    """Unpickled, it leaves a file that shows that it was run."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def make_files_writable(folder):
    for path in folder.glob("*.nbc"):
        path.chmod(0o666)


#: A folder, and the change that lets another user write to it, its owner or its files.
OPEN_TO_OTHERS = {
    "folder": ("kernels", lambda path: path.chmod(0o777)),
    "sticky folder": ("kernels/own", lambda path: path.chmod(0o1777)),
    "folder above": (".", lambda path: path.chmod(0o777)),
    "files": ("kernels/own", make_files_writable),
    "group": ("kernels", lambda path: (os.chown(path, -1, 12345), path.chmod(0o775))),
    "owner": ("kernels/own", lambda path: os.chown(path, 12345, -1)),
    "owner above": (".", lambda path: os.chown(path, 12345, -1)),
}


@UNIX
@pytest.mark.parametrize("case", OPEN_TO_OTHERS)
def test_fault_116_kernels_writable_by_others_are_not_loaded(kernels, tmp_path, case):
    if case in ("group", "owner", "owner above") and os.geteuid() != 0:
        pytest.skip("only the superuser gives files away")
    (file,) = kernels.rglob("*.nbc")
    content = pickle.dumps(Plant(tmp_path / "mark"))
    file.write_bytes(hashlib.sha256(content).digest() + content)
    file.parent.rename(kernels / "own")
    file.parent.symlink_to("own")
    name, change = OPEN_TO_OTHERS[case]
    open_to_others = (kernels.parent / name).resolve()
    change(open_to_others)
    with pytest.warns(RuntimeWarning) as caught:
        assert compile_in(kernels.parent) == 1
    assert not (tmp_path / "mark").exists()
    message = str(caught[0].message)
    if case == "files":  # they are replaced
        assert f"others can write to {open_to_others}/" in message
        assert compile_in(kernels.parent) == 0
    else:
        owner = f"{open_to_others} belongs to another user, number 12345"
        assert f"others can write to {open_to_others} (" in message or owner in message
        assert f"the cache is {tmp_path}/home/" in message or sys.platform == "darwin"


@UNIX
def test_fault_116_a_cache_folder_writable_by_its_owner_alone_is_used(kernels, monkeypatch):
    """Below a folder for everybody, as /tmp; and where new folders are open to a group."""
    shared = kernels.parent / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    shutil.copytree(kernels, shared / "kernels")
    before = os.umask(0)
    try:
        for folder, counts in ((shared / "kernels", [0, 0]), (kernels.parent / "new", [1, 0])):
            monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))
            assert [compile_in(kernels.parent) for _ in range(2)] == counts
    finally:
        os.umask(before)
