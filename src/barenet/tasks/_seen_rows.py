"""The number of rows that a predictor was trained on, among the rows that it is measured on.

The model card has the split of the training. If the current split differs, some of the rows that
are held out now may have been training rows, so the scores are too good. Other rows are those of
the training if they have their fingerprint, and may be if they are in a file of the same name.
"""

import glob
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._dataset import Dataset
from barenet.datasets._dataset_loading import set_name
from barenet.datasets._split_column import SPLIT_ARGUMENTS
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.settings._run_defaults import config_for
from barenet.settings._task_settings import TaskSettings, without_none
from barenet.storage._file_io import STANDARD_INPUT, is_pattern
from barenet.tasks._split_rows import SplitRows, is_of_training


class SeenRows(NamedTuple):
    """The overlap of the rows that a predictor is measured on with its training rows."""

    #: The number of rows that it was trained on; None if that is unknown.
    n_seen: int | None
    #: Whether the rows are split in the same way as in training.
    is_own_split: bool


def find_seen_rows(
    split: SplitRows, predictor: Predictor, rows: Dataset, settings: TaskSettings
) -> SeenRows:
    """Compare the training set or the test set with the training rows of a predictor."""
    card = (predictor.card or ModelCard()).settings
    is_same_table = is_of_training(predictor, split.dataset)
    if is_same_table is False and split.stream is None and "memory" not in card:
        return SeenRows(0, is_own_split=False)
    if not is_same_table or "test_size" not in card:
        return SeenRows(None, is_own_split=False)
    config = config_for(settings.config, split.dataset)
    now = {
        "test_size": config.test_size,
        "split_seed": config.split_seed,
        **{name: getattr(settings, name) for name in SPLIT_ARGUMENTS},
    }
    then = {name: card.get(name) for name in now}
    column = settings.split_column
    if column is not None and then["split_by"] == column.name:
        then["split_by"] = None  # a card of barenet 0.3.0 leaves open what the column is for
        then[column.argument] = column.name
    # The column of another split may not have been read.
    if any(then[name] not in (None, now[name]) for name in SPLIT_ARGUMENTS):
        return SeenRows(None, is_own_split=False)
    training = _training_numbers(split.dataset, then) if then != now else split.training.numbers
    n_seen = 0
    if not (split.has_test_table and rows is split.test):
        n_seen = int(np.isin(rows.numbers, training).sum())
    return SeenRows(n_seen, is_own_split=np.array_equal(training, split.training.numbers))


def count_seen(predictor: Predictor, rows: Dataset) -> int:
    """Count the training rows of a predictor among all rows of a table, by their fingerprint."""
    if not is_of_training(predictor, rows):
        return 0
    return rows.n_samples - _held_out_of_table(predictor.card or ModelCard())


def rows_of_training_table(card: ModelCard) -> int:
    """Count the rows of the table of a training, with those that are held out of it."""
    n_rows = sum(card.rows.values()) - card.rows.get("held_out", 0)
    return n_rows + _held_out_of_table(card)


def _held_out_of_table(card: ModelCard) -> int:
    """Count the test rows in the table of a training; without a test size, they are of another."""
    return 0 if card.settings.get("test_size") == 0 else card.rows.get("held_out", 0)


def may_be_seen(predictor: Predictor, trained_on: str, data: str, rows: Dataset) -> bool:
    """Return whether rows other than the training data may contain some of it, by their names."""
    if not trained_on:
        return rows.name == predictor.dataset
    if trained_on == STANDARD_INPUT or set_name(trained_on):
        return False
    files = {Path(data).resolve(), *files_of(data)}
    training_files = {Path(trained_on).resolve(), *files_of(trained_on)}
    training_files.update(files_of(trained_on, Path(data).parent))
    if not is_pattern(data) and Path(data).name == Path(trained_on).name:
        return True
    return not files.isdisjoint(training_files)


def files_of(data: str, folder: Path = Path()) -> list[Path]:
    """List the files of a pattern as on a card, where patterns have no folder."""
    if not glob.has_magic(data):
        return []
    paths = glob.glob(str(folder / data), recursive=True)  # noqa: PTH207
    return [Path(path).resolve() for path in paths]


def _training_numbers(dataset: Dataset, split: Mapping[str, Any]) -> NDArray[np.int64]:
    """Return the numbers of the training rows of another split."""
    settings = TaskSettings.from_fields(without_none(split))
    if settings.split_column is None:
        dataset = replace(dataset, split_keys=None)
    training, _ = settings.split(dataset)
    numbers: NDArray[np.int64] = training.numbers
    return numbers
