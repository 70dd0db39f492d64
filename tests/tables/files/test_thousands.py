"""Separators of thousands, without an option and as `thousands` declares them."""

import runpy

import numpy as np
import pandas as pd
import pytest

from barenet import TableEncoding, Task, export, load, save
from barenet.datasets._table_loading import load_table
from barenet.streams._stream import stream
from barenet.tables.files._text_column import ArrowColumn, TextColumn

N = 80
RNG = np.random.default_rng(7)
AMOUNTS = RNG.integers(20, 9_000_000, N) / 4

#: The signs between thousands and before decimals, and the options that declare them.
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
def test_numbers_with_separators_are_read_with_and_without_options(
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
    file = path(texts)
    columns = load_table(file, "y", task="regression", frame=True, **options).X
    np.testing.assert_array_equal(columns["c"], expected)
    task = Task.open(file, "y", task="regression", test_size=0)
    np.testing.assert_array_equal(task.rows.dataset.X["c"], expected)
    encoding = stream(file, "y", task="regression", test_size=0, validation_size=0).encoding
    texts_alone = TableEncoding.fit(pd.DataFrame({"c": texts, "x": np.arange(N) % 7}))
    assert encoding.columns[0].fill == texts_alone.columns[0].fill == np.nanmedian(expected)


@pytest.mark.case(156)
@pytest.mark.parametrize("options", [{}, {"thousands": ","}], ids=["no option", "thousands"])
@pytest.mark.parametrize("text", ["10,49", "1,0490", "1,,049", "0,123", "1234,567", ",123"])
def test_a_number_with_other_groups_is_missing_and_named(path, text, options):
    texts = [written(number, ",", ".") for number in AMOUNTS]
    texts[8] = text
    with pytest.warns(UserWarning, match=f"column 'c': 1 of {N} values .* '{text}'"):
        task = Task.open(path(texts), "y", task="regression", test_size=0, **options)
    expected = AMOUNTS.copy()
    expected[8] = np.nan
    np.testing.assert_array_equal(task.rows.dataset.X["c"], expected)
    names = load_table(path(texts), "y", columns={"c": "names"}, frame=True, **options).X
    assert names["c"].tolist() == texts


@pytest.mark.case(156)
def test_points_beside_decimal_commas_are_between_thousands(write):
    path = write("a;b;c;y\n1,5;999,5;2,5;1,5\n-,25;1.234;x;2\n3;2.500;y;3,25\n")
    columns = load_table(path, "y", decimal=",", frame=True).X
    assert columns["a"].tolist() == [1.5, -0.25, 3]
    assert columns["b"].tolist() == [999.5, 1234, 2500]
    assert columns["c"].tolist() == ["2,5", "x", "y"]  # as in the file
    assert load_table(path, "y", decimal=",").y.tolist() == [1.5, 2, 3.25]


@pytest.mark.case(156)
@pytest.mark.parametrize("memory", [None, "1GB"])
def test_codes_and_truth_values_are_what_they_are_without_an_option(write, memory):
    rows = [f"{7 * (n % 20):05};{n % 2 == 0};{n * 7 % 31},5;{n % 9}" for n in range(N)]
    path = write("\n".join(["zip;member;size;y", *rows]))
    options = {"task": "regression", "test_size": 0}
    if memory:
        options |= {"memory": memory, "test_size": 0.1}
    words = [line.words for line in Task.open(path, "y", decimal=",", **options).describe()[:3]]
    assert words == ["names", "yes/no", "number"]
    as_numbers = Task.open(path, "y", decimal=",", columns={"zip": "number"}, test_size=0)
    assert as_numbers.training.X["zip"][:3].tolist() == [0, 7, 14]


@pytest.mark.case(156)
def test_a_marker_is_read_in_the_form_of_its_file(write):
    sizes = ["9.999" if n % 4 == 0 else f"{n % 7},5" for n in range(N)]
    path = write("\n".join(["size;y", *(f"{size};{n}" for n, size in enumerate(sizes))]))
    options = {"decimal": ",", "task": "regression", "test_size": 0}
    for marker in ("9.999,00", "9.999"):
        [line] = Task.open(path, "y", missing=[marker], **options).describe()[:1]
        assert line.n_missing == N // 4


@pytest.mark.case(156)
def test_words_for_dates_come_before_the_format_of_a_file(write):
    rows = [f"{1 + n % 12:02}.{1 + n % 28:02}.2024;{n % 7};{n}" for n in range(N)]
    path = write("\n".join(["day;x;y", *rows]))
    for words in ("date month-first", "date %m.%d.%Y"):
        options = {"columns": {"day": words}, "date_format": "%d.%m.%Y"}
        task = Task.open(path, "y", task="regression", test_size=0, **options)
        assert len(np.unique(task.training.X["day"].astype("M8[M]"))) == 12


@pytest.mark.case(156)
def test_words_for_a_column_come_before_the_options_of_its_file(write):
    rows = "\n".join(f"{n % 7},{200 + n};{n},{100 + n};{n},5" for n in range(1, 7))
    path = write(f"english;german;y\n{rows}")
    columns = {"english": "number 1,234.5"}
    task = Task.open(path, "y", decimal=",", columns=columns, task="regression", test_size=0)
    X = task.rows.dataset.X
    assert (X["english"][0], X["german"][0], task.rows.dataset.y[0]) == (1201, 1.101, 1.5)


@pytest.mark.case(156)
def test_dates_and_names_with_points_are_no_numbers_with_separators(write):
    rows = [f"{1 + n % 28:02}.01.2024;{n % 7}.1.2;1.{100 + n * 37 % N};{n},5" for n in range(N)]
    path = write("\n".join(["day;version;amount;y", *rows]))
    columns = load_table(path, "y", thousands=".", decimal=",", frame=True).X
    encoding = TableEncoding.fit(columns)
    assert [column.kind for column in encoding.columns] == ["date", "category", "number"]
    assert columns["amount"][0] == 1100


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
    for options in ({}, {"thousands": ","}):
        np.testing.assert_array_equal(load_table(path, "y", **options).y, AMOUNTS)


@pytest.mark.case(156)
def test_new_files_are_read_as_those_of_the_training(path, tmp_path):
    texts = [written(number, ",", ".") for number in AMOUNTS]
    for options in ({}, {"thousands": ","}):
        task = Task.open(path(texts), "y", task="regression", **options)
        predictor = task.train(model="network", epochs=3)
        save(predictor, tmp_path / "model.safetensors")
        loaded = load(tmp_path / "model.safetensors")
        assert loaded.card.settings.get("thousands") == options.get("thousands")
    # Without the option, the form of the column is a part of the model, and of an exported file.
    task = Task.open(path(texts), "y", task="regression")
    predictor = task.train(model="network", epochs=3)
    export(predictor, tmp_path / "exported.py")
    predict = runpy.run_path(str(tmp_path / "exported.py"))["predict"]
    exported = predict([["1,049", "1"], ["2,500.25", "2"], [" 7.5 ", "3"]])
    expected = predictor.predict({"c": [1049, 2500.25, 7.5], "x": [1, 2, 3]})
    np.testing.assert_allclose(exported, expected, rtol=1e-5)


def test_a_separator_of_thousands_is_not_that_of_decimals(path, refused):
    with refused(
        "thousands", "another sign than the decimal separator '.', got '.'; for numbers such as"
    ):
        load_table(path(["1.234"]), "y", thousands=".")
    with refused("thousands", "use decimal='.'"):
        load_table(path(["1.234"]), "y", thousands=",", decimal=",")
    with refused("thousands", "not an option of a Parquet file"):
        load_table("t.parquet", "y", thousands=",")
