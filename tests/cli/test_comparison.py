from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, r2_score
from sklearn.preprocessing import StandardScaler

from barenet.cli.comparison import Compared, verdict
from barenet.data import load_dataset
from barenet.insight.baselines import fit_baseline


def split(name):
    training, held_out = load_dataset(name).split(0.2, 0)
    scaler = StandardScaler().fit(training.X)
    return scaler.transform(training.X), training.y, scaler.transform(held_out.X), held_out.y


def run(barenet, *arguments) -> dict:
    done = barenet(*arguments, "--json")
    assert done.status == 0, done.err
    return json.loads(done.out)["baselines"]


def test_classes_are_held_against_scikit_learns_on_the_rows_held_out(barenet):
    told = run(barenet, "train", "wine", "--epochs", 2, "--no-plots")
    X, y, X_test, y_test = split("wine")
    exact = LogisticRegression(tol=1e-8)
    for name, model in {"constant": DummyClassifier(), "linear": exact}.items():
        shares = model.fit(X, y).predict_proba(X_test)
        assert told[name]["accuracy"] == accuracy_score(y_test, shares.argmax(axis=1))
        assert told[name]["loss"] == pytest.approx(log_loss(y_test, shares), rel=2e-3)
        assert told[name]["rows"] == len(X)
    assert told["linear"]["network_is_better"] is False


def test_numbers_are_held_against_scikit_learns_in_their_own_unit(barenet):
    told = run(barenet, "train", "diabetes", "--epochs", 2, "--no-plots")
    X, y, X_test, y_test = split("diabetes")
    mean, deviation = y.mean(), y.std()
    for name, model in {"constant": DummyRegressor(), "linear": Ridge()}.items():
        said = model.fit(X, (y - mean) / deviation).predict(X_test) * deviation + mean
        assert told[name]["r2"] == pytest.approx(r2_score(y_test, said), abs=1e-6)
        assert told[name]["mae"] == pytest.approx(mean_absolute_error(y_test, said), rel=1e-6)
        half = ((said - y_test) ** 2).mean() / 2 / deviation**2
        assert told[name]["loss"] == pytest.approx(half, rel=1e-5)


def test_one_output_and_two_are_measured_alike(barenet):
    options = ("--epochs", 1, "--no-plots")
    one = run(barenet, "train", "breast_cancer", *options)
    two = run(barenet, "train", "breast_cancer", "--layers", 30, 4, 2, "--output=softmax", *options)
    for name in ("linear", "constant"):
        assert one[name]["accuracy"] == two[name]["accuracy"]
        assert one[name]["loss"] == pytest.approx(two[name]["loss"], rel=1e-5)


def test_evaluate_says_what_train_has_said(barenet):
    told = run(barenet, "train", "iris", "--patience", 3, "--epochs", 5, "--no-plots")
    again = run(barenet, "evaluate", "runs/iris", "iris")
    for name, scores in told.items():
        assert again[name]["accuracy"] == scores["accuracy"]
        assert again[name]["loss"] == pytest.approx(scores["loss"], rel=1e-3)
        assert again[name]["rows"] == scores["rows"] == 120  # those of the validation, too


def test_they_can_be_left_out(barenet):
    options = ("--no-baselines", "--no-plots", "--epochs", 1)
    assert run(barenet, "train", "iris", *options) == {}
    assert "linear model" not in barenet("train", "iris", *options).out
    assert run(barenet, "evaluate", "runs/iris", "iris", "--no-baselines") == {}


def test_people_get_them_in_the_table_of_scores(barenet):
    done = barenet("train", "diabetes", "--epochs", 40, "--no-plots")
    lines = done.out.splitlines()
    assert lines[0].split() == ["rows", "R²", "RMSE", "MAE", "squared_error"]
    heads = [line.split("  ")[0].strip() for line in lines[1:5]]
    assert heads == ["network", "linear model", "mean", "network"]
    assert max(map(len, lines)) < 80


@pytest.fixture(scope="module")
def compared():
    X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    fits = [fit_baseline(name, X, y, n_classes=2) for name in ("linear", "constant")]
    scores = [{"accuracy": 0.75}, {"accuracy": 0.5}]
    return [Compared(fit, score) for fit, score in zip(fits, scores, strict=True)]


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        (0.76, None),
        (
            0.75,
            "than the linear model, which is simpler: accuracy 0.7500 against 0.7500.",
        ),
        (0.51, "which is simpler: accuracy 0.5100 against 0.7500."),
        (0.5, "no better here than always saying the most frequent class, so it has"),
    ],
)
def test_a_network_that_is_no_better_is_told_so(compared, accuracy, said):
    sentence = verdict({"accuracy": accuracy}, compared)
    assert sentence is None if said is None else said in sentence
