"""Programs: steps for every layer, and refusals of what no export computes."""

import numpy as np
import pytest

from barenet import MLPClassifier, Network
from barenet.activations import ReLU
from barenet.errors import ArgumentError
from barenet.files.exports._inference_program import _STEPS, program_of
from barenet.layers import LAYERS, ActivationLayer, Dense, Dropout, Layer


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
def test_classes_of_a_program_are_those_of_the_model(build, name, answer, classes):
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


@pytest.mark.case(19, 23, 58)
@pytest.mark.parametrize(("model", "problem"), REFUSED)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_model_that_no_export_can_compute_is_refused(model, problem, monkeypatch):
    monkeypatch.setitem(LAYERS, "twice", Twice)  # which makes it no less of a user's own
    with pytest.raises(ArgumentError, match=f"^model: .*{problem}"):
        program_of(model())
