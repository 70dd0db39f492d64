"""The scripts with tiny settings: what fails is left out, and a run that was cut short goes on."""

import dataclasses
import json

import numpy as np
import pytest
from benchmarks.hour import ROOM, main as watch_an_hour
from benchmarks.peers import PEERS
from benchmarks.suite import Part, Suite
from benchmarks.table_data import read, split
from benchmarks.table_measure import _warm_up, measure
from benchmarks.table_models import Model
from benchmarks.turns import Pace, compare
from benchmarks.works import WORKS
from sklearn.metrics import log_loss

from benchmarks import __main__ as command, parts, table_measure


def test_parts_join_an_earlier_run_and_only_a_full_run_is_published(monkeypatch, tmp_path):
    fakes = {name: Part(lambda suite: 1, lambda one: f"## Part {one}") for name in parts.PARTS}
    fakes["scores"] = Part(lambda suite: 1 / 0, str)
    fakes["map"] = Part(lambda suite: {}, lambda one: "## The map")
    published, own = tmp_path / "published", tmp_path / "own"
    monkeypatch.setattr("benchmarks.__main__.FOLDER", published)
    for module in ("parts", "report"):
        monkeypatch.setattr(f"benchmarks.{module}.PARTS", fakes)
    monkeypatch.setattr("benchmarks.results.draw", lambda results: b"<svg/>")
    for arguments, names in (
        (["--only", "start"], {"start"}),
        (["--only", "epochs"], {"start", "epochs"}),
        (["--only", "map", "--quick"], {"map"}),
    ):
        command.main([*arguments, "--output", str(own)])
        assert set(json.loads((own / "latest.json").read_text("utf-8"))["parts"]) == names
    for partial in (["--quick"], ["--only", "map"], ["--engine", "a"]):
        command.main(partial)
    assert not published.exists()
    command.main([])
    results = json.loads((published / "latest.json").read_text("utf-8"))
    assert set(results["parts"]) == set(parts.PARTS) - {"scores"}
    assert "scores is left out: ZeroDivisionError: division by zero" in results["left_out"]
    assert (published / "map.svg").read_bytes() == b"<svg/>"


@pytest.mark.slow
def test_the_start_is_measured_without_a_broken_library(tmp_path, capsys, monkeypatch):
    (tmp_path / "broken.py").write_text("raise ImportError('it has no engine')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    peers = {name: PEERS[name] for name in ("barenet", "scikit-learn")}
    broken = dataclasses.replace(PEERS["tutorial"], name="broken", library="broken")
    monkeypatch.setattr("benchmarks.suite.PEERS", {**peers, "broken": broken})
    command.main(["--only", "start", "--quick", "--output", str(tmp_path)])
    assert capsys.readouterr().out == (tmp_path / "latest.md").read_text("utf-8")
    start = json.loads((tmp_path / "latest.json").read_text("utf-8"))["parts"]["start"]
    assert start["results"]["fit"]["barenet"]["ever"]["process"] > 0
    assert set(start["results"]["import"]) == {"python", "barenet", "sklearn"}
    assert start["left_out"] == ["import broken is left out: ImportError: it has no engine"]


@pytest.mark.integration
def test_a_failing_library_is_left_out_of_the_turns(tmp_path, monkeypatch):
    names = ("barenet", "scikit-learn", "tutorial")
    peers = {name: dataclasses.replace(PEERS[name], threads=("one",)) for name in names}
    monkeypatch.setattr("benchmarks.suite.PEERS", peers)
    suite = Suite(folder=tmp_path, engine="warp")
    sine = next(work for work in WORKS if work.name == "sine").but(n_rows=20)
    entry = compare(suite, sine, Pace(rounds=2, turn=0.001))
    assert {one["peer"] for one in entry["measured"]} == {"scikit-learn", "tutorial"}
    for one in entry["measured"]:
        assert 0 < one["seconds"] <= one["median"] and one["first"] > 0
        assert one["peak"] > 5  # MiB: even an interpreter needs them
    (line,) = suite.left_out
    assert line.startswith("barenet") and "unknown 'warp'" in line


class Constant:
    """The same probabilities for every row, or an error."""

    def __init__(self, *likely):
        self.likely = likely

    def fit(self, X, y):
        if not self.likely:
            raise ValueError("no rows\nand more")

    def predict_proba(self, X):
        return np.tile(self.likely, (len(X), 1))


def test_a_model_is_scored_on_test_rows(monkeypatch):
    fair, broken = Constant(0.4, 0.3, 0.3), Constant()
    models = {
        "fair": Model("sklearn", lambda X, classes, seed: fair),
        "broken": Model("sklearn", lambda X, classes, seed: broken),
    }
    monkeypatch.setattr(table_measure, "MODELS", models)
    _warm_up.cache_clear()
    iris = read("iris")
    train, test = split(iris, 0)
    assert sorted([*train, *test]) == list(range(150)) and list(split(iris, 1)[1]) != list(test)
    row = measure(iris, "fair", 0)
    assert row["score"] == pytest.approx(1 / 3)  # the classes have ten test rows each
    assert row["log_loss"] == pytest.approx(log_loss(iris.y[test], fair.predict_proba(test)))
    assert row["auc"] == pytest.approx(0.5)
    assert measure(iris, "broken", 0)["error"] == "ValueError: no rows"
    _warm_up.cache_clear()


@pytest.mark.parametrize("name", ROOM)
def test_growing_figures_of_an_hour_are_named(name, tmp_path, capsys):
    for growth, status in ((ROOM[name], 0), (ROOM[name] + 1, 1)):
        hour = [
            {"minute": minute, "epoch": 9, "pictures": 9, **dict.fromkeys(ROOM, 300.0)}
            for minute in range(1, 61)
        ]
        for sample in hour[40:]:
            sample[name] += growth
        arguments = ["--output", str(tmp_path)]
        assert watch_an_hour(arguments, lambda minutes, every, hour=hour: iter(hour)) == status
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{name}:")
