"""Programs: the steps of a model give its predictions, and unknown layers are refused."""

import numpy as np
import pytest
from run_exports import outputs_of
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from barenet import MLPClassifier, MLPRegressor, Network, TablePreprocessor
from barenet.errors import ArgumentError
from barenet.files.exports._inference_program import _STEPS, program_of
from barenet.layers import LAYERS, ActivationLayer, Dense, Dropout, Layer
from barenet.model._activations import ReLU


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_pipeline_of_a_table_preprocessor_and_an_estimator(table, dtype):
    rows = {name: values[:10] for name, values in table.X.items()}
    columns = TablePreprocessor(
        categories=["town", "code"], missing=["NA", "?", "-999"], dtype=dtype
    )
    classifier = MLPClassifier(4, solver="lbfgs", max_iter=1000, random_state=0)
    pipeline = make_pipeline(columns, classifier).fit(rows, np.arange(10) % 3)
    program = program_of(pipeline)
    assert (program.dtype, program.classes) == (dtype, (0, 1, 2))
    assert program.feature_names == tuple(table.X)
    assert np.array_equal(outputs_of(program, table.X), pipeline.predict_proba(table.X))


def test_every_layer_can_be_exported():
    missing = [kind.__name__ for kind in LAYERS.values() if kind not in _STEPS]
    assert not missing, f"add {missing} to _STEPS in files/exports/_inference_program.py"


def test_identity_layers_are_omitted(build):
    dropped = Network([Dense(3, 2), Dropout(0.5), ActivationLayer("identity")])
    assert program_of(dropped).sketch() == "3 -> 2"
    assert program_of(build("classes").model).first.name == "scale"
    assert program_of(build("not scaled").model).first is None


@pytest.mark.parametrize(
    ("name", "answer", "classes"),
    [
        ("two classes", "class", ("no", "yes")),
        ("classifier", "class", ("a", "b b", "ç")),
        ("classifier float64", "class", (-1, 1, 3)),
        ("classifier yes or no", "class", (0, 1)),
        ("classifier numbers", "class", (0, 1)),
        ("regressor", "numbers", ()),
    ],
)
def test_steps_return_predictor_or_estimator_outputs(build, name, answer, classes):
    program = program_of(build(name).model)
    assert (program.answer, program.classes) == (answer, classes)


class Twice(Layer):
    name = "twice"

    def forward(self, X, *, training=False, rng_key=0):
        return 2 * X, None

    def backward(self, cache, d_output, out):
        return 2 * d_output


class SharpReLU(ReLU):
    def forward(self, Z):
        return 2 * super().forward(Z)


@pytest.mark.parametrize("kind", [StandardScaler, MinMaxScaler, RobustScaler])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_pipeline_of_a_scaler_and_an_estimator(build, kind, dtype):
    X = (100 + 20 * build("classifier").X).astype(dtype)
    network = MLPRegressor(solver="lbfgs", max_iter=20, random_state=0)
    scaled = TransformedTargetRegressor(make_pipeline(kind(), network), transformer=kind())
    scaled.fit(X, X[:, 0] ** 2)
    program, precision = program_of(scaled), 1e-5 if dtype == "float32" else 1e-12
    assert program.sketch() == "3 -> scale -> 100 -> relu -> 1 -> unscale"
    np.testing.assert_allclose(outputs_of(program, X)[:, 0], scaled.predict(X), rtol=precision)


def test_steps_share_the_arrays_of_the_model():
    network = Network.dense([3, 2], output="tanh")
    affine, apply = program_of(network).steps
    assert np.shares_memory(affine.parts["weights"], network.parameters)
    assert apply.name == "apply"


def not_finite() -> Network:
    network = Network.dense([2, 2])
    network.parameters[0] = np.nan
    return network


REFUSED = [
    (lambda: Network([Dense(2, 2), Twice()]), r"Twice\(\) is a user-defined layer"),
    (lambda: Network([Dense(2, 2, SharpReLU())]), r"SharpReLU\(\) declares no formula"),
    (lambda: Network([ActivationLayer("relu")]), "no layer fixes the number of inputs"),
    (not_finite, "its parameters are not all finite"),
    (MLPClassifier, "MLPClassifier has no network yet; call fit first"),
    (lambda: MLPClassifier(2, solver="lbfgs").fit(np.eye(3), ["a"] * 3), "the single class 'a'"),
    (lambda: None, "expected a Network, Ensemble or Predictor, or a fitted"),
    (lambda: "model.safetensors", "expected a Network, Ensemble or Predictor, or a fitted"),
]


@pytest.mark.parametrize(("model", "problem"), REFUSED)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fault_19_23_58_a_model_that_no_export_can_compute_is_refused(model, problem, monkeypatch):
    monkeypatch.setitem(LAYERS, "twice", Twice)  # which makes it no less of a user's own
    with pytest.raises(ArgumentError, match=f"^model: .*{problem}"):
        program_of(model())
