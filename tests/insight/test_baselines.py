from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from barenet.insight import baselines
from barenet.insight.baselines import BASELINES, fit_baseline

WINE = StandardScaler().fit_transform(load_wine().data), load_wine().target
DIABETES = StandardScaler().fit_transform(load_diabetes().data), load_diabetes().target


@pytest.mark.parametrize(
    ("name", "oracle"), [("constant", DummyClassifier()), ("linear", LogisticRegression())]
)
def test_classes_are_told_as_scikit_learn_tells_them(name, oracle):
    X, y = WINE
    baseline = fit_baseline(name, X, y, n_classes=3)
    expected = oracle.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(baseline.outputs(X), expected, atol=2e-3)
    assert baseline.n_rows == len(X)


@pytest.mark.parametrize(("name", "oracle"), [("constant", DummyRegressor()), ("linear", Ridge())])
def test_numbers_are_told_as_scikit_learn_tells_them(name, oracle):
    X, y = DIABETES
    expected = oracle.fit(X, y).predict(X)
    np.testing.assert_allclose(fit_baseline(name, X, y).outputs(X)[:, 0], expected, rtol=1e-9)


def test_a_class_that_is_not_there_has_a_column_of_its_own():
    X, y = WINE
    for name in BASELINES:
        shares = fit_baseline(name, X, 2 * (y == 1), n_classes=4).outputs(X)
        assert shares.shape == (len(X), 4)
        assert (shares[:, [1, 3]] == 0).all()
        np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_a_single_class_is_always_said():
    X, _ = WINE
    shares = fit_baseline("linear", X, np.ones(len(X), int), n_classes=2).outputs(X)
    np.testing.assert_array_equal(shares, np.tile([0.0, 1.0], (len(X), 1)))


def test_of_too_many_rows_some_are_taken(monkeypatch):
    X, y = WINE
    monkeypatch.setattr(baselines, "MOST_ENTRIES", 100 * 13 * 3)
    assert fit_baseline("constant", X, y, n_classes=3).n_rows == len(X)
    first, again = (fit_baseline("linear", X, y, n_classes=3) for _ in range(2))
    assert first.n_rows == 100
    np.testing.assert_array_equal(first.outputs(X), again.outputs(X))
    assert (first.outputs(X).argmax(axis=1) == y).mean() > 0.9


def test_what_is_no_baseline():
    with pytest.raises(ValueError, match="name: unknown 'forest'"):
        fit_baseline("forest", *WINE, n_classes=3)
    with pytest.raises(ValueError, match="X"):
        fit_baseline("linear", [[np.nan]], [1.0])
