"""The reference engine against a step worked by hand, and SciPy's derivative of the loss."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from barenet import Network
from barenet.engines import ReferenceEngine
from barenet.layers import Dense
from barenet.losses import SquaredError
from barenet.optimizers import ClipNorm, ClipValue
from barenet.penalties import L1, L2


@pytest.mark.parametrize(
    ("penalty", "price"),
    [
        (L1(0.3), lambda W1, W2: 0.3 * (abs(W1).sum() + abs(W2).sum())),
        (L2(0.3), lambda W1, W2: 0.15 * ((W1**2).sum() + (W2**2).sum())),
        (L2([0.1, 0.0]), lambda W1, W2: 0.05 * (W1**2).sum()),
    ],
)
def test_penalties_are_part_of_the_loss_and_the_gradient(penalty, price, make_job):
    network = Network.dense([2, 3, 1], hidden="tanh", seed=4, dtype="float64")
    X = np.array([[0.5, -1.0], [1.5, 2.0], [0.1, 0.2]])
    engine = ReferenceEngine(make_job(network, X, [1.0, 0.0, 2.0], penalties=[penalty]))
    value, gradient = engine.value_and_gradient()

    def loss_at(parameters):
        network.parameters[:] = parameters
        return engine.value_and_gradient()[0]

    bare, _ = network.value_and_gradient(X, [1.0, 0.0, 2.0])
    W1, W2 = (layer.weights.copy() for layer in network.layers)
    assert value == pytest.approx(bare + price(W1, W2))
    numeric = approx_fprime(network.parameters.copy(), loss_at, 1e-7)
    assert gradient == pytest.approx(numeric, abs=1e-6)


@pytest.mark.parametrize(
    ("clipping", "expected"),
    [(ClipValue(2.5), [2.5, 2.0]), (ClipNorm(np.sqrt(13) / 2), [1.5, 1.0]), (None, [3.0, 2.0])],
)
def test_a_step_worked_by_hand(clipping, expected, make_job):
    """Clipping shortens the step, but not the reported norm."""
    network = Network([Dense(1, 1)], dtype="float64")
    network.parameters[:] = [2.0, 1.0]
    job = make_job(network, [[1.0], [3.0]], [0.0, 6.0], clipping=clipping)
    report = ReferenceEngine(job).run([np.array([0, 1])], 2, np.array([0.5]), 0)
    # ŷ = 3, 7; ŷ − y = 3, 1; loss ½(9 + 1)/2 = 2.5; dw = (3·1 + 1·3)/2 = 3, db = (3 + 1)/2 = 2
    assert report.losses == [2.5]
    assert report.gradient_norms == [np.sqrt(13)]
    np.testing.assert_allclose([2.0, 1.0] - network.parameters, 0.5 * np.array(expected))


@pytest.mark.parametrize("weight", [None, [0, 0, 0, 0, 1, 2, 3, 4, 5, 0]])
@pytest.mark.parametrize("n_rows", [1, 4, 9])
def test_evaluation_in_blocks_changes_nothing(n_rows, weight, monkeypatch, make_job):
    network = Network.dense([2, 4, 3], seed=3, dtype="float64")
    X, y = np.random.default_rng(1).normal(size=(10, 2)), np.arange(30.0).reshape(10, 3)
    engine = ReferenceEngine(make_job(network, X, y, sample_weight=weight, penalties=[L2(10.0)]))
    value, outputs = engine.evaluate(engine.job.rows)  # without the penalty
    assert np.array_equal(outputs, network.forward(X)[0])
    assert value == SquaredError().value(outputs, y, engine.job.rows.sample_weight)
    monkeypatch.setattr("barenet.engines._reference.EVALUATED_ROWS", n_rows)
    in_blocks, outputs_in_blocks = engine.evaluate(engine.job.rows)
    assert in_blocks == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(outputs_in_blocks, outputs, rtol=1e-14)
