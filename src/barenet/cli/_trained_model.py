"""A trained model, loaded from its file or from the folder of a run."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet import Predictor, load
from barenet._messages import printable, some, with_addresses
from barenet.cli._console import log
from barenet.cli._rejected_rows import RejectedRows
from barenet.cli._run_file import SETTINGS, read_run_file, settings_of_card
from barenet.datasets._dataset import Dataset
from barenet.datasets._dataset_loading import set_name
from barenet.errors import ArgumentError, DataError
from barenet.files._model_path import MODEL, model_file
from barenet.settings._task_settings import PATHS, FileOptions, TaskSettings, is_table
from barenet.storage._file_io import (
    CSV_SUFFIXES,
    STANDARD_INPUT,
    as_address,
    is_pattern,
    name_of,
    plain_name,
)
from barenet.storage._remote_file import hide_secrets
from barenet.streams._stream import Stream
from barenet.streams._stream_source import find_blocks, find_files, open_blocks
from barenet.tables.files._csv_blocks import CsvBlock
from barenet.tables.files._file_columns import with_columns
from barenet.tables.files._open_table import open_table, read_columns
from barenet.tables.frames._frame import Samples, Table
from barenet.tables.reading._column_words import columns_with
from barenet.tasks._description import category_names, labelled_rows
from barenet.tasks._new_rows import open_new_rows
from barenet.tasks._seen_rows import files_of, may_be_seen
from barenet.tasks._split_rows import is_of_training

#: The curves in the folder of a run.
HISTORY = "history.jsonl"


class LoadedRows(NamedTuple):
    """Rows without targets, and the table that they come from, if there is one."""

    X: Samples
    table: Table | None = None
    #: The positions of the rows in a table that has rejected rows; None for all rows.
    positions: NDArray[np.intp] | None = None
    #: Whether no other block follows.
    is_last: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainedModel:
    """A trained model, and the settings of its run, with empty `data` if they are unknown."""

    path: Path
    predictor: Predictor
    #: The settings in the folder of the run, else those of the card in the model file.
    settings: TaskSettings

    def data_or_default(self, data: str, remedy: str = "name the rows after the model") -> str:
        """Return the given data, or the training data."""
        if data:
            return data
        default = self.settings.data or self.predictor.dataset
        address = as_address(self.settings.data)
        if address:
            problem = describe_unnamed_address(self.path, address)
            raise ArgumentError(problem, argument="data", remedy=remedy)
        is_file = Path(default).is_file() or files_of(default)
        if set_name(default) or is_file:
            return default
        if not default:
            problem = "has no name of its training data"
        elif default == STANDARD_INPUT:
            problem = "was trained on standard input"
        else:
            problem = f"was trained on {printable(default)}, not found here"
        raise ArgumentError(f"{self.path} {problem}", argument="data", remedy=remedy)

    def is_test_table(self, data: str) -> bool:
        """Return whether data are the table that the rows of the test set came from."""
        test = self.settings.test
        return test is not None and Path(data).resolve() == test.resolve()

    def data_to_measure(self, data: str) -> str:
        """Return the given data, or the table of the test set, or else the training data."""
        test = self.settings.test
        if data or test is None:
            return self.data_or_default(data)
        if not test.is_file():
            problem = f"{self.path} was tested on {with_addresses(test)}, not found here"
            raise ArgumentError(problem, argument="data", remedy="name the rows after the model")
        return str(test)

    def is_training_data(self, data: str, dataset: Dataset) -> bool | None:
        """Return whether rows are the training data, by their fingerprint; None if unknown."""
        has_name = self.has_name_of_training(data)
        if has_name and set_name(data):  # generated again, perhaps with different last digits
            return True
        is_same = is_of_training(self.predictor, dataset)
        if is_same is None and self.settings.data:
            return has_name
        return is_same

    def may_have_seen(self, data: str, rows: Dataset) -> bool:
        """Return whether rows other than the training data may contain some of it."""
        return may_be_seen(self.predictor, self.settings.data, data, rows)

    def split(self, dataset: Dataset) -> tuple[Dataset, Dataset | None]:
        """Split the training data in the same way as for training."""
        return self.settings.split(dataset) if self.settings.data else (dataset, None)

    def load(self, data: str, file: FileOptions) -> Dataset:
        """Load rows with targets, with the columns and classes of the model."""
        if is_pattern(data) and is_table(data):
            problem = f"{data} is not the pattern that {self.path} was trained on, or a file of it"
            problem += " has been added or changed since"
            remedy = f"name one of them, such as {find_files(data)[0]}"
            raise ArgumentError(problem, argument="data", remedy=remedy)
        settings = self.settings_for(data, file)
        dataset = self._load_table(settings) if is_table(data) else settings.load()
        n_features = len(self.predictor.feature_names)
        if dataset.n_features != n_features:
            features = f"{dataset.n_features} features"
            raise DataError(f"{data} has {features}, and {self.path} takes {n_features}")
        if dataset.classes != self.predictor.classes:
            outputs = _outputs(dataset.classes)
            expected = _outputs(self.predictor.classes)
            raise DataError(f"{data} has {outputs}, and {self.path} predicts {expected}")
        return dataset

    def open_stream(self, data: str, file: FileOptions) -> Stream | None:
        """Open training data that were read block by block; None for all others."""
        settings = self.settings_for(data, file)
        if not (self.has_name_of_training(data) and settings.is_stream):
            return None
        stream = settings.open_stream()
        has_columns = set(self.predictor.feature_names) <= set(stream.sample.feature_names)
        if has_columns and self.is_training_data(data, stream.sample):
            return stream
        return None

    def load_features(
        self, data: str, file: FileOptions, *, at_once: bool, rejected: RejectedRows | None
    ) -> Iterator[LoadedRows]:
        """Load rows without targets, block by block.

        Rows of CSV files that cannot be read are collected if they may be rejected. Otherwise, a
        row with another number of values is an error.
        """
        if not is_table(data):
            yield LoadedRows(self.load(data, file).X)
            return
        settings = self.settings_for(data, file)
        csv = settings.file
        blocks: list[Table] = []
        if rejected is not None:
            blocks += find_blocks(data, csv, set_aside=True)
        if not blocks and at_once:
            blocks += [open_table(find_files(data)[0], csv)]
        elif not blocks:
            blocks += open_blocks(data, csv)
        names = self.predictor.feature_names
        categories = category_names(self.predictor)
        allow_missing = bool(csv.allow_missing_columns)
        blocks = with_columns(blocks, names, allow_missing=allow_missing)
        for block in blocks:
            is_last = block is blocks[-1]
            if rejected is not None and isinstance(block, CsvBlock):
                X, positions = rejected.read(block, self.predictor, categories)
                if len(X) or not rejected.line:  # there may be no row in the file
                    yield LoadedRows(X, block, positions, is_last)
            else:
                X = read_columns(block, names, unparsed=categories)
                yield LoadedRows(X, block, is_last=is_last)

    def open_new_rows(self, data: str, file: FileOptions) -> list[Table]:
        """Open the blocks of a table that has the model's columns."""
        csv = self.settings_for(data, file).file
        allow_missing = bool(csv.allow_missing_columns)
        return open_new_rows(self.predictor, data, csv, allow_missing=allow_missing)

    def blocks_to_score(self, data: str, file: FileOptions) -> list[Table]:
        """Open rows that are measured block by block; none if they are read at once."""
        may_be_of_training = self.has_name_of_training(data)
        if not is_pattern(data) and not self.settings.data:
            may_be_of_training = True
        if may_be_of_training or self.is_test_table(data) or not is_table(data):
            return []
        return self.open_new_rows(data, file)

    def _load_table(self, settings: TaskSettings) -> Dataset:
        rows = labelled_rows(
            self.predictor,
            settings.data,
            split=self.settings.split_column,
            categories=columns_with(self.settings.requests, "names"),
            csv=settings.file,
        )
        if rows.without_target.n_rows:
            log(f"{settings.data}: {rows.description}")
        return replace(rows, image_shape=self.predictor.image_shape)

    def settings_for(self, data: str, file: FileOptions) -> TaskSettings:
        """Return the settings to load data with: given options, or those of the training data."""
        settings = TaskSettings()
        if self.has_name_of_training(data):
            settings = self.settings
        elif plain_name(data).endswith(CSV_SUFFIXES):  # with columns named as in the training set
            settings = TaskSettings(file=replace(self.settings.file, delimiter=None, encoding=None))
        if plain_name(data).endswith(".npz"):
            if self.predictor.classes is None:
                settings = replace(settings, task="regression")
            else:
                settings = replace(settings, task="classification")
        return replace(settings, data=data, file=file.over(settings.file))

    def has_name_of_training(self, data: str) -> bool:
        """Return whether data have the same name as the training data."""
        trained_on = self.settings.data
        if not trained_on or data == STANDARD_INPUT:  # standard input contains new rows each time
            return False
        if data == trained_on or set_name(data) or set_name(trained_on):
            return data == trained_on
        if name_of(data) == trained_on:  # a card doesn't contain folders
            return True
        return Path(data).resolve() == Path(trained_on).resolve()


def load_trained(path: Path, *, single_output: bool = False) -> TrainedModel:
    """Load a model file, or the model in the folder of a run.

    Optionally refuse a regression model with several outputs, as a table has one target.
    """
    file = model_file(path)
    predictor = load(file, Predictor)
    count = predictor.network.n_outputs or 1
    if single_output and predictor.classes is None and count > 1:
        problem = f"{file} predicts {count:,} numbers for each row, and a table has one target"
        raise ArgumentError(problem, argument="model", remedy="train a model for each")
    return with_run_settings(file, predictor)


def with_run_settings(file: Path, predictor: Predictor) -> TrainedModel:
    """Add the settings of its run to a loaded model, from its folder or from the card."""
    beside = file.with_name(SETTINGS)
    is_run = file.name == MODEL and beside.is_file()
    if is_run:
        settings = read_run_file(beside)
    else:
        settings = settings_of_card(predictor.card) or TaskSettings()
    return TrainedModel(path=file, predictor=predictor, settings=settings)


class Selection(NamedTuple):
    """Rows that a network is measured on, and the name of their data."""

    data: str
    rows: Dataset
    #: Test rows or training rows of the training data, or all rows of other data.
    subset: Literal["test", "training", "all"]
    #: The number of rows that the network was trained on; None if unknown.
    n_seen: int | None
    #: The rows of the same data that are in the training set; None for other data.
    training: Dataset | None
    #: The whole data set.
    dataset: Dataset


def select_rows(trained: TrainedModel, data: str, file: FileOptions) -> Selection:
    """Load the rows to measure a network on: the test rows of its training data, or all rows."""
    data = trained.data_to_measure(data)
    training: Dataset | None = None
    test: Dataset | None = None
    if trained.is_test_table(data):
        with suppress(ArgumentError, DataError):  # the training data may be elsewhere
            training = select_rows(trained, trained.data_or_default(""), file).training
        rows = trained.load(data, file)
        return Selection(data, rows, "test", 0, training, training or rows)
    stream = trained.open_stream(data, file)
    if stream is not None:
        dataset = training = stream.sample
        test = stream.test
    else:
        dataset = trained.load(data, file)
        if trained.is_training_data(data, dataset):
            training, test = trained.split(dataset)
    if test is not None:
        return Selection(data, test, "test", 0, training, dataset)
    if training is not None:
        return Selection(data, training, "training", training.n_samples, training, dataset)
    n_seen = None if trained.may_have_seen(data, dataset) else 0
    return Selection(data, dataset, "all", n_seen, None, dataset)


def check_addresses(run: Path, settings: TaskSettings, named: TaskSettings) -> TaskSettings:
    """Refuse an address that the settings of a run name, and the user does not.

    The returned settings have the files that the user names, which may be copies.

    The folder may be a stranger's, and reading from an address sends requests to its server.
    """
    for name in PATHS:
        address = _address_of(settings, name)
        if address and address != _address_of(named, name):
            problem = describe_unnamed_address(run, address)
            if name == "data":
                remedy = "if you trust its server, name the data by their whole address"
                raise ArgumentError(problem, argument=name, remedy=remedy)
            remedy = f"if you trust its server, add {{{name}}}"
            raise ArgumentError(problem, argument=name, remedy=remedy, **{name: address})
        if address:
            settings = replace(settings, **{name: getattr(named, name)})
    return settings


def describe_unnamed_address(run: Path, address: str) -> str:
    """Describe that an address is not read, as only the settings of a run name it."""
    return f"{run} names {address}, which is read only if you name it, too"


def _address_of(settings: TaskSettings, name: str) -> str:
    """Return the address of the data, or of a model, in settings; empty if it has none."""
    value = getattr(settings, name)
    return "" if value is None else hide_secrets(as_address(with_addresses(value)))


def _outputs(classes: tuple[str, ...] | None) -> str:
    return "numbers" if classes is None else f"{len(classes)} classes ({some(classes, 5)})"
