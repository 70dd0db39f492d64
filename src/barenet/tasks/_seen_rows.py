"""The number of rows that a predictor was trained on, among the rows that it is measured on.

The model card has the split of the training. If the current split differs, some of the rows that
are held out now may have been training rows, so the scores are too good.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._dataset import Dataset
from barenet.datasets._split_column import SPLIT_ARGUMENTS
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.settings._run_defaults import config_for
from barenet.settings._task_settings import TaskSettings, without_none
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
    n_seen = int(np.isin(rows.numbers, training).sum())
    return SeenRows(n_seen, is_own_split=np.array_equal(training, split.training.numbers))


def _training_numbers(dataset: Dataset, split: Mapping[str, Any]) -> NDArray[np.int64]:
    """Return the numbers of the training rows of another split."""
    settings = TaskSettings.from_fields(without_none(split))
    if settings.split_column is None:
        dataset = replace(dataset, split_keys=None)
    training, _ = settings.split(dataset)
    numbers: NDArray[np.int64] = training.numbers
    return numbers
