"""Plan: how the epochs of a run go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from barenet.model.array_dataset import ArrayDataset
from barenet.model.arrays import FloatArray
from barenet.optimization.schedules import Constant, Schedule

__all__ = ["Judge", "Plan"]


class Judge(Protocol):
    """Scores the network's outputs for the validation rows; greater is better.

    Attributes
    ----------
    names : tuple of str
        What the scores are called.
    """

    names: tuple[str, ...]

    def __call__(self, output: FloatArray) -> Mapping[str, float]:
        """Give a number for each name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """How the epochs go.

    Attributes
    ----------
    epochs : int
        The most epochs.
    batch_size : int
        Rows in a step.
    shuffle : bool
        Visit the rows in a new order each epoch.
    order : callable, optional
        Returns the order of the shuffled rows in an epoch; it is called with the number of epochs
        done before. By default the order is a function of the seed and the epoch alone.
    schedule : Schedule
        Factor on the learning rate.
    metrics : mapping of str to callable
        What is measured after each epoch besides the loss.
    held_out : mapping of str to Rows
        Rows that are measured after each epoch and not trained on, by their names in `HELD_OUT`.
        Only those named ``"validation"`` may affect the training.
    judge : Judge, optional
        Scores the validation rows, for curves named ``validation_`` and the score.
    """

    epochs: int
    batch_size: int
    shuffle: bool = True
    order: Callable[[int], NDArray[np.intp]] | None = None
    schedule: Schedule = field(default_factory=Constant)
    metrics: Mapping[str, Callable[[FloatArray, FloatArray], float]] = field(default_factory=dict)
    held_out: Mapping[str, ArrayDataset] = field(default_factory=dict)
    judge: Judge | None = None
