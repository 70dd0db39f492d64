"""Numbers at the end of their range: every engine comes to finite ones, or says so."""

import warnings

import numpy as np
import pytest

from barenet import Network, train
from barenet.errors import DivergenceError
from barenet.optimizers import OPTIMIZERS

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
LABELS = (X[:, 0] > 0).astype(int)

engines = pytest.mark.parametrize("engine", ["reference", "compiled"])


@pytest.mark.case(85)
@pytest.mark.promise(3)
@pytest.mark.parametrize(
    ("engine", "optimizer", "dtype"),
    [
        *(
            (engine, name, ("float32", "float64")[i % 2])
            for engine in ("reference", "compiled")
            for i, name in enumerate(sorted({*OPTIMIZERS} - {"lbfgs"}))
        ),
        ("jax", "adam", "float32"),
    ],
)
def test_a_learning_rate_of_a_million_ends_finite_or_in_a_divergence(engine, dtype, optimizer):
    """A divergence, or an explosion that is warned of; and never a loss that is no number."""
    network = Network.dense([3, 8, 1], seed=1, dtype=dtype)
    before = network.parameters.copy()
    options = {"optimizer": f"{optimizer}:learning_rate=1e6", "engine": engine, "epochs": 20}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            history = train(network, X, X[:, 0] ** 2, batch_size=8, **options)
        except DivergenceError as error:
            assert f"in epoch {error.epoch}, batch {error.batch}; try a smaller" in str(error)
            assert not np.isfinite(error.loss) or error.epoch > 1
            assert error.outcome == "The network has the parameters from before that epoch"
            assert error.epoch > 1 or np.array_equal(network.parameters, before)
        else:
            assert np.isfinite(history.loss).all()
            assert any("the loss grew from" in str(warning.message) for warning in caught)
    assert np.isfinite(network.parameters).all()


@pytest.mark.promise(3)
@engines
@pytest.mark.parametrize(("scale", "dtype"), [(1e12, "float64"), (1e30, "float32")])
def test_lbfgs_ends_finite_or_in_a_divergence_from_huge_weights(engine, dtype, scale):
    """It chooses its own steps, so it is thrown out by targets instead of a learning rate."""
    network = Network.dense([3, 8, 1], seed=1, dtype=dtype)
    settings = {"optimizer": "lbfgs", "engine": engine, "epochs": 20}
    try:
        history = train(network, X * scale, X[:, 0] * scale, **settings)
    except DivergenceError as error:
        assert "in epoch" in str(error)
    else:
        assert np.isfinite(history.loss).all() and history.loss[-1] <= history.loss[0]
    assert np.isfinite(network.parameters).all()


@pytest.mark.case(86)
@pytest.mark.parametrize(
    ("engine", "dtype", "output", "n_outputs"),
    [
        ("reference", "float32", "softmax", 3),
        ("reference", "float64", "sigmoid", 1),
        ("compiled", "float32", "sigmoid", 1),
        ("compiled", "float64", "softmax", 2),
        ("jax", "float32", "softmax", 3),
    ],
)
def test_logits_of_ten_thousand_give_finite_results(engine, dtype, output, n_outputs):
    network = Network.dense([3, n_outputs], output=output, seed=1, dtype=dtype)
    network.layers[0].weights *= 1e4
    labels = LABELS if n_outputs < 3 else np.arange(40) % 3
    logits = X.astype(dtype) @ network.layers[0].weights
    assert np.abs(logits).max() > 1e4
    P = network.predict(X)
    assert np.isfinite(P).all() and (P >= 0).all() and (P <= 1).all()
    if output == "softmax":
        np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-6)
    history = train(network, X, labels, engine=engine, epochs=2, optimizer="sgd", batch_size=8)
    assert np.isfinite(history.loss).all() and np.isfinite(network.parameters).all()


@pytest.mark.case(87)
@engines
@pytest.mark.parametrize(("output", "n_outputs"), [("softmax", 2), ("sigmoid", 1)])
def test_probabilities_of_zero_give_finite_losses(engine, dtype, output, n_outputs):
    """Sure of the wrong class: −log p is the difference of the logits, where p itself is 0."""
    network = Network.dense([1, n_outputs], output=output, init="zeros", dtype=dtype)
    network.layers[0].bias = [2e3, -2e3] if n_outputs == 2 else -4e3
    assert network.predict([[1.0]])[0, -1] == 0
    settings = {"optimizer": "sgd:learning_rate=1e-12", "epochs": 1, "batch_size": 1}
    history = train(network, [[1.0]], [1], engine=engine, **settings)
    assert history.loss == pytest.approx([4e3])
    assert history["gradient_norm"] == pytest.approx([2 if n_outputs == 2 else 2**0.5])


@pytest.mark.case(88)
@engines
def test_denormals_do_not_change_the_result(engine, dtype):
    tiny = float(np.finfo(dtype).tiny) / 8
    rows, twin = np.zeros((40, 3)), np.zeros((40, 3))
    rows[:, :2] = twin[:, :2] = X[:, :2]
    rows[:, 2] = tiny
    answers = []
    for inputs in (rows, twin):
        network = Network.dense([3, 8, 2], output="softmax", seed=1, dtype=dtype)
        settings = {"engine": engine, "epochs": 5, "batch_size": 8, "optimizer": "momentum"}
        history = train(network, inputs, LABELS, **settings)
        answers.append((history.loss, network.predict(twin)))
    np.testing.assert_allclose(answers[0][0], answers[1][0], rtol=1e-6)
    np.testing.assert_allclose(answers[0][1], answers[1][1], rtol=1e-5)


@pytest.mark.case(89)
@engines
def test_dead_relus_warn_and_stay_finite(engine, dtype):
    network = Network.dense([3, 4, 1], seed=1, dtype=dtype)
    network.layers[0].bias = -1e3
    network.layers[-1].weights[:] = 1
    y = np.concatenate([np.ones(16), -np.ones(16)])  # 1/32 of each adds up without rounding
    before = network.parameters.copy()
    settings = {"optimizer": "adam", "epochs": 3, "batch_size": None, "engine": engine}
    with pytest.warns(RuntimeWarning, match="every gradient of an epoch was 0"):
        history = train(network, X[:32], y, **settings)
    assert np.array_equal(network.parameters, before)
    assert history.loss == [0.5] * 3
