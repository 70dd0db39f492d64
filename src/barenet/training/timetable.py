"""Timetable: an epoch's order of the rows, the rate of each step, and what each batch counts.

An epoch of a tiny network takes less time than a few arrays take to make. So what stays the same
from epoch to epoch is made once.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from barenet.model.array_dataset import ArrayDataset
from barenet.optimization.optimizers import Optimizer
from barenet.training.batches import epoch_order
from barenet.training.plan import Plan

__all__ = ["Timetable"]


class Timetable:
    """The batches of a run, epoch by epoch.

    Attributes
    ----------
    order : ndarray of int of shape (n_rows,)
        The current epoch's order of the rows.
    rates : ndarray of shape (n_batches,), float64
        The learning rate of each of its steps.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import SGD, StepDecay
    >>> rows = ArrayDataset(np.zeros((5, 1)), np.zeros((5, 1)), None)
    >>> plan = Plan(epochs=2, batch_size=2, shuffle=False, schedule=StepDecay(every=0.5))
    >>> timetable = Timetable(rows, SGD(learning_rate=0.1), plan, seed=0)
    >>> timetable.turn_to(1)
    >>> timetable.order, timetable.rates
    (array([0, 1, 2, 3, 4]), array([0.025 , 0.025 , 0.0125]))
    >>> timetable.mean(np.array([1.0, 2.0, 3.0]))  # of 2, 2 and 1 rows
    1.8
    """

    def __init__(self, rows: ArrayDataset, optimizer: Optimizer, plan: Plan, seed: int) -> None:
        self._rows, self._optimizer, self._plan, self._seed = rows, optimizer, plan, seed
        n_batches = math.ceil(len(rows.X) / plan.batch_size)
        self._fractions = [batch / n_batches for batch in range(n_batches)]
        self._reordered = plan.shuffle and rows.sample_weight is not None
        self.order = np.arange(len(rows.X))
        self.rates = np.zeros(n_batches)
        self._weigh_batches()

    def turn_to(self, epoch: int) -> None:
        """Open the page of an epoch."""
        if self._plan.shuffle:
            self.order = self._draw_order(epoch)
        if self._reordered:
            self._weigh_batches()
        self._set_rates(epoch)

    def mean(self, losses: NDArray[np.float64]) -> float:
        """Average the batches' losses by the weights of their rows."""
        mean = float(losses.dot(self._weights)) / self._weight
        # Of numbers close to the largest there is, the sum may be beyond it, and the mean is not.
        return mean if math.isfinite(mean) else float(losses.dot(self._weights / self._weight))

    def _draw_order(self, epoch: int) -> NDArray[np.intp]:
        if self._plan.order is not None:
            return self._plan.order(epoch)
        return epoch_order(len(self.order), seed=self._seed, epoch=epoch)

    def _weigh_batches(self) -> None:
        self._weights = self._rows.batch_weights(self._plan.batch_size, self.order)
        self._weight = float(self._weights.sum())

    def _set_rates(self, epoch: int) -> None:
        """Compute the learning rate of each step; a steady one is written when it changes."""
        schedule, epochs = self._plan.schedule, self._plan.epochs
        learning_rate = self._optimizer.learning_rate
        if not schedule.steady:
            times = (epoch + fraction for fraction in self._fractions)
            self.rates[:] = [learning_rate * schedule.factor(time, epochs) for time in times]
        elif self.rates[0] != (rate := learning_rate * schedule.factor(epoch, epochs)):
            self.rates[:] = rate
