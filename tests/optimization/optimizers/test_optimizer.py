"""The optimizer contract, by a user-defined rule, and details of the adaptive rules."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from barenet.optimization.optimizers import (
    AdaGrad,
    Adam,
    Lion,
    Optimizer,
    RMSProp,
    as_optimizer,
)


@dataclass
class Average(Optimizer):
    """A step against the average of all gradients so far."""

    name: ClassVar[str] = "average"
    moment_names: ClassVar[tuple[str, ...]] = ("total",)
    learning_rate: float = 0.5

    def update(self, parameters, gradient, rate):
        self.moments["total"] += gradient
        parameters -= rate * self.moments["total"] / self.n_steps


def test_a_user_defined_optimizer_keeps_its_moments():
    optimizer, theta = Average(), np.zeros(2, np.float32)
    optimizer.step(theta, np.array([1, 0], np.float32))
    assert theta.tolist() == [-0.5, 0]
    optimizer.step(theta, np.array([3, 2], np.float32), 0.25)
    assert theta.tolist() == [-1, -0.25]  # −½ − ¼ · 4/2, −¼ · 2/2
    assert optimizer.moments["total"].tolist() == [4, 2]
    assert optimizer.moments["total"].dtype == np.float32
    assert as_optimizer(optimizer) is optimizer


def steps(optimizer, gradients, start=0.0):
    """Where θ is after each step."""
    theta, points = np.array([start]), []
    for gradient in gradients:
        optimizer.step(theta, np.array([gradient]))
        points.append(theta[0])
    return points


def test_adam_in_the_efficient_form_of_the_paper():
    adam = Adam(learning_rate=1, beta1=0.5, beta2=0.75, epsilon=1e-300, epsilon_hat=1.5)
    # α₁ = √(1 − ¾) / (1 − ½) = 1, and the step is α₁ m / (√v + ε̂) = 1 / (1 + 1.5)
    assert steps(adam, [2.0]) == pytest.approx([-0.4])


def test_epsilon_is_outside_the_square_root():
    # η g / (√g² + ε) = 1 / (1 + 3): within the root it would be ½
    for optimizer in (AdaGrad(1, epsilon=3), RMSProp(1, decay=0, epsilon=3), Adam(1, epsilon=3)):
        assert steps(optimizer, [1.0]) == pytest.approx([-0.25])


def test_lion_takes_steps_of_one_length_by_hand():
    """The sign has the mean of before, which keeps 0.5, and the mean keeps 0.25."""
    theta, lion = np.array([1.0, 1.0, 1.0]), Lion(0.1, beta1=0.5, beta2=0.25)
    for gradient in ([4.0, -1e-9, 0.0], [-1.0, -1e-9, 0.0], [-4.0, -1e-9, 0.0]):
        lion.step(theta, np.array(gradient))
    # m is 3, 0, −3 times ...: 0.75 · 4 = 3; 0.25 · 3 − 0.75 = 0; and the signs are of 2, 1 and −2
    np.testing.assert_allclose(theta, [1 - 0.1 - 0.1 + 0.1, 1.3, 1], rtol=1e-12)
    np.testing.assert_allclose(lion.moments["mean"][0], -3, rtol=1e-12)
    decayed = Lion(0.1, weight_decay=0.5)
    decayed.step(theta := np.array([2.0]), np.array([0.0]))
    assert theta.tolist() == [2 * 0.95]
