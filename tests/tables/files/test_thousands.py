"""Separators of thousands, which `thousands` reads and without which a column is refused."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from barenet import TableEncoding, Task, export, load, load_table, save, stream
from barenet.errors import DataError
from barenet.tables.files._text_column import ArrowColumn, TextColumn

N = 80
RNG = np.random.default_rng(7)
AMOUNTS = RNG.integers(20, 9_000_000, N) / 4

#: The signs between thousands and before decimals, and the options that read them.
SIGNS = {
    "English": (",", ".", {"thousands": ","}),
    "German": (".", ",", {"thousands": ".", "decimal": ","}),
    "Swiss": ("'", ".", {"thousands": "'"}),
    "Swiss, typographic": ("\N{RIGHT SINGLE QUOTATION MARK}", ".", {"thousands": "'"}),
    "French": ("\N{NARROW NO-BREAK SPACE}", ",", {"thousands": " ", "decimal": ","}),
    "ISO": (" ", ".", {"thousands": " "}),
}


def written(number, thousands, decimal):
    """Write a number with separators."""
    text = f"{number:,.2f}"
    return text.replace(",", "T").replace(".", decimal).replace("T", thousands)


@pytest.fixture
def path(write):
    """Write the amounts as column c, beside x and the target y."""

    def write_table(texts, name="amounts.csv"):
        rows = [f'"{text}";{n % 7};{n}' for n, text in enumerate(texts)]
        return write("\n".join(["c;x;y", *rows]), name)

    return write_table


@pytest.mark.case(156)
@pytest.mark.parametrize("column_type", [ArrowColumn, TextColumn])
@pytest.mark.parametrize(("thousands", "decimal", "options"), SIGNS.values(), ids=[*SIGNS])
def test_numbers_with_separators_are_read(
    path, monkeypatch, column_type, thousands, decimal, options
):
    monkeypatch.setattr("barenet.tables.files._csv_table.column_type", lambda: column_type)
    texts = [written(number, thousands, decimal) for number in AMOUNTS]
    texts[3] = f"-{texts[3]}"
    texts[4] += "\n"
    texts[5] = ""
    expected = AMOUNTS.copy()
    expected[3] *= -1
    expected[5] = np.nan
    columns = load_table(path(texts), "y", task="regression", frame=True, **options).X
    np.testing.assert_array_equal(columns["c"], expected)
    # The first remedy is these options.
    with pytest.raises(DataError, match="column 'c': expected a number, got") as caught:
        TableEncoding.fit(load_table(path(texts), "y", frame=True).X)
    assert {name: caught.value.options[name] for name in options} == options
    assert caught.value.remedy.startswith("read the file with {thousands}")


@pytest.mark.case(156)
def test_a_comma_that_may_be_decimal_is_refused_with_both_options(path):
    texts = [f"{n},{100 + n}" for n in range(1, N)]
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(load_table(path(texts), "y", frame=True).X)
    assert "; for commas between thousands, use thousands=','; for decimal" in str(caught.value)
    assert caught.value.options == {"thousands": ",", "decimal": ","}
    read = {}
    for option in ("thousands", "decimal"):
        columns = load_table(path(texts), "y", frame=True, **{option: ","}).X
        read[option] = columns["c"].astype(np.float64).tolist()
    assert read["thousands"][:2] == [1101, 2102]
    assert read["decimal"][:2] == [1.101, 2.102]


@pytest.mark.case(156)
@pytest.mark.parametrize("text", ["10,49", "1,0490", "1,,049", "0,123", "1234,567", ",123"])
def test_a_number_with_other_groups_is_named(path, text):
    texts = [written(number, ",", ".") for number in AMOUNTS]
    texts[8] = text
    with pytest.raises(DataError, match=rf":10: column 'c': expected a number with ',' .*'{text}'"):
        load_table(path(texts), "y", thousands=",")
    names = load_table(path(texts), "y", thousands=",", categories=["c"], frame=True).X
    assert names["c"].dtype.kind == "T"
    assert names["c"][8] == text


@pytest.mark.case(156)
def test_dates_and_names_with_points_are_no_numbers_with_separators(write):
    rows = [f"{1 + n % 28:02}.01.2024;{n % 7}.1.2;1.{100 + n * 37 % N};{n},5" for n in range(N)]
    path = write("\n".join(["day;version;amount;y", *rows]))
    columns = load_table(path, "y", thousands=".", decimal=",", frame=True).X
    encoding = TableEncoding.fit(columns)
    assert [column.kind for column in encoding.columns] == ["date", "category", "number"]
    assert columns["amount"][0] == 1100


@pytest.mark.case(156)
def test_points_between_thousands_name_the_option(path):
    texts = [f"{int(number):,}".replace(",", ".") for number in RNG.integers(20, 9000, N)]
    with pytest.raises(DataError, match=r"use thousands='\.' and decimal=','; if they"):
        TableEncoding.fit(load_table(path(texts), "y", frame=True).X)
    with pytest.raises(DataError, match=r"for points between the thousands, use thousands='\.'"):
        load_table(path(texts), "y", decimal=",")
    columns = load_table(path(texts), "y", thousands=".", decimal=",", frame=True).X
    assert columns["c"].tolist() == [float(text.replace(".", "")) for text in texts]


@pytest.mark.case(156)
def test_limits_and_markers_may_have_separators(path):
    texts = [written(number, ",", ".") for number in AMOUNTS]
    texts[2] = "<1,049"
    texts[4] = "10,000,000+"
    texts[6] = "9,999,999"
    dataset = load_table(path(texts), "y", thousands=",", frame=True)
    encoding = TableEncoding.fit(dataset.X, missing=["9,999,999"], numbers="none")
    assert encoding.input_names == ("c", "c missing", "x")
    encoded = encoding.transform(dataset.X)
    assert encoded[[2, 4], 0].tolist() == [1049, 10_000_000]
    assert encoded[6, 1] == 1


@pytest.mark.case(156)
def test_a_target_may_have_separators(write):
    rows = [f'{n % 7},"{written(number, ",", ".")}"' for n, number in enumerate(AMOUNTS)]
    path = write("\n".join(["x,y", *rows]))
    with pytest.raises(DataError, match="for separators between thousands, use thousands=','"):
        load_table(path, "y")
    np.testing.assert_array_equal(load_table(path, "y", thousands=",").y, AMOUNTS)


@pytest.mark.case(156)
def test_a_stream_reads_separators(path):
    texts = [written(number, ",", ".") for number in AMOUNTS]
    file = path(texts)
    opened = stream(file, "y", csv={"thousands": ","}, task="regression")
    expected = TableEncoding.fit(load_table(file, "y", thousands=",", frame=True).X)
    assert opened.encoding.columns[0].fill == expected.columns[0].fill
    with pytest.raises(DataError, match=r"read the file with csv=\{'thousands': ','\}"):
        stream(file, "y", task="regression")


@pytest.mark.case(156)
def test_new_files_are_read_as_those_of_the_training(path, tmp_path):
    texts = [written(number, ",", ".") for number in AMOUNTS]
    task = Task.open(path(texts), "y", thousands=",", task="regression")
    predictor = task.train(model="network", epochs=3)
    save(predictor, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.card.settings["thousands"] == ","
    export(loaded, tmp_path / "exported.py")
    (tmp_path / "new.csv").write_text('c;x\n"1,049";1\n"<2,500.25";2\n" 7.5 ";3\n')
    command = [sys.executable, "exported.py", "new.csv"]
    output = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    exported = [float(line) for line in output.stdout.split()[1:]]
    expected = loaded.predict({"c": [1049, 2500.25, 7.5], "x": [1, 2, 3]})
    np.testing.assert_allclose(exported, expected, rtol=1e-5)
    (tmp_path / "wrong.csv").write_text('c;x\n"10,49";1\n')
    command[-1] = "wrong.csv"
    wrong = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert "line 2: column 'c': expected a number, got '10,49'" in wrong.stderr
    # Rows in memory and models without the option are read as before.
    with pytest.raises(DataError, match="column 'c': expected a number, got '1,049'"):
        loaded.predict({"c": ["1,049"], "x": [1]})


def test_a_separator_of_thousands_is_not_that_of_decimals(path, refused):
    with refused(
        "thousands", "another sign than the decimal separator '.', got '.'; for numbers such as"
    ):
        load_table(path(["1.234"]), "y", thousands=".")
    with refused("thousands", "use decimal='.'"):
        load_table(path(["1.234"]), "y", thousands=",", decimal=",")
    with refused("thousands", "not an option of a Parquet file"):
        load_table("t.parquet", "y", thousands=",")


def test_the_remedy_of_a_data_frame_reads_it():
    column = pd.Series([written(number, ",", ".") for number in AMOUNTS])
    with pytest.raises(DataError, match=r"as column\.str\.replace\(',', ''\) of pandas does"):
        TableEncoding.fit({"c": column})
    encoding = TableEncoding.fit({"c": column.str.replace(",", "")}, numbers="none")
    assert encoding.transform({"c": AMOUNTS})[:, 0].tolist() == AMOUNTS.tolist()
