"""The words for columns: on the command line, in files of them, and in run files."""

import os
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from barenet import load

TABLES = Path(os.environ.get("BARENET_DATA", "")) / "tables"
PENGUINS = Path(__file__).parents[2] / "docs" / "tutorials" / "penguins.csv"

pytestmark = [pytest.mark.integration, pytest.mark.case(242)]

QUICK = ("--model", "network", "--epochs", 2, "--no-plots", "--no-baselines")


@pytest.fixture
def prices():
    """A table whose columns need words."""
    days = [f"{1 + n % 9:02d}/{1 + n % 7:02d}/2024" for n in range(60)]
    table = {"opened": days, "zip": [10115 + n % 3 for n in range(60)], "n": range(60)}
    table |= {"a=b": [n % 4 for n in range(60)], "price": [n % 11 + 0.5 for n in range(60)]}
    pd.DataFrame(table).to_csv("prices.csv", index=False)


ZIP = "names missing=10117"
COLUMNS = {"opened": "date day-first", "zip": ZIP, "n": "drop", "a=b": "names"}


def test_words_files_and_run_files_state_the_same_columns(barenet, prices):
    lines = f'opened = "date day-first"\nzip = "{ZIP}"\n"a=b" = "names"\nn = "keep"\n'
    Path("lines.toml").write_text(lines)
    Path("table.toml").write_text(f"[columns]\n{lines}")
    words = [f"{name}={words}" for name, words in COLUMNS.items()]
    models = []
    for out, values in {
        "words": words,
        "lines": ["lines.toml", "n=drop"],  # words beside a file prevail
        "table": ["n=drop", "table.toml"],
    }.items():
        options = ("--target", "price", "--columns", *values, "--out", out)
        barenet("train", "prices.csv", *options, *QUICK).ok()
        assert tomllib.loads(Path(out, "settings.toml").read_text())["columns"] == COLUMNS
        models.append(load(out))
    barenet("train", "--config", "words/settings.toml", "--out", "again", "--no-plots").ok()
    models.append(load("again"))
    for model in models:
        kinds = {column.name: column.kind for column in model.preprocessing.columns}
        assert kinds == {"opened": "date", "zip": "category", "a=b": "category"}
        assert model.preprocessing.used_by_name["zip"].inputs[-1] == "zip missing"
        assert (model.network.parameters == models[0].network.parameters).all()
    assert barenet("evaluate", "words", "--json").json["rows"] == 12


def test_a_flag_overrides_the_columns_of_a_run_file(barenet, prices):
    Path("run.toml").write_text('data = "prices.csv"\ntarget = "price"\n[columns]\nzip = "drop"\n')
    options = ("--columns", "opened=drop", "n=drop", "--out", "flags")
    barenet("train", "--config", "run.toml", *options, *QUICK).ok()
    settings = tomllib.loads(Path("flags/settings.toml").read_text())
    assert settings["columns"] == {"opened": "drop", "n": "drop"}


def test_new_rows_are_read_in_the_stated_format(barenet, prices):
    options = ("--target", "price", "--columns", "opened=date %d/%m/%Y", "n=drop")
    barenet("train", "prices.csv", *options, *QUICK).ok()
    table = pd.read_csv("prices.csv")
    table.to_csv("new.csv", index=False)
    day_first = barenet("predict", "runs/prices", "new.csv").out
    iso = table.assign(opened=pd.to_datetime(table["opened"], format="%d/%m/%Y"))
    iso.to_csv("iso.csv", index=False)
    assert barenet("predict", "runs/prices", "iso.csv").out == day_first


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["zip=nams"], "did you mean 'names'"),
        (["zipp=names"], "did you mean 'zip'"),
        (["zip"], "NAME=WORDS"),
        (["zip=?"], "undecided"),
        (["absent.toml"], "absent.toml"),
        (["zip=names", "--numeric", "zip"], "in columns"),
    ],
)
def test_wrong_words_are_errors_of_usage(barenet, prices, values, words):
    done = barenet("train", "prices.csv", "--target", "price", "--columns", *values)
    assert done.status == 2 and words in done.err and not done.out


@pytest.mark.case(243)
@pytest.mark.parametrize(
    ("table", "target", "options"),
    [
        ("titanic", "survived", ()),
        (PENGUINS, "species", ()),
        (TABLES / "autos.csv", "price", ()),
        (TABLES / "concrete_eu.csv", "strength", ("--decimal", ",")),
    ],
)
def test_the_columns_of_a_table_are_a_file_that_states_them(
    barenet, titanic, table, target, options
):
    path = titanic if table == "titanic" else table
    if not path.exists():
        pytest.skip("BARENET_DATA names no folder with this table")
    lines = barenet("columns", path, "--target", target, *options).ok().out
    assert {"?"}.isdisjoint(tomllib.loads(lines)["columns"].values())
    Path("columns.toml").write_text(lines)
    arguments = ("train", path, "--target", target, *options, *QUICK)
    barenet(*arguments, "--columns", "columns.toml", "--out", "stated").ok()
    barenet(*arguments, "--out", "guessed").ok()
    stated = load("stated").preprocessing.used_by_name
    guessed = load("guessed").preprocessing.used_by_name
    # The texts of home.dest are mostly different in the training rows, unlike in all rows.
    assert {name for name in stated if name not in guessed} <= {"home.dest"}
    assert {name: stated[name] for name in guessed} == guessed
    again = barenet("columns", path, "--target", target, *options, "--columns", "columns.toml")
    assert tomllib.loads(again.ok().out) == tomllib.loads(lines)


@pytest.mark.case(243)
@pytest.mark.parametrize("option", ["--columns", "--config"])
def test_the_options_of_a_file_are_above_its_columns(barenet, option):
    kinds = ["none", *"abcdef"]
    rows = [f"{n % 7},{n % 10};{20240101 + n % 28};{kinds[n % 7]};{n}" for n in range(60)]
    Path("prices.csv").write_text("\n".join(["size;day;kind;price", *rows]))
    reading = ("--delimiter", ";", "--decimal", ",", "--date-format", "%Y%m%d", "--missing", "none")
    lines = barenet("columns", "prices.csv", "--target", "price", *reading).ok().out
    assert tomllib.loads(lines) == {
        "delimiter": ";",
        "decimal": ",",
        "date_format": "%Y%m%d",
        "missing": ["none"],
        "columns": {"size": "number", "day": "date %Y%m%d", "kind": "names"},
    }
    Path("columns.toml").write_text(lines)
    target = ("--target", "price", *QUICK)
    barenet("train", "prices.csv", option, "columns.toml", *target, "--out", "short").ok()
    barenet("train", "prices.csv", *reading, *target, "--out", "long").ok()
    models = [load("short").preprocessing, load("long").preprocessing]
    assert models[0].columns == models[1].columns
    if option == "--columns":
        again = barenet("columns", "prices.csv", "--target", "price", option, "columns.toml")
        assert again.ok().out == lines
    other = ("--delimiter", ",")  # a flag overrides the file
    assert barenet("train", "prices.csv", option, "columns.toml", *other, *target).status == 2
    Path("columns.toml").write_text(f"decimals = 1\n{lines}")
    error = barenet("train", "prices.csv", option, "columns.toml", *target).err
    assert "unknown setting decimals" in error and "columns.toml" in error


@pytest.mark.case(243)
def test_undecided_columns_have_candidates_and_useless_ones_a_reason(barenet):
    table = {
        "both": ["01/02/2024", "02/01/2024"] * 30,
        "a = b": ["x", "y"] * 30,
        "amount": ["1,049", "2,000"] * 30,
        "row": range(60),
        "same": ["one"] * 60,
        "text\nof 2 lines": ["first\nsecond", "x"] * 30,
        "price": [n % 11 + 0.5 for n in range(60)],
    }
    pd.DataFrame(table).to_csv("prices.csv", index=False)
    lines = barenet("columns", "prices.csv", "--target", "price").ok().out
    columns = {
        "both": "?",
        "a = b": "names",
        "amount": "?",
        "row": "drop",
        "same": "drop",
        "text\nof 2 lines": "names",
    }
    assert tomllib.loads(lines) == {"columns": columns}
    comments = [line.partition("#")[2] for line in lines.splitlines()]
    assert "date day-first ('01/02/2024' → 2024-02-01)" in comments[1]
    assert "date month-first ('01/02/2024' → 2024-01-02)" in comments[1]
    assert "number 1,234.5 ('1,049' → 1049), names, drop" in comments[3]
    assert "both" not in comments[3]
    assert "numbers the rows" in comments[4] and "in every row" in comments[5]
    Path("columns.toml").write_text(lines)
    options = ("--target", "price", "--columns", "columns.toml")
    done = barenet("train", "prices.csv", *options)
    assert done.status == 2 and "'both' is undecided" in done.err
    words = ("both=date day-first", "amount=number 1,234.5")
    barenet("train", "prices.csv", *options, *words, *QUICK).ok()
    assert barenet("columns", "iris").status == 2
    done = barenet("columns", "prices.csv").ok()  # without a target, of all columns
    assert tomllib.loads(done.out)["columns"] == columns | {
        "amount": "number 1,234.5",
        "price": "number",
    }
