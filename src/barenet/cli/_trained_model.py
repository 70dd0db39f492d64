"""A trained model, loaded from its file or from the folder of a run."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from barenet.cli._run_file import SETTINGS, parse_settings, read_run_file
from barenet.cli._run_settings import (
    NO_FILE_OPTIONS,
    FileOptions,
    RunSettings,
    is_table,
    without_folders,
    without_none,
)
from barenet.data._column import CategoryColumn
from barenet.data._dataset import Dataset
from barenet.data._datasets import DATASETS, canonical_name, load_dataset
from barenet.data._file_io import CSV_SUFFIXES, STANDARD_INPUT, plain_name
from barenet.data._fingerprint import csv_equivalent, fingerprint
from barenet.data._frame import Frame
from barenet.data._run_config import DEFAULTS, RunConfig
from barenet.data._table_loading import read_samples
from barenet.errors import ArgumentError, DataError, printable
from barenet.files._model_card import ModelCard
from barenet.files._model_io import load_predictor
from barenet.files._predictor import Predictor

#: The model file in the folder of a run.
MODEL = "model.safetensors"


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainedModel:
    """A trained model, and the settings of its run if they are known."""

    path: Path
    predictor: Predictor
    #: From the folder of the run, else from the card in the model file.
    settings: RunSettings | None

    @property
    def config(self) -> RunConfig:
        """The configuration of the training, empty if it is not known."""
        return self.settings.config if self.settings else RunConfig()

    def data_or_default(self, data: str) -> str:
        """The data given, or those of the training."""
        known = self.settings.data if self.settings else self.predictor.dataset
        if data or known in DATASETS or Path(known).is_file():
            return data or known
        if not known:
            problem = f"{self.path} has no name of its training data"
        else:
            where = f"{printable(known)}, not found here"
            where = "standard input" if known == STANDARD_INPUT else where
            problem = f"{self.path} was trained on {where}"
        raise ArgumentError(problem, argument="data", remedy="name the rows after the model")

    def is_training_data(self, data: str, dataset: Dataset) -> bool | None:
        """Whether rows are those of the training, by their fingerprint; None if unknown."""
        card, known = self.predictor.card, self._settings_for(data)
        if card is None or card.data_fingerprint is None:
            return None if self.settings is None else known is not None
        names = self.predictor.feature_names
        rows = [dataset.X]
        if isinstance(dataset.X, Frame):  # an estimator has the fingerprint of the CSV file
            rows.append(csv_equivalent(dataset.X))
        alike = (fingerprint_of(dataclasses.replace(dataset, X=X), names) for X in rows)
        # A named data set is generated anew, perhaps with other last digits.
        return card.data_fingerprint in alike or (known is not None and data in DATASETS)

    def split(self, dataset: Dataset) -> tuple[Dataset, Dataset | None]:
        """Split the training data as for the training."""
        if self.settings is None:
            return dataset, None
        config = self.config.over(DEFAULTS)
        return dataset.split(config.test_size or 0.0, config.split_seed or 0)

    def load(self, data: str, file: FileOptions) -> Dataset:
        """Load rows with targets, with the columns and classes of the model."""
        dataset = self._load_table(data, file) if is_table(data) else self._load_arrays(data, file)
        n_features, classes = len(self.predictor.feature_names), self.predictor.classes
        if dataset.n_features != n_features:
            raise DataError(
                f"{data} has {dataset.n_features} features, and {self.path} takes {n_features}"
            )
        if dataset.classes != classes:
            raise DataError(
                f"{data} has {_outputs(dataset.classes)}, and {self.path} predicts "
                f"{_outputs(classes)}"
            )
        return dataset

    def _load_arrays(self, data: str, file: FileOptions) -> Dataset:
        config = self.config if self._settings_for(data) else RunConfig()
        options: dict[str, Any] = {"samples": config.samples, "noise": config.noise}
        if data.endswith((".npz", ".npz.gz")):
            options["task"] = "classification" if self.predictor.classes else "regression"
        options |= self.file_options(data, file)
        return load_dataset(data, data_seed=config.data_seed, **options)

    def _load_table(self, data: str, file: FileOptions) -> Dataset:
        fields = ("feature_names", "target_name", "classes")
        columns = {name: getattr(self.predictor, name) for name in fields}
        X, y = read_samples(data, *columns.values(), **self.table_options(data, file))
        return Dataset(
            name=Path(data).name,
            X=X,
            y=y,
            **columns,
            image_shape=self.predictor.image_shape,
            description=f"{len(X):,} rows",
        )

    def table_options(self, data: str, file: FileOptions) -> dict[str, Any]:
        """The options with which a table is read: of the file, and of its columns."""
        options = self.file_options(data, file)
        options.pop("data_dir", None)
        columns = getattr(self.predictor.preprocessing, "columns", ())
        categories = [each.name for each in columns if isinstance(each, CategoryColumn)]
        return options | {"frame": self.predictor.takes_frames, "categories": categories}

    def file_options(self, data: str, file: FileOptions) -> dict[str, Any]:
        """The options with which a file is read: those given, else those of the training."""
        known = self._settings_for(data)
        options = {**vars(known.file if known else NO_FILE_OPTIONS)}
        # The columns of another CSV file are named as those of the training set.
        if self.settings and plain_name(data).endswith(CSV_SUFFIXES):
            options["header"] = self.settings.file.header
        return without_none(options) | without_none(vars(file))

    def _settings_for(self, data: str) -> RunSettings | None:
        """The settings of the run if data have the name of its data."""
        if self.settings is None or data == STANDARD_INPUT:  # which has other rows each time
            return None
        data, known = canonical_name(data), self.settings.data
        same = data == known
        if not same and not {data, known} & DATASETS.keys():  # a card has no folders
            same = Path(data).resolve() == Path(known).resolve() or Path(data).name == known
        return self.settings if same else None


def load_trained(path: Path, *, single_output: bool = False) -> TrainedModel:
    """Load a model file, or the model in the folder of a run.

    A regression model with several outputs can be refused: a table has one target.
    """
    file = model_file(path)
    predictor = load_predictor(file)
    count = predictor.network.n_outputs or 1
    if single_output and predictor.classes is None and count > 1:
        raise ArgumentError(
            f"{file} predicts {count:,} numbers for each row, and a table has one target",
            argument="model",
            remedy="train a model for each",
        )
    beside = file.with_name(SETTINGS)
    is_run = file.name == MODEL and beside.is_file()
    settings = read_run_file(beside) if is_run else settings_of(predictor.card)
    return TrainedModel(path=file, predictor=predictor, settings=settings)


def model_file(path: Path) -> Path:
    """The path of a model file, or of the one in the folder of a run."""
    if not path.is_dir():
        return path
    if not (path / MODEL).exists():
        raise FileNotFoundError(f"{path}: no model of a run, as {MODEL} is missing")
    return path / MODEL


def settings_of(card: ModelCard | None) -> RunSettings | None:
    """Read the settings of a run from a model card; None if it has others."""
    if card is None or not {"data", "test_size"} <= card.settings.keys():
        return None
    try:
        values = without_folders(card.settings)
        if any("\0" in str(value) for value in values.values()):  # in no file name
            return None
        lists = {name: [*value] for name, value in values.items() if isinstance(value, tuple)}
        return parse_settings(values | lists, Path(MODEL))
    except (TypeError, ValueError):
        return None


def fingerprint_of(dataset: Dataset, feature_names: Sequence[str]) -> str:
    """Compute the fingerprint of the columns that a network takes, and of the target."""
    X = dataset.X.select(feature_names) if isinstance(dataset.X, Frame) else dataset.X
    return fingerprint(X, dataset.y)


def _outputs(classes: tuple[str, ...] | None) -> str:
    if classes is None:
        return "numbers"
    names = ", ".join(classes[:5])
    return f"{len(classes)} classes ({names}{', …' if len(classes) > 5 else ''})"
