"""The file that a command writes: ``--out`` is its name, or a folder for it, like in `cp`."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from barenet.errors import ArgumentError
from barenet.storage._folders import make_folder, remove_empty


def is_folder(out: str) -> bool:
    """Return whether a name is that of a folder, which exists or whose name ends with a slash.

    Examples
    --------
    >>> is_folder("there/is/none/"), is_folder("net.c")
    (True, False)
    """
    return out.endswith(("/", os.sep)) or Path(out).is_dir()


@contextmanager
def output_path(out: str, name: str, inputs: Sequence[Path]) -> Iterator[Path]:
    """Yield the path of an output file, which may exist but must not be one of the inputs.

    Its folder is created, and removed if it stays empty.
    """
    path = Path(out)
    made = []
    if is_folder(out):
        made = make_folder(path, "out")
        path = path / name
    try:
        check_unused(path, inputs, "out")
        yield path
    finally:
        remove_empty(made)


def check_unused(path: Path, others: Sequence[Path], argument: str) -> None:
    """Refuse a path that the command already reads or writes."""
    if path.resolve() in [other.resolve() for other in others]:
        problem = f"{path} is already read or written by this command"
        raise ArgumentError(problem, argument=argument, remedy="choose another name")
