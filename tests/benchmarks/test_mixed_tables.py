"""Mixed tables: how they are listed, read and prepared for other libraries, and a small run."""

import json
import re

import numpy as np
import pandas
import pytest
from benchmarks.collection import listed
from benchmarks.mixed_models import MIXED_MODELS
from benchmarks.mixed_tables import MixedTables, TimeTables
from benchmarks.preparation import Preparation, texts_of
from benchmarks.table_data import Table, split
from benchmarks.table_measure import measure
from benchmarks.table_models import MODELS
from benchmarks.table_report import report
from benchmarks.tables import main

#: A list of two tables, whose files are written by `write_tables`.
LIST = """
["shop/orders"]
address = "https://example.org/orders.csv"
encoding = "latin-1"
target = "late"
task = "classification"
dates = { ordered = "%d/%m/%Y %H:%M" }
drop = ["number"]
remark = "number counts the rows"

["shop/prices"]
address = "https://example.org/prices.csv"
target = "price"
task = "regression"
refusal = "column 'town': two kinds of values"
options = { categories = ["town"] }
"""

#: A repository at a commit, in an address.
COMMIT = r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/"


def orders(n_rows=200):
    """Orders with dates, remarks, and nearly as many towns as rows."""
    random = np.random.default_rng(0)
    days = pandas.Timestamp("2024-01-30 17:45") + pandas.to_timedelta(np.arange(n_rows), "D")
    frame = pandas.DataFrame(
        {
            "number": np.arange(n_rows),
            "ordered": days.strftime("%d/%m/%Y %H:%M"),
            "town": [f"Münster {number}" for number in range(n_rows)],
            "remark": [f"please ring at door {number}" for number in range(n_rows)],
            "express": random.integers(2, size=n_rows).astype(bool),
            "weight": random.normal(size=n_rows),
            "empty": np.nan,
        }
    )
    frame.loc[::7, ["town", "remark", "weight"]] = np.nan
    return frame


def write_tables(folder):
    (folder / "list.toml").write_text(LIST, "utf-8")
    (folder / "shop").mkdir()
    frame = orders()
    late = np.where(frame["express"], "no", "yes").astype(object)
    late[:3] = "lost"
    late[3] = np.nan
    frame.assign(late=late).to_csv(folder / "shop" / "orders.csv", index=False, encoding="latin-1")
    prices = pandas.DataFrame({"town": ["a", "b"] * 60, "price": np.arange(120.0)})
    prices.to_csv(folder / "shop" / "prices.csv", index=False)
    return folder / "list.toml"


def test_each_listed_table_is_at_a_fixed_commit_with_reasons_for_what_is_dropped():
    entries = listed(MixedTables.FILE)
    assert len({entry.address for entry in entries.values()}) == len(entries)
    for name, entry in entries.items():
        assert re.match(COMMIT, entry.address), name
        assert entry.task in ("classification", "regression"), name
        assert bool(entry.drop) == bool(entry.remark), name
        assert bool(entry.refusal) == bool(entry.options), name
        assert entry.target not in (*entry.drop, *entry.dates), name


def test_a_table_is_read_as_it_is_listed(tmp_path, monkeypatch):
    file = write_tables(tmp_path)
    tables = MixedTables(tmp_path, file)
    table = tables.read("shop/orders")
    # Four rows are gone: three of a class that is too small, and one without a target.
    assert len(table.y) == 196
    assert table.classes == 2
    assert list(table.X) == ["ordered", "town", "remark", "express", "weight", "empty"]
    assert table.X["ordered"][0] == "03/02/2024 17:45"
    assert table.X["town"][0] == "Münster 4"
    assert table.preparation == Preparation({"ordered": "%d/%m/%Y %H:%M"}, ("remark",))
    assert tables.read("shop/prices").options == {"categories": ["town"]}
    monkeypatch.setattr("benchmarks.mixed_tables.MOST", 50)
    sample = tables.read("shop/prices")
    assert len(sample.y) == len(sample.X) == 50
    np.testing.assert_array_equal(sample.y, tables.read("shop/prices").y)


def test_dates_become_numbers_and_texts_are_kept_apart():
    frame = pandas.DataFrame(
        {
            "moment": ["31/12/2023 06:30", "00/00/1898 00:00", None],
            "code": [20240229, 20240301, 20240302],
            "text": ["a red car", None, "two blue cars"],
            "flag": [True, False, True],
            "mark": [1.5, None, 3.0],
        }
    )
    prepare = Preparation({"moment": "%d/%m/%Y %H:%M", "code": "%Y%m%d"}, ("text",))
    prepared = prepare(frame)
    moment = prepared.filter(like="moment ").iloc[0].to_dict()
    assert moment == {
        "moment year": 2023,
        "moment month": 12,
        "moment day": 31,
        "moment weekday": 6,
        "moment days": 19722 + 6.5 / 24,
        "moment hour": 6,
    }
    assert prepared.filter(like="moment ")[1:].isna().all(axis=None)
    assert list(prepared["code weekday"]) == [3, 4, 5]
    assert "code hour" not in prepared
    assert list(prepared["text"]) == ["a red car", "", "two blue cars"]
    assert list(prepared["flag"]) == ["True", "False", "True"]
    assert prepared["mark"].dtype == "float64"
    assert "text" not in Preparation(prepare.dates, prepare.texts, keeps_texts=False)(frame)


def test_the_latest_rows_are_the_test_set_of_the_list_by_time(tmp_path):
    file = write_tables(tmp_path)
    text = file.read_text("utf-8")
    assert TimeTables(tmp_path, file).names == []
    file.write_text(text.replace("dates = ", 'time = "ordered"\ndates = '), "utf-8")
    tables = TimeTables(tmp_path, file)
    assert tables.names == ["shop/orders"]
    table = tables.read("shop/orders")
    train, test = split(table, 0)
    assert (len(train), len(test)) == (157, 39)
    ordered = pandas.to_datetime(table.X["ordered"], format="%d/%m/%Y %H:%M")
    assert ordered[train].max() <= ordered[test].min()


def test_texts_are_mostly_distinct_strings_of_several_words():
    n_rows = 120
    frame = pandas.DataFrame(
        {
            "text": [f"number {row} of them" for row in range(n_rows)],
            "name": [f"Ann{row} Smith" for row in range(n_rows)],
            "phrase": ["one of two", "two of two"] * (n_rows // 2),
            "date": [f"{row} days after Easter" for row in range(n_rows)],
            "rare": [f"number {row} of them" if row < 99 else None for row in range(n_rows)],
            "empty": [None] * n_rows,
        }
    )
    assert texts_of(frame, {"date": "%d days after Easter"}) == ("text",)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "target"),
    [
        (name, ("binary", "classes", "numbers")[i % 3])
        for i, name in enumerate(name for name in MIXED_MODELS if name != "barenet ensemble")
    ],
)
def test_other_models_take_dates_texts_and_many_categories(name, target):
    if MODELS[name].missing:
        pytest.skip(MODELS[name].missing)
    frame = orders(400)
    n_classes = {"binary": 2, "classes": 3, "numbers": 0}[target]
    y = np.arange(len(frame)) % n_classes if n_classes else frame["weight"].fillna(0).to_numpy()
    preparation = Preparation({"ordered": "%d/%m/%Y %H:%M"}, texts_of(frame, {}))
    table = Table("orders", frame, y, n_classes, preparation)
    row = measure(table, name, 0)
    assert "error" not in row, row
    assert row["rows"] == 320


def test_the_page_names_refusals_and_the_options_that_remedy_them(tmp_path):
    tables = MixedTables(tmp_path, write_tables(tmp_path))
    line = "shop/prices, measured with categories=['town']: column 'town': two kinds of values"
    assert tables.refusals == [line]
    about = {"machine": {"cores": 2, "processor": "x"}, "notes": [], "refusals": tables.refusals}
    row = {"table": "shop/prices", "model": "LightGBM", "split": 0, "rows": 96, "score": 0.5}
    seconds = {"log_loss": None, "auc": None, "fit": 1.0, "predict": 0.1, "bytes": 2_000}
    page = report([about, row | seconds])
    assert "## Refused at first\n\nbarenet refuses these tables with its defaults" in page
    assert f"- {line}\n" in page
    assert "Refused" not in report([{**about, "refusals": []}, row | seconds])


@pytest.mark.slow
def test_a_comparison_on_mixed_tables_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(MixedTables, "FILE", write_tables(tmp_path))
    models = "scikit-learn linear,HistGradientBoosting"
    arguments = ["--list", "mixed", "--folder", tmp_path, "--output", tmp_path, "--models", models]
    assert main([*map(str, arguments), "--splits", "1"]) == 0
    about, *rows = map(json.loads, (tmp_path / "tables.jsonl").read_text("utf-8").splitlines())
    measured = [(row["table"], row["rows"]) for row in rows if "score" in row]
    assert measured == [("shop/orders", 156)] * 2 + [("shop/prices", 96)] * 2
    assert about["refusals"] == MixedTables(tmp_path).refusals
    assert "2 tables, 1 split of each" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="no model 'XGBoost'"):
        main([*map(str, arguments[:-1]), "XGBoost"])
