"""The kind of a target: what a network needs for numbers, and for 1, 2, 3 and 10 classes."""

import numpy as np
import pytest

from barenet import Network
from barenet._metrics import main_metric
from barenet.datasets._target_kind import ONE_NUMBER, TargetKind, n_classes_of
from barenet.model.losses import as_loss

#: The kind of each target; numbers of outputs that fit; the default activation, loss and metric.
CASES = [
    (ONE_NUMBER, (1,), "identity", "squared_error", "r2"),
    (TargetKind(n_numbers=4), (4,), "identity", "squared_error", "r2"),
    (TargetKind(n_classes=1), (1,), "sigmoid", "binary_cross_entropy", "accuracy"),
    (TargetKind(n_classes=2), (1, 2), "sigmoid", "binary_cross_entropy", "accuracy"),
    (TargetKind(n_classes=3), (3,), "softmax", "categorical_cross_entropy", "accuracy"),
    (TargetKind(n_classes=10), (10,), "softmax", "categorical_cross_entropy", "accuracy"),
]


@pytest.mark.parametrize(("target_kind", "n_outputs", "activation", "loss", "metric"), CASES)
def test_the_defaults_fit_the_kind(target_kind, n_outputs, activation, loss, metric):
    assert target_kind.allowed_n_outputs == n_outputs
    assert target_kind.n_outputs == n_outputs[0]
    assert target_kind.output_activation() == activation
    assert target_kind.metric == metric
    network = Network.dense([2, target_kind.n_outputs], output=activation)
    assert as_loss(None, network.output_activation).name == loss


def test_two_outputs_for_two_classes_are_a_softmax():
    two = TargetKind(n_classes=2)
    assert two.output_activation(2) == "softmax"
    network = Network.dense([2, 2], output=two.output_activation(2))
    assert as_loss(None, network.output_activation).name == "categorical_cross_entropy"
    assert TargetKind(n_numbers=2).output_activation(2) == "identity"


@pytest.mark.parametrize(
    ("classes", "of_classes", "n_columns"),
    [(None, False, 1), (("a",), True, 1), (("a", "b"), True, 2), (tuple("abcdefghij"), True, 10)],
)
def test_names_of_classes_have_a_kind(classes, of_classes, n_columns):
    target_kind = TargetKind.of(classes)
    assert target_kind.of_classes == of_classes
    assert target_kind.n_columns == n_columns


@pytest.mark.parametrize(
    ("target_kind", "n_columns", "activation"),
    [
        (ONE_NUMBER, 1, "identity"),
        (TargetKind(n_numbers=4), 4, "identity"),
        (TargetKind(n_classes=1), 1, "softmax"),
        (TargetKind(n_classes=2), 2, "softmax"),
        (TargetKind(n_classes=3), 3, "softmax"),
    ],
)
def test_an_output_for_each_column_has_the_activation(target_kind, n_columns, activation):
    assert target_kind.n_columns == n_columns
    assert target_kind.activation_of_columns == activation


@pytest.mark.parametrize(
    ("n_outputs", "activation", "expected"),
    [
        (1, "identity", ONE_NUMBER),
        (3, "identity", TargetKind(n_numbers=3)),
        (2, "exponential", TargetKind(n_numbers=2)),
        (1, "sigmoid", TargetKind(n_classes=2)),
        (2, "softmax", TargetKind(n_classes=2)),
        (3, "softmax", TargetKind(n_classes=3)),
    ],
)
def test_outputs_predict_a_kind(n_outputs, activation, expected):
    assert TargetKind.of_outputs(n_outputs, activation) == expected


def test_a_single_output_stands_for_two_classes():
    assert [n_classes_of(n_outputs) for n_outputs in (1, 2, 3, 10)] == [2, 2, 3, 10]


def test_classes_need_probabilities_and_numbers_take_any_activation():
    names = ("softmax", "sigmoid", "identity", "tanh", "exponential")
    two = TargetKind(n_classes=2)
    assert [two.allows_activation(name) for name in names] == [True, True, False, False, False]
    assert all(ONE_NUMBER.allows_activation(name) for name in names)


@pytest.mark.parametrize("classes", [None, ("a", "b"), ("a", "b", "c")])
def test_the_usual_metric_is_the_main_one_of_balanced_rows(classes):
    y = np.arange(6) % len(classes or "abcdef")
    assert main_metric(None, y, classes).name == TargetKind.of(classes).metric


@pytest.mark.parametrize(
    ("n_classes", "activation", "y", "expected"),
    [
        # ε = 0.2 of two ways is 0.1 each: 1 − 0.2 + 0.1 = 0.9
        (2, "sigmoid", [1.0], [0.9]),
        (2, "sigmoid", [0.0], [0.1]),
        (2, "softmax", [0.0, 1.0], [0.1, 0.9]),
        # of ten ways 0.02 each: 1 − 0.2 + 0.02 = 0.82
        (10, "softmax", [1.0] + 9 * [0.0], [0.82] + 9 * [0.02]),
        # three labels of a row, each yes or no
        (3, "sigmoid", [1.0, 0.0, 1.0], [0.9, 0.1, 0.9]),
    ],
)
def test_smoothing_spreads_a_part_over_the_ways(n_classes, activation, y, expected):
    targets = np.array([y], np.float32)
    smoothed = TargetKind(n_classes).smooth(targets, 0.2, activation)
    assert smoothed.dtype == np.float64
    np.testing.assert_allclose(smoothed, [expected], rtol=1e-12)
