"""The ensemble that ``barenet train`` makes of a table, and all commands that take its model."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from barenet import (
    MLPEnsembleClassifier,
    RunConfig,
    load,
    load_dataset,
    permutation_importance,
    save,
)
from barenet.cli._flags import RunSettings
from barenet.cli._run_folder import RunFolder
from barenet.population._ensemble_training import EnsembleTraining
from barenet.typing import Ensemble

pytestmark = pytest.mark.integration

PENGUINS = Path(__file__).parents[2] / "docs" / "tutorials" / "penguins.csv"


@pytest.fixture
def several(iris, tmp_path):
    """A model file of three networks for the Iris data set."""
    predictor = load(iris / "model.safetensors")
    members = [predictor.network.copy() for _ in range(3)]
    for factor, network in zip((1, 0.5, -0.1), members, strict=True):
        network.parameters *= factor
    path = tmp_path / "several.safetensors"
    save(replace(predictor, network=Ensemble(members)), path)
    return path


def test_every_command_takes_the_mean_and_explain_the_first_network(barenet, several, iris):
    document = barenet("info", several, "--json").json
    assert document["networks"] == 3 and document["n_parameters"] == 201
    assert "3 such networks, 201 parameters" in barenet("info", several).words
    data, predictor = load_dataset("iris"), load(several)
    probabilities = predictor.predict_proba(data.X).astype(float)
    document = barenet("evaluate", several, "iris", "--json").json
    _, test = data.split(0.2, 0)
    of_test = predictor.predict_proba(test.X).astype(float)
    right = of_test.argmax(axis=1) == test.y
    assert document["metrics"]["accuracy"] == pytest.approx(right.mean())
    own = np.log(of_test[np.arange(30), test.y])
    assert document["metrics"]["loss"] == pytest.approx(-own.mean(), rel=1e-6)
    assert np.trace(document["confusion_matrix"]) == right.sum()
    most = permutation_importance(predictor, test.X, test.y).mean.max()
    assert f"{most:.4f}" in barenet("importance", several, "iris").words
    rows = barenet("predict", several, "iris").rows
    assert [row["prediction"] for row in rows] == predictor.predict(data.X).tolist()
    barenet("export", several, "--out", "mean.py").ok()
    exec(Path("mean.py").read_text(), module := {"__name__": "mean"})
    np.testing.assert_allclose(module["probabilities"](data.X), probabilities, atol=1e-6)
    lines = barenet("explain", several, "iris", "--row", 7).words
    first = barenet("explain", iris, "iris", "--row", 7).words
    assert lines.replace(" · the first of 3 networks", "").split()[-40:] == first.split()[-40:]


#: An ensemble of few epochs, for results that do not depend on their number.
SHORT = ("--target", "species", "--model", "ensemble", "--epochs", 6)

PLAIN = ("--no-plots", "--no-baselines")


@pytest.fixture(scope="module")
def short(train):
    """The folder of such a run."""
    return train(PENGUINS, *SHORT)


def test_its_encoding_is_that_of_the_estimator(short):
    training, _ = load_dataset(PENGUINS, target="species", frame=True).split(0.2, 0)
    encoding = MLPEnsembleClassifier(max_iter=1).fit(training.X, training.y).encoding_
    predictor = load(short / "model.safetensors")
    assert encoding.to_dict() == predictor.preprocessing.to_dict()


def test_the_same_settings_make_the_same_model(barenet, short):
    config = ("--config", short / "settings.toml", "--no-plots", "--threads", 1)
    barenet("train", *config, "--out", "again", "--no-baselines").ok()
    for name in ("model.safetensors", "settings.toml"):
        assert Path("again", name).read_bytes() == (short / name).read_bytes()


@pytest.mark.parametrize("options", ["--model ensemble --epochs 1", "--hidden tanh --epochs 1"])
def test_a_setting_of_a_network_trains_one(barenet, options):
    given = (*options.split(), "--no-plots", "--no-baselines", "--json")
    document = barenet("train", PENGUINS, "--target", "species", *given).json
    is_ensemble = isinstance(load(document["model"]).network, Ensemble)
    assert is_ensemble == ("ensemble" in options)
    assert document["columns"][1]["kind"] == ("piecewise" if is_ensemble else "number")


def test_another_limit_of_chosen_inputs_is_printed(barenet):
    rng = np.random.default_rng(0)
    effects = rng.normal(size=150)
    noise = rng.normal(size=1200)
    rows = [f"t{n % 150},{n % 7},{effects[n % 150] + 0.6 * noise[n]:.3f}" for n in range(1200)]
    Path("t.csv").write_text("\n".join(["town,x,y", *rows]) + "\n")
    run = ("train", "t.csv", "--target", "y", "--model", "ensemble", "--epochs", 1, "--no-plots")
    done = barenet(*run, "--no-baselines").ok()
    note = "the categories of town are not merged, chosen by the error on rows that are left out"
    assert done.err.index("t.csv:") < done.err.index("  town  names: ") < done.err.index(note)
    assert "chosen by" not in barenet(*run, "--no-baselines", "--rare", 0).err


def test_a_run_that_still_improves_proposes_more_epochs(barenet):
    rows = [f"{n % 19},{n % 7},{n % 19 + n % 7}" for n in range(300)]
    Path("t.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    run = ("train", "t.csv", "--target", "y", "--model", "ensemble", "--no-plots", "--no-baselines")
    done = barenet(*run, "--epochs", 2).ok()
    note = "the out-of-fold loss still improved in the last epoch; consider --epochs"
    assert f"{note} 4\n" in done.err
    Path("t.csv").write_text("a,b,y\n" + "".join(f"{n % 19},{n % 7},{n % 3}\n" for n in range(300)))
    done = barenet(*run, "--epochs", 60).ok()
    assert "stopped after" in done.err and note not in done.err


def test_some_settings_are_those_of_an_ensemble(barenet):
    assert not RunSettings(data="iris", config=RunConfig(seed=1)).is_ensemble
    assert not RunSettings(data="t.csv", start_from=Path("model")).is_ensemble
    kept = RunConfig(seed=3, test_size=0.3, metric="accuracy")
    assert RunSettings(data="t.csv.gz", config=kept).is_ensemble


def test_weights_of_classes(barenet):
    rows = (f"{at % 7},{'ab'[at % 5 == 0]}\n" for at in range(200))
    Path("t.csv").write_text("x,y\n" + "".join(rows))
    run = ("train", "t.csv", "--target", "y", "--no-plots", "--no-baselines", "--json")
    run += ("--model", "ensemble", "--epochs", 20)
    shares = []
    for options in ((), ("--class-weight", "a=1", "b=9")):
        predictor = load(barenet(*run, *options).json["model"])
        shares.append(predictor.predict_proba({"x": list(range(7))})[:, 1].mean())
    assert shares == pytest.approx([1 / 5, 9 / 13], abs=0.12)


@pytest.mark.skipif(sys.platform == "win32", reason="there, a process can't signal itself so")
def test_an_interrupted_run_keeps_the_best_and_resumes(barenet, short, tmp_path, monkeypatch):
    check = EnsembleTraining._check

    def interrupt(training, epoch, population):
        check(training, epoch, population)
        if epoch == 4:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(EnsembleTraining, "_check", interrupt)
    done = barenet("train", PENGUINS, *SHORT, *PLAIN, "--out", tmp_path / "run")
    assert done.status == 130 and "to resume it: barenet train --resume" in done.err
    predictor = load(tmp_path / "run" / "model.safetensors")
    assert 1 <= predictor.card.log.best_epoch <= predictor.card.log.n_epochs <= 5
    monkeypatch.undo()
    os.chdir(tmp_path)
    done = barenet("train", "--resume", tmp_path / "run", "--no-plots", "--no-baselines").ok()
    assert "resuming from the checkpoint" in done.err and "\nepoch 3 " not in done.err
    for name in ("model.safetensors", "settings.toml"):
        assert (tmp_path / "run" / name).read_bytes() == (short / name).read_bytes()
    assert not RunFolder(tmp_path / "run").is_unfinished


def test_the_linear_baseline_has_no_pieces(barenet):
    """A bend, which a linear model of pieces would represent."""
    rows = "".join(f"{at},{abs(at - 120) + 0.5}\n" for at in range(240))
    Path("t.csv").write_text(f"x,y\n{rows}")
    run = ("train", "t.csv", "--target", "y", "--model", "ensemble", "--epochs", 30, "--no-plots")
    document = barenet(*run, "--json").json
    assert document["baselines"]["linear"]["r2"] < 0.5 < 0.9 < document["metrics"]["r2"]


@pytest.fixture(scope="module")
def masses(train):
    """The folder of a run on a table with a numeric target."""
    return train(PENGUINS, "--target", "body_mass_g", "--model", "ensemble", "--epochs", 4)


def test_intervals_are_two_more_columns(barenet, masses, tmp_path):
    data = load_dataset(PENGUINS, target="body_mass_g", frame=True)
    predictor = load(masses / "model.safetensors")
    expected = np.array(predictor.predict_interval(data.X, 0.9))
    rows = barenet("predict", masses, PENGUINS, "--coverage", 0.9).rows
    known = barenet("predict", masses, PENGUINS, "--keep", "body_mass_g").rows
    known = [row["body_mass_g"] not in ("", "NA") for row in known]
    assert [*rows[0]] == ["prediction", "lower", "upper"]
    mean, lower, upper = np.array([[*row.values()] for row in rows], float).T
    np.testing.assert_allclose(mean[known], predictor.predict(data.X), rtol=1e-12)
    np.testing.assert_allclose(np.array([lower, upper])[:, known], expected, rtol=1e-12)
    options = ("--coverage", 0.5, "--row", 2, "--keep", "island", "--json")
    few = barenet("predict", masses, PENGUINS, *options).json
    assert few["predictions"][0] == mean[2] and [*few["kept"]] == ["island"]
    assert lower[2] < few["lower"][0] < mean[2] < few["upper"][0] < upper[2]


def test_intervals_that_are_impossible(barenet, short, masses, line, tmp_path):
    for coverage in (0, 1, -0.5, 90):
        error = barenet("predict", masses, PENGUINS, "--coverage", coverage).error
        assert f"--coverage: expected a number between 0 and 1, got {coverage}" in error
    most = barenet("predict", masses, PENGUINS, "--coverage", 0.9999).error
    assert "--coverage: expected at most 273/274, with 273 residuals" in most
    predictor = load(masses / "model.safetensors")
    before = tmp_path / "before.safetensors"  # as a file of an earlier version
    save(replace(predictor, residuals=None), before)
    assert load(before).residuals is None
    no_residuals = "--coverage: there are no residuals of rows left out"
    classes = "--coverage: the model predicts classes, and intervals are for numbers"
    for model, data, problem in (
        (short, PENGUINS, classes), (line, "plane", no_residuals), (before, PENGUINS, no_residuals)
    ):  # fmt: skip
        assert problem in barenet("predict", model, data, "--coverage", 0.9).error
    barenet("predict", before, PENGUINS).ok()


@pytest.mark.slow
def test_the_confirmation_of_inputs_is_shown_in_a_terminal(terminal, tmp_path):
    """The goals of a match depend on the team and the season together."""
    rng = np.random.default_rng(0)
    team = rng.integers(0, 12, 600)
    season = rng.integers(2001, 2007, 600)
    goals = rng.normal(size=(12, 6))[team, season - 2001] + 0.2 * rng.normal(size=600)
    rows = ["team,season,goals"]
    for number, year, value in zip(team, season, goals, strict=True):
        rows.append(f"t{number},{year},{value:.3f}")
    (tmp_path / "matches.csv").write_text("\n".join(rows))
    options = ("--no-plots", "--no-baselines")
    shown = terminal("train", "matches.csv", "--target", "goals", *options, COLUMNS="150")
    assert "confirming inputs  epoch 2  out-of-fold R²" in shown
    assert "each pair of 'team' and 'season' has an input of its own" in shown
    assert "team, season  pairs" in terminal("info", "runs/matches", COLUMNS="150")


@pytest.mark.slow
def test_monotonic_constraints_of_a_run(barenet):
    """They are in the introduction, in the settings, in the description, and in a resumed run."""
    rows = (f"{at % 37},{at % 11},{at * at % 7},{at * 13 % 50 / 10}\n" for at in range(300))
    Path("t.csv").write_text("age,debt,other,y\n" + "".join(rows))
    constraints = ("--monotonic", "age=1", "debt=-1")
    run = ("train", "t.csv", "--target", "y", "--no-plots", "--no-baselines", "--model", "ensemble")
    done = barenet(*run, "--epochs", 2, *constraints, "--out", "run").ok()
    assert "the predictions increase with age; decrease with debt: monotonic cons" in done.err
    assert 'monotonic = [\n    "age=1",\n    "debt=-1",\n]' in Path("run/settings.toml").read_text()
    assert "predictions increase with age; decrease with debt" in barenet("info", "run").words
    predictor = load("run/model.safetensors")
    ages = {"age": list(range(-9, 60)), "debt": [5] * 69, "other": [3] * 69}
    assert np.diff(predictor.predict(ages)).min() > -1e-5
    again = barenet("train", "--config", "run/settings.toml", "--no-plots", "--out", "again")
    again.ok()
    twin = load("again/model.safetensors")
    np.testing.assert_array_equal(twin.outputs(ages), predictor.outputs(ages))
    failed = barenet(*run[:-2], "--model", "network", *constraints)
    assert failed.status == 2
    assert "--monotonic: is for ensembles, and a single network is trained here" in failed.err
    assert "--model ensemble" in failed.err
    failed = barenet(*run, "--monotonic", "agee=1")
    assert failed.status == 2 and "--monotonic: unknown 'agee', did you mean 'age'" in failed.err
    failed = barenet(*run, "--monotonic", "age")
    assert "--monotonic: expected columns with signs such as age=1 or age=-1" in failed.err
