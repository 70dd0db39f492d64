"""Adaptive optimizers by hand: first steps, and what their papers promise of them."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from barenet.optimization.optimizers import AdaGrad, Adam, AdamW, RMSProp


def steps(optimizer, gradients, start=0.0):
    """Where θ is after each step."""
    theta, points = np.array([start]), []
    for gradient in gradients:
        optimizer.step(theta, np.array([gradient]))
        points.append(theta[0])
    return points


def test_adagrad():
    # s: 9, 25; the steps are 3/3 and 4/5
    points = steps(AdaGrad(learning_rate=1, epsilon=1e-300), [3.0, 4.0])
    assert points == pytest.approx([-1, -1.8])


def test_rmsprop():
    # s: ¾·0 + ¼·4 = 1, then ¾·1 + ¼·21 = 6; the steps are 2/√1 and √21/√6
    points = steps(RMSProp(learning_rate=1, decay=0.75, epsilon=1e-300), [2.0, np.sqrt(21)])
    assert points == pytest.approx([-2, -2 - np.sqrt(21 / 6)])


def test_adam():
    adam = Adam(learning_rate=1, beta1=0.5, beta2=0.75, epsilon=1e-300)
    points = steps(adam, [2.0, -1.0])
    # m: 1, then 0;      m̂: 1/½ = 2, then 0
    # v: 1, then ¾ + ¼;  v̂: 1/¼ = 4, then 1/(1 − 9/16)
    assert points == pytest.approx([-1, -1])
    assert adam.moments["mean"].tolist() == [0]
    assert adam.moments["squares"].tolist() == [1]


def test_adam_in_the_shorter_form_of_the_paper():
    adam = Adam(learning_rate=1, beta1=0.5, beta2=0.75, epsilon=1e-300, epsilon_hat=1.5)
    # α₁ = √(1 − ¾) / (1 − ½) = 1, and the step is α₁ m / (√v + ε̂) = 1 / (1 + 1.5)
    assert steps(adam, [2.0]) == pytest.approx([-0.4])


def test_epsilon_is_outside_of_the_root():
    # η g / (√g² + ε) = 1 / (1 + 3): within the root it would be ½
    for optimizer in (AdaGrad(1, epsilon=3), RMSProp(1, decay=0, epsilon=3), Adam(1, epsilon=3)):
        assert steps(optimizer, [1.0]) == pytest.approx([-0.25])


@given(gradient=st.floats(1e-3, 1e3), sign=st.sampled_from([-1, 1]))
def test_adams_first_step_is_the_rate_whatever_the_gradient(gradient, sign):
    (point,) = steps(Adam(learning_rate=0.1), [sign * gradient])
    assert point == pytest.approx(-0.1 * sign, rel=1e-4)


def test_adamw_decays_by_the_rate_and_not_by_the_gradient():
    # no gradient: θ shrinks by η λ each step, and Adam's part is 0
    points = steps(AdamW(0.1, weight_decay=0.5), [0.0] * 3, start=1.0)
    assert points == pytest.approx([0.95, 0.95**2, 0.95**3])
    theta = np.array([1.0])
    AdamW(0.1, weight_decay=0.5).step(theta, np.array([0.0]), 0.2)
    assert theta[0] == pytest.approx(0.9)  # a schedule scales the decay with the rate
