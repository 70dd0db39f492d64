"""The ONNX export: valid models of plain tensors, whose inputs keep their digits."""

import csv
import gzip
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings, strategies as st
from predictors import predictor_of
from run_exports import run_onnx

from barenet import Network, Scaling, TableEncoding
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._onnx_file import render


def exported(model) -> bytes:
    return render(program_of(model), "it")[".onnx"]


@pytest.mark.case(61)
@pytest.mark.parametrize(
    "name", ["classes", "classifier numbers", "norm last", "scaled numbers", "rare categories"]
)
def test_onnx_checker_accepts_a_single_file(build, name):
    program = program_of(build(name).model)
    model = onnx.load_from_string(render(program, "it")[".onnx"])
    onnx.checker.check_model(model, full_check=True)
    domains = [("", 17), *([("ai.onnx.ml", 3)] if program.table else [])]
    assert [(entry.domain, entry.version) for entry in model.opset_import] == domains
    assert model.ir_version == 8
    kinds = {kind.name for kind in onnx.defs.get_all_schemas()} | {"LabelEncoder"}
    assert {node.op_type for node in model.graph.node} <= kinds
    places = {tensor.data_location for tensor in model.graph.initializer}
    assert places <= {onnx.TensorProto.DEFAULT}
    assert not any(tensor.external_data for tensor in model.graph.initializer)


@pytest.mark.parametrize(
    ("name", "kind"), [("classes", "tensor(string)"), ("classifier float64", "tensor(int64)")]
)
def test_labels_and_metadata(build, name, kind):
    session = onnxruntime.InferenceSession(exported(build(name).model))
    labels, probabilities = session.get_outputs()
    assert (labels.name, labels.type, labels.shape) == ("labels", kind, ["n_samples"])
    assert (probabilities.name, probabilities.shape) == ("probabilities", ["n_samples", 3])
    about = session.get_modelmeta()
    assert (about.producer_name, about.graph_name) == ("barenet", "it")
    if name == "classes":
        assert "trained on some rows: 3 -> scale -> 6 -> gelu" in about.description
        properties = {name: json.loads(text) for name, text in about.custom_metadata_map.items()}
        assert properties == {
            "feature_names": ["feature 0", "feature 1", "feature 2"],
            "classes": ["yes", "no", "größer?"],
            "target_name": "what it is",
            "dataset": "some rows",
        }


@settings(max_examples=20)
@given(st.lists(st.text(), min_size=2, max_size=5, unique=True), st.text())
def test_any_column_name_is_kept(classes, other):
    network = Network.dense([1, len(classes)], output="softmax", seed=1)
    names = {"classes": tuple(classes), "dataset": other, "target_name": other}
    X = np.array([[-9.0], [9.0]])
    labels, _ = run_onnx(replace(program_of(network), **names), X)
    assert labels.tolist() == [classes[index] for index in network.predict(X).argmax(axis=1)]


@pytest.mark.case(98)
@pytest.mark.parametrize("spread", [0.01, 1e-39, 1e-46])
def test_inputs_beyond_float32_precision_are_float64(build, spread):
    rng, center = np.random.default_rng(0), 40.7128 if spread == 0.01 else 0
    X = rng.normal(size=(50, 3)) * spread + center
    model = replace(build("classes").model, preprocessing=Scaling.fit("standardize", X))
    (given,) = onnxruntime.InferenceSession(exported(model)).get_inputs()
    assert given.type == "tensor(double)"
    _, probabilities = run_onnx(program_of(model), X)
    np.testing.assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)


def client(model, columns):
    """Feed a session the same types, whichever model it has."""
    session = onnxruntime.InferenceSession(exported(model))
    if "X" in columns:
        return session.run(None, {"X": columns["X"]})[-1]
    types = {name: np.array(values)[:, np.newaxis] for name, values in columns.items()}
    return session.run(None, types)[-1]


@pytest.mark.case(138)
@pytest.mark.parametrize("numbers", ["standardize", "piecewise", "minmax"])
def test_a_retrained_model_works_behind_the_same_client(numbers):
    """Another range and another precision of the same columns, also of a table of numbers alone."""
    rng = np.random.default_rng(0)
    for center, spread in ((0, 1), (2013, 0.01), (1e9, 1e-3), (1e-40, 1e-42)):
        size = (center + spread * rng.normal(size=30)).tolist()
        columns = {"size": size, "open": [True, False] * 15, "town": ["Oslo", "Rome", "Rome"] * 10}
        encoding = TableEncoding.fit(columns, numbers=numbers)
        network = Network.dense([encoding.n_inputs, 4, 2], seed=0)
        model = predictor_of(network, encoding)
        given = columns | {"open": [1.0, 0.0] * 15}
        np.testing.assert_allclose(client(model, given), model.outputs(columns), atol=1e-5)
        X = np.array(size).reshape(-1, 1)
        scaling = Scaling.fit(numbers if numbers != "piecewise" else "robust", X)
        model = predictor_of(Network.dense([1, 4, 2], seed=0), scaling)
        np.testing.assert_allclose(client(model, {"X": X}), model.outputs(X), atol=1e-5)
    unit = predictor_of(Network.dense([1, 2]), Scaling.fit("minmax", [[0], [1]]))
    assert client(unit, {"X": np.eye(1)}).shape == (1, 2)


def test_date_columns_are_refused(dates):
    with pytest.raises(ValueError, match=r"^model: column 'day' holds a date, for which ONNX has"):
        exported(dates.model)


@pytest.mark.parametrize("name", ["labels", "", "barenet/cast_1"])
def test_a_column_with_a_reserved_name_is_refused(table, name):
    names = [name, *(column.name for column in table.model.preprocessing.columns[1:])]
    encoding = table.model.preprocessing.renamed(names)
    model = replace(table.model, preprocessing=encoding, feature_names=encoding.feature_names)
    with pytest.raises(ValueError, match=f"column '{name}' has a name that"):
        exported(model)


@pytest.mark.case(97)
@pytest.mark.integration
def test_markers_of_missing_values_of_a_real_table_are_understood():
    """In Adult's table, ? stands for a missing value."""
    path = Path(os.environ.get("BARENET_DATA", "")) / "tables" / "adult.csv.gz"
    if not path.exists():
        pytest.skip("BARENET_DATA names no folder with Adult's table")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names, *lines = csv.reader(file)
    columns = dict(zip(names[:-1], map(list, zip(*lines, strict=True)), strict=False))
    encoding = TableEncoding.fit({name: values[:-16_281] for name, values in columns.items()})
    network = Network.dense([encoding.n_inputs, 8, 1], output="sigmoid", seed=0)
    model = predictor_of(network, encoding, classes=("<=50K", ">50K"))
    rows = {name: values[-16_281:] for name, values in columns.items()}
    assert any("?" in values for values in rows.values())
    labels, probabilities = run_onnx(program_of(model), rows)
    np.testing.assert_allclose(probabilities, model.predict_proba(rows), atol=1e-5)
    assert labels.tolist() == model.predict(rows).tolist()
