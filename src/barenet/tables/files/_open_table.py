"""Opens tables, reads some of their columns, and finds the features and the target."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TypeAlias

import numpy as np

from barenet._constraints import convert
from barenet._messages import some
from barenet.errors import ArgumentError, DataError
from barenet.storage._file_io import PARQUET_SUFFIXES, local_path, name_in_memory_error, plain_name
from barenet.tables.files._csv_table import read_table
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._parquet import open_parquet
from barenet.tables.frames._column_names import Names, check_names, spelled_names
from barenet.tables.frames._frame import Frame, Table
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading._column_words import DROP, ColumnRequest, ColumnRequests
from barenet.tables.reading._date_formats import format_of_others
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._target import TargetTask, missing_targets
from barenet.tables.reading._without_target import WithoutTarget

#: Options of files that don't concern the text of CSV files.
OF_ALL_FILES = ("allow_missing_columns",)

#: The arguments whose columns are looked up in the table. Those of others are looked up among the
#: features, when their encoding is fitted.
_CHECKED = ("columns", "drop", "date_format")

#: An open table, or the path of a file.
Source: TypeAlias = str | PathLike[str] | Table


def open_table(source: Source, csv: CsvOptions | None = None) -> Table:
    """Open a CSV or Parquet file; return an open table as is."""
    if isinstance(source, Table):
        return source
    path = local_path(source)
    if not plain_name(path).endswith(PARQUET_SUFFIXES):
        with name_in_memory_error(path):
            return read_table(path, csv)
    refuse_csv_options(csv or CsvOptions(), path)
    return open_parquet(path)


def refuse_csv_options(csv: CsvOptions, path: Path) -> None:
    """Reject options of the text of CSV files for a Parquet file."""
    for option, value in vars(csv).items():
        if option == "date_format" and format_of_others(value) is None:
            continue  # the texts of single columns are read in their formats in any file
        if value is not None and option not in OF_ALL_FILES:
            raise ArgumentError(f"not an option of a Parquet file, such as {path}", argument=option)


def read_columns(
    table: Table,
    names: Names,
    *,
    target: str | None = None,
    unparsed: Names = (),
) -> Frame:
    """Read some columns of a table, as `Table.frame`; it must have rows if it needs targets."""
    check_table_names(table, names)

    def present(group: Names) -> list[str]:
        in_file = [name for name in group if name not in table.absent]
        return spelled_names(in_file, table.names)

    present_names = present(names)
    with name_in_memory_error(table.path):
        # A row has a location even if the file lacks all of the columns.
        rows = table.frame(
            present_names or table.names[:1],
            target=present([target])[0] if target is not None else None,
            unparsed=present(unparsed),
        )
    columns = rows.columns
    if table.absent:
        missing = np.full(len(rows), np.nan)
        columns = columns | dict.fromkeys(table.absent, missing)
    rows = replace(rows, columns=columns).select([*names])
    if target is not None and not len(rows):
        raise DataError("no rows, only names of columns", path=table.path)
    return rows


def check_table_names(table: Table, names: Names, argument: str = "") -> list[str]:
    """Find columns of a table, as `check_names`."""
    missing = []
    if len(table.names) == 1:
        missing = [name for name in names if name not in table.names]
    if missing:
        # A header with a single name that contains this one may have another delimiter.
        header = table.names[0]
        name = re.escape(missing[0])
        match = re.search(rf"^{name}([^\w.-])|([^\w.-]){name}$", header)
        if match is not None:
            problem = f"1 column, {header[:60]!r}"
            delimiter = match[1] or match[2]
            remedy = "try {delimiter}"
            raise DataError(problem, path=table.path, line=1, remedy=remedy, delimiter=delimiter)
    return check_names(names, table.all_names, path=table.path, argument=argument)


def check_target(table: Table, target: str | None) -> str:
    """Find the column to predict; if it isn't given, the error proposes one."""
    if target is None:
        problem = f"the columns of {table.path} are {some(table.names)}"
        remedy = "name the one to predict, such as {target}"
        raise ArgumentError(problem, argument="target", remedy=remedy, target=table.names[-1])
    [column] = check_table_names(table, [convert(target, str, "target")], "target")
    return column


def requests_for(table: Table, requests: ColumnRequests, target: str) -> ColumnRequests:
    """Find the columns of requests in a table; a request to drop the target is refused."""
    of_table: dict[str, ColumnRequest] = {}
    by_argument: dict[str, list[str]] = {}
    for name, request in requests.items():
        by_argument.setdefault(request.argument, []).append(name)
    for argument, names in by_argument.items():
        spelled = check_table_names(table, names, argument) if argument in _CHECKED else names
        for name, column in zip(names, spelled, strict=True):
            of_table[column] = requests[name]
            is_refused = requests[name].words == DROP or argument == "columns"
            if column == target and is_refused:
                raise ArgumentError.of(argument, target, "columns other than the target")
    return of_table


def feature_names(table: Table, left_out: Names) -> list[str]:
    """Names of the columns to train on."""
    return [name for name in table.all_names if name not in left_out]


def with_target(
    all_rows: Frame,
    target: str,
    missing: Collection[str],
    task: TargetTask | None,
    classes: Collection[str] = (),
    beside: Collection[str] = (),
) -> tuple[Frame, WithoutTarget]:
    """Leave out rows without a target, and count them, with the words for a missing target.

    `missing` are further texts for a missing target, and `beside` targets of other blocks of the
    table.
    """
    tokens = {"", *missing}
    if task != "classification":
        tokens.update(MISSING)
    tokens.difference_update(classes)  # they are no words for a missing target
    is_missing = missing_targets(all_rows, target, tokens, task, classes, beside)
    if not is_missing.any():
        return all_rows, WithoutTarget()
    words = set()
    for value in all_rows[target][is_missing].tolist():
        word = class_name(value) if isinstance(value, float) else str(value).strip()
        if word not in ("", "nan"):
            words.add(word)
    without_target = WithoutTarget(int(is_missing.sum()), tuple(sorted(words)))
    return all_rows.take(~is_missing), without_target
