"""Tables: each model is judged on the same rows, and a run that was cut short goes on."""

import json

import numpy as np
import pandas as pd
import pytest
from benchmarks.table_data import Table, read, split, targets
from benchmarks.table_models import MODELS, Model
from benchmarks.tables import main, measure, report, shortfalls
from sklearn.metrics import log_loss

from benchmarks import tables

SCIKIT_LEARN = [name for name, model in MODELS.items() if model.package == "sklearn"]


@pytest.fixture
def folder(tmp_path):
    """Two tables with categories and missing values, one with semicolons and decimal commas."""
    draw = np.random.default_rng(0)
    size, town = draw.normal(size=120).round(3), draw.choice(["Rome", "Oslo", "Bern"], 120)
    price = 2 * size + (town == "Rome")
    frame = pd.DataFrame({"size ": size, "town": town, "big": np.where(price > 0, "yes", "no")})
    frame.loc[3:9, "town"], frame.loc[5:8, "size "], frame.loc[0, "big"] = "?", np.nan, None
    frame["id"] = [f"row {i}" for i in range(120)]
    frame.to_csv(tmp_path / "houses.csv", index=False)
    numbers = pd.DataFrame({"size": size, "town": town, "price": price})
    numbers.to_csv(tmp_path / "prices.csv.gz", index=False, sep=";", decimal=",")
    lines = ("| table | target | task |", "|---|---|---|", "| houses.csv | big | classification |",
             "| prices.csv.gz | price | regression | with decimal commas |")  # fmt: skip
    (tmp_path / "TARGETS.md").write_text("\n".join(lines), "utf-8")
    return tmp_path


def test_files_become_numbers_and_categories(folder):
    assert list(targets(folder)) == ["houses", "prices"]
    houses, prices = read("houses", folder), read("prices", folder)
    assert list(houses.X) == ["size", "town"]  # neither the row's name nor the target
    assert len(houses.X) == len(houses.y) == 119  # one has no target
    assert houses.X["town"].isna().sum() == 7
    assert houses.classes == 2
    assert set(houses.y) == {0, 1}
    assert prices.classes == 0
    np.testing.assert_allclose(prices.y, 2 * prices.X["size"] + (prices.X["town"] == "Rome"))


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


@pytest.mark.parametrize("name", [*SCIKIT_LEARN, "barenet network"])
def test_models_take_words_and_missing_values(name, folder):
    for table in ("houses", "prices"):
        row = measure(read(table, folder), name, 0)
        assert "error" not in row, row
        assert row["score"] > (0.85 if table == "houses" else 0.75)
        assert row["bytes"] > 100
        assert row["fit"] > 0 < row["predict"]
        assert (row["log_loss"] is None) == (table == "prices")


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


def test_the_shortfall_is_taken_from_the_best_of_each_shared_table():
    scores = {("a", "x"): 0.9, ("a", "y"): 0.7, ("b", "x"): 0.5, ("b", "y"): 0.6, ("c", "x"): 0.1}
    rows = [{"table": t, "model": m, "split": 0, "score": s} for (t, m), s in scores.items()]
    assert shortfalls(rows) == pytest.approx({"x": 0.05, "y": 0.1})
    rows.append({"table": "b", "model": "x", "split": 1, "score": 0.9})  # its mean is 0.7
    assert shortfalls(rows) == pytest.approx({"x": 0.0, "y": 0.15})


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


def test_unknown_names_are_refused(folder, tmp_path):
    with pytest.raises(SystemExit, match=r"no table 'house' \(choose from houses, prices\)"):
        main(["--folder", str(folder), "--tables", "house", "--output", str(tmp_path)])
    with pytest.raises(SystemExit, match="no model 'trees'"):
        main(["--models", "trees", "--output", str(tmp_path)])


def test_the_best_of_a_table_is_marked():
    row = {"table": "a", "split": 0, "rows": 1000, "log_loss": None, "auc": None, "fit": 1.0,
           "predict": 0.002, "bytes": 2**20}  # fmt: skip
    names = list(MODELS)[:2]
    rows = [
        {**row, "model": name, "score": score}
        for name, score in zip(names, (0.5, 0.75), strict=True)
    ]
    page = report(rows)
    assert "| a     | 1,000 |            0.500 |       **0.750** |" in page
    assert "|     0.250 |" in page
    assert "1.00 MiB" in page
