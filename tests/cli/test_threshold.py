"""`predict`, `evaluate` and `serve` decide by the threshold of a model file."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from barenet import (
    Network,
    Predictor,
    Scaling,
    Task,
    evaluate,
    load,
    permutation_importance,
    save,
)
from barenet.cli._text_graphics import emit_image
from barenet.layers import Dense
from barenet.tasks._pictures import draw

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


@pytest.fixture(scope="session")
def moved(rare, tmp_path_factory):
    """The model file with a threshold, in a folder of its own."""
    folder, _ = rare
    path = tmp_path_factory.mktemp("moved") / "model.safetensors"
    save(load(folder / "model.safetensors").with_threshold(THRESHOLD), path)
    return path


def decided(folder: Path, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of the second class, and the classes that the threshold decides on."""
    probabilities = load(folder / "model.safetensors").predict_proba(rows)[:, 1]
    return probabilities, np.where(probabilities >= np.float32(THRESHOLD), "yes", "no")


def test_scores_in_python_are_of_the_classes_that_the_threshold_decides_on(rare, moved):
    folder, path = rare
    rows = pd.read_csv(path)
    _, classes = decided(folder, rows)
    predictor = load(moved)
    scores = evaluate(predictor, rows[["x", "z"]], rows["churned"])
    assert scores["f1"] == pytest.approx(
        metrics.f1_score(rows["churned"], classes, pos_label="yes")
    )
    importance = permutation_importance(predictor, rows[["x", "z"]], rows["churned"], metric="f1")
    assert importance.score == pytest.approx(scores["f1"])
    figure = draw("confusion", predictor, Task.open(path, "churned", test_size=0).training)
    drawn = [text.get_text() for text in figure.axes[0].texts]
    assert drawn[:4] == [str(n) for n in metrics.confusion_matrix(rows["churned"], classes).ravel()]


def test_the_second_class_is_predicted_from_the_threshold_on(barenet, rare, moved):
    folder, path = rare
    rows = pd.read_csv(path)
    probabilities, classes = decided(folder, rows)
    assert {*classes} == {"yes", "no"} and (classes == "yes").sum() > (probabilities > 0.5).sum()
    done = barenet("predict", moved, path)
    assert [row["prediction"] for row in done.rows] == classes.tolist()
    assert "yes is predicted from a probability of 0.2 on, otherwise no\n" in done.err
    document = barenet("predict", moved, path, "--json").json
    assert (document["predictions"], document["threshold"]) == (classes.tolist(), THRESHOLD)
    barenet("predict", moved, path, "--out", "scores.jsonl").ok()
    lines = [json.loads(line) for line in Path("scores.jsonl").read_text().splitlines()]
    assert [line["prediction"] for line in lines] == classes.tolist()
    plain = barenet("predict", folder, path).rows
    assert [row["prediction"] for row in plain] == np.where(
        probabilities > 0.5, "yes", "no"
    ).tolist()


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize(("threshold", "word"), [(None, "a no"), (0.3, "a yes")])
def test_the_class_of_an_image_is_that_of_the_prediction(capsys, output, threshold, word):
    sums = [-0.5] if output == "sigmoid" else [0.0, -0.5]
    layer = Dense(4, len(sums), output)
    network = Network([layer])
    layer.weights[...] = 0
    layer.bias[...] = sums
    pixels = np.zeros((1, 4))
    predictor = Predictor(
        network=network,
        preprocessing=Scaling.fit("none", pixels),
        classes=("no", "yes"),
        feature_names=tuple("abcd"),
        target_name="y",
        dataset="images.npz",
        image_shape=(2, 2),
        threshold=threshold,
    )
    emit_image(predictor, pixels[0], predictor.outputs(pixels))
    p = 1 / (1 + np.exp(0.5))
    probability = p if threshold else 1 - p
    assert f"I'm {100 * probability:.1f} % sure that it's {word}." in capsys.readouterr().out


def test_the_reasons_do_not_depend_on_the_threshold(barenet, rare, moved):
    folder, path = rare
    probabilities, _ = decided(folder, pd.read_csv(path))
    between = int(np.flatnonzero((probabilities > 0.25) & (probabilities < 0.45))[0])
    reasons = (path, "--row", between, "--reasons", 1, "--background", path)
    [plain] = barenet("predict", folder, *reasons).rows
    [decided_by_it] = barenet("predict", moved, *reasons).rows
    assert (plain["prediction"], decided_by_it["prediction"]) == ("no", "yes")
    del plain["prediction"], decided_by_it["prediction"]
    assert plain == decided_by_it and plain["explained_class"] == "yes"


@pytest.mark.parametrize("n_rows", [300, 211])
def test_scores_and_confusions_follow_the_threshold(barenet, rare, moved, n_rows):
    """A file of as many rows as in training is read at once, another one block by block."""
    folder, path = rare
    rows = pd.read_csv(path).round(2)[:n_rows]
    data = "other.csv"
    rows.to_csv(data, index=False)
    options = ("--no-baselines", "--json")
    result = barenet("evaluate", moved, data, *options).json
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
def test_the_service_decides_by_the_threshold_and_describes_it(serve, rare, moved, tmp_path):
    folder, path = rare
    rows = pd.read_csv(path).drop(columns="churned")
    _, send = serve(moved)
    status, answers = send(rows.to_dict("records"))
    _, classes = decided(folder, rows)
    assert status == 200 and [each["prediction"] for each in answers] == classes.tolist()
    text = "yes is predicted from a probability of 0.2 on, otherwise no"
    assert text in (tmp_path / "log.txt").read_text()
    assert send(path="/metadata")[1]["threshold"] == THRESHOLD
    document = send(path="/openapi.json")[1]
    answer = document["components"]["schemas"]["Prediction"]["properties"]["prediction"]
    assert answer["description"] == text


def test_the_former_option_names_its_replacement(barenet, rare):
    folder, path = rare
    error = barenet("predict", folder, path, "--threshold", 0.3).error
    assert "unknown option --threshold; save the model with one: load(path).with_thr" in error
