"""A table's columns as a data set: some to learn from, and one to be predicted.

One table is read to learn from, and later ones to predict or to judge by: those are matched to
the features by name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from barenet.constraints import check_flag
from barenet.data.csv_table import read_table
from barenet.data.dataset import Dataset
from barenet.data.file_io import PARQUET_SUFFIXES, plain_name
from barenet.data.frame import Frame, Samples
from barenet.data.parquet import open_parquet
from barenet.data.parsing import complete_numbers
from barenet.data.table_target import known_classes, missing_targets, read_target
from barenet.data.target import Task, check_task
from barenet.errors import DataError, some

__all__ = ["load_table", "read_features", "read_samples"]


class _Table(Protocol):
    """A file whose columns can be asked for."""

    @property
    def path(self) -> Path: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    def frame(
        self, names: Sequence[str], text: Collection[str] = (), categories: Collection[str] = ()
    ) -> Frame: ...


def load_table(
    path: str | PathLike[str],
    target: str | None,
    *,
    task: Task | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    categories: Collection[str] = (),
    frame: bool = False,
    drop_missing_target: bool = False,
) -> Dataset:
    """Read a CSV or Parquet file to learn from.

    Every column but the target is a feature. Where all of them are numbers, and none is missing,
    X is a matrix; else it is a frame, of which a `TablePreprocessor` makes one.

    The target is decided so: text is classes; numbers are classes where they are whole, at most 20
    of them differ, and each is there twice on average or more; anything else is numbers. A target
    of numbers and text together is an error, since it is more often a hole in the data than a
    class, and so is a missing one. `task` overrides the rule; with classes said, only an empty
    value is missing, and None or NA is a class.

    Parameters
    ----------
    path : str or path-like
        The file: ``.parquet`` or ``.pq``; else CSV, plain or packed.
    target : str
        The column to be predicted.
    task : {"classification", "regression"}, optional
        What the target is.
    delimiter : str, optional
        What stands between two values, by default a tab for ``.tsv`` and a comma otherwise, or
        what alone parts the first rows evenly.
    encoding : str, optional
        How the text is encoded, by default as its byte-order mark says, else UTF-8.
    decimal : {".", ","}, optional
        What stands before the digits after the point, by default a point.
    header : bool, optional
        For CSV: whether the first line names the columns. If not, they are named x1, x2 and so on
        by their positions. By default it names them, and the file is refused where its first line
        looks like a row.
    categories : collection of str
        Columns that hold names, or will be left out: in others, a point beside decimal commas is
        an error, as most often it parts thousands.
    frame : bool, default False
        Whether X is a frame even where all columns are numbers.
    drop_missing_target : bool, default False
        Whether rows without a target are left out, instead of being an error; the description
        counts them.

    Returns
    -------
    Dataset
        X float64, or a frame; the classes sorted by size where they are numbers, else by the
        alphabet.

    Raises
    ------
    DataError
        If the file or a value in it cannot be used; names the line and the column.
    ValueError
        If no target is said, or another argument is wrong.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "and.csv"
    ...     _ = path.write_text("a,b,both\\n0,0,no\\n0,1,no\\n1,0,no\\n1,1,yes\\n")
    ...     gate = load_table(path, "both")
    >>> gate.feature_names, gate.classes, gate.y
    (('a', 'b'), ('no', 'yes'), array([0, 0, 0, 1]))
    """
    check_task(task)
    _check_categories(categories)
    check_flag(frame, "frame")
    check_flag(drop_missing_target, "drop_missing_target")
    if not (target is None or isinstance(target, str)):
        raise ValueError(f"target: expected the name of a column, got {target!r}")
    table = _open(path, delimiter=delimiter, encoding=encoding, decimal=decimal, header=header)
    features = _check_features(table, target)
    assert target is not None
    every = rows = table.frame([*features, target], [target], categories)
    if drop_missing_target:
        rows = every.take(~missing_targets(every, target, task))
    if len(rows) < 2:
        raise DataError(f"{_rows(rows, every)}, at least 2 are needed", path=table.path)
    y, classes = read_target(rows, target, task)
    if classes is not None and len(classes) < 2:
        raise DataError(f"column {target!r} holds {classes[0]!r} in every row", path=table.path)
    columns = rows.select(features)
    return Dataset(
        name=table.path.name,
        X=columns if frame or not _are_numbers(columns) else _numbers(columns),
        y=y,
        classes=classes,
        feature_names=tuple(features),
        target_name=target,
        description=f"{_rows(rows, every)}, {_count(table)}",
    )


def read_features(
    path: str | PathLike[str],
    feature_names: Sequence[str],
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    categories: Collection[str] = (),
    frame: bool = False,
) -> Samples:
    """Read a CSV or Parquet file to predict for its rows.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "new.csv"
    ...     _ = path.write_text("b,note,a\\n2,first,1\\n")
    ...     read_features(path, ["a", "b"])
    array([[1., 2.]])
    """
    _check_categories(categories)
    check_flag(frame, "frame")
    table = _open(path, delimiter=delimiter, encoding=encoding, decimal=decimal, header=header)
    _check_names(table, feature_names)
    rows = table.frame(feature_names, categories=categories)
    return rows if frame else _numbers(rows)


def read_samples(
    path: str | PathLike[str],
    feature_names: Sequence[str],
    target_name: str,
    classes: Sequence[str] | None,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    categories: Collection[str] = (),
    frame: bool = False,
    drop_missing_target: bool = False,
) -> tuple[Samples, NDArray[Any]]:
    """Read a CSV or Parquet file to judge a network's predictions by.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "test.csv"
    ...     _ = path.write_text("a,both\\n1,yes\\n0,no\\n")
    ...     read_samples(path, ["a"], "both", ["no", "yes"])[1]
    array([1, 0])
    """
    _check_categories(categories)
    check_flag(frame, "frame")
    check_flag(drop_missing_target, "drop_missing_target")
    table = _open(path, delimiter=delimiter, encoding=encoding, decimal=decimal, header=header)
    _check_names(table, [*feature_names, target_name])
    rows = table.frame([*feature_names, target_name], [target_name], categories)
    if drop_missing_target:
        rows = rows.take(~missing_targets(rows, target_name, None, classes or ()))
        if not len(rows):
            raise DataError(f"column {target_name!r} has no value in any row", path=table.path)
    features = rows.select(feature_names)
    X = features if frame else _numbers(features)
    if classes is None:
        return X, complete_numbers(rows, target_name)
    return X, known_classes(rows, target_name, list(classes))


def _check_categories(categories: object) -> None:
    """Refuse a single name: its letters are no columns."""
    if isinstance(categories, str):
        raise ValueError(f"categories: expected a list of columns, got {categories!r}")


def _open(path: str | PathLike[str], **options: Any) -> _Table:
    """Look at a file's columns."""
    path = Path(path)
    if options["header"] is not None:
        check_flag(options["header"], "header")
    if not plain_name(path).endswith(PARQUET_SUFFIXES):
        return read_table(path, **options)
    if said := [option for option, value in options.items() if value is not None]:
        raise ValueError(f"{said[0]}: no option of a Parquet file, such as {path}")
    return open_parquet(path)


def _check_features(table: _Table, target: str | None) -> list[str]:
    """Tell the columns to learn from."""
    if target is None:
        raise ValueError(
            f"target: say which column of {table.path} is to be predicted; {_columns(table)}"
        )
    _check_names(table, [target], "target")
    features = [name for name in table.names if name != target and not _is_unnamed(name)]
    if not features:
        raise DataError(
            f"{target!r} is the only column; there is nothing to learn it from", path=table.path
        )
    return features


def _is_unnamed(name: str) -> bool:
    """Tell a column without a name, which most often numbers the rows, as pandas writes it."""
    return not name or name.startswith("__index_level_")


def _rows(rows: Frame, every: Frame) -> str:
    """Count the rows, and those that are left out."""
    left_out = len(every) - len(rows)
    counted = f"{len(rows):,} row{'s' * (len(rows) != 1)}"
    return f"{counted} ({left_out:,} without a target left out)" if left_out else counted


def _count(table: _Table) -> str:
    """Count the columns; one without a name is most often the number of the row."""
    unnamed = sum(map(_is_unnamed, table.names))
    left_out = f", {unnamed} of them without a name and left out" if unnamed else ""
    return f"{len(table.names):,} columns{left_out}"


def _are_numbers(rows: Frame) -> bool:
    """Tell if all columns are numbers, and none is missing."""
    columns = rows.columns.values()
    return all(
        c.dtype.kind == "b" or (c.dtype.kind == "f" and np.isfinite(c).all()) for c in columns
    )


def _numbers(rows: Frame) -> NDArray[np.float64]:
    """Put columns of numbers side by side."""
    X = np.empty(rows.shape)
    for column, name in enumerate(rows.columns):
        X[:, column] = complete_numbers(rows, name)
    return X


def _check_names(table: _Table, names: Sequence[str], argument: str = "") -> None:
    """Refuse a table that lacks some of the columns."""
    known = set(table.names)
    if missing := [name for name in names if name not in known]:
        close = difflib.get_close_matches(missing[0].lower(), [n.lower() for n in known], n=1)
        meant = [name for name in table.names if close and name.lower() == close[0]][:1]
        if len(known) == 1 and (between := _delimiter_beside(missing[0], table.names[0])):
            raise DataError(
                f"1 column, {table.names[0][:60]!r}",
                path=table.path,
                line=1,
                remedy="try {delimiter}",
                delimiter=between,
            )
        hint = f", did you mean {meant[0]!r}?" if meant else ";"
        problem = f"no column {some(missing)}{hint} {_columns(table)}"
        raise DataError(problem, path=table.path, argument=argument, value=missing[0])


def _delimiter_beside(name: str, header: str) -> str | None:
    """Find what else might part a header that holds a column's name with others."""
    parted = re.search(rf"^{re.escape(name)}([^\w.-])|([^\w.-]){re.escape(name)}$", header)
    return (parted[1] or parted[2]) if parted else None


def _columns(table: _Table) -> str:
    """Say which columns there are."""
    return f"the columns are {some(table.names)}"
