"""The rows of a task, split into a training set, a validation set and a test set."""

import contextlib
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from barenet._metrics import main_metric
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError, DataError
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.optimization._schedules import as_schedule
from barenet.settings._run_config import DEFAULTS, RunConfig
from barenet.settings._run_defaults import table_defaults
from barenet.settings._task_settings import IN_MEMORY, VALIDATION_SIZE
from barenet.streams._stream import Stream
from barenet.tables.encoding._column_kinds import CategoryColumn
from barenet.tables.encoding._encoding import TableEncoding, values_of
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.frames._fingerprint import fingerprint
from barenet.tables.frames._frame import TEXT, Frame
from barenet.tables.frames._to_frame import FrameTable
from barenet.tasks._description import rows_of_model
from barenet.tasks._read_columns import ReadTexts

#: Maximum absolute target: the sum of the squares of larger targets may overflow. If the range of
#: the targets is smaller than the inverse, their squares may be 0.
MAX_TARGET = 1e150


@dataclass(frozen=True, eq=False, kw_only=True)
class SplitRows:
    """The training set and the test set of a task."""

    #: All rows, with the default settings of the data; for a stream, a sample of them.
    dataset: Dataset
    #: All rows except the test set.
    training: Dataset
    test: Dataset | None
    #: Whether the test set has a table of its own, and is no part of the dataset.
    has_test_table: bool = False
    #: All training rows, if they are read block by block.
    stream: Stream | None = None
    #: The texts that the columns had before they were read.
    texts: ReadTexts = field(default_factory=ReadTexts)
    #: The training rows without validation rows, and the validation rows, by the settings of the
    #: split.
    validation_splits: dict[tuple[Hashable, ...], tuple[Dataset, Dataset | None]] = field(
        default_factory=dict
    )
    #: The encodings of training rows, by the settings that they depend on.
    encodings: dict[tuple[Hashable, ...], TableEncoding | Scaling] = field(default_factory=dict)

    @classmethod
    def of(cls, dataset: Dataset, config: RunConfig, texts: ReadTexts) -> Self:
        """Split rows by the given settings; check that they are enough and the target varies."""
        config = config.over(RunConfig(**dataset.defaults)).over(DEFAULTS)
        _check_target(dataset, config)
        training, test = dataset.split(config.test_size or 0.0, config.split_seed or 0)
        if training.n_samples < 2 and isinstance(dataset.X, Frame):
            problem = "1 row is left to train on, at least 2 are needed"
            remedy = "add rows, or use {test_size}"
            raise ArgumentError(problem, argument="test_size", remedy=remedy, test_size=0)
        return cls(dataset=dataset, training=training, test=test, texts=texts)

    @classmethod
    def of_stream(cls, stream: Stream) -> Self:
        """Return the rows of a stream, which has already held some out."""
        defaults = table_defaults(stream.n_rows).set_fields()
        sample = replace(stream.sample, defaults=defaults)
        texts = ReadTexts(unread=stream.source.all_unread())
        return cls(dataset=sample, training=sample, test=stream.test, stream=stream, texts=texts)

    @property
    def n_training(self) -> int:
        """The number of rows outside the test set."""
        return self.training.n_samples if self.stream is None else self.stream.n_rows

    def main_metric(self, config: RunConfig) -> str:
        """Return the name of the main metric, which by default suits the target."""
        return main_metric(config.metric, self.dataset.y, self.dataset.classes).name

    def for_model(self, predictor: Predictor) -> Self:
        """Select the columns of a model by name, for its own encoding or scaling."""
        test = rows_of_model(predictor, self.test) if self.test is not None else None
        return replace(
            self,
            dataset=rows_of_model(predictor, self.dataset),
            training=rows_of_model(predictor, self.training),
            test=test,
            validation_splits={},
            encodings={},
        )


def split_validation(training: Dataset, config: RunConfig) -> tuple[Dataset, Dataset | None]:
    """Split off the validation rows that early stopping or a schedule needs."""
    seed = config.split_seed or 0
    is_needed = as_schedule(config.schedule).follows_loss
    if not config.patience and not is_needed:
        return training, None
    try:
        with contextlib.suppress(ValueError):
            return training.split(VALIDATION_SIZE, seed)
        # A class may be too rare to be in both parts; then split without stratification.
        return replace(training, stratify=False).split(VALIDATION_SIZE, seed)
    except ArgumentError as error:
        argument = "schedule" if is_needed else "patience"
        needed = f"it needs a validation set, {VALIDATION_SIZE:.0%} of the rows to train on"
        raise ArgumentError(f"{needed}: {error.problem}", argument=argument) from error


def _check_target(dataset: Dataset, config: RunConfig) -> None:
    """Reject numbers that are all equal, or outside the range that can be standardized."""
    y = dataset.y
    target = f"column {dataset.target_name!r}"
    is_numeric = dataset.classes is None
    if is_numeric and np.ptp(y) == 0:
        problem = f"{target} holds {y.min():g} in every row"
        if dataset.without_target.n_rows:
            problem += f" with a target: {dataset.description}"
        raise DataError(problem, path=dataset.name)
    is_large = max(y.max(), -y.min()) > MAX_TARGET
    is_small = is_numeric and np.ptp(y) < 1 / MAX_TARGET
    if config.target_scaling != "none" and (is_large or is_small):
        problem = f"the variance of {target} is beyond float64, from {y.min():g} to {y.max():g}"
        remedy = "divide it by a power of ten" if is_large else "multiply it by a power of ten"
        raise DataError(problem, argument="target_scaling", remedy=remedy)


def fingerprint_of(rows: Dataset, encoding: TableEncoding | Scaling | None) -> str:
    """Compute the fingerprint of rows for a model, from their values as read by its encoding.

    A date has the same fingerprint as text in a CSV file and as a typed value in a Parquet file,
    and so does a category that is a number.
    """
    if not isinstance(encoding, TableEncoding):
        return fingerprint(rows.X, rows.y)
    columns = {}
    for column, values in values_of(encoding, rows.X):
        if isinstance(column, CategoryColumn | WordsColumn):
            values = values.astype(TEXT)
        columns[column.name] = values
    return fingerprint(Frame(columns), rows.y)


def is_of_training(predictor: Predictor, dataset: Dataset) -> bool | None:
    """Return whether rows are the training data, by their fingerprint; None if that is unknown."""
    of_training = (predictor.card or ModelCard()).data_fingerprint
    if of_training is None:
        return None
    rows = rows_of_model(predictor, dataset)
    encoding = predictor.preprocessing
    if of_training == fingerprint_of(rows, encoding):
        return True
    if not isinstance(encoding, TableEncoding):
        return False
    # Models of barenet 0.2 and handmade cards have the fingerprint of the original values.
    return of_training == fingerprint(rows.X, rows.y)


def in_memory(data: Any, argument: str = "data") -> FrameTable:
    """Return the table of rows in memory."""
    try:
        return FrameTable.of(data, IN_MEMORY)
    except ArgumentError as error:
        raise error.renamed(argument) from error
    except TypeError as error:
        raise ArgumentError.of(argument, data, "a data frame, records or a matrix") from error
