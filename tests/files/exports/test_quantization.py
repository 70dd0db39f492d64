"""Rounded weights: an error of half a step at most."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from barenet import Network
from barenet.files.exports._inference_program import program_of
from barenet.layers import Dense

WEIGHTS = arrays(
    np.float32, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=st.floats(-3, 3, width=32)
)


def rounded_step(weights, bias=0.0):
    network = Network([Dense(*weights.shape)])
    network.layers[0].weights[:] = weights
    network.layers[0].bias[:] = bias
    return program_of(network).rounded().steps[0]


@given(WEIGHTS)
def test_rounding_is_within_half_a_step(weights):
    codes, step, _ = rounded_step(weights).parts.values()
    assert codes.dtype == np.int8 and np.abs(codes.astype(int)).max() <= 127
    error = np.abs(codes * step.astype(float) - weights)
    assert (error <= 0.5001 * np.abs(weights).max(axis=0) / 127 + 1e-44).all()


def test_rounding_by_hand():
    weights = np.array([[1.27, 0.0], [-0.635, 0.0]], np.float32)
    rounded = rounded_step(weights, [0.5, 7])
    assert rounded.parts["weights"].tolist() in ([[127, 0], [-64, 0]], [[127, 0], [-63, 0]])
    assert rounded.parts["step"] == pytest.approx([0.01, 0])
    assert rounded.parts["bias"].tolist() == [0.5, 7]
