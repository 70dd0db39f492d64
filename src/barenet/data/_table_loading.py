"""Loads tables: features and a target to train on, or the features of a network to predict for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_flag
from barenet.data._csv_table import read_table
from barenet.data._dataset import Dataset
from barenet.data._delimited import CsvOptions
from barenet.data._file_io import PARQUET_SUFFIXES, plain_name
from barenet.data._frame import Frame, Samples
from barenet.data._parquet import open_parquet
from barenet.data._parsing import complete_numbers
from barenet.data._target import Task, check_task, known_classes, missing_targets, read_target
from barenet.errors import ArgumentError, DataError, some, suggestion

__all__ = ["load_table", "open_table", "read_features", "read_samples"]


class _Table(Protocol):
    """A CSV or Parquet file."""

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
    """Read a CSV or Parquet file to train on.

    Every column but the target is a feature. Where all features are numbers, and none is missing,
    X is a matrix; else it is a frame, which a `TablePreprocessor` encodes as one.

    Text is a target of classes. Numbers are classes if they are whole, at most 20 of them differ,
    and each occurs twice on average or more. Numbers and text in one target are an error, since
    text is then more often a mistake than a class; so is a missing target. `task` overrides the
    rule. With ``task="classification"``, only an empty target is missing, and None or NA is a
    class.

    Parameters
    ----------
    path : str or path-like
        The file: ``.parquet`` or ``.pq``; else CSV, compressed or not.
    target : str
        The column to predict.
    task : {"classification", "regression"}, optional
        The kind of the target.
    delimiter : str, optional
        The separator of values, by default a tab for ``.tsv`` and a comma otherwise, or the only
        one that splits the first rows evenly.
    encoding : str, optional
        The encoding of the text, by default that of its byte-order mark, else UTF-8.
    decimal : {".", ","}, optional
        The decimal separator, by default a point.
    header : bool, optional
        For CSV: whether the first line has the names of the columns. If not, they are named x1, x2
        and so on by their positions. By default it has, and a file whose first line looks like a
        row is refused.
    categories : collection of str
        Columns of names, or columns that are left out later. In other columns, a point beside
        decimal commas is an error, as it most often separates thousands.
    frame : bool, default False
        Whether X is a frame even where all columns are numbers.
    drop_missing_target : bool, default False
        Whether rows without a target are left out instead of being an error; the description has
        their number.

    Returns
    -------
    Dataset
        X of float64, or a frame; the classes sorted by value where they are numbers, else
        alphabetically.

    Raises
    ------
    DataError
        If the file or a value in it cannot be used; names the line and the column.
    ValueError
        If the target is not given, or another argument is wrong.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "gates.csv"
    ...     _ = path.write_text("a,b,both\\n0,0,no\\n0,1,no\\n1,0,no\\n1,1,yes\\n")
    ...     gate = load_table(path, "both")
    >>> gate.feature_names, gate.classes, gate.y
    (('a', 'b'), ('no', 'yes'), array([0, 0, 0, 1]))
    """
    check_task(task)
    if not (target is None or isinstance(target, str)):
        raise ArgumentError.of("target", target, "the name of a column")
    _check_options(categories, frame=frame, drop_missing_target=drop_missing_target)
    table = open_table(path, CsvOptions(delimiter, encoding, decimal, header))
    features = _features(table, target)
    assert target is not None
    every = rows = table.frame([*features, target], [target], categories)
    if drop_missing_target:
        rows = every.take(~missing_targets(every, target, task))
    if len(rows) < 2:
        raise DataError(f"{_count_rows(rows, every)}, at least 2 are needed", path=table.path)
    y, classes = read_target(rows, target, task)
    if classes is not None and len(classes) < 2:
        raise DataError(f"column {target!r} holds {classes[0]!r} in every row", path=table.path)
    columns = rows.select(features)
    return Dataset(
        name=table.path.name,
        X=columns if frame or not _are_numbers(columns) else _matrix(columns),
        y=y,
        classes=classes,
        feature_names=tuple(features),
        target_name=target,
        description=f"{_count_rows(rows, every)}, {_count_columns(table)}",
    )


def read_features(
    path: str | PathLike[str],
    feature_names: Sequence[str],
    *,
    categories: Collection[str] = (),
    frame: bool = False,
    **csv_options: Any,
) -> Samples:
    """Read the features of a network from a CSV or Parquet file; `csv_options` are `CsvOptions`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "new.csv"
    ...     _ = path.write_text("b,note,a\\n2,first,1\\n")
    ...     read_features(path, ["a", "b"])
    array([[1., 2.]])
    """
    _check_options(categories, frame=frame)
    table = open_table(path, CsvOptions(**csv_options))
    _check_names(table, feature_names)
    rows = table.frame(feature_names, categories=categories)
    return rows if frame else _matrix(rows)


def read_samples(
    path: str | PathLike[str],
    feature_names: Sequence[str],
    target_name: str,
    classes: Sequence[str] | None,
    *,
    categories: Collection[str] = (),
    frame: bool = False,
    drop_missing_target: bool = False,
    **csv_options: Any,
) -> tuple[Samples, NDArray[Any]]:
    """Read the features and the target of a network from a CSV or Parquet file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "test.csv"
    ...     _ = path.write_text("a,both\\n1,yes\\n0,no\\n")
    ...     read_samples(path, ["a"], "both", ["no", "yes"])[1]
    array([1, 0])
    """
    _check_options(categories, frame=frame, drop_missing_target=drop_missing_target)
    table, names = open_table(path, CsvOptions(**csv_options)), [*feature_names, target_name]
    _check_names(table, names)
    rows = table.frame(names, [target_name], categories)
    if drop_missing_target:
        rows = rows.take(~missing_targets(rows, target_name, None, classes or ()))
        if not len(rows):
            raise DataError(f"column {target_name!r} has no value in any row", path=table.path)
    features = rows.select(feature_names)
    X = features if frame else _matrix(features)
    if classes is None:
        return X, complete_numbers(rows, target_name)
    return X, known_classes(rows, target_name, list(classes))


def open_table(path: str | PathLike[str], csv: CsvOptions) -> Any:
    """Open a CSV or Parquet file by its name: a `CsvTable` or a `ParquetTable`."""
    path = Path(path)
    if not plain_name(path).endswith(PARQUET_SUFFIXES):
        return read_table(path, csv)
    if given := [option for option, value in vars(csv).items() if value is not None]:
        raise ArgumentError(f"no option of a Parquet file, such as {path}", argument=given[0])
    return open_parquet(path)


def _check_options(categories: object, **flags: object) -> None:
    """Refuse a single name, and flags that are not booleans."""
    if isinstance(categories, str):
        raise ArgumentError.of("categories", categories, "a list of columns")
    for name, value in flags.items():
        check_flag(value, name)


def _features(table: _Table, target: str | None) -> list[str]:
    """Names of the columns to train on."""
    if target is None:
        problem = f"name the column of {table.path} to predict; {_columns(table)}"
        raise ArgumentError(problem, argument="target")
    _check_names(table, [target], "target")
    features = [name for name in table.names if name != target and not _is_unnamed(name)]
    if not features:
        problem = f"{target!r} is the only column; there is nothing to learn it from"
        raise DataError(problem, path=table.path)
    return features


def _is_unnamed(name: str) -> bool:
    """Whether a column has no name; it is most often the row number, as pandas writes it."""
    return not name or name.startswith("__index_level_")


def _count_rows(rows: Frame, every: Frame) -> str:
    """The numbers of rows, and of those that are left out."""
    left_out = len(every) - len(rows)
    count = f"{len(rows):,} row{'s' * (len(rows) != 1)}"
    return f"{count} ({left_out:,} without a target left out)" if left_out else count


def _count_columns(table: _Table) -> str:
    """The numbers of columns, and of those without a name."""
    unnamed = sum(map(_is_unnamed, table.names))
    left_out = f", {unnamed} of them without a name and left out" if unnamed else ""
    return f"{len(table.names):,} columns{left_out}"


def _are_numbers(rows: Frame) -> bool:
    """Whether all columns are numbers, and none is missing."""
    columns = rows.columns.values()
    return all(
        c.dtype.kind == "b" or (c.dtype.kind == "f" and np.isfinite(c).all()) for c in columns
    )


def _matrix(rows: Frame) -> NDArray[np.float64]:
    """Combine columns of numbers."""
    X = np.empty(rows.shape)
    for column, name in enumerate(rows.columns):
        X[:, column] = complete_numbers(rows, name)
    return X


def _check_names(table: _Table, names: Sequence[str], argument: str = "") -> None:
    """Refuse a table without some of the columns."""
    known = set(table.names)
    if not (missing := [name for name in names if name not in known]):
        return
    place: dict[str, Any] = {"path": table.path, "argument": argument, "value": missing[0]}
    # A header of one name that contains this one may have another delimiter.
    name, first = re.escape(missing[0]), table.names[0]
    found = re.search(rf"^{name}([^\w.-])|([^\w.-]){name}$", first)
    if len(known) == 1 and found:
        place |= {"argument": "", "line": 1, "remedy": "try {delimiter}"}
        raise DataError(f"1 column, {first[:60]!r}", **place, delimiter=found[1] or found[2])
    hint = suggestion(missing[0], table.names) or ";"
    raise DataError(f"no column {some(missing)}{hint} {_columns(table)}", **place)


def _columns(table: _Table) -> str:
    return f"the columns are {some(table.names)}"
