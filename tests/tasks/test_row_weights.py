"""Weights of rows: in the loss, the scaling of the target, and all scores."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)

from barenet import Task, evaluate, permutation_importance
from barenet.cli._main import main
from barenet.errors import ArgumentError, DataError
from barenet.insight._baselines import fit_baseline

#: Every step is taken on all rows in float64, and nothing else counts rows.
EXACT = {"batch_size": "full", "dtype": "float64", "patience": 0, "scaling": "none",
         "penalty": "none", "epochs": 25, "model": "network"}  # fmt: skip


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """Rows of weights from 0 to 3, in an order in which the weights matter."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"size": rng.normal(size=300).round(3), "town": rng.choice(["a", "b"], 300)}
    )
    frame["weight"] = rng.integers(0, 4, 300)
    frame["price"] = (frame["size"] * frame["weight"] + rng.normal(size=300)).round(3)
    frame["kind"] = np.where(frame["price"] > 0.5, "high", "low")
    frame.to_csv("rows.csv", index=False)
    return frame


def repeated(rows):
    return rows.loc[rows.index.repeat(rows["weight"])].drop(columns="weight").reset_index(drop=True)


@pytest.mark.parametrize("target", ["price", "kind"])
def test_whole_weights_are_repetitions_of_rows(rows, target):
    """0 is none; the same factor on all weights changes nothing."""
    options = {"columns": {"price" if target == "kind" else "kind": "drop"}, "test_size": 0}
    expected = Task.open(repeated(rows), target, **options).train(**EXACT)
    for factor in (1, 0.01):
        weighted = rows.assign(weight=rows["weight"] * factor)
        task = Task.open(weighted, target, weight="weight", **options)
        assert "weight" not in task.training.feature_names
        trained = task.train(**EXACT)
        np.testing.assert_allclose(
            trained.outputs(rows), expected.outputs(rows), rtol=1e-9, atol=1e-9
        )
    assert task.evaluate(trained)["loss"] == pytest.approx(expected.card.scores["training"]["loss"])


@pytest.mark.parametrize("model", ["network", "ensemble"])
def test_scores_are_those_of_scikit_learn_with_weights(rows, small_ensembles, model):
    task = Task.open(rows, "price", weight="weight", columns={"kind": "drop"})
    predictor = task.train(model=model, epochs=3)
    test = task.test
    options = {"sample_weight": test.weight}
    predicted = predictor.predict(test.X)
    scores = task.evaluate(predictor)
    assert scores["r2"] == pytest.approx(r2_score(test.y, predicted, **options))
    assert scores["mae"] == pytest.approx(mean_absolute_error(test.y, predicted, **options))
    assert scores["rmse"] == pytest.approx(root_mean_squared_error(test.y, predicted, **options))
    assert predictor.card.scores["held_out"] == pytest.approx(scores)
    assert evaluate(predictor, test)["r2"] == pytest.approx(scores["r2"])
    given = permutation_importance(predictor, test, n_repeats=1)
    assert given.score == pytest.approx(scores["r2"])
    with pytest.warns(UserWarning, match="was trained on"):
        of_file = task.evaluate(predictor, "rows.csv")
    counted = rows[rows["weight"] > 0]
    expected = r2_score(
        counted["price"], predictor.predict(counted), sample_weight=counted["weight"]
    )
    assert of_file["r2"] == pytest.approx(expected)


def test_scores_of_classes_and_of_folds_are_weighted(rows):
    options = {"weight": "weight", "columns": {"price": "drop"}}
    result = Task.cross_validate(rows, "kind", cv=3, model="network", epochs=2, **options)
    _, test = result.folds[0]
    counted = rows.iloc[result.rows[test]]
    weight = counted["weight"]
    expected = accuracy_score(counted["kind"], result.predictions[test], sample_weight=weight)
    assert result.scores["accuracy"][0] == pytest.approx(expected)
    probabilities = result.probabilities[test].astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    expected = log_loss(counted["kind"], probabilities, sample_weight=weight)
    assert result.scores["log_loss"][0] == pytest.approx(expected, rel=1e-5)


def test_an_ensemble_of_repeated_weights_differs_from_one_without(rows, small_ensembles):
    """Its out-of-fold score is weighted: rows whose weight is tiny hardly count."""
    noisy = rows.assign(weight=np.where(rows["town"] == "a", 1.0, 1e-9), price=rows["size"])
    noisy.loc[noisy["town"] == "b", "price"] *= -1
    options = {"columns": {"kind": "drop", "town": "drop"}, "test_size": 0}
    scores = []
    for weight in (None, "weight"):
        if weight is None:
            options["columns"]["weight"] = "drop"
        else:
            del options["columns"]["weight"]
        task = Task.open(noisy, "price", weight=weight, **options)
        predictor = task.train(model="ensemble", epochs=12)
        scores.append(predictor.card.scores["out_of_fold"]["r2"])
    assert scores[0] < 0.5 < scores[1]


def test_baselines_are_weighted(rows):
    X, y, weight = rows[["size"]].to_numpy(), rows["price"].to_numpy(), rows["weight"].to_numpy()
    linear = fit_baseline("linear", X, y, sample_weight=weight)
    expected = Ridge().fit(X, y, weight / weight.mean()).predict(X)
    np.testing.assert_allclose(linear.outputs(X)[:, 0], expected, rtol=1e-6)
    constant = fit_baseline("constant", X, y, sample_weight=weight)
    assert constant.outputs(X)[0, 0] == pytest.approx(np.average(y, weights=weight))
    codes = (y > 0.5).astype(int)
    shares = fit_baseline("constant", X, codes, sample_weight=weight, n_classes=2).outputs(X)[0]
    assert shares[1] == pytest.approx(np.average(codes, weights=weight))


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("-1", r"rows.csv:4: column 'weight': expected a weight of 0 or more, got '?-1"),
        ("", r"rows.csv:4: column 'weight': expected a weight of 0 or more"),
        ("heavy", r"rows.csv:4: column 'weight': expected .*, got 'heavy'"),
        ("inf", r"rows.csv:4: column 'weight'"),
        (None, r"rows.csv:2: column 'weight': expected a weight above 0 in one row or more"),
    ],
)
def test_wrong_weights_are_named_by_their_place(rows, value, match):
    texts = rows["weight"].astype(str)
    texts[2] = value
    if value is None:
        texts[:] = "0"
    rows.assign(weight=texts).to_csv("rows.csv", index=False)
    with pytest.raises(DataError, match=match):
        Task.open("rows.csv", "price", weight="weight")


@pytest.mark.parametrize(
    "options", [{"weight": "price"}, {"weight": "size", "split_by_time": "size"}]
)
def test_a_weight_is_no_other_column(rows, options):
    with pytest.raises(ArgumentError, match="weight: expected another column than the target"):
        Task.open("rows.csv", "price", **options)
    with pytest.raises(ArgumentError, match="weight: this is an option for tables, and iris"):
        Task.open("iris", weight="size")
    with pytest.raises(ArgumentError, match="weight: not for rows that are read block by block"):
        Task.open("rows.csv", "price", weight="weight", memory="100MB")
    rows.drop(columns="weight").to_csv("others.csv", index=False)
    with pytest.raises(DataError, match=r"others.csv: no column weight"):
        Task.open("rows.csv", "price", weight="weight", test="others.csv")


@pytest.mark.integration
def test_a_command_has_the_scores_of_the_task(rows, capfd):
    run = ["train", "rows.csv", "--target", "price", "--weight", "weight", "--drop", "kind"]
    run += ["--model", "network", "--epochs", "3", "--no-plots", "--json", "--out", "run"]
    assert main(run) == 0
    document = json.loads(capfd.readouterr().out)
    task = Task.open("rows.csv", "price", weight="weight", drop=["kind"])
    scores = task.evaluate(task.train(model="network", epochs=3))
    assert document["metrics"]["r2"] == scores["r2"]
    assert 'weight = "weight"' in Path("run/settings.toml").read_text()
    assert main(["evaluate", "run", "--json"]) == 0
    evaluated = json.loads(capfd.readouterr().out)
    assert evaluated["metrics"]["r2"] == scores["r2"]
    assert evaluated["metrics"]["evaluated_on"] == "test rows"
    assert main(["search", "rows.csv", *run[2:8], "--epochs", "2", "--learning-rate", ".1", ".01",
                 "--no-plots", "--out", "found"]) == 0  # fmt: skip


def test_a_report_weights_the_errors(rows):
    """The quantile of errors repeats each row by its weight, as the mean of probabilities does."""
    options = {"model": "network", "epochs": 2}
    task = Task.open(rows, "price", weight="weight", columns={"kind": "drop"})
    predictor = task.train(**options)
    errors = np.abs(task.test.y - predictor.predict(task.test.X))
    repeated_errors = np.repeat(errors, task.test.weight.astype(int))
    half = np.quantile(repeated_errors, 0.5, method="inverted_cdf")
    task.report("report.html", predictor)
    text = Path("report.html").read_text("utf-8")
    assert f"Half of the errors are below {half:.4g}," in text
    task = Task.open(rows, "kind", weight="weight", columns={"price": "drop"})
    predictor = task.train(**options)
    probabilities = predictor.predict_proba(task.test.X).max(axis=1)
    confidence = np.average(probabilities, weights=task.test.weight)
    task.report("report.html", predictor)
    text = Path("report.html").read_text("utf-8")
    assert f"has a mean probability of {confidence:.1%}," in text


def test_new_rows_without_the_weights_are_not_measured(rows):
    task = Task.open(rows, "price", weight="weight", columns={"kind": "drop"})
    predictor = task.train(model="network", epochs=1)
    rows.drop(columns="weight").to_csv("others.csv", index=False)
    with pytest.raises(DataError, match=r"others.csv: no column weight"):
        task.evaluate(predictor, "others.csv")
