"""Distillation: one network learns the predictions of an ensemble in place of the targets."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import Task, load, save
from barenet.cli._main import main
from barenet.errors import ArgumentError
from barenet.tasks._fit import prepare_network

KINDS = ("price", "kind", "sold")


@pytest.fixture(scope="module")
def table():
    """A table with a target that is a number, one of three classes, and one of two."""
    rng = np.random.default_rng(1)
    size, town = rng.uniform(0, 1, 300), rng.choice(["Bern", "Oslo", "Rome"], 300)
    height = 3 * size + 2 * (town == "Rome") + rng.normal(0, 0.3, 300)
    kind = np.array(["low", "middle", "high"])[np.digitize(height, [1.5, 3.0])]
    parts = {"size": size, "town": town, "price": height, "kind": kind, "sold": height > 2}
    return pd.DataFrame(parts)


def opened(table, target):
    return Task.open(table.drop(columns=[each for each in KINDS if each != target]), target)


@pytest.mark.parametrize("target", KINDS)
def test_a_student_learns_the_predictions_and_is_as_large_as_one_network(table, target, tmp_path):
    task = opened(table, target)
    ensemble = task.train(quick=False, epochs=8)
    fit = prepare_network(task.rows, task.settings, teacher=ensemble)
    rows, network = task.training, fit.predictor.first_network
    learned = fit.arguments()["y"]
    if target == "price":
        scale = task.training.y.std()
        expected = (ensemble.predict(rows.X) - task.training.y.mean()) / scale
    else:
        expected = ensemble.probabilities(rows.X)
    np.testing.assert_allclose(learned, expected, rtol=1e-5)
    assert network.sizes == ensemble.first_network.sizes and fit.validation is None
    student = task.train(teacher=ensemble)
    save(ensemble, tmp_path / "ensemble.safetensors")
    again = task.train(teacher=tmp_path / "ensemble.safetensors", epochs=60)
    parameters = (each.first_network.parameters for each in (student, again))
    assert np.array_equal(*parameters)
    close = np.abs(np.subtract(*(_outputs(each, task.test.X) for each in (student, ensemble))))
    assert close.mean() < 0.05


def _outputs(predictor, X):
    return predictor.predict(X) if predictor.classes is None else predictor.probabilities(X)


def test_settings_of_the_student_can_be_given(table):
    task = opened(table, "price")
    ensemble = task.train(quick=False, epochs=4)
    n_inputs = ensemble.first_network.sizes[0]
    student = task.train(teacher=ensemble, layers=(n_inputs, 8, 1), epochs=3, patience=1)
    assert student.first_network.sizes == (n_inputs, 8, 1) and len(task.history) <= 3
    assert "validation_loss" in task.history.curves


@pytest.mark.parametrize(
    ("target", "change", "problem"),
    [
        ("kind", {"label_smoothing": 0.1}, "label_smoothing: the probabilities of a teacher"),
        ("kind", {"quick": False}, "teacher: is a setting of one network"),
        ("kind", {"layers": (3, 1)}, "layers: "),
        ("price", {}, "teacher: the rows have other columns or classes: no 'kind'"),
        ("size", {}, "teacher: the rows have other columns or classes: no 'size'"),
    ],
)
def test_a_contradiction_to_the_teacher_is_refused(table, target, change, problem, tmp_path):
    teacher = tmp_path / "ensemble.safetensors"
    save(opened(table, "kind").train(quick=False, epochs=2), teacher)
    task = opened(table, target) if target in KINDS else Task.open(table[["town", "kind"]], "kind")
    with pytest.raises(ArgumentError, match=re.escape(problem)):
        task.train(**{"teacher": teacher, **change})
    with pytest.raises(ArgumentError, match=r"teacher: missing\.safetensors"):
        task.train(teacher="missing.safetensors")


PLAIN = ["--no-plots", "--no-baselines"]


@pytest.fixture
def run_of_teacher(table, tmp_path, monkeypatch):
    """The folder of an ensemble, whose settings are not the default ones."""
    monkeypatch.chdir(tmp_path)
    table[["sold", "size", "town"]].to_csv("sales.csv", index=False)
    chosen = ["--target", "sold", "--test-size", "0.3", "--seed", "3", "--drop", "town"]
    assert main(["train", "sales.csv", *chosen, "--no-quick", "--epochs", "8", *PLAIN]) == 0
    return "runs/sales"


def test_a_student_has_the_data_and_their_settings_of_its_teacher(run_of_teacher, table, capsys):
    assert main(["train", "--teacher", run_of_teacher, "--out", "small", *PLAIN]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()[-3:]
    assert heading.startswith("scores on the test rows  size") and "accuracy" in heading
    assert [line.split()[::2][:2] for line in lines] == [["teacher", "kB"], ["network", "kB"]]
    paths = (Path("runs/sales/model.safetensors"), Path("small/model.safetensors"))
    assert 8 * paths[1].stat().st_size < paths[0].stat().st_size
    student = load(paths[1])
    teacher = load(paths[0])
    assert student.card.rows == {"training": 210, "held_out": 90}
    assert student.feature_names == ("size",) and student.target_name == "sold"
    assert student.first_network.sizes == teacher.first_network.sizes
    assert student.card.settings["seed"] == 3
    assert main(["train", "--config", "small/settings.toml", "--out", "again", *PLAIN]) == 0
    again = Path("again/model.safetensors").read_bytes()
    assert again == paths[1].read_bytes()


def test_options_override_the_settings_of_the_teacher(run_of_teacher, table, capsys):
    """Scores on other test rows are not compared, and other rows are taken if they are named."""
    table.loc[3:, ["size", "town", "sold"]].to_csv("other.csv", index=False)
    n_inputs = load("runs/sales/model.safetensors").first_network.sizes[0]
    chosen = ["--test-size", "0.2", "--seed", "4", "--epochs", "2"]
    chosen += ["--layers", str(n_inputs), "3", "1"]
    for name, run, n_rows in (("sales.csv", "sales-2", 300), ("other.csv", "other", 297)):
        capsys.readouterr()
        assert main(["train", name, "--teacher", run_of_teacher, *chosen, *PLAIN]) == 0
        assert "teacher" not in capsys.readouterr().out
        student = load(f"runs/{run}")
        assert sum(student.card.rows.values()) == n_rows
        assert student.first_network.sizes == (n_inputs, 3, 1)
        assert student.card.settings["seed"] == 4


def test_json_of_a_student_is_one_document(run_of_teacher, capsys):
    assert main(["train", "--teacher", run_of_teacher, "--json", *PLAIN]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["evaluated_on"] == "test rows"


def test_data_of_a_teacher_that_are_not_there_any_more_are_refused(run_of_teacher, table, capsys):
    """Rows that have changed, and a file that was removed."""
    table.loc[3:, ["sold", "size", "town"]].to_csv("sales.csv", index=False)
    assert main(["train", "--teacher", run_of_teacher]) == 2
    assert "sales.csv has other rows than those that" in capsys.readouterr().err
    Path("sales.csv").unlink()
    assert main(["train", "--teacher", run_of_teacher]) == 2
    assert "not found here; name the rows" in capsys.readouterr().err
    assert main(["train", "--teacher", "nothing"]) == 2
    assert "--teacher: nothing" in capsys.readouterr().err


def test_the_command_distill_warns_and_does_the_same(run_of_teacher, table, capsys):
    assert main(["train", "--teacher", run_of_teacher, "--out", "student", *PLAIN]) == 0
    assert main(["distill", run_of_teacher, "--out", "small", *PLAIN]) == 0
    written = capsys.readouterr()
    deprecated = "`barenet distill` is deprecated and will be removed: use `barenet train --teacher"
    assert deprecated in written.err
    heading, *lines = written.out.splitlines()[-3:]
    assert heading.startswith("scores on the test rows  size") and "accuracy" in heading
    assert [line.split()[::2][:2] for line in lines] == [["teacher", "kB"], ["network", "kB"]]
    networks = [load(f"{run}/model.safetensors").first_network for run in ("student", "small")]
    assert np.array_equal(networks[0].parameters, networks[1].parameters)
    table.loc[3:, ["size", "town", "sold"]].to_csv("other.csv", index=False)
    assert main(["distill", run_of_teacher, "other.csv"]) == 2
    assert "DATA: other.csv has other rows than those" in capsys.readouterr().err
    Path("sales.csv").unlink()
    assert main(["distill", run_of_teacher]) == 2
    assert "name the rows after the model" in capsys.readouterr().err
