"""Rounded weights: off by half a step at most, and what that does is measured."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from barenet.files.exports._inference_program import program_of
from barenet.files.exports._quantization import RoundedAffine, measure_rounding, round_weights
from barenet.files.exports._steps import Affine

WEIGHTS = arrays(
    np.float32, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=st.floats(-3, 3, width=32)
)


@given(WEIGHTS)
def test_a_weight_is_off_by_half_a_step_at_most(weights):
    rounded = RoundedAffine.of(Affine(weights, np.zeros(weights.shape[1], np.float32)))
    assert rounded.codes.dtype == np.int8 and np.abs(rounded.codes.astype(int)).max() <= 127
    error = np.abs(rounded.codes * rounded.step.astype(float) - weights)
    assert (error <= 0.5001 * np.abs(weights).max(axis=0) / 127 + 1e-44).all()


def test_by_hand():
    weights = np.array([[1.27, 0.0], [-0.635, 0.0]], np.float32)
    rounded = RoundedAffine.of(Affine(weights, np.array([0.5, 7], np.float32)))
    assert rounded.codes.tolist() in ([[127, 0], [-64, 0]], [[127, 0], [-63, 0]])
    assert rounded.step == pytest.approx([0.01, 0])
    assert rounded.forward(np.array([[100.0, 0.0]])) == pytest.approx(np.array([[127.5, 7]]))


@pytest.mark.parametrize("name", ["classes", "classifier labels", "numbers"])
def test_what_the_rounding_does_is_measured(build, name):
    case = build(name)
    exact = program_of(case.model)
    rounded = round_weights(exact)
    measured = measure_rounding(exact, rounded, case.X)
    change = np.abs(rounded.outputs(case.X) - case.outputs)
    assert measured.rows == len(case.X)
    assert measured.largest_change == change.max() > 0
    if name == "numbers":
        assert measured.answers_kept is None
    else:
        assert len(case.X) * 0.9 <= measured.answers_kept <= len(case.X)
    nothing = measure_rounding(exact, exact, case.X)
    assert nothing.largest_change == 0
    assert nothing.answers_kept in (None, len(case.X))
