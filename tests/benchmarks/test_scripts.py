"""The scripts with tiny settings: a library that fails is left out."""

import dataclasses
import json

import pytest
from benchmarks.peers import PEERS
from benchmarks.suite import Suite
from benchmarks.turns import Pace, compare
from benchmarks.works import WORKS

from benchmarks import __main__ as command


@pytest.mark.slow
def test_the_start_is_measured_without_a_broken_library(tmp_path, capsys, monkeypatch):
    (tmp_path / "broken.py").write_text("raise ImportError('it has no engine')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    peers = {name: PEERS[name] for name in ("barenet", "scikit-learn")}
    broken = dataclasses.replace(PEERS["tutorial"], name="broken", library="broken")
    monkeypatch.setattr("benchmarks.suite.PEERS", {**peers, "broken": broken})
    command.main(["--only", "start", "--quick", "--output", str(tmp_path)])
    output = capsys.readouterr().out
    assert output.startswith((tmp_path / "latest.md").read_text("utf-8"))
    assert "paste this block" in output
    start = json.loads((tmp_path / "latest.json").read_text("utf-8"))["parts"]["start"]
    assert start["results"]["fit"]["barenet"]["ever"]["process"] > 0
    assert set(start["results"]["import"]) == {"python", "barenet", "sklearn"}
    assert start["left_out"] == ["import broken is left out: ImportError: it has no engine"]


@pytest.mark.slow
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
