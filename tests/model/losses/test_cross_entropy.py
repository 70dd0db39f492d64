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

FOCAL = [kind(gamma) for kind in (SigmoidFocal, SoftmaxFocal) for gamma in (0.5, 2)]


@pytest.mark.case(86)
@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(), SigmoidCrossEntropy(), *FOCAL], ids=repr)
def test_logits_of_ten_thousand_give_finite_results(loss, dtype):
    z = np.array([[1e4, -1e4], [-1e4, 1e4], [1e4, 1e4], [0, 0]], dtype)
    y = np.array([[1, 0]] * 4, dtype)
    with np.errstate(all="raise", under="ignore"):
        values, slopes = loss.per_sample(z, y), loss.derivative(z, y)
    assert np.isfinite(values).all() and np.isfinite(slopes).all()
    assert values[:2].tolist() == [0, 2e4]
    np.testing.assert_allclose(slopes[:2], [[0, 0], [-1, 1]], atol=0)


@pytest.mark.case(87)
def test_probabilities_of_zero_give_finite_losses(dtype):
    p, y = np.array([[0, 1]], dtype), np.array([[1, 0]], dtype)
    for loss in (BinaryCrossEntropy(), CategoricalCrossEntropy()):
        assert 10 < loss.value(p, y) < 1000
        gradient = loss.gradient(p, y)
        assert np.isfinite(gradient).all()
        assert gradient[0, 0] < 0
        assert loss.value(p, 1 - y) == pytest.approx(0, abs=1e-6)
