"""Kernels on disk: whatever has become of the folder, code is compiled or found, and is safe."""

import errno
import hashlib
import inspect
import os
import pickle
import re
import shutil
import stat
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numba
import numpy as np
import pytest
from numba import types

from barenet.engines import _kernel_cache as kernel_cache, _machine_code as machine_code
from barenet.engines._machine_code import Entry
from barenet.engines.kernels._losses import PRINTED
from barenet.engines.simd._calls import compiled

UNIX = pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """The cache folder of a small kernel, which is compiled."""
    return cache_in(tmp_path, monkeypatch)


def cache_in(tmp_path, monkeypatch):
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


def test_a_program_without_a_terminal_prints_the_reason_for_the_delay_once(
    tmp_path, monkeypatch, capsys
):
    machine_code.print_once.cache_clear()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        cache_in(tmp_path / name, monkeypatch)
    assert capsys.readouterr().err == f"barenet: {machine_code.COMPILING}\n"


def test_eight_threads_that_compile_at_once_leave_a_file_that_is_loaded(kernels):
    shutil.rmtree(kernels)
    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(compile_in, [kernels.parent] * 8)) == 1
    assert compile_in(kernels.parent) == 0
    assert len(list(kernels.rglob("*.*"))) == 1


def test_threads_that_need_a_kernel_at_once_compile_it_once(monkeypatch):
    """Also where no folder keeps it."""
    monkeypatch.setattr(machine_code, "paths_of", lambda *_: [])
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
    monkeypatch.setattr(kernel_cache, "__file__", str(tmp_path / "engines" / "_kernel_cache.py"))
    keys = {kernel_cache.fingerprint.__wrapped__()}
    for source in ("_kernel_cache.py", "simd/_register_blocks.py", "kernels/_losses.py"):
        with (tmp_path / "engines" / source).open("r+") as file:  # which must exist
            file.seek(0, os.SEEK_END)
            file.write("\n")
        keys.add(kernel_cache.fingerprint.__wrapped__())
    assert len(keys) == 4


def test_a_changed_formula_changes_the_cache_key(tmp_path, monkeypatch):
    copies = [Path(shutil.copy(source, tmp_path)) for source in kernel_cache.FORMULAS]
    monkeypatch.setattr(kernel_cache, "FORMULAS", copies)
    keys = {kernel_cache.fingerprint.__wrapped__()}
    for source in copies:
        source.write_text(source.read_text("utf-8").replace("1", "2"), "utf-8")
        keys.add(kernel_cache.fingerprint.__wrapped__())
    assert len(keys) == 1 + len(copies)


def test_the_cache_key_has_the_formulas_of_printed_losses():
    for kind in PRINTED:
        source = Path(inspect.getfile(kind)).resolve()
        assert source in kernel_cache.FORMULAS, f"add {source.name} to FORMULAS"


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


@pytest.mark.case(116)
@UNIX
@pytest.mark.parametrize("case", OPEN_TO_OTHERS)
def test_kernels_writable_by_others_are_not_loaded(kernels, tmp_path, case):
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
        above = case.endswith("above")
        other = tmp_path / ("home" if above else "base/__pycache__")
        assert f"the cache is {other}" in message or (above and sys.platform == "darwin")


@pytest.mark.case(116)
@UNIX
def test_a_cache_folder_writable_by_its_owner_alone_is_used(kernels, monkeypatch):
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


def test_a_path_is_short_enough_for_windows(kernels):
    """It allows 260 characters, of which a user's environment takes 100 to 200."""
    names = set()
    for function in (cache_in, compile_in):
        for key in ("float32", "f" * 999):
            [path] = kernel_cache.paths_of(function, (key,))
            names.add(path.name)
    assert len(names) == 4
    assert max(map(len, names)) <= 40


def test_a_kernel_that_another_process_has_written_and_reads_is_kept(tmp_path, monkeypatch):
    """Windows refuses to replace a file that is open."""

    def refuse(source, target):
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(kernel_cache, "REFUSED", {})
    path = tmp_path / "kernel.nbc"
    kernel_cache.save(path, "theirs")
    monkeypatch.setattr(Path, "replace", refuse)
    with warnings.catch_warnings(action="error"):
        kernel_cache.save(path, "ours")
    assert kernel_cache.load(path) == "theirs"
    assert [*tmp_path.iterdir()] == [path]
    path.write_bytes(b"damaged")
    with pytest.warns(RuntimeWarning, match="kernels cannot be kept in .* is denied"):
        kernel_cache.save(path, "ours")


@pytest.fixture
def installed(monkeypatch):
    """A folder with the kernel beside its source, which the user of the test can only read."""
    with TemporaryDirectory() as name:
        if os.geteuid() == 0 and not all(map(is_open_to_all, Path(name).resolve().parents)):
            pytest.skip(f"other users can't enter {Path(name).parent}; TMPDIR names another folder")
        Path(name).chmod(0o755)
        base = Path(name, "base")
        kernels = cache_in(Path(name), monkeypatch).parent / "__pycache__"
        shutil.rmtree(base / "kernels")
        monkeypatch.setattr(numba.config, "CACHE_DIR", "")
        monkeypatch.setenv("XDG_CACHE_HOME", str(base / "code.py"))  # no folder can be made there
        assert compile_in(base) == 1
        yield kernels
        os.seteuid(os.getuid())
        for folder in (base, kernels):
            folder.chmod(0o755)


def is_open_to_all(folder):
    """Whether every user can enter a folder."""
    return bool(folder.stat().st_mode & stat.S_IXOTH)


def become_a_reader(base):
    """Take the permission to write; the superuser, who needs none, becomes another user."""
    for folder in (base, base / "__pycache__"):
        folder.chmod(folder.stat().st_mode & ~0o222)
    if os.geteuid() == 0:
        os.seteuid(12345)


@pytest.mark.case(135)
@UNIX
@pytest.mark.parametrize("given", ["", "~"])
def test_kernels_in_a_read_only_folder_are_read(installed, monkeypatch, given):
    become_a_reader(installed.parent)
    monkeypatch.setattr(numba.config, "CACHE_DIR", given if given != "~" else "")
    if given == "~":  # as without HOME for a user who is in no list of users
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", "~")
    with warnings.catch_warnings(action="error"):
        assert compile_in(installed.parent) == 0


@pytest.mark.case(135)
@UNIX
def test_a_kernel_beyond_those_of_a_read_only_folder_goes_to_the_users_own(installed, monkeypatch):
    (file,) = installed.glob("*.nbc")
    file.rename(installed / "another.nbc")
    home = installed.parent / "home"
    home.mkdir()
    if os.geteuid() == 0:
        os.chown(home, 12345, -1)
    become_a_reader(installed.parent)
    with pytest.warns(RuntimeWarning, match="kernels cannot be kept in .*__pycache__ .*; each pro"):
        assert compile_in(installed.parent) == 1
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    assert [compile_in(installed.parent) for _ in range(2)] == [1, 0]


@pytest.mark.case(135)
@UNIX
def test_one_warning_alone_is_given_where_no_folder_keeps_kernels(installed):
    (file,) = installed.glob("*.nbc")
    file.unlink()
    become_a_reader(installed.parent)
    with pytest.warns(
        RuntimeWarning, match="kernels cannot be kept .*: set NUMBA_CACHE_DIR"
    ) as all_:
        assert [compile_in(installed.parent) for _ in range(2)] == [1, 1]
    assert len(all_) == 1


@pytest.mark.case(135)
@UNIX
@pytest.mark.parametrize("change", ["writable file", "another owner"])
def test_a_read_only_folder_of_another_user_is_not_read(installed, change):
    if change == "another owner" and os.geteuid() != 0:
        pytest.skip("only the superuser gives files away")
    (file,) = installed.glob("*.nbc")
    mark = installed.parents[1] / "mark"
    content = pickle.dumps(Plant(mark))
    file.write_bytes(hashlib.sha256(content).digest() + content)
    become_a_reader(installed.parent)
    user = os.geteuid()
    os.seteuid(os.getuid())
    if change == "another owner":
        os.chown(installed, 23456, -1)
    else:
        (file if change == "writable file" else installed).chmod(0o757)
    os.seteuid(user)
    with pytest.warns(RuntimeWarning) as caught:
        assert compile_in(installed.parent) == 1
    assert re.search("others can write|belongs to another user", str(caught[0].message))
    assert not mark.exists()


@pytest.mark.case(148)
@UNIX
@pytest.mark.integration
def test_another_user_reads_kernels_where_the_package_cannot_be_entered(
    installed, monkeypatch, tmp_path
):
    """As after a start by the superuser from a folder of mode 0700, such as /root."""
    if os.geteuid() != 0:
        pytest.skip("only the superuser becomes another user")
    program = """
import os, sys, warnings
from pathlib import Path

sys.path[:0] = [sys.argv[1], sys.argv[3]]
import test_kernel_cache as cases

assert str(cases.kernel_cache.PACKAGE).startswith(sys.argv[1])
cases.numba.config.CACHE_DIR = ""
base = Path(sys.argv[2])
assert cases.compile_in(base) == 0
cases.become_a_reader(base)
warnings.simplefilter("error")
print(cases.compile_in(base))
"""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(kernel_cache.PACKAGE, closed / "barenet")
    monkeypatch.setenv("PYTHONPATH", str(closed))
    arguments = [str(closed), str(installed.parent), str(Path(__file__).parent)]
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_all_checkouts_share_a_given_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_cache.CONFIG, "CACHE_DIR", str(tmp_path))
    folders = set()
    for checkout in ("one", "other"):
        source = tmp_path / checkout / "kernels.py"
        source.parent.mkdir()
        source.write_text("def work(): pass")
        namespace = {}
        exec(compile(source.read_text(), str(source), "exec"), namespace)
        folders.update(kernel_cache.folders_of(namespace["work"]))
    assert folders == {(tmp_path / "barenet").resolve()}
