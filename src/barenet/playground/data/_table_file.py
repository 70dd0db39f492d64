"""CSV files that the playground was started with, or that were uploaded on its page."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from barenet import Predictor
from barenet.datasets._dataset import Dataset
from barenet.datasets._table_loading import load_table
from barenet.errors import ArgumentError, DataError, option_of
from barenet.playground.state._page_state import CHOICES, DataSettings
from barenet.storage._file_io import VARIABLE
from barenet.tables.files._csv_table import CsvTable, read_table
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._open_table import with_target
from barenet.tables.frames._frame import Frame, Table
from barenet.tables.reading._column_reading import read_formed_numbers
from barenet.tables.reading._target import MAX_CLASSES, read_target
from barenet.tasks._description import labelled_rows

#: Maximum rows to draw and learn from; more rows would show nothing new, and slow down training.
MAX_ROWS = 5000
#: Maximum number of classes that can be distinguished in a picture.
MAX_PICTURE_CLASSES = 100


#: Remedies on the page, by the argument that an error recommends.
PAGE_REMEDIES: dict[str, str] = CHOICES["remedies"]


@contextmanager
def remedies_of_page() -> Iterator[None]:
    """Replace the remedies in the errors of a table by remedies that the page offers.

    Examples
    --------
    >>> with remedies_of_page():
    ...     raise DataError("1 column", remedy="try {delimiter}", delimiter=";")
    Traceback (most recent call last):
    barenet.errors.DataError: 1 column; its values seem to be separated by ';'
    """
    try:
        yield
    except ArgumentError as error:
        if error.options:
            options = {option_of(name): value for name, value in error.options.items()}
            remedies = []
            for name, words in PAGE_REMEDIES.items():
                if name in options:
                    remedies.append(words.format(options[name]))
            error.remedy = ", or ".join(remedies)
            error.options = {}
        elif VARIABLE in error.remedy:
            error.remedy = "open fewer rows or columns of it"
        raise


@dataclass(frozen=True, eq=False, kw_only=True)
class TableFile:
    """A CSV file that was read, and its detected properties."""

    name: str
    #: The table, with its name as the path.
    table: Table
    #: The arguments of `load_table` that it was read with.
    options: dict[str, Any]
    n_rows: int
    #: Whether each column is numeric, and so can be an axis.
    numeric: dict[str, bool]
    default_target: str

    def features(self, target: str) -> dict[str, bool]:
        """Return the columns except the target, and whether each is numeric."""
        features = {}
        for name, is_numeric in self.numeric.items():
            if name not in ("", target):
                features[name] = is_numeric
        return features

    @remedies_of_page()
    def load(self, data: DataSettings, frame: bool = False) -> Dataset:
        """Load all columns, as a frame if one is needed or some columns are not numeric."""
        target = data.target or self.default_target
        dataset = load_table(self.table, target, task=data.task or None, frame=frame)
        n_classes = len(dataset.classes or ())
        if n_classes > MAX_PICTURE_CLASSES:
            raise DataError(
                f"column {dataset.target_name!r} has {n_classes:,} classes, and a picture can show "
                f"{MAX_PICTURE_CLASSES}",
                path=self.name,
                remedy="predict another column",
            )
        return self._rows(dataset)

    @remedies_of_page()
    def samples(self, model: Predictor) -> Dataset:
        """Read the rows in the form that a model takes."""
        return self._rows(labelled_rows(model, self.table))

    def _rows(self, dataset: Dataset) -> Dataset:
        """Draw the rows to use, under the name of the file."""
        return _subsampled(replace(dataset, name=self.name))


@remedies_of_page()
def open_table(name: str, path: Path, header: bool | None = None) -> TableFile:
    """Read a table under a name, and detect its numeric columns."""
    try:
        table, options = _read(path, header)
    except ArgumentError as error:
        error.problem = error.problem.replace(str(path), name)
        if isinstance(error, DataError):
            error.path = name
        raise
    table = replace(table, path=Path(name))
    frame = _frame_of(table)
    numeric = _numeric(frame)
    return TableFile(
        name=name,
        table=table,
        options=options,
        n_rows=len(frame),
        numeric=numeric,
        default_target=_default_target(frame),
    )


def _read(path: Path, header: bool | None) -> tuple[CsvTable, dict[str, Any]]:
    """Read a table, with decimal commas if that gives more numeric columns."""
    options: dict[str, Any] = {}
    if header is not None:
        options["header"] = header
    table = read_table(path, CsvOptions(**options))
    if table.options.delimiter in (";", "\t"):
        with contextlib.suppress(DataError):
            with_commas = replace(table, options=replace(table.options, decimal=","))
            if _n_numeric(table) < _n_numeric(with_commas):
                return with_commas, {**options, "decimal": ","}
    return table, options


def _n_numeric(table: CsvTable) -> int:
    """Return the number of numeric columns."""
    return sum(_numeric(_frame_of(table)).values())


def _frame_of(table: CsvTable) -> Frame:
    """Read all columns; numbers may have the form that the options state."""
    return read_formed_numbers(table.frame(table.names), table.names)


def _numeric(frame: Frame) -> dict[str, bool]:
    """Return whether each column has a name, and numbers besides missing values."""
    numeric = {}
    for name, column in frame.columns.items():
        is_number = column.dtype == np.float64
        has_name = name != ""
        numeric[name] = has_name and is_number and bool(np.isfinite(column).any())
    return numeric


def _default_target(frame: Frame) -> str:
    """Return the last column that varies, and has numbers or few classes of several rows each."""
    for name in reversed(frame.columns):
        if not name:
            continue
        with contextlib.suppress(DataError):  # neither numeric nor classes
            rows, _ = with_target(frame, name, (), None)
            y, classes = read_target(rows, name, None)
            _, n_rows = np.unique(y, return_counts=True)
            is_usable = True
            if classes is not None:
                is_usable = len(classes) <= MAX_CLASSES and all(n_rows > 1)
            if is_usable and len(n_rows) > 1:
                return name
    return next(reversed(frame.columns))


def _subsampled(dataset: Dataset) -> Dataset:
    """Draw a random sample of the rows if there are too many."""
    if dataset.n_samples <= MAX_ROWS:
        return dataset
    share = 1 - MAX_ROWS / dataset.n_samples
    sample, _ = replace(dataset, stratify=False).split(share)
    description = f"{MAX_ROWS:,} of {dataset.description}"
    return replace(sample, stratify=dataset.stratify, description=description)
