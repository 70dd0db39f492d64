"""Limits such as <5 and 10+ in columns of numbers are read as their numbers."""

import json
import runpy

import numpy as np
import pytest

from barenet import TableEncoding, Task, export
from barenet.datasets._table_loading import load_table
from barenet.streams._stream import stream
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._column_reading import kinds_of
from barenet.tables.reading._missing_texts import MISSING

NUMBERS = [str(number) for number in range(30)]


def kind(values):
    return kinds_of(as_frame({"c": values}), ["c"], MISSING)["c"]


def fit(values, **options):
    """Fit the column c beside another one."""
    return TableEncoding.fit({"c": values, "x": np.arange(len(values)) % 7}, **options)


@pytest.mark.case(156)
@pytest.mark.parametrize(
    ("text", "number"), [("<5", 5), ("≤ 5", 5), ("≥ 29", 29), ("100+", 100), (">−0.5", -0.5)]
)
def test_a_limit_is_read_as_its_number(text, number):
    encoding = fit([text, *NUMBERS])
    expected = fit([str(number), *NUMBERS])
    assert encoding.columns == expected.columns
    rows = {"c": [text, "3", "", "7"], "x": [1, 2, 3, 4]}
    plain = {"c": [str(number), "3", "", "7"], "x": [1, 2, 3, 4]}
    np.testing.assert_array_equal(encoding.transform(rows), expected.transform(plain))


@pytest.mark.parametrize("text", ["10-20", "ca. 5", "<5 kg", "<05", "<", "+", "<5>", "5++", "$<5"])
def test_other_texts_are_no_limits(text):
    with pytest.warns(UserWarning, match="column 'c': 1 of 31 values"):
        encoding = fit([text, *NUMBERS])
    assert encoding.input_names == ("c", "c missing", "x")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Ten different values, or nine tenths of the rows.
        ([*"012345678", "9+"] * 3, "number"),
        ([*"1234"] * 20 + ["5+"], "number"),
        ([f"{10**n}+" for n in range(10)] * 3, "number"),
        ([f"<{n / 10}" if n % 3 else str(n / 10) for n in range(60)], "number"),
        # Fewer are names.
        ([*"1234", "5+"] * 9, "category"),
        (["<18", "18-65", ">65"] * 20, "category"),
        # Grades are no numbers.
        ([f"{n}{plus}" for n in range(1, 10) for plus in ("", "+")] * 3, "category"),
        (["1-", "1", "1+", "2-", "2", "2+"] * 9, "category"),
    ],
)
def test_ten_different_values_make_a_column_of_numbers(values, expected):
    assert kind(values) == expected


def test_options_still_decide_how_limits_are_read():
    values = ["<5", "30+", *NUMBERS]
    names = fit(values, columns={"c": "names"}, rare=0).columns[0]
    assert {"<5", "30+"} < set(names.categories)
    encoding = fit(values, missing=["<5"])
    assert encoding.input_names == ("c", "c missing", "x")


def test_new_rows_may_have_other_limits_in_every_column_of_numbers():
    encoding = TableEncoding.fit(
        {"a": NUMBERS, "b": np.arange(30) % 7}, numbers="none", columns={"a": "keep"}
    )
    new = {"a": ["<3", "60+"], "b": [">6", 2]}
    assert encoding.transform(new).tolist() == [[3, 6], [60, 2]]


def test_the_limits_of_older_models_are_kept():
    plain = json.loads(json.dumps(fit(["<5", *NUMBERS]).to_dict()))
    assert "limit_texts" not in plain["columns"][0]
    plain["columns"][0]["limit_texts"] = ["<5"]
    again = TableEncoding.from_dict(plain)
    assert again.to_dict() == plain
    assert "'<5' is read as 5" in again.describe()


@pytest.fixture
def measured(write):
    """Write 120 rows with limits in a column of many numbers."""
    rows = []
    for n in range(120):
        value = f"{n % 40}.5"
        if n % 11 == 0:
            value = "<0.5"
        if n % 13 == 0:
            value = "40+"
        rows.append(f"{value};{n % 7};{n % 40 + n % 7}.5")
    return write("\n".join(["c;x;y", *rows]), "measured.csv")


@pytest.mark.case(156)
def test_limits_of_files_and_streams_are_those_of_memory(measured, write):
    in_memory = load_table(measured, "y", frame=True)
    assert in_memory.X["c"].dtype.kind == "T"
    expected = TableEncoding.fit(in_memory.X).transform(in_memory.X)
    streamed = stream(measured, "y", test_size=0, validation_size=0).encoding
    assert streamed.columns[0].kind == "number"
    np.testing.assert_allclose(streamed.transform(in_memory.X), expected)
    commas = write(measured.read_text().replace(".", ","), "commas.csv")
    with_commas = load_table(commas, "y", frame=True, decimal=",")
    np.testing.assert_array_equal(
        TableEncoding.fit(with_commas.X).transform(with_commas.X), expected
    )


@pytest.mark.case(156)
def test_an_exported_file_reads_limits_as_the_model(measured, tmp_path):
    task = Task.open(measured, "y")
    predictor = task.train(model="network", epochs=3)
    export(predictor, tmp_path / "exported.py")
    predict = runpy.run_path(str(tmp_path / "exported.py"))["predict"]
    assert predictor.feature_names == ("c", "x")
    exported = predict([["<3", "1"], ["60+", "2"], ["7.5", "3"]])
    rows = {"c": ["<3", "60+", "7.5"], "x": [1, 2, 3]}
    np.testing.assert_allclose(exported, predictor.predict(rows), rtol=1e-5)
