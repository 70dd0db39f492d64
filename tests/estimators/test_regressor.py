"""MLPRegressor: the losses that scikit-learn's has not, against what they are known for."""

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor

from barenet import MLPRegressor
from barenet.losses import Huber

RNG = np.random.default_rng(0)
Y = RNG.exponential(size=501)
X = np.zeros((501, 1))
CONSTANT = {"hidden_layer_sizes": (), "alpha": 0, "solver": "sgd", "max_iter": 2000,
            "random_state": 0, "tol": 0, "n_iter_no_change": np.inf, "batch_size": 501}  # fmt: skip


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:in epoch:RuntimeWarning",  # at the minimum there is no gradient left
)
@pytest.mark.parametrize(
    ("loss", "rate", "statistic"),
    [
        ("squared_error", 0.1, np.mean),
        ("absolute_error", 0.01, np.median),
        ("quantile:q=0.9", 0.01, lambda y: np.quantile(y, 0.9)),
        (Huber(delta=100), 0.1, np.mean),
    ],
)
def test_the_best_constant_of_each_loss(loss, rate, statistic, engine):
    model = MLPRegressor(loss, **CONSTANT, learning_rate_init=rate, engine=engine)
    found = model.fit(X, Y).predict(X[:1])[0]
    assert found == pytest.approx(statistic(Y), abs=0.03)


def test_poisson_without_hidden_layers_is_the_linear_model(engine):
    X = np.linspace(0, 1, 100).reshape(-1, 1)
    y = RNG.poisson(np.exp(X[:, 0] + 1))
    expected = PoissonRegressor(alpha=0, tol=1e-7).fit(X, y).predict(X)
    model = MLPRegressor("poisson", (), alpha=0, solver="lbfgs", tol=1e-7, engine=engine)
    np.testing.assert_allclose(model.fit(X, y).predict(X), expected, rtol=1e-4)
    assert model.out_activation_ == "exp"


def test_a_loss_that_is_none():
    for loss in ("squared", 3, None):
        with pytest.raises(ValueError, match=r"^loss: "):
            MLPRegressor(loss).fit(X, Y)
    with pytest.raises(ValueError, match=r"^loss: binary_cross_entropy needs an output"):
        MLPRegressor("binary_cross_entropy").fit(X, Y)


def test_several_targets():
    X = RNG.normal(size=(100, 3))
    y = X @ RNG.normal(size=(3, 2))
    model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0, tol=1e-8).fit(X, y)
    assert model.predict(X).shape == (100, 2)
    assert model.score(X, y) > 0.999
    assert model.n_outputs_ == 2
