"""Rows in memory as the source of a task."""

from os import PathLike, fspath
from typing import Any

from barenet.data._encoding import check_texts
from barenet.data._to_frame import FrameTable
from barenet.errors import ArgumentError
from barenet.tasks._task_settings import IN_MEMORY


def source_of(data: Any) -> tuple[FrameTable | None, str]:
    """The table of rows in memory, and their name; or the name of a file or a data set."""
    if isinstance(data, str | PathLike):
        return None, fspath(data)
    try:
        return FrameTable.of(data, IN_MEMORY), IN_MEMORY
    except ArgumentError as error:
        raise error.renamed("data") from error


def as_given(value: Any, name: str) -> Any:
    """A list of names as a tuple; the fraction of rare categories as it is."""
    return value if name == "rare" or value is None else tuple(check_texts(value, name))
