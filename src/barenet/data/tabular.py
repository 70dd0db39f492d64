"""A table's columns as a data set: numbers as features, and one column to be predicted.

One table is read to learn from, and later ones to predict or to judge by: those are matched to
the features by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.dataset import Dataset
from barenet.data.table import Table, read_table
from barenet.data.target import Task, are_classes, check_task, class_name, encode
from barenet.errors import DataError

__all__ = ["load_table", "read_features", "read_samples"]


def load_table(
    path: str | PathLike[str],
    target: str | None,
    *,
    task: Task | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Dataset:
    """Read a CSV file to learn from.

    Every column but the target is a feature, and must hold numbers. The target is decided so:
    text is classes; numbers are classes where they are whole, at most 20 of them differ, and each
    is there twice on average or more; anything else is numbers. A target of numbers and text
    together is an error, since it is more often a hole in the data than a class. `task` overrides
    the rule.

    Parameters
    ----------
    path : str or path-like
        The file, plain or gzip, its first line naming the columns.
    target : str
        The column to be predicted.
    task : {"classification", "regression"}, optional
        What the target is.
    delimiter : str, optional
        What stands between two values, by default a tab for ``.tsv`` and a comma otherwise.
    encoding : str, optional
        How the text is encoded, by default UTF-8.

    Returns
    -------
    Dataset
        X float64; the classes sorted by size where they are numbers, else by the alphabet.

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
    if not (target is None or isinstance(target, str)):
        raise ValueError(f"target: expected the name of a column, got {target!r}")
    path = Path(path)
    table = read_table(path, delimiter=delimiter, encoding=encoding)
    if target is None:
        raise ValueError(
            f"target: say which column of {path} is to be predicted; {_columns(table)}"
        )
    _check_names(table, [target])
    if table.n_rows < 2:
        raise DataError(f"{path}: 1 row below the header, at least 2 are needed to learn from")
    features = [name for name in table.names if name != target]
    if not features:
        raise DataError(f"{path}: {target!r} is the only column; there is nothing to learn it from")
    if "" in features:
        raise DataError(f"{path}: column {table.names.index('') + 1} has no name in the header")
    y, classes = _target(table, target, task)
    if classes is not None and len(classes) < 2:
        raise DataError(f"{path}: column {target!r} holds {classes[0]!r} in every row")
    return Dataset(
        name=path.name,
        X=_numbers(table, features),
        y=y,
        classes=classes,
        feature_names=tuple(features),
        target_name=target,
        description=f"{table.n_rows:,} rows, {len(table.names):,} columns",
    )


def read_features(
    path: str | PathLike[str],
    feature_names: Sequence[str],
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> NDArray[np.float64]:
    """Read a CSV file to predict for its rows.

    Parameters
    ----------
    path : str or path-like
        The file, plain or gzip, its first line naming the columns, in any order; columns that
        are no features are ignored, whatever they hold.
    feature_names : sequence of str
        The features that the network has learned from, in its order.
    delimiter, encoding : str, optional
        As for `load_table`.

    Returns
    -------
    ndarray of shape (n_samples, n_features), float64
        One row or more.

    Raises
    ------
    DataError
        If a feature is missing, or a value is no number; names the line and the column.
    ValueError
        If another argument is wrong.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "new.csv"
    ...     _ = path.write_text("b,note,a\\n2,first,1\\n")
    ...     read_features(path, ["a", "b"])
    array([[1., 2.]])
    """
    table = read_table(Path(path), delimiter=delimiter, encoding=encoding)
    _check_names(table, feature_names)
    return _numbers(table, feature_names)


def read_samples(
    path: str | PathLike[str],
    feature_names: Sequence[str],
    target_name: str,
    classes: Sequence[str] | None,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Read a CSV file to judge a network's predictions by.

    Parameters
    ----------
    path : str or path-like
        The file, as for `read_features`.
    feature_names : sequence of str
        The features that the network has learned from, in its order.
    target_name : str
        The column that holds the truth.
    classes : sequence of str, or None
        The classes that the network knows, in its order; None for numbers.
    delimiter, encoding : str, optional
        As for `load_table`.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features), float64
        The features.
    y : ndarray of shape (n_samples,), int64 or float64
        The indices of the classes, or the numbers.

    Raises
    ------
    DataError
        If a column is missing, a value is no number, or a class is unknown to the network.
    ValueError
        If another argument is wrong.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "test.csv"
    ...     _ = path.write_text("a,both\\n1,yes\\n0,no\\n")
    ...     read_samples(path, ["a"], "both", ["no", "yes"])[1]
    array([1, 0])
    """
    table = read_table(Path(path), delimiter=delimiter, encoding=encoding)
    _check_names(table, [*feature_names, target_name])
    X = _numbers(table, feature_names)
    if classes is None:
        return X, table.numbers(target_name)
    return X, _known_classes(table, target_name, list(classes))


def _target(
    table: Table, target: str, task: Task | None
) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    """Read the target as classes or as numbers."""
    text = table.first_not_number(target)
    if text is None or task == "regression":
        numbers = table.numbers(target)
        is_classes = are_classes(numbers) if task is None else task == "classification"
        return encode(numbers) if is_classes else (numbers, None)
    if task is None and table.first_number(target) is not None:
        raise table.fault(
            text, target, "expected a number, as in other rows (or a task of classification)"
        )
    return encode(_labels(table, target))


def _known_classes(table: Table, target: str, classes: list[str]) -> NDArray[np.int64]:
    """Look the labels of a table up among the classes of a network."""
    # Where the classes are text, 01 is not 1.
    if all(map(_is_number, classes)) and table.first_not_number(target) is None:
        labels = [class_name(number) for number in table.numbers(target)]
    else:
        labels = _labels(table, target)
    index = {label: number for number, label in enumerate(classes)}
    unknown = next((row for row, label in enumerate(labels) if label not in index), None)
    if unknown is not None:
        raise table.fault(unknown, target, f"expected one of {_some(classes)}")
    return np.array([index[label] for label in labels], np.int64)


def _is_number(name: str) -> bool:
    """Tell whether a class is a number, written as `class_name` writes it."""
    try:
        return class_name(float(name)) == name
    except (ValueError, OverflowError):
        return False


def _labels(table: Table, name: str) -> list[str]:
    """Read a column of text, no value of it empty."""
    labels = [value.strip() for value in table.column(name).to_pylist()]
    if "" in labels:
        raise table.fault(labels.index(""), name, "expected a class")
    return labels


def _numbers(table: Table, names: Sequence[str]) -> NDArray[np.float64]:
    """Put columns of numbers side by side."""
    X = np.empty((table.n_rows, len(names)))
    for column, name in enumerate(names):
        X[:, column] = table.numbers(name)
    return X


def _check_names(table: Table, names: Sequence[str]) -> None:
    """Refuse a table that lacks some of the columns."""
    known = set(table.names)
    if missing := [name for name in names if name not in known]:
        raise DataError(f"{table.path}: no column {_some(missing)}; {_columns(table)}")


def _columns(table: Table) -> str:
    """Say which columns there are."""
    return f"the columns are {_some(table.names)}"


def _some(names: Sequence[str], most: int = 20) -> str:
    """List names, the first of them where they are many."""
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed}, … ({len(names)} in all)"
