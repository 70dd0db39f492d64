"""Rows that a predictor was trained on, among the rows that it is measured on.

The model card has the split of the training. If the current split differs, some of the rows that
are held out now may have been training rows, so the scores are too good.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._dataset import Dataset
from barenet.datasets._split_column import SPLIT_ARGUMENTS
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.settings._run_defaults import config_for
from barenet.settings._task_settings import TaskSettings, without_none
from barenet.tasks._split_rows import SplitRows, is_of_training


@dataclass(frozen=True, kw_only=True)
class SeenRows:
    """The overlap of the rows that a predictor is measured on with its training rows."""

    #: The number of rows that the predictor is measured on.
    n_rows: int
    #: The number of these rows that it was trained on; None if that is unknown.
    n_seen: int | None = None
    #: Whether the rows come from another table.
    are_of_another_table: bool = False
    #: Whether the rows are split in the same way as in training.
    are_split_alike: bool = False
    #: The settings of the training's split that differ from the current ones.
    other_split: Mapping[str, Any] = field(default_factory=dict)

    @property
    def clause(self) -> str:
        """The end of a sentence about these rows; empty if they are split as in training."""
        if self.are_of_another_table:
            return " of another table"
        if self.are_split_alike:
            return ""
        return f", {self._number} of which it was trained on"

    @property
    def warning(self) -> str:
        """A warning about rows that another split used for training; empty if there are none."""
        if not self.other_split or self.n_seen == 0:
            return ""
        options = ", ".join(f"{name}={value!r}" for name, value in self.other_split.items())
        problem = f"the predictor was trained on {self._number} of these {self.n_rows:,} rows"
        return f"{problem}; open the task with {options}, as then"

    @property
    def _number(self) -> str:
        return "perhaps some" if self.n_seen is None else f"{self.n_seen:,}"


def find_seen_rows(
    split: SplitRows, predictor: Predictor, rows: Dataset, settings: TaskSettings
) -> SeenRows:
    """Compare the training set or the test set with the training rows of a predictor."""
    card = (predictor.card or ModelCard()).settings
    n_rows = rows.n_samples
    is_same_table = is_of_training(predictor, split.dataset)
    if is_same_table is False and split.stream is None and "memory" not in card:
        return SeenRows(n_rows=n_rows, are_of_another_table=True)
    if not is_same_table or "test_size" not in card:
        return SeenRows(n_rows=n_rows)
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
    changed = {name: value for name, value in then.items() if value != now[name]}
    if any(changed.get(name) is not None for name in SPLIT_ARGUMENTS):  # its column may be unread
        return SeenRows(n_rows=n_rows, other_split=changed)
    training = _training_numbers(split.dataset, then) if changed else split.training.numbers
    if np.array_equal(training, split.training.numbers):
        return SeenRows(n_rows=n_rows, are_split_alike=True)
    n_seen = int(np.isin(rows.numbers, training).sum())
    return SeenRows(n_rows=n_rows, n_seen=n_seen, other_split=changed)


def _training_numbers(dataset: Dataset, split: Mapping[str, Any]) -> NDArray[np.int64]:
    """Return the numbers of the training rows of another split."""
    settings = TaskSettings.from_fields(without_none(split))
    if settings.split_column is None:
        dataset = replace(dataset, split_keys=None)
    training, _ = settings.split(dataset)
    numbers: NDArray[np.int64] = training.numbers
    return numbers
