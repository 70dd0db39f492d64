"""Tables: each model is judged on the same rows, and a run that was cut short goes on."""

import json

import numpy as np
import pandas as pd
import pytest
from benchmarks.table_data import Table, read, split
from benchmarks.table_models import Model
from benchmarks.tables import main, measure
from sklearn.metrics import log_loss

from benchmarks import tables


def test_splits_are_apart_and_differ_by_seed():
    y = np.array([0] * 90 + [1] * 10)
    data = Table("t", pd.DataFrame({"a": y}), y, 2)
    train, test = split(data, 0)
    assert sorted([*train, *test]) == list(range(100))
    assert y[test].sum() == 2
    assert list(split(data, 1)[1]) != list(test)
    few, same = split(data, 0, 30)
    assert len(few) == 30
    assert list(same) == list(test)


class Constant:
    """The same probabilities for every row, or an error."""

    def __init__(self, *likely):
        self.likely = likely

    def fit(self, X, y):
        if not self.likely:
            raise ValueError("no rows\nand more")

    def predict_proba(self, X):
        return np.tile(self.likely, (len(X), 1))


@pytest.fixture
def models(monkeypatch):
    """Two models with known figures, one that fails, and two that are not installed."""
    monkeypatch.delenv("BARENET_DATA", raising=False)  # the tables are scikit-learn's
    found = {"sure": Constant(0.9, 0.1, 0.0), "fair": Constant(0.4, 0.3, 0.3), "broken": Constant()}
    made = {name: Model("sklearn", lambda X, classes, seed, m=m: m) for name, m in found.items()}
    made["absent"] = Model("no_such_module", None)
    made["older"] = Model("barenet:NoSuchName", None)
    monkeypatch.setattr(tables, "MODELS", made)
    tables._warm_up.cache_clear()
    yield made
    tables._warm_up.cache_clear()


def test_figures_are_those_of_the_test_rows(models):
    iris = read("iris")
    row = measure(iris, "fair", 0)
    y = iris.y[split(iris, 0)[1]]
    expected = log_loss(y, np.tile([0.4, 0.3, 0.3], (30, 1)))
    assert row["score"] == pytest.approx(1 / 3)  # the classes have ten test rows each
    assert row["log_loss"] == pytest.approx(expected)
    assert row["auc"] == pytest.approx(0.5)
    assert measure(iris, "sure", 0)["log_loss"] > expected
    assert measure(iris, "broken", 0)["error"] == "ValueError: no rows"


def test_a_run_goes_on_where_one_was_cut_short(models, tmp_path, capsys):
    asked = ["--tables", "iris", "--splits", "2", "--output", str(tmp_path)]
    here = [*asked, "--models", "sure,broken,absent,older"]
    assert main(here) == 0
    file = tmp_path / "tables.jsonl"
    first = file.read_text("utf-8")
    assert len(first.splitlines()) == 4
    page = capsys.readouterr().out
    assert "- absent is left out: no_such_module is not installed: pip install no_such_mod" in page
    assert "- older is left out: this version of barenet has no NoSuchName" in page
    assert "- broken on iris, split 1: ValueError: no rows" in page
    assert "| sure  |      1 | 0.333 |     0.000 |" in page
    kept = first.splitlines()[0]
    file.write_text(kept + "\n", "utf-8")
    models["broken"] = models["fair"]
    main([*asked, "--models", "sure,broken"])
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert json.dumps(rows[0]) == kept
    assert [(row["model"], row["split"]) for row in rows] == [
        ("sure", 0), ("broken", 0), ("sure", 1), ("broken", 1),
    ]  # fmt: skip
    main([*asked, "--models", "sure", "--again"])
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [row["model"] for row in rows] == ["broken", "broken", "sure", "sure"]
    page = (tmp_path / "tables.md").read_text("utf-8")
    assert capsys.readouterr().out.endswith(page)
