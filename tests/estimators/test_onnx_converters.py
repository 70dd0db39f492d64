"""Pipelines of scikit-learn's with an estimator of barenet's, as ONNX by skl2onnx."""

import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from barenet import MLPClassifier, MLPRegressor, register_onnx_converters
from barenet.errors import MissingExtraError

X, KIND = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def to_onnx():
    register_onnx_converters()
    register_onnx_converters()  # again, which is no harm
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # skl2onnx's own, of what its dependencies have renamed
        from skl2onnx import to_onnx
    return to_onnx


def run(model: onnx.ModelProto, rows: np.ndarray) -> list[np.ndarray]:
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version <= 8
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {session.get_inputs()[0].name: rows})


TARGETS = {
    "text": np.array(["setosa", "versicolor", "virginica"])[KIND],
    "numbers": KIND * 10 - 5,
    "yes or no": KIND == 1,
    "labels": np.stack([KIND > 0, KIND == 2], axis=1).astype(int),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", TARGETS)
def test_a_pipeline_for_classes(to_onnx, kind, dtype):
    rows = X.astype(dtype)
    network = MLPClassifier(8, "silu", solver="lbfgs", max_iter=2000, random_state=0)
    pipeline = make_pipeline(StandardScaler(), PCA(3), network).fit(rows, TARGETS[kind])
    model = to_onnx(pipeline, rows[:1], options={id(pipeline): {"zipmap": False}}, target_opset=17)
    labels, probabilities = run(model, rows)
    assert labels.tolist() == pipeline.predict(rows).tolist()
    precision = 1e-5 if dtype == "float32" else 1e-12
    assert probabilities.dtype == dtype
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(rows), atol=precision)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_a_pipeline_for_numbers(to_onnx, n_outputs, dtype):
    rows, y = X[:, :2].astype(dtype), X[:, 2 : 2 + n_outputs].squeeze()
    network = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", max_iter=2000, random_state=0)
    pipeline = make_pipeline(StandardScaler(), network).fit(rows, y)
    (predictions,) = run(to_onnx(pipeline, rows[:1], target_opset=17), rows)
    precision = 1e-5 if dtype == "float32" else 1e-12
    expected = pipeline.predict(rows).reshape(len(rows), n_outputs)
    np.testing.assert_allclose(predictions, expected, rtol=precision, atol=precision)


def test_the_options_of_skl2onnx_are_taken(to_onnx):
    rows = X.astype(np.float32)
    network = MLPClassifier(4, solver="lbfgs", max_iter=2000, random_state=0)
    network.fit(rows, TARGETS["text"])
    model = to_onnx(network, rows[:1], target_opset=17)  # with its map for each row
    names, maps = run(model, rows[:2])
    assert [*maps[0]] == ["setosa", "versicolor", "virginica"]
    assert names.tolist() == network.predict(rows[:2]).tolist()


def test_skl2onnx_that_is_not_installed_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(MissingExtraError, match="a pipeline as ONNX needs skl2onnx: pip install"):
        register_onnx_converters()
