"""Scores of networks and of baselines as scikit-learn's, ``--metric``, and weights of classes."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import sem
from sklearn import metrics as oracle
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from barenet import METRICS, Task, load, load_dataset, train as train_network
from barenet.cli._flags import Flags, RunSettings
from barenet.cli._score_tables import emit_confusion_matrix, emit_paragraph, emit_scores
from barenet.tasks._fit import prepare_network
from barenet.tasks._measurement import Measurement, Scored


def test_scores_are_printed_under_their_names(capsys):
    scores = {"loss": 0.123456789, "r2": 0.5, "rmse": 1e-9, "mae": 2.0}
    emit_scores(("", "rows"), [(("network", "5 test rows"), scores)], "huber:delta=2.0")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["rows", "R²", "RMSE", "MAE", "huber"],
        ["network", "5", "test", "rows", "0.5000", "1e-09", "2", "0.12346"],
    ]
    assert len({len(line) for line in lines}) == 1


def test_a_line_defines_the_loss_beside_an_rmse(barenet):
    out = barenet("train", "diabetes", "--epochs", 1, "--no-plots", "--no-baselines").out
    note = "(the loss is half of the mean squared error of the standardized target)"
    assert note in out.splitlines()
    heading = out.splitlines()[0]
    assert heading.split() == ["rows", "R²", "RMSE", "MAE", "loss"]


def test_a_wide_confusion_matrix_is_numbered_or_omitted(capsys):
    names = tuple(f"a class with the number {number}" for number in range(6))
    emit_confusion_matrix(np.eye(6, dtype=int), names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == list("012345")
    assert lines[3].startswith("0 a class with the number 0  1")
    assert max(map(len, lines)) < 80
    emit_confusion_matrix(np.eye(21, dtype=int), tuple(map(str, range(21))))
    assert capsys.readouterr().out == "\n(no confusion matrix: it would have 21 columns)\n"


@pytest.mark.case(195)
@pytest.mark.parametrize(("columns", "n_classes"), [(20, 2), (40, 4), (60, 20), (100, 11)])
def test_no_class_name_is_cut_in_a_narrow_terminal(capsys, monkeypatch, columns, n_classes):
    """Names of several words, also of wide characters, are broken between words."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    texts = [
        "한국어 radiation",
        "晴れ 曇り時々雨radiation 雨",
        "Grand Canyon",
        "ra",
        "versicolor naïve",
    ]
    names = [f"{texts[number % 5]} {number}" for number in range(n_classes)]
    emit_confusion_matrix(np.full((n_classes, n_classes), 12345), names)
    words = set(capsys.readouterr().out.split())
    assert words >= {word for name in names for word in name.split()}


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_the_baselines_are_scikit_learns_in_the_unit_of_the_target(barenet, name):
    patience = ["--patience", 3] * (name == "wine")  # the baselines have its rows, too
    run = ("train", name, "--epochs", 2, *patience, "--no-plots", "--json")
    measured = barenet(*run).json["baselines"]
    for kind, again in barenet("evaluate", f"runs/{name}", "--json").json["baselines"].items():
        assert again["loss"] == pytest.approx(measured[kind]["loss"], rel=1e-3)
        assert again["rows"] == measured[kind]["rows"]
    training, test = load_dataset(name).split(0.2, 0)
    models = {"linear": LogisticRegression(), "constant": DummyClassifier()}
    if training.classes is None:
        models = {"linear": Ridge(), "constant": DummyRegressor()}
    assert not (training.classes and measured["linear"]["network_is_better"])
    for kind, model in models.items():
        if training.classes is None:
            model = TransformedTargetRegressor(model, transformer=StandardScaler())
        fitted = make_pipeline(StandardScaler(), model).fit(training.X, training.y)
        predicted, scores = fitted.predict(test.X), measured[kind]
        assert scores["rows"] == training.n_samples
        if training.classes:
            assert scores["accuracy"] == (predicted == test.y).mean()
        else:
            error = (predicted - test.y) / training.y.std()
            mae = oracle.mean_absolute_error(test.y, predicted)
            assert scores["mae"] == pytest.approx(mae, rel=1e-6)
            assert scores["loss"] == pytest.approx((error**2).mean() / 2, rel=1e-5)


@pytest.fixture(scope="module")
def moons(train) -> Path:
    return train("moons:samples=20", "--epochs", 1)


BETTER = ["The linear model is better: ", "The most frequent class is better: "]


@pytest.mark.parametrize(
    ("metric", "errors", "verdicts"),
    [
        ("accuracy", 45, ["The linear model may be as good: "]),
        ("log_loss", 0, ["The linear model is worse: "]),
        *((name, 190, BETTER) for name in ("accuracy", "auc")),
    ],
)
def test_a_verdict_on_each_baseline_is_printed(metric, errors, verdicts, moons, capsys):
    X = np.linspace(-2, 2, 200).reshape(-1, 1).repeat(2, axis=1)
    y = (X[:, 0] > 0).astype(np.int64)
    y[:40] = np.arange(40) % 2  # which no line separates
    rows = replace(load_dataset("moons", samples=20), X=X, y=y)
    measured = Measurement(load(moons), rows, metric, fitted_to=rows)
    predicted = np.where(np.arange(200) < errors, 1 - y, y)
    p = np.where(predicted, 0.99, 0.01)
    scores = {metric: METRICS[metric](p[:, None], y[:, None])}
    measured.scored = Scored(np.column_stack([1 - p, p]), scores)
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
    measured.scored = measured.scored._replace(scores=same)
    assert next(measured.verdicts()).endswith(" (the same).")
    measured.scored = measured.scored._replace(scores=scores)
    capsys.readouterr()
    emit_paragraph(" ".join(measured.verdicts()))
    assert capsys.readouterr().out.split() == " ".join(found).split()
    few = rows.take(np.arange(9))
    assert [*Measurement(measured.predictor, few, metric, fitted_to=rows).verdicts()] == [
        "Fewer than 10 rows are too few to compare the models on."
    ]


def write_table(name, target):
    rng = np.random.default_rng(0)
    Path(name).write_text("x,t\n" + "".join(f"{rng.normal():.3f},{each}\n" for each in target))


@pytest.mark.integration
def test_undefined_scores_are_named_so_and_decide_nothing(barenet):
    write_table("five.csv", [0.5, 1.5, 4.25, 2.75, 8.5])
    write_table("rare.csv", ["A", "A", *"B" * 398])
    options = ("--target", "t", "--model", "network", "--epochs", 1)
    for name, verdict in (("five", "Fewer than 10 rows are "), ("rare", "accuracy 1.0000 (")):
        done = barenet("train", f"{name}.csv", *options).ok()
        assert "n/a" in done.out.splitlines()[1] and verdict in done.out
        assert "nan" not in done.out + done.err and "warning" not in done.err
        page = Path(f"runs/{name}/report.html").read_text()
        assert "n/a" in page and "nan" not in re.sub("<svg.*?</svg>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("n_rows", [300, 20_000])
def test_the_interval_of_an_accuracy_is_that_of_its_paired_differences(iris, n_rows):
    rng = np.random.default_rng(1)
    y, own, other = (rng.random((n_rows, 1)) < share for share in (0.5, 0.5, 0.5))
    own, other = (np.where(rng.random((n_rows, 1)) < 0.8, y, each) for each in (own, other))
    measured = Measurement(load(iris), load_dataset("iris"), "accuracy")
    measured.targets, measured.scored = 1.0 * y, Scored(own, {"accuracy": 0.8})
    measured.quantile = None
    margin = measured._margin(*(1.0 * each for each in (own, other)))
    gains = 1.0 * (own == y) - (other == y)
    assert margin == pytest.approx(2 * sem(gains.ravel()), rel=0.25)


def test_targets_without_scores_are_refused(barenet):
    for target, message in [
        ([1.5] * 9, "t.csv: column 't' holds 1.5 in every row"),
        ([1e200, -1e200, 3.5], "--target-scaling: the variance of column 't' is beyond float64, "),
        ([*"abcabc"], "in the test set, which has 2; add rows, or use --test-size 0"),
    ]:
        write_table("t.csv", target)
        assert message in barenet("train", "t.csv", "--target", "t", "--model", "ensemble").error


QUICK = ("--no-plots", "--no-baselines", "--epochs", 4)


@pytest.fixture
def rare(tmp_path):
    """A table of which a fifth of the rows are of the second class."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = X[:, 0] + 0.5 * rng.normal(size=300)
    labels, path = np.where(y > np.quantile(y, 0.8), "yes", "no"), tmp_path / "rare.csv"
    pd.DataFrame(X.round(4), columns=["a", "b"]).assign(y=labels).to_csv(path, index=False)
    return path


def experiment(data, **flags):
    settings = RunSettings(data=str(data), target="y", config=Flags(**flags))
    return prepare_network(Task.from_settings(settings).rows, settings)


def test_a_rare_class_is_scored_by_the_area_under_the_curve(barenet, rare):
    done = barenet("train", rare, "--target", "y", *QUICK).ok()
    assert "80 % of the rows are of class 'no': the first score is AUC (--metric)\n" in done.err
    assert done.out.split()[:6] == ["rows", "AUC", "accuracy", "F1", "balanced", "log"]
    predictor = load("runs/rare/model.safetensors")
    test = experiment(rare).rows.test
    p, y = predictor.predict_proba(test.X), test.y
    document = barenet("evaluate", "runs/rare", "--json").json["metrics"]
    assert document.pop("main") == "auc" and document.pop("evaluated_on") == "test rows"
    expected = {
        "auc": oracle.roc_auc_score(y, p[:, 1]),
        "accuracy": oracle.accuracy_score(y, p.argmax(axis=1)),
        "f1": oracle.f1_score(y, p.argmax(axis=1)),
        "balanced_accuracy": oracle.balanced_accuracy_score(y, p.argmax(axis=1)),
        "log_loss": oracle.log_loss(y, p[:, 1].astype(float)),
    }
    assert document == pytest.approx({"loss": expected["log_loss"], **expected}, rel=1e-5)


def test_a_search_is_compared_by_the_metric(barenet, rare):
    values = ("--learning-rate", 0.001, 0.1, "--folds", 2)
    document = barenet("search", rare, "--target", "y", *QUICK, *values, "--json").json
    assert document["search"]["metric"] == document["metrics"]["main"] == "auc"


def test_early_stopping_follows_the_metric_that_is_given(barenet, rare):
    options = ("--epochs", 20, "--patience", 5, "--no-plots", "--no-baselines", "--metric")
    document = barenet("train", rare, "--target", "y", *options, "log_loss", "--json").json
    scores = document["history"]["validation_log_loss"]
    assert document["best_epoch"] == 1 + int(np.argmin(scores))


def test_a_metric_of_numbers(barenet, penguins):
    done = barenet("train", penguins, "--target", "body_mass_g", *QUICK, "--metric", "mae").ok()
    assert done.out.split()[:4] == ["rows", "MAE", "R²", "RMSE"]
    done = barenet("importance", "runs/penguins", "--repeats", 2).ok()
    assert "MAE gained" in done.out
    error = barenet("evaluate", "runs/penguins", "--metric", "auc").err
    assert "--metric: auc is not a metric of numbers; expected r2, rmse, mae\n" in error


@pytest.mark.parametrize("patience", [0, 2])
def test_class_weights_are_sample_weights(rare, patience):
    mine = experiment(rare, epochs=3, class_weight=("balanced",), patience=patience)
    other = experiment(rare, epochs=3, patience=patience)
    arguments = other.arguments()
    arguments["sample_weight"] = compute_sample_weight("balanced", other.training.y)
    if patience:
        by_class = dict(enumerate(np.bincount(other.training.y)))
        weight = [len(other.training.y) / 2 / by_class[label] for label in other.validation.y]
        arguments["validation_data"] = (*arguments["validation_data"][:2], weight)
    history = train_network(other.predictor.network, **arguments)
    assert mine.run()[1]["loss"] == pytest.approx(history["loss"], rel=1e-6)
    if patience:
        assert mine.run()[1]["validation_loss"] != other.run()[1]["validation_loss"]


@pytest.mark.parametrize(("output", "layers", "expected"), [
    ("sigmoid", (2, 4, 1), {(0.05,), (0.95,)}),
    ("softmax", (2, 4, 2), {(0.95, 0.05), (0.05, 0.95)}),
])  # fmt: skip
def test_label_smoothing_changes_the_targets(rare, output, layers, expected):
    options = {"output": output, "layers": layers, "label_smoothing": 0.1, "patience": 2}
    arguments = experiment(rare, epochs=2, **options).arguments()
    for y in (arguments["y"], arguments["validation_data"][1]):
        assert {tuple(row) for row in y.round(6)} == expected
    assert set(arguments["test_data"][1]) == {0, 1}
    _, history = experiment(rare, epochs=2, **options).run()
    assert history["accuracy"][-1] <= 1


def test_the_settings_repeat_the_run(barenet, rare):
    options = ("--metric", "f1", "--class-weight", "yes=3", "no=0.5", "--label-smoothing", 0.1)
    done = barenet("train", rare, "--target", "y", *QUICK, "--patience", 2, *options).ok()
    assert done.out.split()[:3] == ["rows", "F1", "accuracy"] and "--metric" not in done.err
    assert barenet("evaluate", "runs/rare").ok().out.split()[:2] == ["rows", "F1"]
    done = barenet("evaluate", "runs/rare", "--metric", "log_loss").ok()
    assert done.out.split()[:3] == ["rows", "log", "loss"]
    barenet("train", "--config", "runs/rare/settings.toml", "--out", "again", "--no-plots").ok()
    first, again = (load(f"{path}/model.safetensors") for path in ("runs/rare", "again"))
    np.testing.assert_array_equal(first.network.parameters, again.network.parameters)
    assert first.card.settings["class_weight"] == ("yes=3", "no=0.5")
