"""The export for ONNX: the checker takes it, and ONNX Runtime says what the model says."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barenet import Network, Predictor, Scaling, export
from barenet.files.exports._inference_program import Program, program_of
from barenet.files.exports._onnx_file import IR_VERSION, OPSET, render

#: Operators with float64 kernels in ONNX Runtime; Erf is used in float32 alone.
DTYPES = {"float32": "tensor(float)", "float64": "tensor(double)"}


def run(data: bytes, X: np.ndarray) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    (rows,) = session.get_inputs()
    kinds = {kind: name for name, kind in DTYPES.items()}
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {rows.name: X.astype(kinds[rows.type])}), strict=True))


def exported(model) -> bytes:
    return render(program_of(model), "it")[".onnx"]


def test_promise_12_onnx_runtime_says_what_the_model_says(case):
    program = program_of(case.model)
    answers = run(exported(case.model), case.X)
    outputs = answers["predictions" if program.answer == "numbers" else "probabilities"]
    assert outputs.dtype == program.dtype
    exact = case.dtype == "float64" and "gelu" not in program.sketch()
    precision = 1e-12 if exact else 1e-5
    if np.abs(case.X).max() > 1e4:
        precision = 1e-2  # float32's own logits of ten thousand are off by a thousandth
    np.testing.assert_allclose(outputs, case.outputs, rtol=precision, atol=precision)
    assert set(answers) == ({"predictions"} if case.labels is None else {"labels", "probabilities"})
    if case.labels is not None:
        assert answers["labels"].shape == case.labels.shape
        assert answers["labels"].tolist() == case.labels.tolist()


def test_the_checker_takes_it(case):
    model = onnx.load_from_string(exported(case.model))
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version == IR_VERSION == 8
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]
    assert OPSET == 17
    kinds = {kind.name for kind in onnx.defs.get_all_schemas()}
    assert {node.op_type for node in model.graph.node} <= kinds


def test_any_number_of_rows_goes_in(build):
    case = build("classes")
    data = exported(case.model)
    for n_rows in (1, 7, 40):
        rows = case.X[:n_rows]
        assert run(data, rows)["labels"].tolist() == case.model.predict(rows).tolist()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("classifier", "tensor(string)"), ("classifier float64", "tensor(int64)")],
)
def test_labels_are_text_or_whole_numbers(build, name, kind):
    session = onnxruntime.InferenceSession(exported(build(name).model))
    labels, probabilities = session.get_outputs()
    assert (labels.name, labels.type, labels.shape) == ("labels", kind, ["n_samples"])
    assert probabilities.shape == ["n_samples", 3]


def test_it_tells_what_it_is(build):
    session = onnxruntime.InferenceSession(exported(build("classes").model))
    about = session.get_modelmeta()
    assert (about.producer_name, about.graph_name) == ("barenet", "it")
    assert "trained on some rows: 3 -> scale -> 6 -> gelu" in about.description
    properties = {name: json.loads(text) for name, text in about.custom_metadata_map.items()}
    assert properties == {
        "feature_names": ["feature 0", "feature 1", "feature 2"],
        "classes": ["yes", "no", "größer?"],
        "target_name": "what it is",
        "dataset": "some rows",
    }


def test_fault_61_nothing_of_it_lies_in_another_file(case):
    """So there is no path in it, absolute or upwards, and barenet reads no ONNX itself."""
    model = onnx.load_from_string(exported(case.model))
    places = {tensor.data_location for tensor in model.graph.initializer}
    assert places <= {onnx.TensorProto.DEFAULT}
    assert not any(tensor.external_data for tensor in model.graph.initializer)


def test_what_one_file_cannot_hold_is_refused(build, monkeypatch):
    program = program_of(build("classes").model)
    monkeypatch.setattr(Program, "n_numbers", property(lambda self: 2**28))
    with pytest.raises(ValueError, match="268,435,456 numbers are more than one ONNX file holds"):
        render(program, "it")


@settings(max_examples=20)
@given(st.lists(st.text(), min_size=2, max_size=5, unique=True), st.text())
def test_any_name_stays_a_name(classes, other):
    network = Network.dense([1, len(classes)], output="softmax", seed=1)
    program = replace(
        program_of(network),
        answer="class",
        classes=tuple(classes),
        dataset=other,
        target_name=other,
    )
    labels = run(render(program, other)[".onnx"], np.array([[-9.0], [9.0]]))["labels"]
    best = network.predict([[-9.0], [9.0]]).argmax(axis=1)
    assert labels.tolist() == [classes[index] for index in best]


def test_the_same_model_gives_the_same_bytes(build):
    assert exported(build("wide").model) == exported(build("wide").model)


def test_fault_98_inputs_that_float32_does_not_hold_are_float64(build):
    model = build("classes").model
    X = np.random.default_rng(0).normal([40.7128, 0, 0], [0.01, 1, 1], (50, 3))
    model = replace(model, preprocessing=Scaling.fit("standardize", X))
    answers = run(exported(model), X)
    np.testing.assert_allclose(answers["probabilities"], model.probabilities(X), atol=1e-5)


@pytest.mark.parametrize("spread", [1e-39, 1e-46])
def test_fault_98_columns_of_a_tiny_spread_are_float64(tmp_path, spread):
    X = np.random.default_rng(0).normal(size=(50, 2)) * spread
    predictor = Predictor(
        network=Network.dense([2, 4, 1], seed=1), preprocessing=Scaling.fit("standardize", X),
        classes=None, feature_names=("a", "b"), target_name="y", dataset="tiny",
    )  # fmt: skip
    export(predictor, tmp_path / "tiny.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "tiny.onnx")
    assert session.get_inputs()[0].type == "tensor(double)"
    (found,) = session.run(None, {"X": X})
    np.testing.assert_allclose(found[:, 0], predictor.predict(X), atol=1e-5)
