"""Checks the columns of a table before any training: first those whose kind is stated.

A stated kind holds for all rows. The training rows decide the kind of the other columns, which
`_value_check` checks.
"""

from dataclasses import replace

import numpy as np

from barenet.errors import LONGEST, DataError
from barenet.settings._task_settings import TaskSettings
from barenet.tables.encoding._encoding import check_formats, missing_tokens, requested_kinds
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._column_errors import raise_together
from barenet.tables.reading._column_words import ColumnRequest, merge_columns
from barenet.tables.reading._kind_inference import kind_of
from barenet.tables.reading._parsing import parse_column
from barenet.tasks._split_rows import SplitRows
from barenet.tasks._value_check import check_values


def check_columns(split: SplitRows, settings: TaskSettings) -> None:
    """Reject values of a table that are not of the kind of their column."""
    rows = split.dataset.X
    if not isinstance(rows, Frame):
        return
    requests = settings.table_options([*rows.columns]).get("columns", {})
    if requests:
        _check_stated_kinds(split, settings)
    others = [name for name in rows.columns if name not in requests]
    if others and requests:
        dataset = split.dataset.select(others)
        split = replace(split, dataset=dataset, training=split.training.select(others))
    if others:
        check_values(split, settings)


def _check_stated_kinds(split: SplitRows, settings: TaskSettings) -> None:
    """Reject values that are not of the kind that is stated for their column."""
    rows = split.dataset.X
    training = split.training.X
    if not isinstance(rows, Frame) or not isinstance(training, Frame):
        return
    names = [*rows.columns]
    options = settings.table_options(names)
    requests = merge_columns(options.get("columns"))
    requested = requested_kinds(names, requests)
    check_formats(rows, requests)
    tokens = missing_tokens(rows, options.get("missing", ()))
    errors = []
    for name in requests:
        try:
            column_kind = requested.get(name) or kind_of(training, name, tokens)
            if column_kind == "words":
                column_kind = "category"
            has_texts = rows[name].dtype.kind == "T"
            if not (has_texts and column_kind == "category"):  # no text is wrong among names
                parse_column(rows, name, column_kind, tokens)
        except DataError as error:
            errors.append(_with_remedies(error, rows, name, requests[name]))
    raise_together(errors)


def _with_remedies(error: DataError, rows: Frame, name: str, request: ColumnRequest) -> DataError:
    """Recommend other words for a column, or a text for missing values."""
    if request.date_format is not None and error.row is not None:
        [places] = np.nonzero(rows.rows == error.row)
        error = rows.fault(int(places[0]), name, f"a date in its format {request.date_format!r}")
    if error.remedy:
        return error
    text = str(error.value).strip()
    remedies = []
    if len(text) <= LONGEST:
        remedies.append("if it stands for a missing value, use {missing}")
        error.options["missing"] = [text]
    if request.words != "number" or request.argument == "columns":
        remedies.append("if the column holds names, use {columns}")
        error.options["columns"] = {name: "names"}
    error.remedy = "; ".join(remedies)
    return error
