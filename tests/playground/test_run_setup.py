import math
from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics
from sklearn.metrics import accuracy_score, log_loss, r2_score

from barenet.errors import ArgumentError
from barenet.model._network import Network
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout
from barenet.playground._evaluation import confusion_matrix, constant_losses, evaluate
from barenet.playground._network_layout import neuron_layers
from barenet.playground._page_state import DataSettings, NetworkSettings
from barenet.playground._run_setup import build_network, make_predictor


@pytest.mark.parametrize(
    ("data", "n_outputs", "output"),
    [("circles", 1, "sigmoid"), ("iris", 3, "softmax"), ("plane", 1, "identity")],
)
def test_the_output_goes_with_the_data(new_task, data, n_outputs, output):
    network = new_task(DataSettings(source=data))[0].network
    assert (network.n_outputs, network.output_activation.name) == (n_outputs, output)


def test_the_network_is_the_one_that_the_library_makes(new_task):
    made = new_task(hidden=(5, 3), activations=("relu", "tanh"), seed=4, dropout=0.1)[0].network
    expected = Network.dense(
        [2, 5, 3, 1], hidden=["relu", "tanh"], output="sigmoid", dropout=0.1, seed=4
    )
    assert repr(made) == repr(expected) and (made.parameters == expected.parameters).all()
    normed = new_task(hidden=(3,), activations=("relu",), batch_norm=True, dropout=0.2)[0].network
    kinds = [[type(layer) for layer in block] for block in neuron_layers(normed)]
    assert kinds == [[Dense, BatchNorm, ActivationLayer, Dropout], [Dense]]


def test_a_network_with_too_many_weights_is_rejected(new_task):
    _, prepared = new_task()
    wide = replace(prepared.inputs, X=np.zeros((2, 2500)), feature_names=("x",) * 2500)
    with pytest.raises(ArgumentError) as caught:
        build_network(NetworkSettings(hidden=(256, 1)), replace(prepared, inputs=wide))
    assert caught.value.argument == "hidden"


@pytest.mark.parametrize("data", ["circles", "iris", "plane"])
def test_scores_are_those_of_scikit_learn(new_task, data):
    task, prepared = new_task(DataSettings(source=data), seed=2)
    X, y = prepared.test.X, prepared.test.y
    predictor = make_predictor(task.network, prepared)
    found = evaluate(3, task.network, task, "")
    matrix = confusion_matrix(task.network, prepared)
    assert found.epoch == 3
    if data == "plane":
        assert found.test_score == pytest.approx(r2_score(y, predictor.outputs(X)), rel=1e-5)
        assert matrix is None
        return
    probabilities, labels = predictor.probabilities(X), range(len(prepared.classes))
    predicted = probabilities.argmax(axis=1)
    assert matrix == sklearn.metrics.confusion_matrix(y, predicted, labels=labels).tolist()
    assert found.test_score == pytest.approx(accuracy_score(y, predicted))
    assert found.test_loss == pytest.approx(log_loss(y, probabilities, labels=labels), rel=1e-5)


@pytest.mark.parametrize(
    ("data", "loss", "expected"),
    [
        ("xor", "", lambda y, at: -np.mean(np.where(at, np.log(y.mean()), np.log(1 - y.mean())))),
        ("xor", "squared_error", lambda y, at: np.mean((at - y.mean()) ** 2) / 2),
        ("plane", "absolute_error", lambda y, at: np.mean(np.abs(at - np.median(y)))),
    ],
)
def test_the_losses_of_a_constant_prediction(new_task, data, loss, expected):
    task, _ = new_task(DataSettings(source=data, samples=80), loss=loss)
    training, test = (np.ravel(part[1]) for part in (task.training, task.test))
    found = constant_losses(task, loss)
    assert found == pytest.approx(
        (expected(training, training), expected(training, test)), rel=1e-5
    )
    assert all(map(math.isfinite, found))
