"""The Python export: it needs NumPy alone, reads values as `predict` does, and is no trap."""

import csv
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from predictors import predictor_of
from run_exports import rows_of, run_python

from barenet import Network, TableEncoding, Task, export
from barenet.datasets._table_loading import load_table
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._python_dates import dates as read_dates


def test_the_file_of_a_small_network_is_short(tmp_path):
    """It is read in a lesson."""
    export(Network.dense([4, 8, 3], output="softmax", seed=0), tmp_path / "net.py")
    lines = (tmp_path / "net.py").read_text().splitlines()
    assert len(lines) < 80
    assert lines[-3] == "def predict(X):"


def test_the_file_needs_only_numpy(dates, tmp_path):
    packages = tmp_path / "packages"
    packages.mkdir()
    site = Path(np.__file__).parents[1]
    for name in ("numpy", "numpy.libs", ".dylibs"):
        if (site / name).exists():
            (packages / name).symlink_to(site / name)
    export(dates.model, tmp_path / "it.py")
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([dates.X, *zip(*dates.X.values(), strict=True)])
    program = f"""
import csv, importlib.util, sys
sys.path[:0] = [{str(packages)!r}, {str(tmp_path)!r}]
assert not any(map(importlib.util.find_spec, ("barenet", "scipy", "sklearn")))
import it
with open("rows.csv", newline="") as file:
    rows = [[row[name] for name in it.FEATURES] for row in csv.DictReader(file)]
print(*it.predict(rows))
"""
    command = [sys.executable, "-W", "error", "-I", "-S", "-X", "utf8", "-c", program]
    options = {"capture_output": True, "encoding": "utf-8", "env": {}}
    done = subprocess.run(command, cwd=tmp_path, **options)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == dates.labels.tolist()


def test_values_that_are_not_strings(build):
    table = build("rare categories")
    rows = {"age": [3.5, None, 40], "size": [1, 2, 3.0], "town": ["Rome", None, "Oslo"]}
    rows |= {"code": ["1", "2", "007"], "open": [True, False, None], "full": [1, 0, 1]}
    program = program_of(table.model)
    outputs = run_python(program)["probabilities"](rows_of(program, rows))
    assert np.array_equal(outputs, table.model.predict_proba(rows))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, 2]], r"expected finite numbers in rows of 3, got \(1, 2\)"),
        ([[1, 2, 3], [1, np.inf, 3]], r"X\[1\]\[1\]: expected finite numbers, got inf"),
        ([["1", "2", "many"]], "could not convert string to float: 'many'"),
    ],
)
def test_wrong_numbers_are_refused(build, rows, message):
    with pytest.raises(ValueError, match=message):
        run_python(program_of(build("classes").model))["predict"](rows)


@pytest.mark.case(162)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": "many"}, "expected a number, got 'many'"),
        ({"age": "1e999"}, "expected a number, got '1e999'"),
        ({"age": math.inf}, "expected finite numbers"),
        ({"age": "1e300"}, "column 'age': expected a number nearer to those of the training"),
        ({"age": np.datetime64("2024-01-05")}, "expected a number, got '2024-01-05'"),
        ({"age": b"5"}, "column 'age': expected a number, a text or a date, got b'5'"),
        ({"town": b"Rome"}, "expected a number, a text or a date, got b'Rome'"),
        ({"time": b"2024-01-05"}, "expected a number, a text or a date, got b'2024-01-05'"),
        ({"open": "perhaps"}, "expected booleans, such as yes or no, got 'perhaps'"),
        ({"time": "yesterday"}, "expected a date or a time of day, got 'yesterday'"),
        (None, "expected rows of 10 values"),
    ],
)
def test_values_of_the_wrong_type_are_refused_as_by_predict(dates, change, message):
    predict = run_python(program_of(dates.model))["predict"]
    row = {name: values[0] for name, values in dates.X.items()} | (change or {})
    for rows in [[[*row.values()]]] if change else [[], [["1", "2"]]]:
        with pytest.raises(ValueError, match=message):
            predict(rows)
    if change:
        with pytest.raises(ValueError, match=next(iter(change))):
            dates.model.predict({name: [value] for name, value in row.items()})


@pytest.mark.parametrize("unit", ["D", "ns"])
def test_dates_of_numpy_are_read_as_predict_reads_them(of_every_kind, unit):
    moment = np.datetime64("2024-02-01T10:30", unit)
    row = {"size": 2.0, "open": "yes", "town": "Rome", "day": moment}
    predict = run_python(program_of(of_every_kind))["predict"]
    columns = {name: [value] for name, value in row.items()}
    expected = of_every_kind.predict({**columns, "day": np.array([moment])})
    np.testing.assert_allclose(predict([[*row.values()]]), expected, rtol=1e-6)


#: Texts of columns: those of the training, and more of new rows.
SPELLED = {
    "words": (["True", "False", "Maybe", "tRUE"], ["TRUE", "true", "tRUE", "TruE", "maybe"]),
    "day": (["05-Jan-2024", "2024-02-17"], ["Jan 5, 2024", "2024Q1", "2024-1-5 2:30 PM", "."]),
    "european": (["31.12.2024", "01.02.2024"], ["2024-03-01", "1.2.2024 9:30", "n.a."]),
    "time": (["14:30", "02:05"], ["2:30 PM", "14:30:05.5", "#N/A N/A", "—"]),
    "zoned": (["17:45:00Z", "00:30+01:00"], ["9:30:15.5Z", "20:00:00-05:00", "2 PM", "—"]),
    "number": (["1.5", "−2", "3.25-", "inf", "7"], ["–4", "1e3", ".", "-nan", r"\N"]),
    "amount": (["$9,216", "($5.50)", "$1,000"], ["$0.5", "9216", "-$3", "N/A"]),
    "length": (["45:12", "1:02:33"], ["0:05", "2:00:00", "none"]),
    "truth": (["yes", "no", "n.a."], ["Yes", "NO", "(null)"]),
}


@pytest.mark.case(162, 157)
def test_every_text_is_read_as_predict_reads_it():
    rows = {}
    for name, (training, later) in SPELLED.items():
        rows[name] = [*(training[row % len(training)] for row in range(60)), *later, *later][:65]
        rows[name] += [training[0]] * (65 - len(rows[name]))
    first = {name: values[:60] for name, values in rows.items()}
    encoding = TableEncoding.fit(first, numbers="piecewise", bins=3, rare=2)
    columns = {column.name: column for column in encoding.columns}
    kinds = [columns[name].kind for name in ("words", "day", "truth")]
    assert kinds == ["category", "date", "boolean"]
    assert columns["words"].rare is False and "tRUE" in columns["words"].categories
    assert (columns["amount"].form, columns["length"].form) == ("$1,234.5", "duration")
    network = Network.dense([encoding.n_inputs, 4, 1], seed=1, dtype="float64")
    model = predictor_of(network, encoding)
    program = program_of(model)
    predictions = run_python(program)["predict"](rows_of(program, rows))
    assert predictions.tolist() == model.outputs(rows)[:, 0].tolist()


@pytest.mark.case(153)
@pytest.mark.parametrize("offset", ["+0100", "-0500"])
def test_a_date_that_stands_for_none_is_read_in_its_format_in_any_zone(offset):
    text = f"9999-12-31 23:59:59 {offset}"
    date_format = "%Y-%m-%d %H:%M:%S %z"
    read = read_dates([text], "day", [], "ymd", date_format)
    assert read.tolist() == np.array(["9999-12-31T23:59:59"], "M8[us]").tolist()
    assert np.isnat(read_dates([text, "2024-01-01"], "day", ["9999-12-31"], "ymd", date_format))[0]


@pytest.fixture(scope="module")
def of_every_kind():
    """A model of a number, a boolean, a category and a date."""
    days = np.datetime64("2024-01-01") + np.arange(40)
    rows = {
        "size": np.linspace(1, 9, 40),
        "open": ["yes", "no"] * 20,
        "town": ["Rome", "Oslo"] * 20,
    }
    encoding = TableEncoding.fit({**rows, "day": days}, rare=2)
    return predictor_of(Network.dense([encoding.n_inputs, 4, 1], seed=1), encoding)


@pytest.mark.case(162)
def test_values_that_cannot_be_read_count_as_missing_with_a_warning(of_every_kind):
    first = ["1.5", "yes", "Rome", "2024-03-05"]
    wrong = [
        ["many", "yes", "Rome", "2024-03-05"],
        ["1", "perhaps", "Rome", "2024-03-05"],
        ["1", "no", "Rome", "yesterday"],
    ]
    without = [
        ["", "yes", "Rome", "2024-03-05"],
        ["1", "", "Rome", "2024-03-05"],
        ["1", "no", "Rome", ""],
    ]
    predict = run_python(program_of(of_every_kind))["predict"]
    expected = predict([first, *without])
    with pytest.warns(UserWarning, match="1 of 4 values count as missing") as warned:
        assert predict([first, *wrong]).tolist() == expected.tolist()
    problems = [str(warning.message) for warning in warned]
    assert len(problems) == 3
    for row, value in enumerate(("many", "perhaps", "yesterday"), start=1):
        assert problems[row - 1].startswith(f"row {row}: ") and repr(value) in problems[row - 1]


EVIL = ['"); __import__("os").abort(); ("', '"""', "\\", "a\nimport os", "\u202e", "\ud800"]


def test_names_are_quoted_safely(build):
    table = build("every category")
    program = replace(
        program_of(build("classes").model),
        classes=tuple(EVIL[:3]),
        feature_names=tuple(EVIL[3:]),
        target_name='"""\nraise SystemExit',
        dataset='\\"""; raise SystemExit #',
    )
    module = run_python(program)
    assert (module["CLASSES"], module["FEATURES"]) == (EVIL[:3], EVIL[3:])
    assert set(module["predict"](build("classes").X)) <= set(EVIL[:3])
    names = [*EVIL[:4], "}{", "{x}"]
    encoding = table.model.preprocessing.renamed(names)
    model = replace(table.model, preprocessing=encoding, feature_names=encoding.feature_names)
    module = run_python(program_of(model))
    assert module["FEATURES"] == names
    rows = rows_of(program_of(table.model), table.X)
    assert np.array_equal(module["probabilities"](rows), table.outputs)


@pytest.mark.case(188)
@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ("{:.3f}".format, {"decimal": ","}),
        ("{:,.2f}".format, {"decimal": ",", "thousands": "."}),
        ("{:,.2f}".format, {"thousands": ","}),
    ],
)
def test_numbers_are_read_with_the_separators_of_the_training(tmp_path, sizes, options):
    rng = np.random.default_rng(0)
    lines = []
    for number in range(80):
        size = sizes(rng.uniform(0, 5000))
        if "decimal" in options:
            size = size.translate(str.maketrans(",.", ".,"))
        lines.append(f"{size};{('Bonn', 'Ulm')[number % 3 % 2]};{rng.integers(2)}")
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["size;town;y", *lines]))
    predictor = Task.open(path, "y", **options).train(model="network", epochs=2)
    rows = [line.split(";")[:2] for line in lines]
    predict = run_python(program_of(predictor))["predict"]
    assert predict([[f"<{rows[0][0]}", "Bonn"]]) == predict([[rows[0][0], "Bonn"]])  # a limit
    predictions = predict(rows)
    expected = predictor.predict(load_table(path, "y", frame=True, **options).X)
    assert predictions.tolist() == expected.tolist()
