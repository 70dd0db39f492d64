"""Loads tables: features and a target for training, or the features of a network for prediction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Unpack

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_flag, check_texts, convert, lists_options
from barenet._messages import count_of
from barenet.datasets._dataset import Dataset
from barenet.datasets._row_weights import split_weights
from barenet.datasets._split_column import SplitColumn, argument_of
from barenet.errors import ArgumentError, DataError
from barenet.tables.files._delimited import CsvFields, CsvOptions
from barenet.tables.files._open_table import (
    Source,
    check_table_names,
    check_target,
    feature_names,
    open_table,
    read_columns,
    requests_for,
    with_target,
)
from barenet.tables.frames._column_names import Names
from barenet.tables.frames._frame import Frame, Table
from barenet.tables.reading._column_reading import Reading, read_formed_numbers
from barenet.tables.reading._column_values import complete_numbers
from barenet.tables.reading._column_words import (
    DROP,
    ColumnRequest,
    ColumnRequests,
    columns_with,
    kinds_of_requests,
    merge_columns,
)
from barenet.tables.reading._readers import PLAIN_KIND, is_date
from barenet.tables.reading._target import (
    TargetTask,
    known_targets,
    read_target,
    reading_of_kind,
    target_reading,
)
from barenet.tables.reading._without_target import WithoutTarget


@lists_options(CsvFields)
def load_table(
    path: str | PathLike[str],
    target: str | None = None,
    *,
    task: TargetTask | None = None,
    columns: Mapping[str, str | ColumnRequest] | None = None,
    categories: Collection[str] = (),
    drop: Collection[str] = (),
    missing: Collection[str] = (),
    split_by_time: str | None = None,
    split_by_group: str | None = None,
    split_by: str | None = None,
    weight: str | None = None,
    frame: bool = False,
    **options: Unpack[CsvFields],
) -> Dataset:
    """Read a CSV or Parquet file to train on.

    Every column except the target is a feature. If all features are numbers and none is missing, X
    is a matrix. Otherwise it is a frame, which a `TablePreprocessor` encodes as a matrix.

    A text target has classes. Numbers are classes if they are whole, there are at most 20 different
    ones, and each occurs at least twice on average. A mix of numbers and text is an error, since
    the text is more likely to be a mistake than a class. `task` overrides these rules. Rows without
    a target are left out, and the description states how many; with ``task="classification"``, only
    an empty target is missing, while None and NA are classes.

    Parameters
    ----------
    path : str or path-like
        The file: ``.parquet`` or ``.pq``; else CSV, compressed or not.
    target : str
        The column to predict.
    task : {"classification", "regression"}, optional
        The kind of the target.
    columns : mapping of str to str, optional
        The words for single columns, as for `TableEncoding.fit`, such as ``{"zip": "names", "id":
        "drop"}``. Columns to drop are not read.
    categories, drop : collection of str, default=()
        Older spellings of ``"names"`` and ``"drop"`` in `columns`.
    missing : collection of str, default=()
        More spellings of a missing target, such as ``["-999"]``; for features, pass them to
        `TablePreprocessor`.
    split_by_time : str, optional
        The column of dates, times or numbers that orders the rows for `Dataset.split`, whose test
        set has the last of them.
    split_by_group : str, optional
        The column of the groups that `Dataset.split` keeps whole. It is not a feature, and its
        values are labels, also if they are numbers or dates.
    split_by : str, optional
        Deprecated, use `split_by_time` or `split_by_group`: by time with dates, times or numbers,
        by group with other values.
    weight : str, optional
        The column of the weights of the rows, numbers of 0 or more. It is not a feature, and rows
        of weight 0 are left out.
    frame : bool, default=False
        Whether X is a frame even if all columns are numbers.
    **options : object
        The format of a CSV file: the fields of `CsvOptions`.

    Returns
    -------
    Dataset
        X is float64 or a frame. Classes are sorted by value if they are numbers, else
        alphabetically.

    Raises
    ------
    DataError
        If the file or a value in it cannot be used; the message names the line and the column.
    ValueError
        If the target is not given, or another argument is wrong.

    Warns
    -----
    UserWarning
        If dates to split by are after today.
    FutureWarning
        If `split_by` is given.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "gates.csv"
    ...     _ = path.write_text("a,b,both\\n0,0,no\\n0,1,no\\n1,0,no\\n1,1,yes\\n")
    ...     gate = load_table(path, "both")
    >>> gate.feature_names, gate.classes, gate.y
    (('a', 'b'), ('no', 'yes'), array([0, 0, 0, 1]))
    """
    csv = CsvOptions(**options)
    requests = merge_columns(columns, categories=categories, drop=drop, date_format=csv.date_format)
    convert(task, TargetTask | None, "task")
    check_flag(frame, "frame")
    missing = check_texts(missing, "missing")
    split = SplitColumn.of(split_by_time, split_by_group, split_by)
    selection = _open(path, csv, target=target, split=split, weight=weight, requests=requests)
    table = selection.table
    kinds = selection.kinds
    categories = [name for name, kind in kinds.items() if kind == "category"]
    features = selection.features
    target_name = selection.target
    split = selection.split
    unparsed = [*categories]
    if split is not None and split.argument == "split_by_group":
        unparsed.append(split.name)
    if task == "classification":
        unparsed.append(target_name)
    names = [*features, target_name]
    undecided = [name for name in features if name not in kinds]
    if selection.weight is not None:
        names.append(selection.weight)
        undecided.append(selection.weight)
    all_rows = read_columns(table, names, target=target_name, unparsed=unparsed)
    all_rows = read_formed_numbers(all_rows, undecided)
    rows, without_target = with_target(all_rows, target_name, missing, task)
    n_with_target = len(rows)
    rows, row_weights = split_weights(rows, selection.weight, missing)
    description = without_target.beside(len(rows))
    if len(rows) < 2:
        raise DataError(f"{description}, at least 2 are needed", path=table.path)
    keys = None
    if split is not None:
        keys = split.keys(rows, kinds, missing)
        split.warn_of_deprecated(keys)
        are_groups = argument_of(keys) == "split_by_group"
        if are_groups or split.name in selection.dropped:  # only read to split by it
            features = [name for name in features if name != split.name]
    is_text = rows.columns[target_name].dtype.kind == "T" and task != "classification"
    reading = target_reading(rows, target_name) if is_text else None
    y, classes = read_target(rows, target_name, task, reading)
    if classes is not None and len(classes) < 2:
        error = _single_class(all_rows, rows, target_name, path=table.path, label=classes[0])
        raise error
    description += f", {len(table.names):,} columns"
    if selection.weight is not None:
        description += f", weighted by {selection.weight}"
        n_left_out = n_with_target - len(rows)
        if n_left_out:
            description += f" without {count_of(n_left_out, 'row')} of weight 0"
    data = make_dataset(
        rows,
        features,
        target_name,
        y=y,
        classes=classes,
        name=table.path.name,
        description=description,
        split_keys=keys,
        weight=row_weights,
        without_target=without_target,
        reading=reading,
    )
    states_dates = any(is_date(kinds.get(name, "")) for name in features)
    if frame or states_dates or not _are_complete_numbers(rows.select(features)):
        return data
    return _as_matrix(data)


def _single_class(
    all_rows: Frame, rows: Frame, target: str, *, path: Path, label: str
) -> DataError:
    """Describe a target with a single class, and the first of the rows that have none."""
    has_target = np.isin(all_rows.rows, rows.rows)
    without = np.flatnonzero(~has_target)
    if not len(without):
        return DataError(f"column {target!r} holds {label!r} in every row", path=path)
    first = int(without[0])
    first_target = str(all_rows[target][first]).strip()
    if first_target in ("", "nan"):
        remedy = "if that is a class, write a name for it in these rows"
    else:
        remedy = "if that is a class, use {task}"
    expected = f"a class besides {label!r}"
    error = all_rows.fault(first, target, expected, remedy, task="classification")
    error.problem += f" in {len(without):,} of {count_of(len(all_rows), 'row')}"
    return error


def make_dataset(
    rows: Frame,
    features: Sequence[str],
    target: str,
    *,
    y: NDArray[Any],
    classes: tuple[str, ...] | None,
    name: str,
    description: str,
    without_target: WithoutTarget,
    split_keys: NDArray[Any] | None = None,
    weight: NDArray[np.float64] | None = None,
    reading: Reading | None = None,
) -> Dataset:
    """Make a data set of the rows of a table whose target has been read, as `reading` states."""
    names = tuple(features)
    return Dataset(
        name=name,
        X=rows.select(names),
        y=y,
        classes=classes,
        feature_names=names,
        target_name=target,
        target_kind=reading.kind if reading and classes is None else PLAIN_KIND,
        description=description,
        split_keys=split_keys,
        weight=weight,
        numbers=rows.rows,
        without_target=without_target,
    )


class _Selection(NamedTuple):
    """A table, and its columns by their use."""

    table: Table
    #: The columns to train on, and the one to split by.
    features: list[str]
    target: str
    split: SplitColumn | None
    weight: str | None
    dropped: Names
    #: The stated kinds of columns.
    kinds: dict[str, str]


def _open(
    source: Source,
    csv: CsvOptions,
    *,
    target: str | None,
    split: SplitColumn | None,
    weight: str | None,
    requests: ColumnRequests,
) -> _Selection:
    """Open a table, and find the columns to train on and those that arguments name."""
    convert(target, str | None, "target")
    table = open_table(source, csv)
    target = check_target(table, target)
    requests = requests_for(table, requests, target)
    if split is not None:
        [split_name] = check_table_names(table, [split.name], split.argument)
        if split_name == target:
            raise ArgumentError.of(split.argument, split_name, "a column of the features")
        split = replace(split, name=split_name)
    drop = columns_with(requests, DROP)
    left_out = {target, *drop}
    if split is not None:
        left_out.discard(split.name)  # the split needs it even if it is dropped
    weight = convert(weight, str | None, "weight")
    if weight is not None:
        [weight] = check_table_names(table, [weight], "weight")
        if weight == target or (split is not None and weight == split.name):
            expected = "another column than the target and the one to split by"
            raise ArgumentError.of("weight", weight, expected)
        left_out.add(weight)
    features = feature_names(table, left_out)
    if set(features).issubset(drop):
        problem = f"{target!r} is the only column left; there is nothing to learn it from"
        raise DataError(problem, path=table.path)
    return _Selection(
        table=table,
        features=features,
        target=target,
        split=split,
        weight=weight,
        dropped=drop,
        kinds=kinds_of_requests(requests),
    )


def read_samples(
    table: Table,
    feature_names: Sequence[str],
    target_name: str,
    classes: Sequence[str] | None = None,
    *,
    target_kind: str = PLAIN_KIND,
    categories: Collection[str] = (),
    missing: Collection[str] = (),
    split: SplitColumn | None = None,
    weight: str | None = None,
) -> Dataset:
    """Read the rows of a table that have a target, to measure a model; there may be none."""
    names = [*feature_names, target_name]
    if weight is not None:
        names.append(weight)
    unparsed = [*categories]
    if split is not None and split.name in table.names:
        if split.name not in names:
            names.append(split.name)
        if split.argument == "split_by_group":
            unparsed.append(split.name)
    if classes is not None:
        unparsed.append(target_name)
    all_rows = read_columns(table, names, target=target_name, unparsed=unparsed)
    rows, without_target = with_target(
        all_rows, target_name, missing, task=None, classes=classes or ()
    )
    rows, row_weights = split_weights(rows, weight, missing)
    y = known_targets(rows, target_name, classes, reading_of_kind(target_kind))
    keys = None
    if split is not None and split.name in rows.columns:
        with suppress(DataError):  # New rows may lack the values that training rows were split by.
            keys = split.keys(rows, dict.fromkeys(categories, "category"), missing)
    class_names = tuple(classes) if classes is not None else None
    return make_dataset(
        rows,
        feature_names,
        target_name,
        y=y,
        classes=class_names,
        name=table.path.name,
        description=without_target.beside(len(rows)),
        split_keys=keys,
        weight=row_weights,
        without_target=without_target,
    )


def _are_complete_numbers(rows: Frame) -> bool:
    """Return whether all columns are numbers without missing values, and none is of categories."""
    if not rows.kinds.keys().isdisjoint(rows.columns):
        return False
    for column in rows.columns.values():
        if column.dtype.kind not in "bf" or not np.isfinite(column).all():
            return False
    return True


def _as_matrix(data: Dataset) -> Dataset:
    """Combine columns of complete numbers."""
    assert isinstance(data.X, Frame)
    columns = [complete_numbers(data.X, name) for name in data.feature_names]
    return replace(data, X=np.column_stack(columns))
