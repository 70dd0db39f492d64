"""Rows at the edge of a network: every wrong X, y and weight is named, and changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from barenet.model._array_dataset import validate_arrays
from barenet.model._network import Network
from barenet.model.layers import ActivationLayer
from barenet.model.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Poisson,
    SquaredError,
)

NAN, INF = float("nan"), float("inf")
GOOD_X, GOOD_Y = [[1.0, 2.0], [3.0, 4.0]], [0, 2]
#: By the number of the promise: X, y, the weights, and what is said.
WRONG = {
    "fault_1_nan_in_X": ([[1, NAN], [3, 4]], GOOD_Y, None, r"^X: nan at \(0, 1\)"),
    "fault_1_nan_in_y": (GOOD_X, [[0, 1, NAN], [1, 0, 0]], None, r"^y: nan at \(0, 2\)"),
    "fault_2_inf_in_y": (GOOD_X, [[0, 1, 0], [INF, 0, 0]], None, r"^y: inf at \(1, 0\)"),
    "fault_5_a_vector": (
        [1.0, 2.0],
        GOOD_Y,
        None,
        r"^X: expected 2 dimensions .*X\.reshape\(1, -1\)",
    ),
    "fault_7_lengths": (GOOD_X, [0, 1, 2], None, r"^y: has 3 rows, and X has 2$"),
    "fault_9_text_in_y": (GOOD_X, ["a", "b"], None, r"^y: .* number the classes first"),
    "fault_12_sparse": (scipy.sparse.eye_array(2).tocsr(), GOOD_Y, None, r"^X: sparse matrices"),
    "fault_17_labels": (GOOD_X, [0, 3], None, r"^y: class indices go from 0 to 3, .* take 0 to 2$"),
    "fault_21_continuous": (GOOD_X, [0.5, 1.5], None, r"^y: expected shape \(2, 3\), or class"),
    "fault_22_a_column": (GOOD_X, [[0], [2]], None, r"^y: expected shape \(2, 3\), or class"),
    "fault_24_width": (np.ones((2, 3)), GOOD_Y, None, r"^X: has 3 features, .* takes 2 inputs$"),
    "fault_26_negative": (
        GOOD_X,
        GOOD_Y,
        [1, -1],
        r"^sample_weight: expected weights of 0 or more",
    ),
    "fault_26_all_zero": (GOOD_X, GOOD_Y, [0, 0], r"^sample_weight: .* not all of them zero$"),
    "fault_26_length": (GOOD_X, GOOD_Y, [1], r"^sample_weight: expected shape \(2,\)"),
    "fault_26_nan": (GOOD_X, GOOD_Y, [1, NAN], r"^sample_weight: nan at \(1,\)"),
    "no_targets": (GOOD_X, None, None, r"^y: has no rows"),
    "rows_of_two_classes": (GOOD_X, [[1, 1, 0], [1, 0, 0]], None, r"^y: .* rows that sum to 1"),
    "below_zero": (
        GOOD_X,
        [[2, -1, 0], [1, 0, 0]],
        None,
        r"^y: .* targets from 0 to 1, got -1 to 2",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_rows_are_named_and_change_nothing(case):
    X, y, weight, message = WRONG[case]
    network = Network.dense([2, 4, 3], output="softmax", seed=1)
    parameters = network.parameters.copy()
    with pytest.raises(ValueError, match=message):
        network.value_and_gradient(X, y, sample_weight=weight)
    if message.startswith("^X"):
        with pytest.raises(ValueError, match=message):
            network.predict(X)
    np.testing.assert_array_equal(network.parameters, parameters)


def test_a_loss_that_does_not_fit():
    network = Network.dense([2, 3])
    with pytest.raises(ValueError, match=r"^loss: poisson needs an output activation of expon"):
        network.value_and_gradient(GOOD_X, np.ones((2, 3)), "poisson")
    with pytest.raises(ValueError, match=r"^loss: unknown 'mse'"):
        network.value_and_gradient(GOOD_X, np.ones((2, 3)), "mse")


X = np.random.default_rng(0).integers(-9, 9, (4, 2)).astype(np.float64)


def test_targets_may_be_indices_or_rows():
    network = Network.dense([2, 3], output="softmax", seed=1)
    value, gradient = network.value_and_gradient(X, [0, 2, 1, 1])
    expected, oracle = network.value_and_gradient(X, np.eye(3)[[0, 2, 1, 1]])
    assert value == expected
    np.testing.assert_array_equal(gradient, oracle)


def test_the_arrays_are_converted(dtype):
    network = Network.dense([2, 3], dtype=dtype)
    rows = validate_arrays(network, SquaredError(), GOOD_X, [0, 2], [1, 2])
    assert {rows.X.dtype, rows.y.dtype, rows.sample_weight.dtype} == {np.dtype(dtype)}
    assert rows.X.tolist() == GOOD_X
    assert rows.y.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert rows.sample_weight.tolist() == [1, 2]
    assert validate_arrays(network, SquaredError(), GOOD_X, [0, 2]).sample_weight is None


def test_a_network_of_any_width_takes_targets_of_the_width_of_x():
    network = Network([ActivationLayer("tanh")], dtype="float64")
    assert validate_arrays(network, SquaredError(), [[1, 2, 3]], [[1, 2, 3]]).y.shape == (1, 3)
    with pytest.raises(ValueError, match=r"^y: expected shape \(1, 3\)"):
        validate_arrays(network, SquaredError(), [[1, 2, 3]], [[1, 2]])


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (Poisson(), [[-1.0]]),
        (BinaryCrossEntropy(), [[2.0]]),
        (CategoricalCrossEntropy(), [[0.5]]),
    ],
    ids=repr,
)
def test_the_losses_own_check_is_made(loss, y):
    with pytest.raises(ValueError, match=r"^y: "):
        validate_arrays(Network.dense([1, 1], output="sigmoid"), loss, [[1.0]], y)
