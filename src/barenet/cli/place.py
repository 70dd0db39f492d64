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

    Parameters
    ----------
    out : str
        What was said.

    Returns
    -------
    bool
        Whether the file goes into it.

    Examples
    --------
    >>> is_folder("there/is/none/"), is_folder("net.c")
    (True, False)
    """
    return out.endswith(("/", os.sep)) or Path(out).is_dir()


@contextmanager
def placed(out: str, name: str) -> Iterator[Path]:
    """Say where the file goes; a folder that is not there is made, and goes if nothing comes of it.

    Parameters
    ----------
    out : str
        A file, or a folder.
    name : str
        What the file is called in a folder.

    Yields
    ------
    Path
        The file.
    """
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
    """Make a folder, and those that it lies in, where they are missing.

    Parameters
    ----------
    path : Path
        The folder.

    Raises
    ------
    OSError
        If there can be none.
    """
    there = next((place for place in (path, *path.parents) if os.path.lexists(place)), path)
    if os.path.lexists(there) and not there.is_dir():
        kind = "a file" if there.exists() else "a link that leads nowhere"
        raise NotADirectoryError(
            f"out: {there} is {kind}, and no folder can be made there; choose another place"
        )
    path.mkdir(parents=True, exist_ok=True)


def check_own(path: Path, is_own: Callable[[Path], bool], kind: str) -> None:
    """Refuse to replace what is somebody else's; an empty file is nobody's.

    Parameters
    ----------
    path : Path
        Where something is to be written.
    is_own : callable
        Tells if a file that is there was written by the same command.
    kind : str
        What such a file is.

    Raises
    ------
    ValueError
        If another file is there.
    """
    if path.is_file() and path.stat().st_size and not is_own(path):
        raise ValueError(f"out: {path} is no {kind} of barenet's; choose another name")
