"""Gradient descent by hand: each rule's first steps, written out."""

import numpy as np

from barenet.optimization.optimizers import SGD, Momentum, Nesterov


def steps(optimizer, gradients, rates=None):
    """Where θ = 0 is after each step."""
    theta, points = np.zeros(1), []
    for i, gradient in enumerate(gradients):
        optimizer.step(theta, np.array([gradient]), None if rates is None else rates[i])
        points.append(theta[0])
    return points


def test_sgd():
    assert steps(SGD(learning_rate=0.5), [1.0, -4.0, 2.0]) == [-0.5, 1.5, 0.5]
    assert steps(SGD(learning_rate=99), [1.0, 1.0], rates=[0.5, 0.25]) == [-0.5, -0.75]


def test_momentum():
    # v: −1, then ½·(−1) − 1 = −1½, then ½·(−1½) + 2 = 1¼
    assert steps(Momentum(learning_rate=1, beta=0.5), [1.0, 1.0, -2.0]) == [-1, -2.5, -1.25]


def test_nesterov():
    # v: −1, −1½; the steps are ½ v − g: −1½, −1¾
    assert steps(Nesterov(learning_rate=1, beta=0.5), [1.0, 1.0]) == [-1.5, -3.25]


def test_nesterov_is_the_paper_s_look_ahead():
    """v ← βv − η∇f(θ + βv), θ ← θ + v, with our parameters at the paper's θ + βv."""
    gradient_of = np.cos  # any function
    beta, eta = 0.8, 0.1
    theta, v = np.array([0.3]), np.zeros(1)
    ours, optimizer = theta.copy(), Nesterov(learning_rate=eta, beta=beta)
    for _ in range(20):
        v = beta * v - eta * gradient_of(theta + beta * v)
        theta = theta + v
        optimizer.step(ours, gradient_of(ours))
        np.testing.assert_allclose(ours, theta + beta * v, rtol=1e-13)
