"""Reads the columns of a table once, from all of its rows, before it is split.

Whether a column holds dates or names follows from all rows, test rows included: that is read, not
learned, so that nothing of a test row leaks into the training.
"""

from dataclasses import replace

from barenet.datasets._dataset import Dataset
from barenet.settings._task_settings import TaskSettings
from barenet.tables.encoding._encoding import check_formats, read_table_columns
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._column_words import merge_columns


def with_columns_read(dataset: Dataset, settings: TaskSettings) -> Dataset:
    """Read the columns of text as numbers, dates or names; warn of values that can't be read."""
    if not isinstance(dataset.X, Frame):
        return dataset
    options = settings.table_options([*dataset.X.columns])
    requests = merge_columns(options.get("columns"))
    check_formats(dataset.X, requests)
    frame = read_table_columns(dataset.X, requests, missing=options.get("missing", ()))
    return replace(dataset, X=frame)
