"""`barenet drift` and `barenet.drift` compare new rows with those of the training."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import entropy

from barenet import MLPRegressor, ModelCard, Predictor, Task, drift, load, save
from barenet.errors import ArgumentError


def people(n_rows: int, seed: int, **columns) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": rng.normal(40, 9, n_rows).round(1),
            "town": rng.choice(["Rome", "Oslo", "Bern"], n_rows, p=[0.5, 0.3, 0.2]),
            "member": rng.choice(["yes", "no"], n_rows),
            "day": (np.datetime64("2024-01-01") + rng.integers(0, 365, n_rows)).astype(str),
        }
    )
    table["y"] = np.where(table["age"] + rng.normal(0, 4, n_rows) > 40, "old", "young")
    return table.assign(**columns)


@pytest.fixture(scope="module")
def model(train, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "people.csv"
    people(1500, 0).to_csv(path, index=False)
    return train(path, "--target", "y", "--epochs", 20, "--learning-rate", 0.01)


def test_shifted_columns_come_first_with_scores_then_and_now(barenet, model):
    new = people(800, 1).drop(columns="y").assign(age=lambda rows: rows["age"] + 15)
    new.loc[:199, "town"], new.loc[::2, "day"] = "Kyiv", ""
    new.to_csv("new.csv", index=False)
    done = barenet("drift", model, "new.csv").ok()
    heading, *lines, _, summary, predictions = done.out.splitlines()
    assert predictions.startswith("predictions: PSI ") and ", shifted; " in predictions
    assert summary == "3 of 4 columns shifted, 0 moderately: 800 rows, 1,080 in the training"
    assert heading.split() == ["column", "PSI", "reading", "missing", "unknown", "range"]
    found = {name: (reading, rest) for name, _, reading, *rest in map(str.split, lines)}
    assert found["member"][0] == "stable" and lines[-1].startswith("member")
    assert found["day"][1][:3] == ["0.0%", "→", "50.0%"] and found["town"][1][3:] == ["25.0%"]

    people(800, 2).to_csv("same.csv", index=False)
    document = barenet("drift", model, "same.csv", "--json", "--fail-above", 0.25).json
    assert {column["reading"] for column in document["columns"]} == {"stable"}
    assert {*document["scores"]} == {"held_out", "new"} and document["n_rows"] == 800
    evaluated = barenet("evaluate", model, "same.csv", "--json").json["metrics"]
    for name, score in document["scores"]["new"].items():
        assert score == evaluated[name]
    assert document["scores"]["held_out"].items() <= (
        load(model / "model.safetensors").card.scores["held_out"].items()
    )


@pytest.mark.parametrize("form", ["frame", "file"])
def test_the_index_follows_from_the_training_rows_and_the_new_ones(tmp_path, form):
    training, new = people(900, 0), people(700, 3)
    predictor = Task.open(training, "y").train(model="network", epochs=1)
    new.to_csv(tmp_path / "new.csv", index=False)
    result = drift(predictor, new if form == "frame" else tmp_path / "new.csv")
    found = {column["name"]: column for column in result.columns}
    counted = Task.open(training, "y").training.X
    then = [np.count_nonzero(counted["town"] == name) for name in ("Rome", "Oslo", "Bern")]
    now = [int((new["town"] == name).sum()) for name in ("Rome", "Oslo", "Bern")]
    p, q = np.array(then) + 0.5, np.array(now) + 0.5
    assert found["town"]["psi"] == pytest.approx(entropy(p, q) + entropy(q, p))
    edges = np.quantile(counted["age"], np.arange(1, 10) / 10, method="inverted_cdf")
    both = counted["age"], new["age"].to_numpy()
    p, q = (np.bincount(np.searchsorted(edges, ages), minlength=10) + 0.5 for ages in both)
    assert found["age"]["psi"] == pytest.approx(entropy(p, q) + entropy(q, p))
    assert found["age"]["range"][1] == (new["age"].min(), new["age"].max())
    summary = "0 of 4 columns shifted, 0 moderately: 700 rows, 720 in the training"
    assert repr(result) == f"<Drift: {summary}>"
    assert "<table" in result._repr_html_() and str(result).count("\n") == 7


CHANGES = {
    "missing": (people(300, 4, age=np.nan), "age", {"missing": [0.0, 1.0], "range": None}),
    "constant": (people(300, 4, age=41.0), "age", {"missing": [0.0, 0.0]}),
    "category": (people(300, 4, town=""), "town", {"missing": [0.0, 1.0], "unknown": 0.0}),
    "numbers": (people(300, 4, town=7), "town", {"unknown": 1.0}),
    "dates": (people(300, 4, day="2031-05-01"), "day", {"reading": "shifted"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_column_that_is_different_in_all_rows_has_shifted(barenet, model, change):
    rows, name, expected = CHANGES[change]
    rows.assign(extra=1).to_csv("new.csv", index=False)
    done = barenet("drift", model, "new.csv", "--json", "--fail-above", 0.25)
    assert done.status == 1 and f"--fail-above: the PSI is above 0.25 for {name} (" in done.err
    first, *others = json.loads(done.out)["columns"]
    assert first["name"] == name and first["reading"] == "shifted"
    assert first.items() >= expected.items()
    assert all(each["reading"] == "stable" for each in others)


def test_few_rows_and_rows_without_scores_are_compared(barenet, model):
    for rows, note in [
        (people(1, 5), "the PSI of fewer than 200 rows is noisy"),
        (people(250, 5, y="other"), "no scores: new.csv:2: column 'y': expected one of old, young"),
        (people(250, 5, y=""), "no scores: new.csv: column 'y' has no value in any row"),
    ]:
        rows.to_csv("new.csv", index=False)
        done = barenet("drift", model, "new.csv").ok()
        assert note in done.out and len(done.out.splitlines()) >= 7


def test_one_warning_names_the_values_that_cannot_be_read(barenet, model):
    rows = people(300, 5)
    rows["age"] = ["old", *rows["age"][1:]]
    rows.to_csv("new.csv", index=False)
    done = barenet("drift", model, "new.csv").ok()
    problem = "column 'age': 1 of 300 values can't be read as 'number' and count as missing: 'old'"
    assert done.err == f"warning: {problem}\n"
    assert "0.0% → 0.3%" in done.out and "scores on" in done.out


def test_rows_that_cannot_be_compared_are_an_error(barenet, model):
    for rows, error in [
        (people(9, 6).drop(columns="town"), "new.csv: no column town"),
        (people(9, 6, age="old"), "new.csv:2: column 'age': expected a number, got 'old'"),
        (people(0, 6), "new.csv: no rows to compare"),
    ]:
        rows.to_csv("new.csv", index=False)
        assert error in barenet("drift", model, "new.csv").error


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_drift_needs_a_predictor_with_a_summary():
    X = pd.DataFrame({"x": np.arange(30.0)})
    model = MLPRegressor(hidden_layer_sizes=2, max_iter=2).fit(X, X["x"])
    for given, words in [
        (model, "expected a Predictor"),
        (Predictor.from_estimator(model), "by Task.train"),
    ]:
        with pytest.raises(ArgumentError, match=f"predictor: .*{words}"):
            drift(given, X)


def test_a_page_is_written_and_an_older_model_has_no_summary(barenet, model):
    people(300, 7, town="<b>").to_csv("new.csv", index=False)
    drift_to = ("drift", model, "new.csv", "--out")
    for _ in range(2):  # the second time, it replaces the first page
        assert barenet(*drift_to, "page.html").ok().out == "page.html\n"
    page = Path("page.html").read_text("utf-8")
    assert page.startswith("<!doctype html>") and "<script" not in page and "100.0%" in page
    assert "barenet drift: y of people.csv in new.csv" in page
    predictor = load(model / "model.safetensors")
    save(replace(predictor, card=replace(predictor.card, summaries={})), "old.safetensors")
    error = barenet("drift", "old.safetensors", "new.csv").error
    assert "has no summary of its training columns" in error


def test_the_summary_is_small_and_left_out_of_exports(model):
    card = load(model / "model.safetensors").card
    assert len(json.dumps(card.summaries)) / len(card.summaries) < 400
    assert ModelCard.from_dict(json.loads(json.dumps(card.to_dict()))).summaries == card.summaries
    assert "summaries" not in card.summary()
    with pytest.raises(ValueError, match="summaries"):
        ModelCard(summaries={"age": {"counts": 3}})


def test_the_shift_of_predicted_classes_follows_from_both_predictions(barenet, tmp_path):
    """Of the test rows, as there are 300 of them."""
    training, new = people(1500, 0), people(700, 3, age=51.0)
    task = Task.open(training, "y")
    predictor = task.train(model="network", epochs=20, learning_rate=0.01)
    assert task.test.n_samples == 300
    predicted = [predictor.predict(task.test.X), predictor.predict(new.drop(columns="y"))]
    counts = [[np.count_nonzero(each == name) for name in ("old", "young")] for each in predicted]
    p, q = np.array(counts) + 0.5
    result = drift(predictor, new).predictions
    assert result["psi"] == pytest.approx(entropy(p, q) + entropy(q, p))
    assert result["reading"] == "shifted" and result["range"] is None
    for name, column in {"old": 0, "young": 1}.items():
        shares = [count[column] / sum(count) for count in counts]
        assert result["shares"][name] == pytest.approx(shares)

    new.to_csv("new.csv", index=False)
    save(predictor, "model.safetensors")
    document = barenet("drift", "model.safetensors", "new.csv", "--json").json
    assert document["predictions"] == result
    failed = barenet("drift", "model.safetensors", "new.csv", "--fail-above", 0.25)
    assert failed.status == 1 and f"the predictions ({result['psi']:.3f})" in failed.err
    assert load("model.safetensors").card.prediction_summary == predictor.card.prediction_summary
    assert "prediction_summary" not in predictor.card.summary()


def test_the_shift_of_predicted_numbers_follows_from_both_predictions():
    """Of the training rows, as there are few test rows."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    predictor_task = Task.open({"x": x, "y": 3 * x + rng.normal(size=400)}, "y")
    predictor = predictor_task.train(model="network", epochs=20)
    then = predictor.predict(predictor_task.training.X)
    new = {"x": rng.normal(0.8, 1, size=500)}
    now = predictor.predict(new)
    edges = np.quantile(then, np.arange(1, 10) / 10, method="inverted_cdf")
    p, q = (np.bincount(np.searchsorted(edges, each), minlength=10) + 0.5 for each in (then, now))
    result = drift(predictor, new).predictions
    assert result["psi"] == pytest.approx(entropy(p, q) + entropy(q, p))
    assert result["shares"] is None
    expected = [(then.min(), then.max()), (now.min(), now.max())]
    assert np.allclose(result["range"], expected)
    [sentence] = [line for line in str(drift(predictor, new)).splitlines() if "predictions" in line]
    assert sentence.startswith(f"predictions: PSI {result['psi']:.3f}, shifted; range ")


def test_the_predictions_of_an_older_model_are_not_compared(model):
    predictor = load(model / "model.safetensors")
    older = replace(predictor, card=replace(predictor.card, prediction_summary={}))
    result = drift(older, people(300, 4))
    assert result.predictions is None and "predictions" not in str(result)
