"""Every export against the predictor, on random tables with every kind of column."""

from __future__ import annotations

import json
import os

import numpy as np
import onnxruntime
import pytest
from json_reader import predict
from random_tables import random_table
from table_numbers import numbers_of

from barenet import export
from barenet.data._column_types import CategoryColumn, NumberColumn
from barenet.data._parsing import to_number
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._json_file import render as render_json
from barenet.files.exports._onnx_file import render as render_onnx
from barenet.files.exports._python_file import render as render_python

#: Seeds of the tables; BARENET_TABLES=1000 for more of them.
SEEDS = range(int(os.environ.get("BARENET_TABLES", "20")))


def answers(model, rows):
    """Numbers, or the probability of each class."""
    return model.outputs(rows) if model.classes is None else model.probabilities(rows)


def check(found, model, rows, tolerance, last_digit=0):
    """Compare in units of the target's scale, but for the last digit of a float."""
    expected = answers(model, rows)
    factor = 1 if model.target_scaling is None else model.target_scaling.factor
    allowed = tolerance / factor + last_digit * np.spacing(np.abs(expected).astype(np.float32))
    assert (np.abs(found - expected) <= allowed).all(), np.abs(found - expected) * factor


def raw_numbers(program, rows):
    """The numbers of each row; some that stand for a missing one stay as they are."""
    values = numbers_of(program.table, rows)
    for at, column in enumerate(program.table.columns):
        if isinstance(column, NumberColumn):
            numbers = [to_number(text.strip()) for text in rows[column.name]]
            markers = np.array([np.nan if each is None else each for each in numbers])
            values[:, at] = np.where(np.isnan(values[:, at]), markers, values[:, at])
    return values


def raw_texts(column, encoding, rows):
    """The labels of each row, and the markers of a missing one as they are."""
    labels = column.parse(encoding.frame_of(rows), column.name, encoding.missing)
    texts = [text.strip() for text in rows[column.name]]
    pairs = zip(texts, labels.tolist(), strict=True)
    return np.array([text if text in encoding.missing else label for text, label in pairs], object)


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_96_python_exports_of_random_tables(seed):
    model, rows = random_table(np.random.default_rng(seed), dates=True)
    module = {"__name__": "exported"}
    exec(render_python(program_of(model), "exported")[".py"].decode(), module)
    names = model.feature_names
    given = [list(row) for row in zip(*(rows[name] for name in names), strict=True)]
    outputs = module["outputs" if model.classes is None else "probabilities"]
    assert np.array_equal(module["predict"](given), model.predict(rows))
    assert np.array_equal(outputs(given), answers(model, rows))


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_96_json_exports_of_random_tables(seed):
    model, rows = random_table(np.random.default_rng(seed), dates=True)
    document = json.loads(render_json(program_of(model), "it")[".json"])
    given = [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]
    found = np.array([predict(document, row) for row in given])
    check(found, model, rows, 1e-5 if document["dtype"] == "float32" else 1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_fault_97_onnx_exports_of_random_tables(seed):
    model, rows = random_table(np.random.default_rng(seed), dates=False)
    program = program_of(model)
    session = onnxruntime.InferenceSession(render_onnx(program, "it")[".onnx"])
    given = {}
    for column, values in zip(program.table.columns, raw_numbers(program, rows).T, strict=True):
        if isinstance(column, CategoryColumn):
            values = raw_texts(column, program.table.encoding, rows)
        given[column.name] = values
    given = {
        each.name: given[each.name].astype(TYPES[each.type])[:, np.newaxis]
        for each in session.get_inputs()
    }
    *labels, found = session.run(None, given)
    single = program.dtype == np.float32
    check(found, model, rows, 1e-5 if single else 1e-11, last_digit=float(single))
    if labels:
        assert labels[0].tolist() == model.predict(rows).tolist()


#: NumPy's types by the names that ONNX Runtime has for them.
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(string)": object}


@pytest.mark.filterwarnings("ignore:input .* a C float rounds")  # but not these
@pytest.mark.parametrize("weights", ["float32", "int8"])
@pytest.mark.parametrize("seed", SEEDS[: len(SEEDS) // 2])
def test_fault_98_c_exports_of_random_tables(seed, weights, run_c, tmp_path):
    model, rows = random_table(np.random.default_rng(seed), dates=False, single=True)
    program = program_of(model)
    export(model, tmp_path / "it.c", weights=weights)
    found = run_c(tmp_path / "it.c", raw_numbers(program, rows), program.n_outputs)
    check(found, model, rows, 2e-5 if weights == "float32" else 0.3, last_digit=1)
