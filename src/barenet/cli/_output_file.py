"""The file that a command writes: ``--out`` is its name, or a folder for it, like in `cp`."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from barenet.errors import ArgumentError

#: Number of bytes at either end of a file that are searched for a mark.
EDGE_BYTES = 2**16


def is_folder(out: str) -> bool:
    """Return whether a name is that of a folder, which exists or whose name ends with a slash.

    Examples
    --------
    >>> is_folder("there/is/none/"), is_folder("net.c")
    (True, False)
    """
    return out.endswith(("/", os.sep)) or Path(out).is_dir()


@contextmanager
def output_path(out: str, name: str) -> Iterator[Path]:
    """Yield the path of an output file; its folder is created, and removed if it stays empty."""
    path = Path(out)
    if not is_folder(out):
        yield path
        return
    made = make_folder(path)
    try:
        yield path / name
    finally:
        remove_empty(made)


def make_folder(path: Path) -> list[Path]:
    """Create a folder and its parents, and return those that were created."""
    folders = (path, *path.parents)
    made = [folder for folder in folders if not folder.exists()]
    existing = path
    for folder in folders:
        if os.path.lexists(folder):
            existing = folder
            break
    if os.path.lexists(existing) and not existing.is_dir():
        obstacle = "a file" if existing.exists() else "a broken link"
        problem = f"{existing} is {obstacle}, and no folder can be made there; choose another path"
        raise NotADirectoryError(f"out: {problem}")
    path.mkdir(parents=True, exist_ok=True)
    return made


def remove_empty(folders: list[Path]) -> None:
    """Remove created folders that are empty."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def check_overwritable(path: Path, mark: re.Pattern[bytes], kind: str) -> None:
    """Refuse to overwrite a file without barenet's mark at either end, unless it is empty."""
    refuse_foreign(path, lambda file: _has_mark(mark, file), kind, "out")


def refuse_foreign(path: Path, is_own: Callable[[Path], bool], kind: str, argument: str) -> None:
    """Refuse to overwrite a file that barenet didn't write, unless it is empty."""
    if path.is_file() and path.stat().st_size and not is_own(path):
        problem = f"{path} is not {kind} written by barenet"
        raise ArgumentError(problem, argument=argument, remedy="choose another name")


def _has_mark(mark: re.Pattern[bytes], path: Path) -> bool:
    """Return whether a file has a mark at either end."""
    with path.open("rb") as stream:
        ends = stream.read(EDGE_BYTES)
        stream.seek(max(path.stat().st_size - EDGE_BYTES, 0))
        return mark.search(ends + stream.read()) is not None
