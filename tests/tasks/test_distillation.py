"""Distillation: one network learns the predictions of an ensemble in place of the targets."""

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


def test_the_command_distills_a_run_and_resumes_it(table, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table[["size", "town", "sold"]].to_csv("sales.csv", index=False)
    plain = ["--no-plots", "--no-baselines"]
    run = ["train", "sales.csv", "--target", "sold", "--no-quick", "--epochs", "8", *plain]
    assert main(run) == 0
    assert main(["distill", "runs/sales", "--out", "small", *plain]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()[-3:]
    assert heading.startswith("scores on the test rows  size") and "accuracy" in heading
    assert [line.split()[::2][:2] for line in lines] == [["teacher", "kB"], ["network", "kB"]]
    paths = (Path("runs/sales/model.safetensors"), Path("small/model.safetensors"))
    assert 8 * paths[1].stat().st_size < paths[0].stat().st_size
    distilled = load(paths[1])
    teacher = load(paths[0])
    assert distilled.card.rows == {"training": 240, "held_out": 60}
    assert distilled.first_network.sizes == teacher.first_network.sizes
    assert main(["train", "--config", "small/settings.toml", "--out", "again", *plain]) == 0
    again = Path("again/model.safetensors").read_bytes()
    assert again == paths[1].read_bytes()
    table.loc[3:, ["size", "town", "sold"]].to_csv("other.csv", index=False)
    assert main(["distill", "runs/sales", "other.csv"]) == 2
    assert "DATA: other.csv has other rows than those" in capsys.readouterr().err
    Path("sales.csv").unlink()
    assert main(["distill", "runs/sales"]) == 2
    assert "name the rows after the model" in capsys.readouterr().err
