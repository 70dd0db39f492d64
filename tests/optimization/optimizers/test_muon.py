"""Muon: its formula by a singular value decomposition, and the shapes that it needs."""

import numpy as np
import pytest

from barenet import Network, train
from barenet.optimization.optimizers._muon import ITERATIONS, orthogonalized
from barenet.optimizers import AdamW, Muon

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(70, 6)), np.arange(70) % 3


@pytest.mark.parametrize("shape", [(5, 5), (3, 8), (8, 3), (1, 4), (64, 200)])
def test_orthogonalized_applies_the_quintic_to_each_singular_value(shape):
    """U S Vᵀ becomes U p(S) Vᵀ, and p⁵(s) is near 1 for s from 0.01 to 1."""
    matrix = RNG.normal(size=shape)
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values = values / np.linalg.norm(values)
    for _ in range(ITERATIONS):
        values = 3.4445 * values - 4.775 * values**3 + 2.0315 * values**5
    np.testing.assert_allclose(orthogonalized(matrix), left * values @ right, atol=1e-12)
    assert values.min() > 0.65 and values.max() < 1.25


def test_no_gradient_is_no_direction():
    assert not orthogonalized(np.zeros((2, 3))).any()
    huge, usual = np.full((2, 3), 1e30, np.float32), np.ones((2, 3), np.float32)
    np.testing.assert_allclose(orthogonalized(huge), orthogonalized(usual), rtol=1e-5)


def test_muon_takes_two_steps_of_a_matrix_as_by_hand_and_of_the_others_as_adamw():
    network = Network.dense([4, 3, 2], dtype="float64", seed=1)
    muon = Muon(0.1, beta1=0.9, beta2=0.8, weight_decay=0.5)
    adamw = AdamW(0.1, beta1=0.9, beta2=0.8, weight_decay=0.5)
    muon.layout, others = network.layout, network.parameters.copy()
    W, M = network.layers[0].weights.copy(), np.zeros((4, 3))
    for gradient in RNG.normal(size=(2, network.n_parameters)):
        muon.step(network.parameters, gradient)
        adamw.step(others, gradient)
        G = gradient[:12].reshape(4, 3)
        M = 0.9 * M + 0.1 * G
        W = (1 - 0.1 * 0.5) * W - 0.1 * 0.2 * 2 * orthogonalized(0.9 * M + 0.1 * G)
    np.testing.assert_allclose(network.layers[0].weights, W, rtol=1e-13)
    np.testing.assert_allclose(network.parameters[12:], others[12:], rtol=1e-13)


def test_the_shapes_are_needed_and_train_sets_them():
    muon, network = Muon(), Network.dense([6, 4, 3], output="softmax")
    with pytest.raises(ValueError, match=r"^optimizer: muon needs its layout=network.layout$"):
        muon.step(network.parameters, np.ones_like(network.parameters))
    train(network, X, Y, optimizer=muon, epochs=1)
    assert muon.layout is network.layout
