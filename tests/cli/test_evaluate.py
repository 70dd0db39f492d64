from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from barenet import Predictor
from barenet.data import load_dataset


def result_of(done) -> dict:
    assert done.status == 0, done.err
    return json.loads(done.out)


def test_the_rows_held_out_are_those_of_the_training(barenet, iris):
    result = result_of(barenet("evaluate", iris, "iris", "--json"))
    predictor = Predictor.load(iris / "model.safetensors")
    _, held_out = load_dataset("iris").split(0.2, 0)
    right = predictor.predict(held_out.X) == np.array(held_out.classes)[held_out.y]
    assert result["rows"] == 30
    assert result["metrics"]["evaluated_on"] == "held-out rows"
    assert result["metrics"]["accuracy"] == right.mean()
    counts = np.array(result["confusion_matrix"])
    assert counts.sum(axis=1).tolist() == [10, 10, 10]
    assert np.trace(counts) == right.sum()


def test_a_model_away_from_its_run_is_measured_on_all_rows(barenet, iris):
    Path("alone.safetensors").write_bytes((iris / "model.safetensors").read_bytes())
    done = barenet("evaluate", "alone.safetensors", "iris", "--json")
    alone = result_of(done)
    assert (alone["rows"], alone["metrics"]["evaluated_on"]) == (150, "all rows")
    assert "no settings.toml beside alone.safetensors" in done.err
    assert barenet("evaluate", "alone.safetensors", "iris", "--rows", "training").status == 2


def test_other_rows_can_be_chosen(barenet, iris):
    training = result_of(barenet("evaluate", iris, "iris", "--rows", "training", "--json"))
    everything = result_of(barenet("evaluate", iris, "iris", "--rows", "all", "--json"))
    assert (training["rows"], everything["rows"]) == (120, 150)


def test_a_table_is_judged_whole(barenet, line):
    Path("new.csv").write_text("y,x2,x1\n0.1,1,2\n0.5,3,4\n")
    result = result_of(barenet("evaluate", line, "new.csv", "--json"))
    predicted = Predictor.load(line / "model.safetensors").predict([[2.0, 1.0], [4.0, 3.0]])
    error = predicted - np.array([0.1, 0.5])
    assert result["rows"] == 2
    assert result["metrics"]["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    done = barenet("evaluate", line, "new.csv", "--rows", "held-out")
    assert done.status == 2
    assert "rows: none of new.csv are known as held-out rows" in done.err


def test_people_get_tables(barenet, iris):
    done = barenet("evaluate", iris, "iris")
    assert done.status == 0
    assert "network              30 held out" in done.out
    assert "confusion matrix: a row for each actual class" in done.out
    assert done.err == ""


def test_other_classes_are_refused(barenet, iris):
    done = barenet("evaluate", iris, "wine")
    assert done.status == 2
    assert "wine has 13 features" in done.err
