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

from barenet import MLPClassifier, MLPRegressor
from barenet.errors import MissingExtraError
from barenet.estimators import register_onnx_converters

X, KIND = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def to_onnx():
    register_onnx_converters()
    register_onnx_converters()  # a second time
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # skl2onnx uses deprecated names
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
    "a length": X[:, 2],
    "two lengths": X[:, 2:],
}


def test_means_come_without_their_variances(to_onnx):
    rows = X.astype(np.float32)
    network = MLPRegressor("gaussian_nll", 8, max_iter=5, random_state=0).fit(rows, X[:, 2])
    [found] = run(to_onnx(make_pipeline(network), rows[:1], target_opset=17), rows)
    np.testing.assert_allclose(found[:, 0], network.predict(rows), rtol=1e-5)
    assert found.shape == (150, 1)


@pytest.mark.parametrize(
    ("kind", "dtype"), [*((kind, "float32") for kind in TARGETS), ("two lengths", "float64")]
)
def test_a_pipeline_predicts_alike(to_onnx, kind, dtype):
    rows, is_regression = X.astype(dtype), "length" in kind
    network = (MLPRegressor if is_regression else MLPClassifier)(
        hidden_layer_sizes=8, activation="silu", solver="lbfgs", max_iter=30, random_state=0
    )
    pipeline = make_pipeline(StandardScaler(), PCA(3), network).fit(rows, TARGETS[kind])
    options = None if is_regression else {id(pipeline): {"zipmap": False}}
    found = run(to_onnx(pipeline, rows[:1], options=options, target_opset=17), rows)
    expected = pipeline.predict(rows)
    if not is_regression:
        assert found[0].tolist() == expected.tolist()
        expected = pipeline.predict_proba(rows)
    assert found[-1].dtype == dtype
    precision = 1e-5 if dtype == "float32" else 1e-12
    expected = expected.reshape(len(rows), -1)
    np.testing.assert_allclose(found[-1], expected, rtol=precision, atol=precision)


def test_skl2onnx_options_are_respected(to_onnx):
    rows = X.astype(np.float32)
    network = MLPClassifier(4, solver="lbfgs", max_iter=30, random_state=0)
    network.fit(rows, TARGETS["text"])
    model = to_onnx(network, rows[:1], target_opset=17)  # with its map for each row
    names, maps = run(model, rows[:2])
    assert [*maps[0]] == ["setosa", "versicolor", "virginica"]
    assert names.tolist() == network.predict(rows[:2]).tolist()


def test_missing_skl2onnx_is_a_one_line_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(MissingExtraError, match="a pipeline as ONNX needs skl2onnx: pip install"):
        register_onnx_converters()
