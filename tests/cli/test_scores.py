"""Scores of networks and of baselines, compared with scikit-learn's."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import sem
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, confusion_matrix as oracle_matrix, log_loss
from sklearn.preprocessing import StandardScaler

from barenet import load_predictor
from barenet._metrics import METRICS
from barenet.cli._scores import emit_confusion_matrix, emit_paragraph, emit_scores
from barenet.data import load_dataset
from barenet.tasks._measurement import Measurement, Scored


def test_scores_and_confusion_matrix_agree_with_scikit_learn(iris):
    predictor, rows = load_predictor(iris / "model.safetensors"), load_dataset("iris")
    measured = Measurement(predictor, rows, "accuracy")
    scores = measured.scores
    probabilities = predictor.probabilities(rows.X).astype(float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted = probabilities.argmax(axis=1)
    assert abs(scores["loss"] - log_loss(rows.y, probabilities)) < 1e-5
    assert scores["accuracy"] == accuracy_score(rows.y, predicted)
    expected = oracle_matrix(rows.y, predicted)
    np.testing.assert_array_equal(measured.confusion_matrix(), expected)


def test_scores_are_printed_under_their_names(capsys):
    scores = {"loss": 0.123456789, "r2": 0.5, "rmse": 1e-9, "mae": 2.0}
    emit_scores(("", "rows"), [(("network", "5 test rows"), scores)], "huber:delta=2.0")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["rows", "R²", "RMSE", "MAE", "huber"],
        ["network", "5", "test", "rows", "0.5000", "1e-09", "2", "0.12346"],
    ]
    assert len({len(line) for line in lines}) == 1


def test_a_wide_confusion_matrix_is_numbered_or_omitted(capsys):
    names = tuple(f"a class with the number {number}" for number in range(6))
    emit_confusion_matrix(np.eye(6, dtype=int), names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == list("012345")
    assert lines[3].startswith("0 a class with the number 0  1")
    assert max(map(len, lines)) < 80
    emit_confusion_matrix(np.eye(21, dtype=int), tuple(map(str, range(21))))
    assert capsys.readouterr().out == "\n(no confusion matrix: it would have 21 columns)\n"


def baselines(barenet, *arguments) -> dict:
    return barenet(*arguments, "--json").json["baselines"]


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_the_baselines_are_scikit_learns_in_the_unit_of_the_target(barenet, name):
    measured = baselines(barenet, "train", name, "--epochs", 2, "--no-plots")
    training, test = load_dataset(name).split(0.2, 0)
    scaler = StandardScaler().fit(training.X)
    X, X_test = scaler.transform(training.X), scaler.transform(test.X)
    if training.classes:
        assert measured["linear"]["network_is_better"] is False
        for kind, model in (("constant", DummyClassifier()), ("linear", LogisticRegression())):
            predicted = model.fit(X, training.y).predict(X_test)
            assert measured[kind]["accuracy"] == accuracy_score(test.y, predicted)
            assert measured[kind]["rows"] == len(X)
        return
    mean, deviation = training.y.mean(), training.y.std()
    for kind, model in (("constant", DummyRegressor()), ("linear", Ridge())):
        fitted = model.fit(X, (training.y - mean) / deviation)
        error = fitted.predict(X_test) * deviation + mean - test.y
        assert measured[kind]["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-6)
        half = (error**2).mean() / 2 / deviation**2
        assert measured[kind]["loss"] == pytest.approx(half, rel=1e-5)


def test_evaluate_and_train_have_the_same_baselines(barenet):
    first = baselines(barenet, "train", "iris", "--patience", 3, "--epochs", 5, "--no-plots")
    again = baselines(barenet, "evaluate", "runs/iris", "iris")
    for name, scores in first.items():
        assert again[name]["accuracy"] == scores["accuracy"]
        assert again[name]["loss"] == pytest.approx(scores["loss"], rel=1e-3)
        assert again[name]["rows"] == scores["rows"] == 120  # those of the validation set, too


BETTER = ["The linear model is better: ", "The most frequent class is better: "]


@pytest.mark.parametrize(
    ("metric", "errors", "verdicts"),
    [
        ("accuracy", 45, ["The linear model may be as good: "]),
        *((name, 0, ["The linear model is worse: "]) for name in ("accuracy", "log_loss")),
        *((name, 190, BETTER) for name in ("accuracy", "auc", "log_loss")),
    ],
)
def test_a_verdict_on_each_baseline_is_printed(metric, errors, verdicts, train, capsys):
    X = np.linspace(-2, 2, 200).reshape(-1, 1).repeat(2, axis=1)
    y = (X[:, 0] > 0).astype(np.int64)
    y[:40] = np.arange(40) % 2  # which no line separates
    model = train("moons", "--samples", 20, "--epochs", 1) / "model.safetensors"
    rows = replace(load_dataset("moons", samples=20), X=X, y=y)
    measured = Measurement(load_predictor(model), rows, metric, fitted_to=rows)
    predicted = np.where(np.arange(200) < errors, 1 - y, y)
    p = np.where(predicted, 0.99, 0.01)
    scores = {metric: METRICS[metric](p[:, None], y[:, None])}
    measured.network = Scored(np.column_stack([1 - p, p]), scores)
    found = [*measured.verdicts()]
    assert len(found) == len(verdicts)
    assert all(map(str.startswith, found, verdicts))
    title = METRICS[metric].title
    for sentence, (_, own) in zip(found, measured.baselines.values(), strict=False):
        difference = own[metric] - scores[metric]
        sign, parts = "+" if difference > 0 else "−", sentence.partition(f": {title} ")[2]
        score, size = map(float, re.findall(r"^(\S+) \([+−](\S+) ± \S+\)\.$", parts)[0])
        assert score == pytest.approx(own[metric], abs=1e-4) and f"({sign}" in parts
        assert size == pytest.approx(abs(difference), abs=1e-4)
    _, same = next(iter(measured.baselines.values()))
    measured.network = measured.network._replace(scores=same)
    assert next(measured.verdicts()).endswith(" (the same).")
    measured.network = measured.network._replace(scores=scores)
    capsys.readouterr()
    emit_paragraph(" ".join(measured.verdicts()))
    assert capsys.readouterr().out.split() == " ".join(found).split()


def write_table(name, target):
    rng = np.random.default_rng(0)
    Path(name).write_text("x,t\n" + "".join(f"{rng.normal():.3f},{each}\n" for each in target))


@pytest.mark.integration
def test_undefined_scores_are_named_so_and_decide_nothing(barenet):
    write_table("five.csv", [0.5, 1.5, 4.25, 2.75, 8.5])
    write_table("rare.csv", ["A", "A", *"B" * 398])
    options = ("--target", "t", "--quick", "--epochs", 1)
    for name, verdict in (("five", "Fewer than 10 rows are "), ("rare", "accuracy 1.0000 (")):
        done = barenet("train", f"{name}.csv", *options).ok()
        assert "n/a" in done.out.splitlines()[1] and verdict in done.out
        assert "nan" not in done.out + done.err and "warning" not in done.err
        page = Path(f"runs/{name}/report.html").read_text()
        assert "n/a" in page and "nan" not in re.sub("<svg.*?</svg>", "", page, flags=re.DOTALL)


def test_large_scores_are_short_and_too_few_rows_give_no_interval(train):
    predictor = load_predictor(train("sine", "--epochs", 1) / "model.safetensors")
    rows = load_dataset("sine").take(np.arange(40))
    rows = replace(rows, y=1e-9 * np.arange(40) - 7)
    found = [*Measurement(predictor, rows, "r2", fitted_to=load_dataset("sine")).verdicts()]
    numbers = re.findall(r"[\d.]+(?:e[+-]\d+)?", found[0].replace("R²", "").rstrip("."))
    assert max(map(float, numbers)) > 1e10 and max(map(len, numbers)) < 12
    few = rows.take(np.arange(9))
    assert [*Measurement(predictor, few, "r2", fitted_to=rows).verdicts()] == [
        "Fewer than 10 rows are too few to compare the models on."
    ]


@pytest.mark.parametrize("n_rows", [300, 20_000])
def test_the_interval_of_an_accuracy_is_that_of_its_paired_differences(iris, n_rows):
    rng = np.random.default_rng(1)
    y, own, other = (rng.random((n_rows, 1)) < share for share in (0.5, 0.5, 0.5))
    own, other = (np.where(rng.random((n_rows, 1)) < 0.8, y, each) for each in (own, other))
    measured = Measurement(None, None, "accuracy")
    measured.targets, measured.network = 1.0 * y, Scored(own, {"accuracy": 0.8})
    margin = measured._margin(*(1.0 * each for each in (own, other)))
    gains = 1.0 * (own == y) - (other == y)
    assert margin == pytest.approx(2 * sem(gains.ravel()), rel=0.25)


@pytest.mark.parametrize("kind", ["--quick", "--no-quick"])
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ([1.5] * 9, "t.csv: column 't' holds 1.5 in every row"),
        ([1e200, -1e200, 3.5], "--target-scaling: the variance of column 't' is beyond float64, "),
        ([*"ababa"], "t.csv: the training set or the test set is too small to have all classes; "),
        ([*"abcabc"], "is too small to have all classes; add rows, or use --test-size 0"),
    ],
)
def test_targets_without_scores_are_refused(barenet, kind, target, message):
    write_table("t.csv", target)
    assert message in barenet("train", "t.csv", "--target", "t", kind).error
