import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from barenet.insight import _baselines as baselines
from barenet.insight._baselines import BASELINES, fit_baseline

WINE = StandardScaler().fit_transform(load_wine().data), load_wine().target
DIABETES = StandardScaler().fit_transform(load_diabetes().data), load_diabetes().target


@pytest.mark.parametrize(
    ("name", "oracle"), [("constant", DummyClassifier()), ("linear", LogisticRegression(tol=1e-6))]
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classification_baselines_agree_with_scikit_learn(name, oracle, n_classes):
    X, y = WINE[0], np.minimum(WINE[1], n_classes - 1)
    baseline = fit_baseline(name, X, y, n_classes=n_classes)
    expected = oracle.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(baseline.outputs(X), expected, atol=1e-3)
    assert baseline.n_rows == len(X)


@pytest.mark.parametrize(("name", "oracle"), [("constant", DummyRegressor()), ("linear", Ridge())])
def test_regression_baselines_agree_with_scikit_learn(name, oracle):
    X, y = DIABETES
    expected = oracle.fit(X, y).predict(X)
    np.testing.assert_allclose(fit_baseline(name, X, y).outputs(X)[:, 0], expected, rtol=1e-9)
    few = oracle.fit(X[:8], y[:8]).predict(X)  # fewer rows than columns
    np.testing.assert_allclose(fit_baseline(name, X[:8], y[:8]).outputs(X)[:, 0], few)


def test_an_absent_class_has_a_column_of_zeros_and_one_alone_of_ones():
    X, y = WINE
    for name in BASELINES:
        probabilities = fit_baseline(name, X, 2 * (y == 1), n_classes=4).outputs(X)
        assert probabilities.shape == (len(X), 4)
        assert (probabilities[:, [1, 3]] == 0).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    alone = fit_baseline("linear", X, np.ones(len(X), int), n_classes=2).outputs(X)
    np.testing.assert_array_equal(alone, np.tile([0.0, 1.0], (len(X), 1)))


@pytest.mark.parametrize(
    ("n_classes", "dtype", "most"),
    [(2, "float32", baselines.MAX_LBFGS_PRODUCTS), (3, "float32", 0), (2, "float64", 0)],
)
def test_unscaled_rows_far_from_zero_agree_with_scikit_learn(monkeypatch, n_classes, dtype, most):
    """Few rows are fitted by L-BFGS, many by Adam."""
    monkeypatch.setattr(baselines, "MAX_LBFGS_PRODUCTS", most)
    rng = np.random.default_rng(0)
    X = (2000 + 5 * rng.normal(size=(5000, 8))).astype(dtype)
    score = (X.astype(float) - 2000) @ rng.normal(size=(8, n_classes)) / 5
    y = (score + rng.gumbel(size=score.shape)).argmax(axis=1)
    first, again = (fit_baseline("linear", X, y, n_classes=n_classes).outputs(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    exact = StandardScaler().fit_transform(X.astype(float))
    expected = log_loss(y, LogisticRegression().fit(exact, y).predict_proba(exact))
    assert log_loss(y, first) < expected + 0.005


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_of_unscaled_rows_are_those_of_scikit_learn(dtype):
    X = (2000 + 5 * DIABETES[0]).astype(dtype)
    centred = X.astype(float) - 2000
    expected = Ridge().fit(centred, DIABETES[1]).predict(centred)
    baseline = fit_baseline("linear", X, DIABETES[1])
    np.testing.assert_allclose(baseline.outputs(X)[:, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("name", BASELINES)
def test_float32_stays_float32(name):
    X, y = WINE
    outputs = fit_baseline(name, X.astype(np.float32), y, n_classes=3).outputs(X)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, fit_baseline(name, X, y, n_classes=3).outputs(X), atol=2e-3)
