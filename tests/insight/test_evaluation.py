"""Scores of trained models in one call, against scikit-learn's."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss, r2_score, roc_auc_score

import barenet
from barenet import (
    METRICS,
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Task,
    load_dataset,
    permutation_importance,
)
from barenet.losses import Quantile

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 2))
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)


@pytest.fixture(scope="module")
def network():
    network = Network.dense([2, 8, 3], hidden="tanh", output="softmax", seed=0)
    barenet.train(network, X, CLASSES, epochs=20)
    return network


@pytest.mark.case(175, 178)
def test_a_network_is_scored_in_one_call(network):
    p = network.predict(X)
    scores = barenet.evaluate(network, X, CLASSES)
    assert list(scores) == ["accuracy", "auc", "f1", "balanced_accuracy", "log_loss"]
    assert scores["accuracy"] == accuracy_score(CLASSES, p.argmax(axis=1))
    assert scores["f1"] == pytest.approx(f1_score(CLASSES, p.argmax(axis=1), average="macro"))
    assert scores["log_loss"] == pytest.approx(log_loss(CLASSES, p), rel=1e-5)
    assert barenet.evaluate(network, X, CLASSES, metrics="acc") == {"accuracy": scores["accuracy"]}
    assert METRICS["accuracy"](p, CLASSES) == scores["accuracy"]
    assert METRICS["auc"](p, barenet.one_hot(CLASSES, 3)) == scores["auc"]


def test_numbers_of_one_dimension_are_scored():
    y = X[:, 0] ** 2
    network = Network.dense([2, 4, 1], seed=0)
    expected = r2_score(y, network.predict(X))
    for scores in (
        barenet.evaluate(network, X, y),
        barenet.evaluate(network, X, y.reshape(-1, 1), metrics=["r2"]),
    ):
        assert scores["r2"] == pytest.approx(expected, rel=1e-6)
    assert METRICS["r2"](network.predict(X)[:, 0], y) == pytest.approx(expected, rel=1e-6)


def test_predictors_and_estimators_are_scored_as_by_a_task():
    task = Task.open("iris")
    predictor = task.train(model="network", epochs=5)
    expected = task.evaluate(predictor)
    expected.pop("loss")
    for scores in (
        barenet.evaluate(predictor, task.test),
        barenet.evaluate(predictor, task.test.X, task.test.targets),
        barenet.evaluate(predictor, task.test.X, task.test.y),
    ):
        assert scores == pytest.approx(expected)
    rows = task.training
    model = MLPClassifier(max_iter=20, random_state=0)
    with warnings.catch_warnings(action="ignore"):
        model.fit(rows.X, rows.targets)
    scores = barenet.evaluate(model, task.test)
    assert scores["accuracy"] == model.score(task.test.X, task.test.targets)


class Levels(Quantile):
    """A user-defined loss, which no name in a model file stands for."""

    name = "levels"


@pytest.mark.filterwarnings("ignore:not converged")
def test_an_estimator_is_scored_by_the_numbers_that_it_predicts():
    """Its network may have other outputs beside them, such as a variance for each."""
    y = X[:, 0] - 2 * X[:, 1]
    uncertain = MLPRegressor("gaussian_nll", max_iter=100, random_state=0).fit(X, y)
    assert barenet.evaluate(uncertain, X, y)["r2"] == pytest.approx(uncertain.score(X, y))
    quantiles = MLPRegressor("quantile:levels=[0.1,0.5,0.9]", max_iter=100, random_state=0)
    for model in (uncertain, quantiles.fit(X, y)):
        predictor = Predictor.from_estimator(model)
        for scored in (model, predictor):
            assert barenet.evaluate(scored, X, y)["r2"] == pytest.approx(model.score(X, y))
    levels = MLPRegressor(Levels(levels=[0.1, 0.5, 0.9]), max_iter=100, random_state=0).fit(X, y)
    assert barenet.evaluate(levels, X, y)["r2"] == pytest.approx(levels.score(X, y))
    both = np.column_stack([y, -3 * y])
    model = MLPRegressor(max_iter=50, random_state=0).fit(X, both)
    assert barenet.evaluate(model, X, both)["r2"] == pytest.approx(model.score(X, both))
    expected = r"^y: expected shape \(120, 2\), as the model predicts 2 numbers"
    for wrong in (y, both[:5]):
        with pytest.raises(ValueError, match=expected):
            barenet.evaluate(model, X, wrong)


@pytest.mark.case(175)
def test_the_metric_of_the_training_comes_first_and_measures_importance(tmp_path):
    table = pd.DataFrame(X, columns=["a", "b"])
    table["ill"] = np.where(X[:, 0] + RNG.normal(0, 0.5, 120) > 1.5, "yes", "no")
    task = Task.open(table, "ill", test_size=0.4)
    assert task.metric == "auc"
    predictor = task.train(model="network", epochs=5)
    assert next(iter(task.evaluate(predictor))) == "auc"
    path = tmp_path / "model.safetensors"
    barenet.save(predictor, path)
    for model in (predictor, barenet.load(path)):
        assert next(iter(barenet.evaluate(model, task.test))) == "auc"
        importance = permutation_importance(model, task.test, n_repeats=2)
        assert importance.metric == "auc"
        actual = task.test.targets == "yes"
        auc = roc_auc_score(actual, predictor.predict_proba(task.test.X)[:, 1])
        assert importance.score == pytest.approx(auc)
    healthy = table[table["ill"] == "no"]
    alone = permutation_importance(predictor, healthy[["a", "b"]], healthy["ill"], n_repeats=2)
    assert alone.metric == "accuracy"  # the AUC of a single class is undefined
    assert permutation_importance(predictor, task.test, metric="acc").metric == "accuracy"
    chosen = task.train(model="network", epochs=2, metric="f1")
    assert permutation_importance(chosen, task.test, n_repeats=2).metric == "f1"


def test_what_cannot_be_scored_is_refused(network):
    iris = load_dataset("iris")
    with pytest.raises(ValueError, match=r"^y: the rows have no targets; pass them as y$"):
        barenet.evaluate(network, X)
    with pytest.raises(ValueError, match=r"^y: the data set X has its own targets; leave it out$"):
        barenet.evaluate(network, iris, iris.y)
    with pytest.raises(ValueError, match=r"^metrics: unknown 'r2' \(choose from accuracy, auc, "):
        barenet.evaluate(network, X, CLASSES, metrics="r2")
    with pytest.raises(ValueError, match=r"^metrics: expected names, got 5$"):
        barenet.evaluate(network, X, CLASSES, metrics=5)
    with pytest.raises(ValueError, match=r"^model: expected .*or shap$"):
        barenet.evaluate(RandomForestClassifier().fit(X, CLASSES), X, CLASSES)
    with pytest.raises(ValueError, match=r"^output: expected probabilities.*sklearn\.metrics$"):
        METRICS["accuracy"](CLASSES, CLASSES)
