"""MLPRegressor: losses that scikit-learn's lacks, compared with their known minimizers."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

from barenet import MLPRegressor
from barenet.errors import ArgumentError
from barenet.losses import Huber

RNG = np.random.default_rng(0)
Y = RNG.exponential(size=101)
X = np.zeros((101, 1))
CONSTANT = {"hidden_layer_sizes": (), "alpha": 0, "solver": "sgd", "max_iter": 600, "tol": 0,
            "random_state": 0, "n_iter_no_change": np.inf, "batch_size": 101}  # fmt: skip


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:in epoch:RuntimeWarning",  # at the minimum there is no gradient left
)
@pytest.mark.parametrize(
    ("loss", "rate", "statistic"),
    [
        ("absolute_error", 0.02, np.median),
        ("quantile:q=0.9", 0.02, lambda y: np.quantile(y, 0.9)),
        (Huber(delta=100), 0.1, np.mean),
        ("poisson", 0.1, np.mean),
        ("gamma", 0.1, np.mean),
        ("tweedie:power=1.3", 0.1, np.mean),
    ],
)
def test_each_loss_finds_its_best_constant(loss, rate, statistic):
    model = MLPRegressor(loss, **CONSTANT, learning_rate_init=rate)
    found = model.fit(X, Y).predict(X[:1])[0]
    assert found == pytest.approx(statistic(Y), abs=0.03)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "options", [{}, {"early_stopping": True}, {"early_stopping": True, "scoring": "r2"}]
)
def test_several_quantiles_and_a_mean_with_its_variance(options):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (600, 2))
    y = X[:, 0] + 0.3 * rng.normal(size=600)
    how = {"max_iter": 40, "random_state": 0, "learning_rate_init": 0.01}
    model = MLPRegressor("quantile:levels=[0.1,0.5,0.9]", (16,), **how, **options).fit(X, y)
    quantiles = model.predict(X)
    assert (np.diff(quantiles) > 0).all()
    assert (y[:, None] < quantiles).mean(axis=0) == pytest.approx([0.1, 0.5, 0.9], abs=0.07)
    assert model.score(X, y) == r2_score(y, quantiles[:, 1])
    model = MLPRegressor("gaussian_nll", (16,), **how, **options).fit(X, y)
    assert model.predict(X).tolist() == model.network_.predict(X)[:, 0].tolist()
    assert model.score(X, y) == r2_score(y, model.predict(X)) > 0.7
    deviation = np.exp(model.network_.predict(X)[:, 1] / 2).mean()
    assert deviation == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("sizes", [(32,), [32, 16], 32])
def test_sizes_in_the_place_of_the_loss_are_refused_with_their_parameter(sizes):
    with pytest.raises(ArgumentError) as caught:
        MLPRegressor(sizes).fit(X, Y)
    assert str(caught.value).startswith("loss: expected a loss, which is the first parameter")
    assert str(caught.value).endswith(f"hidden layers, use hidden_layer_sizes={sizes!r}")
