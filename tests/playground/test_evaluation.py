from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics
from sklearn.metrics import accuracy_score, log_loss, r2_score

from barenet.playground._evaluation import confusion_matrix, constant_losses, evaluate, finite
from barenet.playground._page_state import DataSettings, NetworkSettings
from barenet.playground._prepared_data import prepare
from barenet.playground._run_setup import build_network, make_predictor, make_task


@pytest.mark.parametrize("data", ["circles", "iris"])
def test_classes_are_counted_as_scikit_learn_counts_them(data):
    prepared = prepare(DataSettings(source=data))
    network = build_network(NetworkSettings(seed=2), prepared)
    part = prepared.test
    shares = make_predictor(network, prepared).probabilities(part.X)
    said = shares.argmax(axis=1)
    labels = range(len(prepared.classes))
    assert (
        confusion_matrix(network, prepared)
        == sklearn.metrics.confusion_matrix(part.y, said, labels=labels).tolist()
    )
    measured = evaluate(0, network, make_task(NetworkSettings(), prepared, network), "")
    assert measured.test_score == pytest.approx(accuracy_score(part.y, said))
    assert measured.test_loss == pytest.approx(log_loss(part.y, shares, labels=labels), rel=1e-5)


def test_numbers_are_measured_as_scikit_learn_measures_them():
    prepared = prepare(DataSettings(source="plane"))
    network = build_network(NetworkSettings(), prepared)
    said = make_predictor(network, prepared).outputs(prepared.test.X)[:, 0]
    measured = evaluate(3, network, make_task(NetworkSettings(), prepared, network), "")
    assert measured.epoch == 3
    assert measured.test_score == pytest.approx(r2_score(prepared.test.y, said), rel=1e-5)
    assert confusion_matrix(network, prepared) is None


def test_json_has_no_infinity():
    assert finite([1.0, math.nan, math.inf, np.float32(2)]) == [1.0, None, None, 2.0]


@pytest.mark.parametrize(
    ("data", "loss", "expected"),
    [
        ("xor", "", lambda y, at: -np.mean(np.where(at, np.log(y.mean()), np.log(1 - y.mean())))),
        ("xor", "squared_error", lambda y, at: np.mean((at - y.mean()) ** 2) / 2),
        ("plane", "absolute_error", lambda y, at: np.mean(np.abs(at - np.median(y)))),
    ],
)
def test_a_constant_prediction_is_measured(data, loss, expected):
    settings, prepared = (
        NetworkSettings().copy(loss=loss),
        prepare(DataSettings(source=data, samples=80)),
    )
    task = make_task(settings, prepared, build_network(settings, prepared))
    training, test = (np.ravel(part[1]) for part in (task.training, task.test))
    found = constant_losses(task, settings.loss)
    assert found[0] == pytest.approx(expected(training, training), rel=1e-5)
    assert found[1] == pytest.approx(expected(training, test), rel=1e-5)
