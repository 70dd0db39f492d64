"""Limits such as <5 and 10+ in columns of numbers are read as their numbers."""

import json
import subprocess
import sys

import numpy as np
import pytest
from barenet.tables.reading._kind_inference import kind_of

from barenet import TableEncoding, Task, export, load, load_table, save, stream
from barenet.errors import DataError
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._missing_texts import MISSING

NUMBERS = [str(number) for number in range(30)]

#: Spellings of limits, and their numbers.
SPELLINGS = {
    "<5": 5, "< 5": 5, "<= 0.5": 0.5, "≤5": 5, "≥ 29": 29, ">100": 100, ">=1e3": 1000, "100+": 100,
    "100 +": 100, "40 or more": 40, "under 5": 5, "Over 90": 90, "up to 2.5": 2.5,
    "less than 1": 1, "more than 50": 50, "At least 60": 60, "at most 3": 3, "65 and over": 65,
    "3 or less": 3, "2 or fewer": 2, "<.5": 0.5, "<-5": -5, ">−0.5": -0.5,
}  # fmt: skip


def kind(values):
    return kind_of(as_frame({"c": values}), "c", MISSING)


def fit(values, **options):
    """Fit the column c beside another one."""
    return TableEncoding.fit({"c": values, "x": np.arange(len(values)) % 7}, **options)


@pytest.mark.case(156)
@pytest.mark.parametrize(
    ("text", "number"), [(text, SPELLINGS[text]) for text in ("<5", "≥ 29", "100+", ">−0.5")]
)
def test_a_limit_is_read_as_its_number(text, number):
    encoding = fit([text, *NUMBERS])
    expected = fit([str(number), *NUMBERS])
    assert encoding.columns[0].kind == "number"
    assert f"{text!r} is read as {number:g}" in encoding.describe()
    rows = {"c": [text, "3", "", "7"], "x": [1, 2, 3, 4]}
    plain = {"c": [str(number), "3", "", "7"], "x": [1, 2, 3, 4]}
    np.testing.assert_array_equal(encoding.transform(rows), expected.transform(plain))


@pytest.mark.parametrize(
    "text",
    ["10-20", "~5", "ca. 5", "<5 kg", "<05", "<", "+", "5 or 6", "<5>", "5++", "$<5", "or 5"],
)
def test_other_texts_are_no_limits(text):
    with pytest.raises(DataError, match="column 'c': expected a number"):
        kind([text, *NUMBERS])


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
        (["under 5", "5 or more"] * 20, "category"),
        # Grades are no numbers.
        ([f"{n}{plus}" for n in range(1, 10) for plus in ("", "+")] * 3, "category"),
        (["1-", "1", "1+", "2-", "2", "2+"] * 9, "category"),
    ],
)
def test_ten_different_values_make_a_column_of_numbers(values, expected):
    assert kind(values) == expected


@pytest.mark.case(156)
def test_limits_on_both_sides_of_a_number_are_kept_apart():
    values = ["<5", ">5", *NUMBERS]
    with pytest.raises(DataError, match=r"to read '<5' as 5, use numeric=\['c'\]") as caught:
        fit(values)
    assert fit(values, numeric=caught.value.options["numeric"]).columns[0].kind == "number"
    values = ["3+", *NUMBERS]  # 3+ is not the greatest number
    with pytest.raises(DataError, match=r"use numeric=\['c'\];.*; if it stands for a missing"):
        fit(values)
    assert fit(values, numeric=["c"]).columns[0].limit_texts == ("3+",)


def test_other_words_beside_limits_are_named_alone():
    with pytest.raises(DataError, match="got 'unknown'; if it stands for a missing value") as e:
        fit(["<5", "unknown", *NUMBERS])
    assert e.value.options["missing"] == ["unknown"]
    assert fit(["<5", "unknown", *NUMBERS], missing=["unknown"]).columns[0].kind == "number"


def test_options_still_decide_how_limits_are_read():
    values = ["<5", "30+", *NUMBERS]
    names = fit(values, categories=["c"], rare=0).columns[0]
    assert {"<5", "30+"} < set(names.categories)
    encoding = fit(values, missing=["<5"])
    assert encoding.input_names == ("c", "c missing", "x")
    assert encoding.columns[0].limit_texts == ("30+",)


def test_points_between_thousands_are_refused_beside_limits():
    rng = np.random.default_rng(5)
    amounts = [f"{int(value):,}".replace(",", ".") for value in rng.integers(20, 9000, 80)]
    with pytest.raises(DataError, match="without a thousands separator"):
        kind([*amounts, "<10"])
    with pytest.raises(DataError, match="remove"):
        kind([*(f"{n:,}" for n in range(1_234_567, 1_234_587)), "<10"])


def test_new_rows_may_have_other_limits_in_every_column_of_numbers():
    encoding = TableEncoding.fit(
        {"a": NUMBERS, "b": np.arange(30) % 7}, numbers="none", keep_column=["a"]
    )
    assert encoding.transform({"a": ["<3", "60+"], "b": ["6 or more", 2]}).tolist() == [
        [3, 6],
        [60, 2],
    ]


def test_a_record_has_its_limits_and_that_of_another_column_none():
    encoding = fit(["<5", "under 7", "30+", "31+", "32+", "33+", *NUMBERS], numbers="piecewise")
    plain = json.loads(json.dumps(encoding.to_dict()))
    assert plain["columns"][0]["limit_texts"] == ["<5", "under 7", "30+", "31+", "32+"]
    assert "limit_texts" not in plain["columns"][1]
    again = TableEncoding.from_dict(plain)
    assert again.columns == encoding.columns


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
    encoding = TableEncoding.fit(in_memory.X)
    assert encoding.columns[0].limit_texts == ("<0.5", "40+")
    expected = encoding.transform(in_memory.X)
    streamed = stream(measured, "y").encoding
    assert streamed.columns[0].limit_texts == ("<0.5", "40+")
    np.testing.assert_allclose(streamed.transform(in_memory.X), expected)
    commas = write(measured.read_text().replace(".", ","), "commas.csv")
    with_commas = load_table(commas, "y", frame=True, decimal=",")
    np.testing.assert_array_equal(
        TableEncoding.fit(with_commas.X).transform(with_commas.X), expected
    )


def test_limits_that_one_block_has_are_judged_in_any_order(write, monkeypatch):
    """The sample of the kinds lacks the limit, which is mixed up with other numbers."""
    monkeypatch.setattr("barenet.streams._stream_fit.MOST_ROWS", 20)
    rows = [f"{n % 30},{n % 7},{n}.5" for n in range(200)]
    rows[170] = "3+,1,170.5"
    path = write("\n".join(["c,x,y", *rows]), "late.csv")
    with pytest.raises(DataError, match=r"late\.csv:172: column 'c': expected a number.*'3\+'"):
        stream(path, "y")
    path = write(path.read_text().replace("3+", "30+"), "late.csv")
    assert stream(path, "y").encoding.columns[0].limit_texts == ("30+",)


@pytest.mark.case(156)
def test_a_target_with_limits_is_refused(write):
    rows = [f"{n % 7},{n}.5" for n in range(60)]
    rows[5] = "3,<5"
    path = write("\n".join(["x,y", *rows]))
    for task in (None, "regression"):
        with pytest.raises(DataError, match=r":7: column 'y': expected a number.*got '<5'"):
            load_table(path, "y", task=task)


@pytest.mark.case(156)
def test_an_exported_file_reads_limits_as_the_model(measured, tmp_path):
    task = Task.open(measured, "y")
    predictor = task.train(model="network", epochs=3)
    save(predictor, tmp_path / "model.safetensors")
    assert load(tmp_path / "model.safetensors").preprocessing.columns[0].limit_texts
    export(predictor, tmp_path / "exported.py")
    new = tmp_path / "new.csv"
    new.write_text("c,x\n<3,1\n60 or more,2\n7.5,3\n")
    command = [sys.executable, "exported.py", "new.csv"]
    output = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    exported = [float(line) for line in output.stdout.split()[1:]]
    rows = {"c": ["<3", "60 or more", "7.5"], "x": [1, 2, 3]}
    np.testing.assert_allclose(exported, predictor.predict(rows), rtol=1e-5)
