"""Rows in memory as the source of a task, or to evaluate a predictor on."""

from os import PathLike, fspath
from typing import Any

from barenet.data._column_kinds import CategoryColumn
from barenet.data._dataset import Dataset
from barenet.data._encoding import check_texts
from barenet.data._frame_table import FrameTable
from barenet.data._table_loading import read_samples
from barenet.errors import ArgumentError
from barenet.files._predictor import Predictor
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


def labelled_rows(predictor: Predictor, rows: Any) -> Dataset:
    """The rows of a table in memory as those of a predictor, whose classes are known by name."""
    columns = getattr(predictor.preprocessing, "columns", ())
    return read_samples(
        FrameTable.of(rows, IN_MEMORY),
        predictor.feature_names,
        predictor.target_name,
        predictor.classes,
        frame=predictor.takes_frames,
        categories=[each.name for each in columns if isinstance(each, CategoryColumn)],
        missing=getattr(predictor.preprocessing, "missing", ()),
    )
