"""`--threshold` of `predict`, `evaluate` and `serve` decides on the second of two classes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from barenet import load

THRESHOLD = 0.2


@pytest.fixture(scope="session")
def rare(train, tmp_path_factory):
    """A run on a table in which a class is rare, and its rows."""
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 300)).round(3)
    churned = np.where(x + rng.normal(size=300) > 1.5, "yes", "no")
    path = tmp_path_factory.mktemp("tables") / "churn.csv"
    pd.DataFrame({"x": x, "z": z, "churned": churned}).to_csv(path, index=False)
    return train(path, "--target", "churned", "--model", "network", "--epochs", 60), path


def decided(folder: Path, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of the second class, and the classes that the threshold decides on."""
    probabilities = load(folder / "model.safetensors").predict_proba(rows)[:, 1]
    return probabilities, np.where(probabilities >= np.float32(THRESHOLD), "yes", "no")


def test_the_second_class_is_predicted_from_the_threshold_on(barenet, rare):
    folder, path = rare
    rows = pd.read_csv(path)
    probabilities, classes = decided(folder, rows)
    assert {*classes} == {"yes", "no"} and (classes == "yes").sum() > (probabilities > 0.5).sum()
    done = barenet("predict", folder, path, "--threshold", THRESHOLD)
    assert [row["prediction"] for row in done.rows] == classes.tolist()
    assert "yes is predicted from a probability of 0.2 on, otherwise no\n" in done.err
    document = barenet("predict", folder, path, "--threshold", THRESHOLD, "--json").json
    assert (document["predictions"], document["threshold"]) == (classes.tolist(), THRESHOLD)
    barenet("predict", folder, path, "--threshold", THRESHOLD, "--out", "scores.jsonl").ok()
    lines = [json.loads(line) for line in Path("scores.jsonl").read_text().splitlines()]
    assert [line["prediction"] for line in lines] == classes.tolist()
    plain = barenet("predict", folder, path).rows
    assert [row["prediction"] for row in plain] == np.where(
        probabilities > 0.5, "yes", "no"
    ).tolist()


def test_a_probability_equal_to_the_threshold_is_of_the_second_class(barenet, rare):
    folder, path = rare
    probabilities, _ = decided(folder, pd.read_csv(path))
    row = int(np.argsort(probabilities)[150])
    limits = {"yes": probabilities[row], "no": np.nextafter(probabilities[row], np.float32(1))}
    for expected, limit in limits.items():
        options = ("--row", row, "--threshold", repr(float(limit)))
        [predicted] = barenet("predict", folder, path, *options).rows
        assert predicted["prediction"] == expected


def test_the_reasons_do_not_depend_on_the_threshold(barenet, rare):
    folder, path = rare
    probabilities, _ = decided(folder, pd.read_csv(path))
    between = int(np.flatnonzero((probabilities > 0.25) & (probabilities < 0.45))[0])
    reasons = ("predict", folder, path, "--row", between, "--reasons", 1, "--background", path)
    [plain] = barenet(*reasons).rows
    [moved] = barenet(*reasons, "--threshold", THRESHOLD).rows
    assert (plain["prediction"], moved["prediction"]) == ("no", "yes")
    del plain["prediction"], moved["prediction"]
    assert plain == moved and plain["explained_class"] == "yes"


@pytest.mark.parametrize("n_rows", [300, 211])
def test_scores_and_confusions_follow_the_threshold(barenet, rare, n_rows):
    """A file of as many rows as in training is read at once, another one block by block."""
    folder, path = rare
    rows = pd.read_csv(path).round(2)[:n_rows]
    data = "other.csv"
    rows.to_csv(data, index=False)
    options = ("--no-baselines", "--json")
    result = barenet("evaluate", folder, data, "--threshold", THRESHOLD, *options).json
    plain = barenet("evaluate", folder, data, *options).json
    _, classes = decided(folder, rows)
    y = rows["churned"]
    expected = {
        "accuracy": metrics.accuracy_score(y, classes),
        "f1": metrics.f1_score(y, classes, pos_label="yes"),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, classes),
    }
    for name, score in expected.items():
        assert result["metrics"][name] == pytest.approx(score)
        assert result["metrics"][name] != plain["metrics"][name]
    for name in ("auc", "log_loss", "loss"):
        assert result["metrics"][name] == plain["metrics"][name]
    matrix = metrics.confusion_matrix(y, classes, labels=["no", "yes"])
    assert result["confusion_matrix"] == matrix.tolist()
    assert (result["threshold"], plain["threshold"]) == (THRESHOLD, None)


@pytest.mark.integration
def test_the_service_decides_by_the_threshold_and_describes_it(serve, rare, tmp_path):
    folder, path = rare
    rows = pd.read_csv(path).drop(columns="churned")
    _, send = serve(folder, "--threshold", THRESHOLD)
    status, answers = send(rows.to_dict("records"))
    _, classes = decided(folder, rows)
    assert status == 200 and [each["prediction"] for each in answers] == classes.tolist()
    text = "yes is predicted from a probability of 0.2 on, otherwise no"
    assert text in (tmp_path / "log.txt").read_text()
    assert send(path="/metadata")[1]["threshold"] == THRESHOLD
    document = send(path="/openapi.json")[1]
    answer = document["components"]["schemas"]["Prediction"]["properties"]["prediction"]
    assert answer["description"] == text


@pytest.mark.parametrize("command", ["predict", "serve"])
def test_a_threshold_that_divides_no_two_classes_is_refused(barenet, rare, iris, line, command):
    folder, path = rare
    data = () if command == "serve" else (path,)
    for threshold in (0, 1, "nan") if command == "predict" else (0,):
        error = barenet(command, folder, *data, "--threshold", threshold).error
        assert "--threshold: expected a number between 0 and 1, got" in error
    data = () if command == "serve" else ("iris",)
    error = barenet(command, iris, *data, "--threshold", 0.3).error
    assert "the model predicts 3 classes, and a threshold divides two; leave it out" in error
    error = barenet(command, line, *data, "--threshold", 0.3).error
    assert "the model predicts numbers, and a threshold is for classes; leave it out" in error
