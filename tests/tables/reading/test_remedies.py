"""Each remedy of an error or a warning of reading is applied as told; then the table is read."""

import re
import shlex
import warnings

import numpy as np
import pandas as pd
import pytest

from barenet import Task
from barenet.cli._main import main
from barenet.errors import ArgumentError, DataError, RemedyWarning, option_of

N = 60
ROWS = np.arange(N)
WHOLE = ROWS.astype(str).tolist()
WORDS = ["Rome", "Oslo", "Bern"] * 20
AMBIGUOUS_DAYS = [f"{1 + row % 12:02}/{1 + row % 11:02}/2024" for row in ROWS]
SHORT_YEARS = [f"{1 + row % 28:02}.{1 + row % 12:02}.{10 + row % 20}" for row in ROWS]
COMMAS = [f"{1 + row},{100 + row}" for row in ROWS]
UNITS = [f"{1 + row},{100 + row} kg" for row in ROWS]


def frame(values, **more):
    """A data frame with the values as column c."""
    return pd.DataFrame({"c": values, "x": ROWS % 7, "y": ROWS // 9} | more)


def csv(values, **more):
    """A function that writes the same table as a CSV file, and returns its path."""

    def write_csv(folder):
        frame(values, **more).to_csv(folder / "t.csv", index=False, sep=";")
        return folder / "t.csv"

    return write_csv


def parquet(values):
    """A function that writes the same table as a Parquet file, and returns its path."""

    def write_parquet(folder):
        frame(values).to_parquet(folder / "t.parquet")
        return folder / "t.parquet"

    return write_parquet


def several(*tables):
    """A function that writes Parquet files, and returns their pattern."""

    def write_files(folder):
        for number, table in enumerate(tables):
            table.to_parquet(folder / f"{number}.parquet")
        return f"{folder}/*.parquet"

    return write_files


def raw(text):
    """A function that writes a text as a CSV file, and returns its path."""

    def write_text(folder):
        (folder / "t.csv").write_bytes(text)
        return folder / "t.csv"

    return write_text


WIDTHS = "\n".join(["c,x,y", *(f"{row} m große Breite,{row % 7},{row}.5" for row in ROWS)])

#: Tables and options that raise an error, and the options of its remedy.
ERRORS = {
    "days of either order": (csv(AMBIGUOUS_DAYS), {}, ["columns", "columns_"]),
    "days of either order in memory": (frame(AMBIGUOUS_DAYS), {}, ["columns", "columns_"]),
    "days of either order in Parquet": (parquet(AMBIGUOUS_DAYS), {}, ["columns", "columns_"]),
    "days of either order in files": (
        several(frame(AMBIGUOUS_DAYS), frame(AMBIGUOUS_DAYS)),
        {},
        ["columns", "columns_"],
    ),
    "years of two digits": (csv(SHORT_YEARS), {}, ["columns", "columns_"]),
    "years of two digits in memory": (frame(SHORT_YEARS), {}, ["columns", "columns_"]),
    "years of two digits in files": (
        several(frame(SHORT_YEARS), frame(SHORT_YEARS)),
        {},
        ["columns", "columns_"],
    ),
    "either separator": (csv(COMMAS), {}, ["columns", "columns_"]),
    "either separator in memory": (frame(COMMAS), {}, ["columns", "columns_"]),
    "either separator before a unit": (frame(UNITS), {}, ["columns", "columns_"]),
    "two columns": (csv(COMMAS, d=AMBIGUOUS_DAYS), {}, ["columns", "columns_"]),
    "no number": (csv(WORDS), {"columns": {"c": "number"}}, ["columns"]),
    "no number in memory": (frame(WORDS), {"columns": {"c": "number"}}, ["columns"]),
    "no number in files": (
        several(frame(WORDS), frame(WORDS)),
        {"columns": {"c": "number"}},
        ["columns"],
    ),
    "no date": (csv(WORDS), {"columns": {"c": "date"}}, ["columns"]),
    "no date in its format": (csv(WORDS), {"columns": {"c": "date %d.%m.%Y"}}, ["columns"]),
    "numbers in a format of dates": (
        csv(ROWS / 7),
        {"date_format": {"c": "%d.%m.%Y"}},
        ["columns"],
    ),
    "numbers for dates": (frame(ROWS / 7), {"columns": {"c": "date"}}, ["columns"]),
    "no truth": (frame(ROWS / 7), {"columns": {"c": "yes/no"}}, ["columns"]),
    "no shared words": (csv(WHOLE), {"columns": {"c": "words"}}, ["columns"]),
    "an infinity": (frame([np.inf, *range(59)]), {}, ["missing"]),
    "lists": (frame([[1]] * N), {}, ["columns"]),
    "differences": (frame(pd.to_timedelta(ROWS, "s")), {}, ["columns"]),
    "periods of weeks": (parquet(pd.period_range("2020", periods=N, freq="W")), {}, ["columns"]),
    "a zero character": (frame(["a\0", *WORDS[1:]]), {}, ["columns"]),
    "a column that one file lacks": (
        several(frame(WORDS), frame(WORDS), frame(WORDS).drop(columns="c")),
        {},
        ["allow_missing_columns", "columns"],
    ),
    "several types": (
        several(frame(WORDS, d=WORDS), frame(ROWS, d=WORDS), frame(WORDS, d=ROWS)),
        {},
        ["columns", "columns_"],
    ),
    "thousands and decimals of one sign": (
        csv(WORDS),
        {"thousands": "."},
        ["decimal"],
    ),
    "either separator of a target": (
        csv(WORDS, x=ROWS % 7, y=COMMAS),
        {},
        ["task", "thousands", "decimal"],
    ),
    "either separator of a target in memory": (frame(WORDS, y=COMMAS), {}, ["task"]),
    "words among the numbers of a target": (
        frame(WORDS, y=["lost", *WHOLE[1:]]),
        {},
        ["missing", "task"],
    ),
    "dates as a target": (frame(WORDS, y=SHORT_YEARS), {}, ["task"]),
    "spellings of one class": (frame(WORDS, y=["yes", "no"] * 29 + ["Yes", "no"]), {}, ["task"]),
    "an open quote": (raw(WIDTHS.replace("\n5 ", '\n"5 ').encode()), {}, ["quoting"]),
    "another encoding": (raw(WIDTHS.encode("cp1252")), {}, ["encoding"]),
}


def opened(source, options):
    """Open a table without a test set, and encode it; any warning is an error."""
    options = {"target": "y", "test_size": 0, **options}
    task = Task.open(source, **options)
    task.columns  # noqa: B018 - fits the encoding
    return task


def as_told(options, error, placeholder):
    """The options with the one that a remedy recommends."""
    name = option_of(placeholder)
    value = error.options[placeholder]
    if f"without {{{placeholder}}}" in error.remedy:
        return {option: given for option, given in options.items() if option != name}
    if isinstance(value, dict):
        value = options.get(name, {}) | value
    if "in place of its format" in error.remedy:
        options = {option: given for option, given in options.items() if option != "date_format"}
    return {**options, name: value}


@pytest.mark.case(222)
@pytest.mark.parametrize(("source", "options", "remedies"), ERRORS.values(), ids=[*ERRORS])
def test_the_remedies_of_an_error_read_the_table(source, options, remedies, tmp_path):
    if callable(source):
        source = source(tmp_path)
    with pytest.raises((DataError, ArgumentError)) as caught:
        opened(source, options)
    error = caught.value
    assert sorted(error.options) == sorted(remedies)
    for placeholder in error.options:
        assert f"{{{placeholder}}}" in error.remedy
        with warnings.catch_warnings():
            # Names of many different values, or a target of many classes, are noted.
            warnings.simplefilter("ignore")
            assert len(opened(source, as_told(options, error, placeholder)).columns) >= 1


#: Tables that are read with a warning, and the options of its remedy.
WARNINGS = {
    "a word": (["F106", *WHOLE[1:]], ["columns"]),
    "a word beside dates": (["soon", *pd.date_range("2024", periods=59).astype(str)], ["columns"]),
    "one marker in most rows": (["lost"] * 30 + WHOLE[:30], ["columns"]),
    "mostly numbers": ([*(f"[{n}]" for n in range(20)), *WHOLE[:40]], ["columns", "columns_"]),
}


@pytest.mark.case(222)
@pytest.mark.parametrize("of_file", [False, True])
@pytest.mark.parametrize(("values", "remedies"), WARNINGS.values(), ids=[*WARNINGS])
def test_the_remedies_of_a_warning_silence_it(values, remedies, of_file, tmp_path):
    source = csv(values)(tmp_path) if of_file else frame(values)
    with pytest.warns(RemedyWarning, match="column 'c'") as caught:
        opened(source, {})
    [warning] = caught
    error = warning.message.error
    assert sorted(error.options) == sorted(remedies)
    for placeholder in error.options:
        assert f"{{{placeholder}}}" in error.remedy
        with warnings.catch_warnings(record=True) as later:
            warnings.simplefilter("always")
            opened(source, as_told({}, error, placeholder))
        assert error.problem not in " ".join(str(warning.message) for warning in later)


#: Tables that the command line refuses, and the numbers of its remedies.
COMMANDS = {
    "days": (csv(AMBIGUOUS_DAYS), 2),
    "target": (csv(WORDS, x=ROWS % 7, y=COMMAS), 3),
    "words": (csv(["F106", *WHOLE[1:]]), 1),
}


@pytest.mark.integration
@pytest.mark.case(221)
@pytest.mark.parametrize(("write", "number"), COMMANDS.values(), ids=[*COMMANDS])
def test_the_remedies_of_the_command_line_read_the_table(
    write, number, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path)
    train = ["train", str(path), "--target", "y", "--model", "network", "--epochs", "1", "--quiet"]
    train += ["--test-size", "0"]
    main([*train, "--out", "first"])
    message = capfd.readouterr().err
    remedies = re.findall(r"(--[a-z-]+ (?:'[^']*'|[^\s;]*[^\s;.,]|,))", message.partition("; ")[2])
    assert len(remedies) == number, message
    for place, remedy in enumerate(remedies):
        assert main([*train, *shlex.split(remedy), "--out", f"out {place}"]) == 0
        assert "column" not in capfd.readouterr().err
