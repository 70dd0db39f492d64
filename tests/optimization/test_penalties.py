"""Penalties: the weights that they are for, and one strength for each layer."""

import dataclasses

import numpy as np
import pytest

from barenet import Network
from barenet.engines import Job, ReferenceEngine
from barenet.model._array_dataset import validate_arrays
from barenet.model._layout import Layout
from barenet.model.layers import BatchNorm, Dense, LayerNorm
from barenet.model.losses import SquaredError
from barenet.optimization._penalties import PENALTIES, as_penalties
from barenet.optimization.optimizers import LBFGS
from barenet.penalties import L1, L2

LAYOUT = Layout([{"weights": (2, 2), "bias": (2,)}, {"gain": (2,), "bias": (2,)},
                 {"weights": (2, 1), "bias": (1,)}])  # fmt: skip
DOUBLE = np.dtype("float64")
WEIGHTS = [True] * 4 + [False] * 6 + [True] * 2 + [False]


def test_only_weights_are_penalized(dtype):
    strengths = L2(0.5).expand(LAYOUT, np.dtype(dtype))
    assert strengths.tolist() == [0.5 * is_weight for is_weight in WEIGHTS]
    assert strengths.dtype == dtype


def test_strengths_may_differ_by_layer():
    expected = [0.1] * 4 + [0] * 6 + [0.2] * 2 + [0]
    for strength in ([0.1, 0.2], (0.1, 0.2), np.array([0.1, 0.2])):
        assert L1(strength).expand(LAYOUT, DOUBLE).tolist() == expected
    network = Network([Dense(2, 2), BatchNorm(2), LayerNorm(2), Dense(2, 1)], dtype="float64")
    spread = L1([0.1, 0.2]).expand(network.layout, DOUBLE)
    network.parameters[:] = spread
    assert (network.layers[0].weights == 0.1).all()
    assert (network.layers[3].weights == 0.2).all()
    assert np.count_nonzero(spread) == 6


@pytest.mark.parametrize("strength", [[], [0.1], [0.1] * 3])
def test_a_wrong_number_of_strengths_is_refused(strength):
    with pytest.raises(ValueError, match=r"^penalty: \d strengths for 2 layers with weights; give"):
        L2(strength).expand(LAYOUT, DOUBLE)


def test_a_normalized_penalty_counts_once_per_epoch():
    X, y = np.arange(6.0).reshape(3, 2), np.ones(3)
    network = Network([Dense(2, 1, init="uniform")], seed=1, dtype="float64")
    job = Job(
        network=network,
        rows=validate_arrays(network, SquaredError(), X, y, [1.0, 3.0, 0.0]),
        loss=SquaredError(),
        optimizer=LBFGS(),
    )
    plain, _ = ReferenceEngine(job).value_and_gradient()
    price = 0.5 * 8 * (network.layers[0].weights ** 2).sum() / 4  # λ over the weight of all rows
    charged = dataclasses.replace(job, penalties=[L2(8, normalize_by_batch=True)])
    assert ReferenceEngine(charged).value_and_gradient()[0] == pytest.approx(plain + price)
    assert as_penalties("l2:strength=8,normalize_by_batch=true") == [L2(8, normalize_by_batch=True)]


@pytest.mark.case(33)
@pytest.mark.parametrize("kind", PENALTIES.values())
def test_an_invalid_strength_is_refused(kind, refused):
    nan, inf = float("nan"), float("inf")
    for strength in (-1, nan, inf, "x", None, [0.1, -1], [0.1, "x"], [[0.1]], {}):
        with refused("penalty", "strength"):
            kind(strength)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ((), []),
        ("l2:strength=1e-4", [L2(1e-4)]),
        (L1(0.5), [L1(0.5)]),
        (["l1:strength=1", L2(2)], [L1(1), L2(2)]),
    ],
)
def test_penalties_can_be_given_as_strings(spec, expected):
    assert as_penalties(spec) == expected
