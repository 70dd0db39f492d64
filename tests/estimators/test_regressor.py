"""MLPRegressor: losses that scikit-learn's lacks, compared with their known minimizers."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, PoissonRegressor

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
def test_each_loss_finds_its_best_constant(loss, rate, statistic, engine):
    model = MLPRegressor(loss, **CONSTANT, learning_rate_init=rate, engine=engine)
    found = model.fit(X, Y).predict(X[:1])[0]
    assert found == pytest.approx(statistic(Y), abs=0.03)


@pytest.mark.parametrize(
    ("loss", "oracle"),
    [("poisson", PoissonRegressor(alpha=0, tol=1e-7)), ("squared_error", LinearRegression())],
)
def test_without_hidden_layers_it_is_the_linear_model_of_scikit_learn(loss, oracle, engine):
    X = RNG.normal(size=(100, 3))
    y = X @ RNG.normal(size=(3, 2)) + RNG.normal(size=(100, 2))  # two targets
    y = RNG.poisson(np.exp(y[:, 0])) if loss == "poisson" else y
    model = MLPRegressor(loss, (), alpha=0, solver="lbfgs", tol=1e-8, engine=engine).fit(X, y)
    np.testing.assert_allclose(model.predict(X), oracle.fit(X, y).predict(X), rtol=1e-3, atol=1e-4)
    assert (model.predict(X).shape, model.n_outputs_) == (y.shape, y.size // 100)
    assert model.out_activation_ == ("exp" if loss == "poisson" else "identity")
