"""Writes the files of an export: all or none, and never over a file that is no export."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from barenet.errors import ArgumentError
from barenet.files._atomic import write_atomically

#: Bytes near the start of an export, and of no other file.
MARK = b"Written by barenet "
MARKS = {".json": b'"format": "barenet"', ".onnx": b"\x12\x07barenet"}  # its second field

#: Bytes of a file that are searched for the mark.
HEAD = 4096


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files, or leave all of them unchanged."""
    before = {path: _content(path) for path in contents}
    written: list[Path] = []
    try:
        for path, data in contents.items():
            write_atomically(path, data)
            written.append(path)
    except BaseException:
        with contextlib.suppress(OSError):
            for path in written:
                _restore(path, before[path])
        raise


def _content(path: Path) -> bytes | None:
    """Content of a file that may be replaced; None if there is no file."""
    if not path.is_file():
        return None
    data = path.read_bytes()
    if data and not is_export(path.suffix, data[:HEAD]):
        problem = f"{path} was not written by barenet"
        raise ArgumentError(problem, argument="path", remedy="choose another name")
    return data


def is_export(suffix: str, head: bytes) -> bool:
    """Whether a file is an export."""
    return MARKS.get(suffix.lower(), MARK) in head


def _restore(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink()
    else:
        write_atomically(path, data)
