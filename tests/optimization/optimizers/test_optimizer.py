"""The optimizer contract, by a rule of one's own."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet.optimization.optimizers import Optimizer, as_optimizer


@dataclass
class Average(Optimizer):
    """A step against the average of all gradients so far."""

    name: ClassVar[str] = "average"
    moment_names: ClassVar[tuple[str, ...]] = ("total",)
    learning_rate: float = 0.5

    def update(self, parameters, gradient, rate):
        self.moments["total"] += gradient
        parameters -= rate * self.moments["total"] / self.n_steps


def test_a_rule_of_ones_own_has_its_memory_kept():
    optimizer, theta = Average(), np.zeros(2, np.float32)
    optimizer.step(theta, np.array([1, 0], np.float32))
    assert theta.tolist() == [-0.5, 0]
    optimizer.step(theta, np.array([3, 2], np.float32), 0.25)
    assert theta.tolist() == [-1, -0.25]  # −½ − ¼ · 4/2, −¼ · 2/2
    assert optimizer.moments["total"].tolist() == [4, 2]
    assert optimizer.moments["total"].dtype == np.float32
    assert as_optimizer(optimizer) is optimizer
