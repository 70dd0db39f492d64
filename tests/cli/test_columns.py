"""The words for columns: on the command line, in files of them, and in run files."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from barenet import load

pytestmark = [pytest.mark.integration, pytest.mark.case(242)]

QUICK = ("--model", "network", "--epochs", 2, "--no-plots", "--no-baselines")


@pytest.fixture
def prices():
    """A table whose columns need words."""
    days = [f"{1 + n % 9:02d}/{1 + n % 7:02d}/2024" for n in range(60)]
    table = {"opened": days, "zip": [10115 + n % 3 for n in range(60)], "n": range(60)}
    table |= {"a=b": [n % 4 for n in range(60)], "price": [n % 11 + 0.5 for n in range(60)]}
    pd.DataFrame(table).to_csv("prices.csv", index=False)


COLUMNS = {"opened": "date day-first", "zip": "names", "n": "drop", "a=b": "names"}


def test_words_files_and_run_files_state_the_same_columns(barenet, prices):
    lines = 'opened = "date day-first"\nzip = "names"\n"a=b" = "names"\nn = "keep"\n'
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
