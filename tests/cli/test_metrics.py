"""``--metric``, ``--class-weight`` and ``--label-smoothing``."""

import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn.utils.class_weight import compute_sample_weight

from barenet import load_predictor, train as train_network
from barenet.cli._flags import Flags
from barenet.cli._run_settings import RunSettings
from barenet.tasks._fit import prepare_network
from barenet.tasks._task import Task

QUICK = ("--no-plots", "--no-baselines", "--epochs", 4)


@pytest.fixture
def rare(tmp_path):
    """A table of which a fifth of the rows are of the second class."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = X[:, 0] + 0.5 * rng.normal(size=300)
    labels = np.where(y > np.quantile(y, 0.8), "yes", "no")
    lines = [f"{a:.4f},{b:.4f},{label}" for (a, b), label in zip(X, labels, strict=True)]
    path = tmp_path / "rare.csv"
    path.write_text("a,b,y\n" + "\n".join(lines) + "\n")
    return path


def experiment(data, **flags):
    settings = RunSettings(data=str(data), target="y", config=Flags(**flags))
    return prepare_network(Task.from_settings(settings).rows, settings)


def test_a_rare_class_is_scored_by_the_area_under_the_curve(barenet, rare):
    done = barenet("train", rare, "--target", "y", *QUICK).ok()
    assert "80 % of the rows are of class 'no': the first score is AUC (--metric)\n" in done.err
    assert done.out.split()[:6] == ["rows", "AUC", "accuracy", "F1", "balanced", "log"]
    predictor = load_predictor("runs/rare/model.safetensors")
    test = experiment(rare).test
    p, y = predictor.probabilities(test.X), test.y
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


def test_the_first_score_is_chosen(barenet, rare):
    done = barenet("train", rare, "--target", "y", *QUICK, "--metric", "f1").ok()
    assert done.out.split()[:3] == ["rows", "F1", "accuracy"] and "--metric" not in done.err
    assert barenet("evaluate", "runs/rare").ok().out.split()[:2] == ["rows", "F1"]
    done = barenet("evaluate", "runs/rare", "--metric", "log_loss").ok()
    assert done.out.split()[:3] == ["rows", "log", "loss"]


def test_early_stopping_follows_the_metric_that_is_given(barenet, rare):
    options = ("--epochs", 30, "--patience", 5, "--no-plots", "--metric")
    for metric, best in (("balanced_accuracy", np.argmax), ("log_loss", np.argmin)):
        document = barenet("train", rare, "--target", "y", *options, metric, "--json").json
        scores = document["history"][f"validation_{metric}"]
        assert document["best_epoch"] == 1 + int(best(scores))


def test_a_metric_of_numbers(barenet, penguins):
    done = barenet("train", penguins, "--target", "body_mass_g", *QUICK, "--metric", "mae").ok()
    assert done.out.split()[:4] == ["rows", "MAE", "R²", "RMSE"]
    done = barenet("importance", "runs/penguins", "--repeats", 2).ok()
    assert "MAE gained" in done.out
    error = barenet("evaluate", "runs/penguins", "--metric", "auc").err
    assert "--metric: auc is not a metric of numbers; expected r2, rmse, mae\n" in error


def test_a_search_uses_the_metric(barenet, rare):
    values = ("--learning-rate", 0.001, 0.1, "--folds", 2)
    document = barenet("search", rare, "--target", "y", *QUICK, *values, "--json").json
    assert document["search"]["metric"] == document["metrics"]["main"] == "auc"


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


def test_options_of_classes_are_refused_for_numbers(barenet, penguins):
    for option in (("--class-weight", "balanced"), ("--label-smoothing", 0.1)):
        error = barenet("train", penguins, "--target", "body_mass_g", *option).error
        assert f"{option[0]}: only for classes, and 'body_mass_g' is a number; leave it o" in error


def test_the_settings_repeat_the_run(barenet, rare):
    options = ("--metric", "f1", "--class-weight", "yes=3", "no=0.5", "--label-smoothing", 0.1)
    barenet("train", rare, "--target", "y", *QUICK, "--patience", 2, *options).ok()
    barenet("train", "--config", "runs/rare/settings.toml", "--out", "again", "--no-plots").ok()
    first, again = (load_predictor(f"{path}/model.safetensors") for path in ("runs/rare", "again"))
    np.testing.assert_array_equal(first.network.parameters, again.network.parameters)
    assert first.card.settings["class_weight"] == ("yes=3", "no=0.5")


def test_several_seeds_are_compared_by_the_metric(barenet, rare):
    options = ("--repeat", 3, "--patience", 2, "--metric", "auc")
    document = barenet("train", rare, "--target", "y", *QUICK, *options, "--json").json
    scores = {run["seed"]: run["validation_auc"] for run in document["repeat"]["runs"]}
    assert document["seed"] == max(scores, key=scores.__getitem__)
