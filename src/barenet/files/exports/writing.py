"""Writes the files of an export: all of them or none, and never over somebody else's."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from barenet.errors import ArgumentError
from barenet.files.atomic import write_atomically

__all__ = ["is_export", "write_together"]

#: What an export has among its first bytes, and a file that only speaks of barenet has not.
MARK = b"Written by barenet "
MARKS = {".json": b'"format": "barenet"', ".onnx": b"\x12\x07barenet"}  # its second field

#: Bytes that are searched for it.
HEAD = 4096


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files, or leave all of them as they were."""
    before = {path: _old(path) for path in contents}
    written: list[Path] = []
    try:
        for path, data in contents.items():
            write_atomically(path, data)
            written.append(path)
    except BaseException:
        with contextlib.suppress(OSError):
            for path in written:
                _put_back(path, before[path])
        raise


def _old(path: Path) -> bytes | None:
    """What is there, if that may be replaced."""
    if not path.is_file():
        return None
    data = path.read_bytes()
    if data and not is_export(path.suffix, data[:HEAD]):
        raise ArgumentError(
            f"{path} was not written by barenet",
            argument="path",
            value=path,
            remedy="choose another name",
        )
    return data


def is_export(suffix: str, head: bytes) -> bool:
    """Tell an export from somebody else's file."""
    return MARKS.get(suffix.lower(), MARK) in head


def _put_back(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink()
    else:
        write_atomically(path, data)
