import math
from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics
from sklearn.metrics import accuracy_score, log_loss, r2_score

from barenet.playground._page_state import DataSettings, NetworkSettings


def test_a_network_with_too_many_weights_is_rejected(new_task, refused):
    _, prepared = new_task()
    wide = replace(prepared, input_names=("x",) * 2500)
    with refused("hidden"):
        wide.make_network(NetworkSettings(hidden=(256, 1)))


@pytest.mark.parametrize("data", ["circles", "iris", "plane"])
def test_scores_agree_with_scikit_learn(new_task, data):
    task, prepared = new_task(DataSettings(source=data), seed=2)
    _, rows = prepared.dataset.split(0.5)
    X, y = rows.X[:, : len(prepared.input_names)], rows.y
    predictor = prepared.predictor(task.network)
    found = task.evaluate(3, task.network, "")
    matrix = prepared.confusion_matrix(task.network)
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
def test_baseline_losses(new_task, data, loss, expected):
    task, _ = new_task(DataSettings(source=data, samples=80), loss=loss)
    training, test = (np.ravel(part[1]) for part in (task.training, task.test))
    found = task.constant_losses(loss)
    assert found == pytest.approx(
        (expected(training, training), expected(training, test)), rel=1e-5
    )
    assert all(map(math.isfinite, found))
