"""The comparison on tables: its statistics, and a small run."""

import json

import numpy as np
import pandas
import pytest
from benchmarks.table_scores import difference, noise
from benchmarks.tables import main


def rows(scores):
    """The rows of a comparison, from the scores of the splits by table and model."""
    return [
        {"table": table, "model": model, "split": at, "score": score, "rows": 9, "fit": 1.0}
        for table, models in scores.items()
        for model, values in models.items()
        for at, score in enumerate(values)
    ]


def test_paired_differences_are_those_of_a_calculation_by_hand():
    """Two tables: their means are 0.2 and 0.1, so a resample has the mean 0.1, 0.15 or 0.2."""
    found = difference(
        rows({"a": {"x": [0.9, 0.9], "y": [0.6, 0.8]}, "b": {"x": [0.5], "y": [0.4], "z": [1]}}),
        "x",
        "y",
    )
    assert found.mean == pytest.approx(0.15)
    assert found.interval == pytest.approx((0.1, 0.2))
    # The splits of a differ by 0.3 and 0.1: s = √0.02, t(1) = 12.706, √(1/2 + 0.2/0.8) = √0.75.
    assert noise([0.3, 0.1]) == pytest.approx(12.7062 * np.sqrt(0.02 * 0.75), rel=1e-5)
    assert (found.wins, found.ties, found.losses) == (0, 2, 0)
    steady = rows(
        {"a": {"x": [0.9, 0.9], "y": [0.8, 0.8]}, "b": {"x": [0.4, 0.4], "y": [0.5, 0.5]}}
    )
    found = difference(steady, "x", "y")
    assert (found.wins, found.ties, found.losses) == (1, 0, 1)
    assert difference(steady, "x", "absent") is None


def written(folder, n_rows=120):
    """Two tables and their targets in a folder."""
    generator = np.random.default_rng(0)
    numbers = generator.normal(size=(n_rows, 2))
    frame = pandas.DataFrame(numbers, columns=["u", "v"])
    frame["word"] = np.where(frame["u"] > 0.5, "high", "low")
    frame.assign(t=np.where(frame["v"] > 0, "yes", "no")).to_csv(folder / "one.csv", index=False)
    frame.assign(t=frame["u"] - frame["v"]).to_csv(folder / "two.csv", index=False)
    lines = ["| one.csv | t | classification |", "| two.csv | t | regression |"]
    (folder / "TARGETS.md").write_text("\n".join(lines), "utf-8")


@pytest.mark.slow
def test_a_comparison_runs_and_its_page_follows_from_the_rows(tmp_path, capsys):
    written(tmp_path)
    models = "scikit-learn linear,HistGradientBoosting"
    arguments = ["--folder", tmp_path, "--splits", 2, "--models", models, "--output", tmp_path]
    assert main([*map(str, arguments)]) == 0
    lines = (tmp_path / "tables.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines[1:]]
    assert [(row["split"], row["table"]) for row in found] == [
        (at, name) for at in (0, 1) for name in ("one", "two") for _ in range(2)
    ]
    assert all(0.5 < row["score"] <= 1 and row["fit"] > 0 for row in found)
    page = (tmp_path / "tables.md").read_text("utf-8")
    assert "2 tables, 2 splits of each" in page
    capsys.readouterr()
    main(["--report", "--output", str(tmp_path)])
    assert capsys.readouterr().out == page
    assert (tmp_path / "tables-time.svg").read_text("utf-8").startswith("<?xml")
