"""The file that a command writes: ``--out`` is its name, or a folder for it, as for `cp`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from barenet.errors import ArgumentError

__all__ = ["check_overwritable", "is_folder", "make_folder", "output_path", "remove_empty"]


def is_folder(out: str) -> bool:
    """Whether a name is that of a folder: it exists, or the name ends with a slash.

    Examples
    --------
    >>> is_folder("there/is/none/"), is_folder("net.c")
    (True, False)
    """
    return out.endswith(("/", os.sep)) or Path(out).is_dir()


@contextmanager
def output_path(out: str, name: str) -> Iterator[Path]:
    """The path of an output file; its folder is made, and removed again on failure."""
    path = Path(out)
    if not is_folder(out):
        yield path
        return
    made = make_folder(path)
    try:
        yield path / name
    except BaseException:
        remove_empty(made)
        raise


def make_folder(path: Path) -> list[Path]:
    """Make a folder and its parents; returns those that were made."""
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    there = next((place for place in (path, *path.parents) if os.path.lexists(place)), path)
    if os.path.lexists(there) and not there.is_dir():
        kind = "a file" if there.exists() else "a broken link"
        raise NotADirectoryError(
            f"out: {there} is {kind}, and no folder can be made there; choose another place"
        )
    path.mkdir(parents=True, exist_ok=True)
    return made


def remove_empty(folders: list[Path]) -> None:
    """Remove folders that were made, unless something is in them."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def check_overwritable(path: Path, is_own: Callable[[Path], bool], kind: str) -> None:
    """Refuse to overwrite a file that barenet did not write, unless it is empty."""
    if path.is_file() and path.stat().st_size and not is_own(path):
        raise ArgumentError(
            f"{path} is no {kind} of barenet's", argument="out", remedy="choose another name"
        )
