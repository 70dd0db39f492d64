"""Atomic writing: an old file remains until the new one is complete."""

import os
import stat

import pytest

from barenet.files._atomic import remove_leftovers, write_atomically


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


def test_fault_63_a_link_is_followed_and_a_folder_or_fifo_refused(tmp_path):
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


@pytest.mark.parametrize("name", LONG)
def test_fault_119_a_file_name_of_maximal_length(tmp_path, monkeypatch, name):
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


@pytest.mark.parametrize("extra", [1, 100])
def test_fault_119_a_file_name_that_is_too_long(tmp_path, extra):
    with pytest.raises(OSError, match="File name too long"):
        write_atomically(tmp_path / ("m" * (255 + extra)), b"")
    assert [*tmp_path.iterdir()] == []
