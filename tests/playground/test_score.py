from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, r2_score

from barenet.playground.blueprint import build, predictor, task_of
from barenet.playground.design import Design
from barenet.playground.material import prepare
from barenet.playground.scene import Scene
from barenet.playground.score import confusion, finite, guess, measure


@pytest.mark.parametrize("data", ["circles", "iris"])
def test_classes_are_counted_as_scikit_learn_counts_them(data):
    material = prepare(Scene(data=data), {})
    network = build(Design(seed=2), material)
    part = material.held_out
    shares = predictor(network, material).probabilities(part.X)
    said = shares.argmax(axis=1)
    labels = range(len(material.classes))
    assert confusion(network, material) == confusion_matrix(part.y, said, labels=labels).tolist()
    measured = measure(0, network, task_of(Design(), material, network), Design())
    assert measured.test_score == pytest.approx(accuracy_score(part.y, said))
    assert measured.test_loss == pytest.approx(log_loss(part.y, shares, labels=labels), rel=1e-5)


def test_numbers_are_measured_as_scikit_learn_measures_them():
    material = prepare(Scene(data="plane"), {})
    network = build(Design(), material)
    said = predictor(network, material).outputs(material.held_out.X)[:, 0]
    measured = measure(3, network, task_of(Design(), material, network), Design())
    assert measured.epoch == 3
    assert measured.test_score == pytest.approx(r2_score(material.held_out.y, said), rel=1e-5)
    assert confusion(network, material) is None


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
    design, material = Design().copy(loss=loss), prepare(Scene(data=data, samples=80), {})
    task = task_of(design, material, build(design, material))
    training, held_out = (np.ravel(part[1]) for part in (task.training, task.held_out))
    found = guess(task, design)
    assert found[0] == pytest.approx(expected(training, training), rel=1e-5)
    assert found[1] == pytest.approx(expected(training, held_out), rel=1e-5)
