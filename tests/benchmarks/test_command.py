"""The command: its options, where it writes, and a whole run of the smallest part."""

import dataclasses
import json
import sys

import pytest
from benchmarks.peers import PEERS

from benchmarks import __main__ as command


def test_only_accepts_names_in_any_order():
    options = command.parser().parse_args(["--only", "sine, mnist-16"])
    assert options.only == ("mnist-16", "sine")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--only", "cosine"], "no part 'cosine' (choose from mnist-16"), (["--rounds", "0"], "1 or")],
)
def test_an_unknown_option_is_refused(arguments, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        command.parser().parse_args(arguments)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [([], True), (["--quick"], False), (["--only", "sine"], False), (["--no-scaling"], False)],
)
def test_only_a_full_run_replaces_the_published_results(arguments, kept, monkeypatch, tmp_path):
    written = []
    monkeypatch.setattr(command, "measure", lambda suite: {})
    monkeypatch.setattr(command, "report", lambda results: "# Results\n")
    monkeypatch.setattr(command, "write", lambda results, folder: written.append(folder) or [])
    command.main(arguments)
    assert written == ([command.FOLDER] if kept else [])
    command.main([*arguments, "--output", str(tmp_path)])
    assert written[-1] == tmp_path


@pytest.mark.slow
def test_a_run(tmp_path, capsys, monkeypatch):
    """The start alone, with two libraries that every installation has and one that is broken."""
    monkeypatch.setattr("benchmarks.roofline.SECONDS", 0.01)
    monkeypatch.setattr("benchmarks.roofline.VARIANTS", (("NumPy", "numpy", {}),))
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
    assert results["start"]["fit"]["barenet"]["ever"]["process"] > 0
    assert set(results["start"]["import"]) == {"python", "barenet", "sklearn"}
    assert results["roofline"][0]["gflops"] > 0
    assert results["left_out"] == ["import broken is left out: ImportError: it has no engine"]
    assert "start: importing" in printed.err
    assert str(tmp_path) not in printed.out
    assert sys.prefix not in printed.out
