"""The configuration of a run: everything but the network, its data and its optimizer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import Configurable, option
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.optimization._schedules import Constant, Schedule
from barenet.training._metrics import Metric


class Scorer(Protocol):
    """Scores the network's outputs for the validation set; greater is better."""

    #: The names of the scores.
    names: tuple[str, ...]

    def __call__(self, output: FloatArray) -> Mapping[str, float]:
        """Compute a number for each name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingConfig(Configurable):
    """Epochs, batches, schedule and measurements of a run, all checked."""

    epochs: int = option(ge=1, integer=True)
    batch_size: int
    shuffle: bool = True
    #: Returns the order of the shuffled rows, given the number of finished epochs; by default the
    #: order is a function of the seed and the epoch.
    order: Callable[[int], NDArray[np.intp]] | None = None
    schedule: Schedule = field(default_factory=Constant)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    #: Validation and test sets, by their names in `HELD_OUT`.
    held_out: Mapping[str, ArrayDataset] = field(default_factory=dict)
    #: Scores the validation set, beside the metrics.
    scorer: Scorer | None = None
