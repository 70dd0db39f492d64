"""Tables in ONNX: an input for each column."""

from __future__ import annotations

import csv
import gzip
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from table_numbers import numbers_of

from barenet import Network, Predictor, TableEncoding
from barenet.data._column_types import CategoryColumn
from barenet.data._to_frame import as_frame
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._onnx_file import IR_VERSION, OPSET, render


def inputs_of(case) -> dict[str, np.ndarray]:
    """A column each: text for categories, as the record has it, and numbers for all else."""
    step = program_of(case.model).table
    frame, missing = as_frame(case.X), step.encoding.missing
    read = {column: column.parse(frame, column.name, missing) for column in step.columns}
    dtypes = {c: object if isinstance(c, CategoryColumn) else case.dtype for c in read}
    return {c.name: values.astype(dtypes[c])[:, np.newaxis] for c, values in read.items()}


def check(case) -> None:
    data = render(program_of(case.model), "it")[".onnx"]
    model = onnx.load_from_string(data)
    assert model.ir_version == IR_VERSION
    assert [(each.domain, each.version) for each in model.opset_import] == [
        ("", OPSET),
        ("ai.onnx.ml", 3),
    ]
    session = onnxruntime.InferenceSession(data)
    assert tuple(each.name for each in session.get_inputs()) == case.model.feature_names
    labels, probabilities = session.run(None, inputs_of(case))
    precision = 1e-5 if case.dtype == "float32" else 1e-12
    np.testing.assert_allclose(probabilities, case.outputs, atol=precision)
    assert labels.tolist() == case.labels.tolist()


def test_onnx_runtime_says_what_the_model_says(table):
    check(table)


def test_a_real_table(passengers):
    check(passengers)


def test_dates_are_refused(dates):
    with pytest.raises(ValueError, match=r"^model: column 'day' holds a date, for which ONNX has"):
        render(program_of(dates.model), "it")


@pytest.mark.parametrize("name", ["labels", "", "barenet/cast_1"])
def test_a_column_whose_name_is_taken_is_refused(table, name):
    names = [name, *(column.name for column in table.model.preprocessing.columns[1:])]
    encoding = table.model.preprocessing.renamed(names)
    model = replace(table.model, preprocessing=encoding, feature_names=encoding.feature_names)
    with pytest.raises(ValueError, match=f"column '{name}' has a name that"):
        render(program_of(model), "it")


@pytest.fixture
def adult() -> tuple[Predictor, dict[str, list[str]]]:
    """A network for a real table, in which ? stands for a missing value, and its test set."""
    path = Path(os.environ.get("BARENET_DATA", "")) / "tables" / "adult.csv.gz"
    if not path.exists():
        pytest.skip("BARENET_DATA names no folder with Adult's table")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names, *lines = csv.reader(file)
    columns = dict(zip(names[:-1], zip(*lines, strict=True), strict=False))
    training = {name: values[:-16_281] for name, values in columns.items()}
    encoding = TableEncoding.fit(training)
    network = Network.dense([encoding.n_outputs, 8, 1], output="sigmoid", seed=0)
    model = Predictor(
        network=network,
        preprocessing=encoding,
        classes=("<=50K", ">50K"),
        feature_names=encoding.feature_names,
        target_name="income",
        dataset="adult",
    )
    return model, {name: list(values[-16_281:]) for name, values in columns.items()}


def test_fault_97_the_markers_of_a_real_table(adult):
    model, rows = adult
    program = program_of(model)
    numbers = numbers_of(program.table, rows)
    given = {
        column.name: np.array(rows[column.name], object)[:, np.newaxis]
        if isinstance(column, CategoryColumn)
        else values[:, np.newaxis].astype(np.float32)
        for column, values in zip(program.table.columns, numbers.T, strict=True)
    }
    assert any("?" in values for values in given.values())
    labels, probabilities = onnxruntime.InferenceSession(render(program, "it")[".onnx"]).run(
        None, given
    )
    np.testing.assert_allclose(probabilities, model.probabilities(rows), atol=1e-5)
    assert labels.tolist() == model.predict(rows).tolist()
