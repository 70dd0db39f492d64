"""Every example runs. Its `main` takes `epochs`, so that a test need not train for long."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path))["main"](epochs=2)
    assert capsys.readouterr().out or list(tmp_path.iterdir()), "it shows its reader nothing"
