"""A trained network as the commands find it: a model file, or the folder of a run."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from barenet.cli.provenance import fingerprint_of, settings_of
from barenet.cli.run_file import read_run_file
from barenet.cli.settings import FileOptions, Settings, is_table
from barenet.data.columns import CategoryColumn
from barenet.data.dataset import Dataset
from barenet.data.datasets import DATASETS, canonical_name, load_dataset
from barenet.data.duplicates import count_duplicates
from barenet.data.file_io import CSV_SUFFIXES, STANDARD_INPUT, plain_name
from barenet.data.frame import Frame
from barenet.data.run_config import DEFAULTS, RunConfig
from barenet.data.table_loading import read_samples
from barenet.data.written import as_written
from barenet.errors import DataError, printable
from barenet.files.model_io import load_predictor
from barenet.files.predictor import Predictor

__all__ = ["MODEL", "SETTINGS", "Trained", "data_of", "load_trained", "model_file"]

#: What the files of a run are called.
MODEL, SETTINGS = "model.safetensors", "settings.toml"

#: Most bytes of a table that is read once more to look for some of its rows: about a second.
MOST_BYTES = 2**24


@dataclass(frozen=True, eq=False, kw_only=True)
class Trained:
    """A trained network with what is known of its training.

    Attributes
    ----------
    path : Path
        Its model file.
    predictor : Predictor
        The network, from raw rows to answers.
    settings : Settings, optional
        What it was trained with: as the folder of its run has it, else as the card in its file.
    """

    path: Path
    predictor: Predictor
    settings: Settings | None

    def has_learned_from(self, data: str, dataset: Dataset) -> bool | None:
        """Tell if rows are those of the training, whatever they are called now."""
        card, known = self.predictor.card, self.trained_on(data)
        if card is not None and card.data_fingerprint is not None:
            names = self.predictor.feature_names
            rows = [dataset.X]
            if isinstance(dataset.X, Frame):  # an estimator knows its rows as a CSV file has them
                rows.append(as_written(dataset.X))
            alike = (dataclasses.replace(dataset, X=X) for X in rows)
            return card.data_fingerprint in (fingerprint_of(each, names) for each in alike) or (
                known is not None and data in DATASETS  # made anew, perhaps with other last digits
            )
        return None if self.settings is None else known is not None

    def samples(self, data: str, file: FileOptions) -> Dataset:
        """Load rows with their truths, as the network knows them."""
        predictor = self.predictor
        if is_table(data):
            return self._table(data, file)
        known = self.trained_on(data)
        config = known.config if known else RunConfig()
        options: dict[str, Any] = {
            "samples": config.samples,
            "noise": config.noise,
            "data_seed": config.data_seed,
            "task": "classification" if predictor.classes else "regression",
        }
        if not data.endswith((".npz", ".npz.gz")):
            del options["task"]
        dataset = load_dataset(data, **options, **self.file_options(data, file))
        if dataset.n_features != len(predictor.feature_names):
            raise DataError(
                f"{data} has {dataset.n_features} features, and {self.path} takes "
                f"{len(predictor.feature_names)}"
            )
        if dataset.classes != predictor.classes:
            raise DataError(
                f"{data} has {_answers(dataset.classes)}, and {self.path} says "
                f"{_answers(predictor.classes)}"
            )
        return dataset

    def check_one_number(self) -> None:
        """Refuse a model whose answers no table has the truths of."""
        count = self.predictor.network.n_outputs or 1
        if self.predictor.classes is None and count > 1:
            raise ValueError(
                f"model: {self.path} predicts {count:,} numbers for each row, and a table has one "
                "target; train a model for each"
            )

    def split(self, dataset: Dataset) -> tuple[Dataset, Dataset | None]:
        """Part the rows of the training as they were then."""
        if self.settings is None:
            return dataset, None
        config = self.settings.config.over(DEFAULTS)
        return dataset.split(config.test_size or 0.0, config.split_seed or 0)

    def count_learned(self, dataset: Dataset) -> int | None:
        """Count the rows of a table that stand among those of the training, in any order."""
        data = self.settings.data if self.settings else STANDARD_INPUT
        if data == STANDARD_INPUT or not is_table(data):
            return None
        with contextlib.suppress(OSError, ValueError):
            if Path(data).is_file() and Path(data).stat().st_size <= MOST_BYTES:
                before = self.samples(data, FileOptions())
                card = self.predictor.card
                names = self.predictor.feature_names
                if card and fingerprint_of(before, names) == card.data_fingerprint:
                    return count_duplicates(dataset, self.split(before)[0])
        return None

    @property
    def categories(self) -> list[str]:
        """The columns of a table in which it knows names, whatever they look like."""
        columns = getattr(self.predictor.preprocessing, "columns", ())
        return [each.name for each in columns if isinstance(each, CategoryColumn)]

    @property
    def loss(self) -> str | None:
        """What it was trained to make small; None if that is not known."""
        return self.settings.config.loss if self.settings else None

    def trained_on(self, data: str) -> Settings | None:
        """Tell if data are called as those of the training, and so to be read like them."""
        if self.settings is None or data == STANDARD_INPUT:  # which holds what it holds this time
            return None
        data = canonical_name(data)
        same = data == self.settings.data
        if not same and not {data, self.settings.data} & DATASETS.keys():
            path = Path(self.settings.data)  # of a card the name alone
            same = Path(data).resolve() == path.resolve() or Path(data).name == str(path)
        return self.settings if same else None

    def _table(self, data: str, file: FileOptions) -> Dataset:
        predictor = self.predictor
        options = self.file_options(data, file)
        options.pop("data_dir", None)
        options |= {"frame": predictor.takes_frames, "categories": self.categories}
        X, y = read_samples(
            data, predictor.feature_names, predictor.target_name, predictor.classes, **options
        )
        return Dataset(
            name=Path(data).name,
            X=X,
            y=y,
            classes=predictor.classes,
            feature_names=predictor.feature_names,
            target_name=predictor.target_name,
            image_shape=predictor.image_shape,
            description=f"{len(X):,} rows",
        )

    def file_options(self, data: str, file: FileOptions) -> dict[str, Any]:
        """Decide how a file is read: as said, else as it was for the training."""
        known = self.trained_on(data)
        options = dataclasses.asdict(known.file if known else FileOptions())
        # The columns of another CSV file are named as those of the training set.
        if self.settings and plain_name(data).endswith(CSV_SUFFIXES):
            options["header"] = self.settings.file.header
        given = {name: value for name, value in vars(file).items() if value is not None}
        return {name: value for name, value in (options | given).items() if value is not None}


def load_trained(path: Path) -> Trained:
    """Find a trained network."""
    file = model_file(path)
    predictor = load_predictor(file)
    beside = file.with_name(SETTINGS)
    known = file.name == MODEL and beside.is_file()
    settings = read_run_file(beside) if known else settings_of(predictor.card)
    return Trained(path=file, predictor=predictor, settings=settings)


def data_of(trained: Trained, data: str) -> str:
    """Name the data that are meant."""
    known = trained.settings.data if trained.settings else trained.predictor.dataset
    if data or known in DATASETS or Path(known).is_file():
        return data or known
    if not known:
        raise ValueError(
            f"data: {trained.path} does not tell what it was trained on; name the rows after the "
            "model"
        )
    name = "standard input" if known == STANDARD_INPUT else f"{printable(known)}, not found here"
    raise ValueError(f"data: {trained.path} was trained on {name}; name the rows after the model")


def model_file(path: Path) -> Path:
    """Find the model file."""
    if not path.is_dir():
        return path
    if not (path / MODEL).exists():
        raise FileNotFoundError(f"{path}: no run has left a model there, as {MODEL} is missing")
    return path / MODEL


def _answers(classes: tuple[str, ...] | None) -> str:
    if classes is None:
        return "numbers"
    some = ", ".join(classes[:5])
    return f"{len(classes)} classes ({some}{', …' if len(classes) > 5 else ''})"
