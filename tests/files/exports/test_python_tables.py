"""Tables in Python exports: text in, the model's own bits out."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from barenet import TableEncoding, export
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._python_file import render


def module_of(model) -> dict[str, object]:
    text = render(program_of(model), "exported")[".py"].decode()
    module = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), module)
    return module


def rows_of(case) -> list[list[str]]:
    return [list(row) for row in zip(*(case.X[k] for k in case.model.feature_names), strict=True)]


def test_text_becomes_the_same_bits(dated):
    module = module_of(dated.model)
    assert np.array_equal(module["probabilities"](rows_of(dated)), dated.outputs)
    assert module["predict"](rows_of(dated)).tolist() == dated.labels.tolist()


def test_values_that_are_no_text(table):
    rows = {"age": [3.5, None, 40], "size": [1, 2, 3.0], "town": ["Rome", None, "Oslo"]}
    rows |= {"code": ["1", "2", "007"], "open": [True, False, None], "full": [1, 0, 1]}
    module = module_of(table.model)
    names = table.model.feature_names
    given = [[rows[name][at] for name in names] for at in range(3)]
    assert np.array_equal(module["probabilities"](given), table.model.probabilities(rows))


@pytest.mark.parametrize("name", ["it", "dated"])
def test_a_file_of_rows(dates, table, tmp_path, name):
    case = dates if name == "dated" else table
    export(case.model, tmp_path / f"{name}.py")
    lines = [list(case.X), *zip(*case.X.values(), strict=True)]
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*line, "more"] for line in lines])
    command = [sys.executable, "-I", f"{name}.py", "rows.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.stderr == ""
    printed = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["prediction"] for row in printed] == case.labels.tolist()
    numbers = [[float(row[f"probability_{each}"]) for each in "abc"] for row in printed]
    assert np.array_equal(np.array(numbers, case.dtype), case.outputs)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"age": "many"}, "expected a number, got 'many'"),
        ({"age": "1e999"}, "expected finite numbers"),
        ({"open": "perhaps"}, "expected truth values, such as yes or no, got 'perhaps'"),
        ({"time": "yesterday"}, "Invalid isoformat string: 'yesterday'"),
    ],
)
def test_values_of_another_kind_are_refused(dates, change, said):
    names = dates.model.feature_names
    row = [change.get(name, dates.X[name][0]) for name in names]
    with pytest.raises(ValueError, match=said):
        module_of(dates.model)["predict"]([row])


@pytest.mark.parametrize("rows", [[], [["1", "2"]]])
def test_rows_of_another_width_are_refused(table, rows):
    with pytest.raises(ValueError, match="expected rows of 6 values"):
        module_of(table.model)["predict"](rows)


def test_no_name_gets_out_of_its_quotes(table):
    evil = ['"); raise SystemExit; ("', "\\", '"""', "a\nb", "}{", "x"]
    encoding = table.model.preprocessing.renamed(evil)
    model = replace(table.model, preprocessing=encoding, feature_names=encoding.feature_names)
    module = module_of(model)
    assert module["FEATURES"] == evil
    assert np.array_equal(module["probabilities"](rows_of(table)), table.outputs)


def test_a_real_table(passengers, titanic):
    module = module_of(passengers.model)
    with titanic.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    rows = [[line[name] for name in passengers.model.feature_names] for line in lines]
    found = module["probabilities"](rows)
    np.testing.assert_allclose(found, passengers.outputs, rtol=0, atol=1e-6)


def test_numbers_alone_in_a_table():
    from barenet import Network, Predictor

    rows = {"a": [1.0, 2.0, None], "b": [3.0, 4.0, 5.0]}
    encoding = TableEncoding.fit(rows)
    model = Predictor(
        network=Network.dense([encoding.n_outputs, 2], seed=1),
        preprocessing=encoding,
        classes=None,
        feature_names=("a", "b"),
        target_name="y",
        dataset="three rows",
    )
    module = module_of(model)
    outputs = module["predict"]([[1.0, 3.0], ["2", "4"], [None, 5]])
    assert np.array_equal(outputs, model.predict(rows))
