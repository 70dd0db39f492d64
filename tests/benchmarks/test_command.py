"""The command: its options, its files, and a whole run of the smallest part."""

import dataclasses
import json
import sys

import pytest
from benchmarks.peers import PEERS
from benchmarks.suite import Part

from benchmarks import __main__ as command, check, parts

BENCH = ("benchmarks.__main__.FOLDER", "benchmarks.parts.PARTS", "benchmarks.report.PARTS")


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Parts that take no time, one of which crashes, and a folder for published results."""
    fakes = {name: Part(lambda suite: 1, lambda one: f"## Part {one}") for name in parts.PARTS}
    fakes["scores"] = Part(lambda suite: 1 / 0, str)
    fakes["map"] = Part(lambda suite: {}, lambda one: "## The map")
    for target, value in zip(BENCH, (tmp_path / "published", fakes, fakes), strict=True):
        monkeypatch.setattr(target, value)
    monkeypatch.setattr("benchmarks.results.draw", lambda results: b"<svg/>")
    return tmp_path


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        command.parser().parse_args(["--only", "cosine"])
    assert "no part 'cosine' (choose from map" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "published"),
    [([], True), (["--quick"], False), (["--only", "map"], False), (["--engine", "a"], False)],
)
def test_only_a_full_run_replaces_the_published_results(arguments, published, fake, capsys):
    command.main(arguments)
    assert (fake / "published").exists() == published
    command.main([*arguments, "--output", str(fake / "own")])
    assert capsys.readouterr().out.endswith((fake / "own" / "latest.md").read_text("utf-8"))


def test_a_crash_in_one_part_loses_no_other(fake, capsys):
    command.main([])
    results = json.loads((fake / "published" / "latest.json").read_text("utf-8"))
    assert set(results["parts"]) == set(parts.PARTS) - {"scores"}
    assert "scores is left out: ZeroDivisionError: division by zero" in results["left_out"]
    assert (fake / "published" / "map.svg").read_bytes() == b"<svg/>"


def test_parts_join_an_earlier_run_with_the_same_settings(fake, capsys):
    folder = ["--output", str(fake)]
    for arguments, names in (
        (["--only", "start"], {"start"}),
        (["--only", "epochs"], {"start", "epochs"}),
        (["--only", "map", "--quick"], {"map"}),
    ):
        command.main([*arguments, *folder])
        assert set(json.loads((fake / "latest.json").read_text("utf-8"))["parts"]) == names


@pytest.mark.slow
def test_a_run(tmp_path, capsys, monkeypatch):
    """The start alone, with two libraries that every installation has and one that is broken."""
    (tmp_path / "broken.py").write_text("raise ImportError('it has no engine')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    peers = {name: PEERS[name] for name in ("barenet", "scikit-learn")}
    broken = dataclasses.replace(PEERS["tutorial"], name="broken", library="broken")
    monkeypatch.setattr("benchmarks.suite.PEERS", {**peers, "broken": broken})
    command.main(["--only", "start", "--quick", "--output", str(tmp_path)])
    printed = capsys.readouterr()
    assert printed.out == (tmp_path / "latest.md").read_text("utf-8")
    results = json.loads((tmp_path / "latest.json").read_text("utf-8"))
    start = results["parts"]["start"]["results"]
    assert start["fit"]["barenet"]["ever"]["process"] > 0
    assert set(start["import"]) == {"python", "barenet", "sklearn"}
    (note,) = results["parts"]["start"]["left_out"]
    assert note == "import broken is left out: ImportError: it has no engine"
    assert "start: importing" in printed.err
    assert str(tmp_path) not in printed.out
    assert sys.prefix not in printed.out
    assert check.main(tmp_path) == 1
    assert "map, median: not measured" in capsys.readouterr().out
