"""Atomic writing: an old file remains until the new one is complete."""

import errno
import os
import signal
import stat
import subprocess
import sys

import pytest

from barenet.storage._atomic_write import (
    locked,
    open_atomically,
    remove_leftovers,
    write_atomically,
)


def test_a_file_is_created_or_replaced_and_an_open_reader_has_the_old_one(tmp_path):
    path, plain = tmp_path / "file", tmp_path / "plain"
    plain.touch()
    write_atomically(path, b"old")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    path.chmod(0o640)
    with path.open("rb") as reader:
        write_atomically(str(path), b"new")
        assert reader.read() == b"old" and path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "plain"]


@pytest.mark.case(63)
def test_a_link_is_followed_and_a_folder_or_fifo_refused(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink() and target.read_bytes() == b"new"
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("a")
    refused = {"": "a folder", "fifo": "not an ordinary file"}
    refused |= dict.fromkeys(["a", "b", "c", "a/file"], "part of a cycle of links")
    for name, kind in refused.items():
        with pytest.raises(OSError, match=f"is {kind}, so it is not replaced"):
            write_atomically(tmp_path / name, b"")
    with pytest.raises(FileNotFoundError, match="nowhere: there is no such folder"):
        write_atomically(tmp_path / "nowhere" / "file", b"")


#: Names of 255 bytes, which is the most that there can be on most file systems.
LONG = ["m" * 255, "é" * 127 + "m", ("m[*]?" * 51), "m" * 120 + ".txt", "m" * 101, "m" * 100]


@pytest.mark.case(119)
@pytest.mark.parametrize("name", LONG)
def test_a_file_name_of_maximal_length_is_used(tmp_path, monkeypatch, name):
    path, other = tmp_path / name, tmp_path / ("n" + name[1:])
    for content in (b"one", b"two"):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    for target in (path, other):
        if (child := os.fork()) == 0:
            monkeypatch.setattr(os, "fsync", lambda handle: os.kill(os.getpid(), 9))
            write_atomically(target, b"never there")
        os.waitpid(child, 0)
    assert len({*tmp_path.iterdir()}) == 3 and path.read_bytes() == b"two"
    remove_leftovers(path)
    assert len({*tmp_path.iterdir()} - {path}) == 1  # that of the other file
    remove_leftovers(other)
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.case(119)
@pytest.mark.parametrize("extra", [1, 100])
def test_a_file_name_that_is_too_long_is_refused(tmp_path, extra):
    with pytest.raises(OSError, match="File name too long"):
        write_atomically(tmp_path / ("m" * (255 + extra)), b"")
    assert [*tmp_path.iterdir()] == []


KILLED = """
import os, signal, sys
from barenet.storage._atomic_write import open_atomically
with open_atomically(sys.argv[1]) as stream:
    stream.write(b"half")
    print("open", flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.case(172)
@pytest.mark.integration
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that kills a process")
def test_temporary_files_of_killed_processes_alone_are_removed(tmp_path):
    """One process is killed, another still writes: only the file of the first is removed."""
    path = tmp_path / "scores.csv"
    command = [sys.executable, "-c", KILLED, str(path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout.readline() == "open\n"
    killed, alive = processes
    killed.communicate("\n")
    assert len([*tmp_path.glob(".scores.csv.*.tmp")]) == 2
    for name in (".scores.csv.mine.tmp", ".other.csv.0123456789abcdef.tmp"):
        (tmp_path / name).touch()

    write_atomically(path, b"whole")
    names = {file.name for file in tmp_path.iterdir()}
    assert names > {"scores.csv", ".scores.csv.mine.tmp", ".other.csv.0123456789abcdef.tmp"}
    assert len(names) == 4  # that of the process which still writes
    alive.communicate("\n")
    write_atomically(path, b"again")
    assert len([*tmp_path.iterdir()]) == 3 and path.read_bytes() == b"again"


@pytest.mark.case(172)
@pytest.mark.parametrize("full", ["first", "second"])
def test_an_error_names_the_file_that_it_is_of(tmp_path, full):
    """The full device is that of one of two files that are written together."""
    resource = pytest.importorskip("resource", reason="there are no limits of this kind")
    first, second = tmp_path / "first", tmp_path / "second"
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        try:
            with open_atomically(first) as one, open_atomically(second) as other:
                file = {"first": one, "second": other}[full]
                file.write(b"x" * 20_000)
                file.flush()  # the buffer of newer Pythons is larger
        except OSError as error:
            os._exit(0 if error.filename == str(tmp_path / full) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [*tmp_path.iterdir()] == []


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as raised, open_atomically(tmp_path / "file"):
        (tmp_path / "rows.csv").read_bytes()
    assert raised.value.filename == str(tmp_path / "rows.csv")
    assert [*tmp_path.iterdir()] == []


WRITER = """
import sys
from barenet.storage._atomic_write import write_atomically

for number in range(200):
    write_atomically(sys.argv[1], f"{number} ".encode() * 500)
"""


@pytest.mark.case(172)
@pytest.mark.integration
def test_writers_of_one_file_leave_each_others_temporary_files(tmp_path):
    target = tmp_path / "shared.bin"
    command = [sys.executable, "-c", WRITER, str(target)]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    words = target.read_text().split()
    assert len(words) == 500 and len({*words}) == 1
    assert [*tmp_path.iterdir()] == [target]


@pytest.fixture(params=["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def no_locks(request, monkeypatch):
    """A file system that refuses locks, such as NFS without a lock daemon."""
    fcntl = pytest.importorskip("fcntl", reason="Windows has other locks")
    number = getattr(errno, request.param)

    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.case(202)
@pytest.mark.filterwarnings("ignore:flock not supported")
def test_a_file_is_the_lock_where_the_file_system_has_none(no_locks, tmp_path):
    path = tmp_path / ".lock"
    for _ in range(2):  # it is released
        with locked(path, "another run"):
            for _ in range(2):  # a refused one leaves the first one in place
                with pytest.raises(BlockingIOError) as refused, locked(path, "another run"):
                    pass
                assert f"{tmp_path}: another run is writing there" in str(refused.value)
        assert [*tmp_path.iterdir()] == []
