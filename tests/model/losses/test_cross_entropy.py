"""Cross-entropy and focal loss: logits without an overflow, and probabilities of zero."""

import numpy as np
import pytest

from barenet.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)
from barenet.model.losses._classification import SigmoidFocal, SoftmaxFocal


def test_fault_86_logits_of_ten_thousand(dtype):
    Z = np.array([[1e4, -1e4], [-1e4, 1e4], [1e4, 1e4]], dtype)
    y = np.array([[1, 0], [1, 0], [1, 0]], dtype)
    softmax, sigmoid = SoftmaxCrossEntropy(), SigmoidCrossEntropy()
    assert softmax.per_sample(Z, y).tolist() == pytest.approx([0, 2e4, np.log(2)], rel=1e-6)
    assert softmax.derivative(Z, y).tolist() == [[0, 0], [-1, 1], [-0.5, 0.5]]
    assert sigmoid.per_sample(Z, y).tolist() == [0, 2e4, 1e4]
    assert sigmoid.derivative(Z, y).tolist() == [[0, 0], [-1, 1], [0, 1]]


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("kind", [SigmoidFocal, SoftmaxFocal])
def test_focal_losses_of_extreme_logits_are_finite(kind, gamma, dtype):
    z = np.array([[1e4, -1e4], [-1e4, 1e4], [0, 0]], dtype)
    y = np.array([[1, 0], [1, 0], [1, 0]], dtype)
    with np.errstate(all="raise", under="ignore"):
        values, slopes = kind(gamma).per_sample(z, y), kind(gamma).derivative(z, y)
    assert np.isfinite(values).all() and np.isfinite(slopes).all()
    assert values[:2].tolist() == [0, 2e4]
    np.testing.assert_allclose(slopes[:2], [[0, 0], [-1, 1]], atol=0)


def test_fault_87_the_logarithm_of_zero(dtype):
    p, y = np.array([[0, 1]], dtype), np.array([[1, 0]], dtype)
    for loss in (BinaryCrossEntropy(), CategoricalCrossEntropy()):
        assert 10 < loss.value(p, y) < 1000
        gradient = loss.gradient(p, y)
        assert np.isfinite(gradient).all()
        assert gradient[0, 0] < 0
        assert loss.value(p, 1 - y) == pytest.approx(0, abs=1e-6)
