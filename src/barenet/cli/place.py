"""Where a command writes one file to: a file, or a folder for it, as `cp` takes either."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["check_own", "is_folder", "make_folder", "placed"]


def is_folder(out: str) -> bool:
    """Tell if a folder is meant: one that is there, or whose name ends with a slash.

    Examples
    --------
    >>> is_folder("there/is/none/"), is_folder("net.c")
    (True, False)
    """
    return out.endswith(("/", os.sep)) or Path(out).is_dir()


@contextmanager
def placed(out: str, name: str) -> Iterator[Path]:
    """Choose the path of an output file; make its folder, and remove it again on failure."""
    path = Path(out)
    if not is_folder(out):
        yield path
        return
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    make_folder(path)
    try:
        yield path / name
    except BaseException:
        with contextlib.suppress(OSError):
            for folder in made:
                folder.rmdir()
        raise


def make_folder(path: Path) -> None:
    """Make a folder, and those that it lies in, where they are missing."""
    there = next((place for place in (path, *path.parents) if os.path.lexists(place)), path)
    if os.path.lexists(there) and not there.is_dir():
        kind = "a file" if there.exists() else "a link that leads nowhere"
        raise NotADirectoryError(
            f"out: {there} is {kind}, and no folder can be made there; choose another place"
        )
    path.mkdir(parents=True, exist_ok=True)


def check_own(path: Path, is_own: Callable[[Path], bool], kind: str) -> None:
    """Refuse to replace what is somebody else's; an empty file is nobody's."""
    if path.is_file() and path.stat().st_size and not is_own(path):
        raise ValueError(f"out: {path} is no {kind} of barenet's; choose another name")
