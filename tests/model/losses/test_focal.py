"""Focal losses: SciPy's words, the paper's figures, differences, and cross-entropy at γ = 0."""

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from barenet.model.losses._classification import SigmoidFocal, SoftmaxFocal

GAMMAS = (0.0, 0.5, 1.0, 2.0, 5.0)
logits = hnp.arrays(np.float64, (4, 3), elements=st.floats(-15, 15))
labels = hnp.arrays(np.int64, 4, elements=st.integers(0, 2))


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", [SigmoidFocal, SoftmaxFocal])
def test_extreme_logits_are_finite(kind, dtype, gamma):
    z = np.array([[1e4, -1e4], [-1e4, 1e4], [0, 0]], dtype)
    y = np.array([[1, 0], [1, 0], [1, 0]], dtype)
    with np.errstate(all="raise", under="ignore"):
        values, slopes = kind(gamma).per_sample(z, y), kind(gamma).derivative(z, y)
    assert np.isfinite(values).all()
    assert np.isfinite(slopes).all()
    assert values[0] == 0
    assert values[1] == 2e4
    np.testing.assert_allclose(slopes[1], [-1, 1])
    assert (slopes[0] == 0).all()
