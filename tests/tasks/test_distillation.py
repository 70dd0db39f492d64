"""Distillation: one network learns the predictions of an ensemble in place of the targets."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import Task, load, save
from barenet.cli._main import main
from barenet.errors import ArgumentError
from barenet.tasks._fit import prepare_network

KINDS = ("price", "kind")


@pytest.fixture(scope="module")
def table():
    """A table with a target that is a number, and one of three classes."""
    rng = np.random.default_rng(1)
    size, town = rng.uniform(0, 1, 300), rng.choice(["Bern", "Oslo", "Rome"], 300)
    height = 3 * size + 2 * (town == "Rome") + rng.normal(0, 0.3, 300)
    kind = np.array(["low", "middle", "high"])[np.digitize(height, [1.5, 3.0])]
    return pd.DataFrame({"size": size, "town": town, "price": height, "kind": kind})


def opened(table, target):
    return Task.open(table.drop(columns=[each for each in KINDS if each != target]), target)


@pytest.fixture(scope="module")
def teachers(table):
    """An ensemble for each of the targets."""
    return {target: opened(table, target).train(model="ensemble", epochs=3) for target in KINDS}


@pytest.mark.parametrize("target", KINDS)
def test_a_student_learns_the_predictions_and_is_as_large_as_one_network(
    table, teachers, target, tmp_path
):
    task, ensemble = opened(table, target), teachers[target]
    fit = prepare_network(task.rows, task.settings, teacher=ensemble)
    rows, network = task.training, fit.predictor.first_network
    learned = fit.arguments()["y"]
    if target == "price":
        scale = task.training.y.std()
        expected = (ensemble.predict(rows.X) - task.training.y.mean()) / scale
    else:
        expected = ensemble.predict_proba(rows.X)
    np.testing.assert_allclose(learned, expected, rtol=1e-5)
    assert network.sizes == ensemble.first_network.sizes and fit.validation is None
    student = task.train(teacher=ensemble, epochs=30)
    save(ensemble, tmp_path / "ensemble.safetensors")
    again = task.train(teacher=tmp_path / "ensemble.safetensors", epochs=30)
    parameters = (each.first_network.parameters for each in (student, again))
    assert np.array_equal(*parameters)
    close = np.abs(np.subtract(*(_outputs(each, task.test.X) for each in (student, ensemble))))
    assert close.mean() < 0.05


def _outputs(predictor, X):
    return predictor.predict(X) if predictor.classes is None else predictor.predict_proba(X)


def test_settings_of_the_student_can_be_given(table, teachers):
    task, ensemble = opened(table, "price"), teachers["price"]
    n_inputs = ensemble.first_network.sizes[0]
    student = task.train(teacher=ensemble, layers=(n_inputs, 8, 1), epochs=3, patience=1)
    assert student.first_network.sizes == (n_inputs, 8, 1) and len(task.history) <= 3
    assert "validation_loss" in task.history.curves


@pytest.mark.parametrize(
    ("target", "change", "problem"),
    [
        ("kind", {"label_smoothing": 0.1}, "label_smoothing: the probabilities of a teacher"),
        ("kind", {"model": "ensemble"}, "teacher: is a setting of one network"),
        ("kind", {"layers": (3, 1)}, "layers: "),
        ("kind", {"teacher": "missing.safetensors"}, "teacher: missing.safetensors"),
        ("price", {}, "teacher: the rows have other columns or classes: no 'kind'"),
        ("size", {}, "teacher: the rows have other columns or classes: no 'size'"),
    ],
)
def test_a_contradiction_to_the_teacher_is_refused(
    table, teachers, target, change, problem, tmp_path
):
    path = tmp_path / "ensemble.safetensors"
    save(teachers["kind"], path)
    task = opened(table, target) if target in KINDS else Task.open(table[["town", "kind"]], "kind")
    with pytest.raises(ArgumentError, match=re.escape(problem)):
        task.train(**{"teacher": path, **change})


PLAIN = ["--no-plots", "--no-baselines", "--epochs", "2"]


@pytest.fixture(scope="module")
def teacher(table, tmp_path_factory):
    """The folder of an ensemble, whose settings are not the default ones, beside its data."""
    folder = tmp_path_factory.mktemp("teacher")
    table[["price", "size", "town"]].to_csv(folder / "sales.csv", index=False)
    chosen = ["--target", "price", "--test-size", "0.3", "--seed", "3", "--drop", "town"]
    train = ["train", str(folder / "sales.csv"), *chosen, "--model", "ensemble", *PLAIN]
    assert main([*train, "--out", str(folder / "teacher")]) == 0
    return str(folder / "teacher")


@pytest.fixture
def run_of_teacher(teacher, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return teacher


@pytest.mark.integration
def test_a_student_has_the_data_and_their_settings_of_its_teacher(run_of_teacher, capsys):
    capsys.readouterr()
    assert main(["train", "--teacher", run_of_teacher, "--out", "small", *PLAIN]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()[-3:]
    assert heading.startswith("scores on the test rows  size") and "RMSE" in heading
    assert [line.split()[::2][:2] for line in lines] == [["teacher", "kB"], ["network", "kB"]]
    student, teacher = load("small"), load(run_of_teacher)
    size = Path(run_of_teacher, "model.safetensors").stat().st_size
    assert 8 * Path("small/model.safetensors").stat().st_size < size
    assert student.card.rows == {"training": 210, "held_out": 90}
    assert student.feature_names == ("size",) and student.target_name == "price"
    assert student.first_network.sizes == teacher.first_network.sizes
    assert student.card.settings["seed"] == 3
    assert main(["train", "--config", "small/settings.toml", "--out", "again", *PLAIN]) == 0
    again = Path("again/model.safetensors").read_bytes()
    assert again == Path("small/model.safetensors").read_bytes()


def test_options_override_the_settings_of_the_teacher(run_of_teacher, table, capsys):
    """Scores on other test rows are not compared, and other rows are taken if they are named."""
    table.loc[3:, ["size", "town", "price"]].to_csv("other.csv", index=False)
    n_inputs = load(run_of_teacher).first_network.sizes[0]
    chosen = ["--test-size", "0.2", "--seed", "4", "--layers", str(n_inputs), "3", "1"]
    capsys.readouterr()
    assert main(["train", "other.csv", "--teacher", run_of_teacher, *chosen, *PLAIN]) == 0
    assert "teacher" not in capsys.readouterr().out
    student = load("runs/other")
    assert sum(student.card.rows.values()) == 297
    assert student.first_network.sizes == (n_inputs, 3, 1)
    assert student.card.settings["seed"] == 4


def test_data_of_a_teacher_that_are_not_there_any_more_are_refused(
    run_of_teacher, table, tmp_path, capsys
):
    """Rows that have changed, and a file that was removed."""
    run, sales = tmp_path / "run", tmp_path / "sales.csv"
    shutil.copytree(run_of_teacher, run)
    settings = (run / "settings.toml").read_text()
    source = str(Path(run_of_teacher).with_name("sales.csv"))
    assert source in settings
    (run / "settings.toml").write_text(settings.replace(source, str(sales)))
    table.loc[3:, ["price", "size", "town"]].to_csv(sales, index=False)
    assert main(["train", "--teacher", str(run)]) == 2
    assert "sales.csv has other rows than those that" in capsys.readouterr().err
    sales.unlink()
    assert main(["train", "--teacher", str(run)]) == 2
    assert "not found here; name the rows" in capsys.readouterr().err
