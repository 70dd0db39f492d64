"""CSV files that the playground was started with or that its page has uploaded."""

import contextlib
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from barenet.data._csv_table import CsvTable, read_table
from barenet.data._dataset import Dataset
from barenet.data._delimited import CsvOptions
from barenet.data._file_io import read_file_bytes
from barenet.data._frame import Frame
from barenet.data._table_loading import load_table, read_samples
from barenet.data._target import MAX_CLASSES
from barenet.errors import ArgumentError, DataError
from barenet.files._predictor import Predictor
from barenet.playground._page_state import DataSettings

#: Rows that are drawn and learned from: more show nothing more, and slow the training.
MAX_ROWS = 5000
#: Classes that can be distinguished in a picture.
MAX_PICTURE_CLASSES = 100


#: Remedies on the page, by the argument that the error recommends.
PAGE_REMEDIES = {
    "encoding": "save it as UTF-8",
    "delimiter": "its values seem to be separated by {!r}",
    "header": "add a first line that names the columns",
    "date_format": "write the year, the month and the day",
    "decimal": "write numbers with a decimal point",
    "task": "choose to predict it as classes",
    "missing": "leave the value empty",
    "drop": "take the column out of the file",
}


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A CSV file, and the properties found when it was opened."""

    name: str
    path: Path
    #: How it is read: arguments of `load_table`.
    options: dict[str, Any]
    n_rows: int
    #: Whether each column holds numbers, and so can be an axis.
    numeric: dict[str, bool]
    default_target: str

    @property
    def flags(self) -> list[str]:
        """The options as flags of the command line."""
        words = []
        for name, value in self.options.items():
            is_switch = isinstance(value, bool)
            words += [f"--{'' if value else 'no-'}{name}"] if is_switch else [f"--{name}", value]
        return words

    def features(self, target: str) -> dict[str, bool]:
        """The columns but the target, and whether each is numeric."""
        return {name: known for name, known in self.numeric.items() if name not in ("", target)}

    def load(self, data: DataSettings, frame: bool = False) -> Dataset:
        """Load all columns, as a frame if that is needed or they are not all numbers."""
        target = data.target or self.default_target
        with errors_naming_table(self.name, self.path):
            task = data.task or None
            dataset = load_table(self.path, target, task=task, frame=frame, **self.options)
        n_classes = len(dataset.classes or ())
        if n_classes > MAX_PICTURE_CLASSES:
            raise DataError(
                f"column {dataset.target_name!r} has {n_classes:,} classes, and a picture can show "
                f"{MAX_PICTURE_CLASSES}",
                path=self.name,
                remedy="predict another column",
            )
        return _subsampled(dataclasses.replace(dataset, name=self.name))

    def samples(self, model: Predictor) -> Dataset:
        """Read the rows as a model takes them."""
        names = model.feature_names, model.target_name, model.classes
        with errors_naming_table(self.name, self.path):
            X, y, *_ = read_samples(self.path, *names, frame=model.takes_frames, **self.options)
        return _subsampled(
            Dataset(
                name=self.name,
                X=X,
                y=y,
                classes=model.classes,
                feature_names=model.feature_names,
                target_name=model.target_name,
                description=f"{len(y):,} rows",
            )
        )


def open_table(name: str, path: Path, header: bool | None = None) -> TableFile:
    """Open a table, and find how to read it and which columns are numeric."""
    with errors_naming_table(name, path):
        table, options = _read(path, header)
    frame = table.frame(table.names)
    numeric = _numeric(frame)
    return TableFile(
        name=name,
        path=path,
        options=options,
        n_rows=len(frame),
        numeric=numeric,
        default_target=_default_target(frame, numeric),
    )


def _read(path: Path, header: bool | None) -> tuple[CsvTable, dict[str, Any]]:
    """Read a table: as cp1252 if it is not UTF-8, decimal commas if that gives more numbers."""
    options: dict[str, Any] = {} if header is None else {"header": header}
    content = read_file_bytes(path)
    try:
        content.decode()
    except UnicodeDecodeError:
        options |= {} if b"\0" in content else {"encoding": "cp1252"}
    table = read_table(path, CsvOptions(**options))
    if table.delimiter in (";", "\t"):
        with contextlib.suppress(DataError):
            commas = {**options, "decimal": ","}
            other = read_table(path, CsvOptions(**commas))
            counts = [sum(_numeric(each.frame(each.names)).values()) for each in (table, other)]
            if counts[1] > counts[0]:
                return other, commas
    return table, options


def _numeric(frame: Frame) -> dict[str, bool]:
    """Whether each column has a name, and numbers besides missing values."""
    columns = {name: frame[name] for name in frame.columns}
    return {
        name: bool(name) and column.dtype == np.float64 and bool(np.isfinite(column).any())
        for name, column in columns.items()
    }


def _default_target(frame: Frame, numeric: dict[str, bool]) -> str:
    """The last column that is numeric or has few different values."""
    names = [*frame.columns]
    for name in reversed(names):
        if numeric[name] or (name and len(np.unique(frame[name])) <= MAX_CLASSES):
            return name
    return names[-1]


def _subsampled(dataset: Dataset) -> Dataset:
    """A random sample of the rows where there are too many."""
    if dataset.n_samples <= MAX_ROWS:
        return dataset
    sample, _ = dataclasses.replace(dataset, stratify=False).split(1 - MAX_ROWS / dataset.n_samples)
    description = f"{MAX_ROWS:,} of {dataset.description}"
    return dataclasses.replace(sample, stratify=dataset.stratify, description=description)


@contextmanager
def errors_naming_table(name: str, path: Path) -> Iterator[None]:
    """Let every error of a table name it as the page does, with the page's remedies.

    Examples
    --------
    >>> from barenet.errors import DataError
    >>> path = Path("/tmp/1.csv")
    >>> with errors_naming_table("mine.csv", path):
    ...     raise DataError("1 column", path=path, line=1, remedy="try {delimiter}", delimiter=";")
    Traceback (most recent call last):
    barenet.errors.DataError: mine.csv:1: 1 column; its values seem to be separated by ';'
    """
    try:
        yield
    except ArgumentError as error:
        error.problem = error.problem.replace(str(path), name)
        if isinstance(error, DataError) and error.path is not None:
            error.path = name
        if error.options:
            options = {option.rstrip("_"): value for option, value in error.options.items()}
            known = PAGE_REMEDIES.items()
            remedies = (words.format(options[name]) for name, words in known if name in options)
            error.remedy, error.options = ", or ".join(remedies), {}
        raise
