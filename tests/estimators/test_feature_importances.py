"""Feature importances of the ensembles, and the tools of scikit-learn that use them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.datasets import load_breast_cancer, make_friedman1
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.inspection import permutation_importance

from barenet import MLPClassifier, MLPEnsembleClassifier, MLPEnsembleRegressor, Network
from barenet.estimators._feature_importances import (
    MOST_ROWS,
    REPEATS,
    feature_importances,
    other_rows,
)
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.frames._to_frame import as_frame
from barenet.typing import Ensemble


@pytest.fixture(scope="module")
def towns(few_networks):
    """A table of numbers, text and dates, a regressor, and the formula of its target."""
    rng = np.random.default_rng(0)
    n_rows = 600
    table = pd.DataFrame(
        {
            "noise": rng.normal(size=n_rows),
            "size": rng.normal(size=n_rows),
            "town": rng.choice(["Oslo", "Rome", "Bonn"], n_rows),
            "constant": 1.0,
            "age": rng.normal(size=n_rows),
        }
    )
    y = 3 * table["size"] + 2 * (table["town"] == "Rome") + 0.5 * table["age"]
    with few_networks():
        return table, y, MLPEnsembleRegressor(max_iter=10, random_state=0).fit(table, y)


def linear_ensemble(weights):
    """An ensemble that computes a sum of its inputs."""
    network = Network.dense([len(weights), 1], init="zeros", dtype="float64")
    network.layers[0].weights = np.reshape(weights, (-1, 1))
    return Ensemble([network])


def test_the_importances_of_a_sum_are_the_variances_of_its_parts():
    X = np.random.default_rng(0).normal(size=(4000, 4)) * [1, 2, 1, 3]
    table = {name: X[:, index] for index, name in enumerate("abcd")}
    encoding = TableEncoding.fit(table, numbers="none", drop=["d"])
    rows = as_frame(table, only=["a", "b", "c"])
    computed = feature_importances(linear_ensemble([2.0, 1.0, 0.0]), encoding, rows)
    expected = np.array([4.0, 4.0, 0.0, 0.0]) / 8
    np.testing.assert_allclose(computed, expected, atol=0.02)


def test_the_mean_squared_change_is_that_of_a_loop():
    """With each row, one column of it, and the other row, one after the other."""
    rng = np.random.default_rng(0)
    table = {"a": rng.normal(size=9), "b": rng.choice(["x", "y"], 9), "c": rng.normal(size=9)}
    encoding = TableEncoding.fit(table, numbers="none", rare=0)
    network = Ensemble([Network.dense([4, 5, 2], output="softmax", seed=1, dtype="float64")])
    expected = np.zeros(3)
    for position, other in enumerate(other_rows(9).tolist()):
        row = position % 9
        before = network.predict(encoding.transform({n: table[n][[row]] for n in table}))
        for column, name in enumerate(table):
            changed = {n: table[n][[other if n == name else row]] for n in table}
            after = network.predict(encoding.transform(changed))
            expected[column] += ((after - before) ** 2).sum()
    computed = feature_importances(network, encoding, as_frame(table))
    np.testing.assert_allclose(computed, expected / expected.sum(), rtol=1e-9)


def test_no_row_is_replaced_by_itself():
    others = other_rows(50).reshape(REPEATS, 50)
    assert (others != np.arange(50)).all()
    assert (np.sort(others, axis=1) == np.arange(50)).all()


def test_constant_predictions_have_no_importances():
    X = np.random.default_rng(0).normal(size=(20, 2))
    table = {"a": X[:, 0], "b": X[:, 1]}
    encoding = TableEncoding.fit(table, numbers="none")
    ensemble = linear_ensemble([0.0, 0.0])
    assert feature_importances(ensemble, encoding, as_frame(table)).tolist() == [0, 0]


@pytest.mark.integration
def test_each_column_of_a_table_has_an_importance(towns):
    table, _, model = towns
    importances = model.feature_importances_
    assert importances.shape == (model.n_features_in_,)
    assert importances.sum() == pytest.approx(1)
    order = np.argsort(-importances)
    names = table.columns[order].tolist()
    assert names[:3] == ["size", "town", "age"]
    assert importances[table.columns.get_loc("constant")] == 0
    assert len(model._rows) == MOST_ROWS
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.feature_importances_, importances)


@pytest.mark.integration
@pytest.mark.usefixtures("small_ensembles")
def test_the_order_is_that_of_permutation_importance(towns):
    """The importances of columns that matter are those of scikit-learn's mean squared errors."""
    table, y, on_table = towns
    X, friedman = make_friedman1(800, n_features=8, noise=0.5, random_state=0)
    on_formula = MLPEnsembleRegressor(max_iter=20, random_state=0).fit(X, friedman)
    for model, rows, targets in ((on_table, table, y), (on_formula, X, friedman)):
        result = permutation_importance(
            model, rows, targets, scoring="neg_mean_squared_error", random_state=0
        )
        drops = result.importances_mean
        matters = drops > 0.02 * drops.sum()
        importances = model.feature_importances_
        assert np.corrcoef(importances, drops)[0, 1] > 0.98
        assert spearmanr(importances[matters], drops[matters]).statistic > 0.85  # two are alike


@pytest.mark.integration
@pytest.mark.usefixtures("small_ensembles")
def test_scikit_learns_selections_of_columns():
    X, y = make_friedman1(400, n_features=8, random_state=0)  # of which 5 matter
    model = MLPEnsembleRegressor(max_iter=8, random_state=0)
    eliminated = RFE(model, n_features_to_select=5, step=2).fit(X, y)
    assert eliminated.support_.tolist() == [True] * 5 + [False] * 3
    selected = SelectFromModel(model, threshold="0.2*mean").fit(X, y)
    assert selected.get_support().tolist() == [True] * 5 + [False] * 3
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    classifier = MLPEnsembleClassifier(max_iter=4, random_state=0)
    chosen = SelectFromModel(classifier, max_features=4, threshold=-np.inf).fit(X, y)
    assert chosen.transform(X).shape == (len(X), 4)


def test_without_a_fit_there_are_none():
    with pytest.raises(NotFittedError):
        MLPEnsembleRegressor().feature_importances_  # noqa: B018
    assert not hasattr(MLPEnsembleRegressor(), "feature_importances_")


def test_one_network_has_a_remedy():
    with pytest.raises(AttributeError, match=r"use barenet\.permutation_importance\(estimator"):
        MLPClassifier().feature_importances_  # noqa: B018
