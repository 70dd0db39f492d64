"""The formulas of losses on logits, against the methods that they repeat."""

import numpy as np
import pytest

from barenet._constraints import option_values
from barenet._expressions import Expression, declared
from barenet._registry import spec_of
from barenet.losses import LOSSES

#: Every loss on logits, with its default options, and with others.
FORMS = []
for loss in LOSSES.values():
    for form in loss.on_logits.values():
        FORMS.append(form())
        if "gamma" in option_values(form()):
            FORMS += [form(gamma=0.0), form(gamma=0.5)]
        if "power" in option_values(form()):
            FORMS.append(form(power=1.2))

#: Logits from those whose exponential underflows to those where it nearly overflows float32.
Z = np.array([-110.0, -30.0, -3.0, -0.1, 0.0, 0.1, 2.0, 15.0, 40.0]).reshape(-1, 1)
Z = np.hstack([Z, Z[::-1] / 2, np.ones_like(Z)])


def targets_of(name):
    rng = np.random.default_rng(0)
    if name.startswith("softmax"):
        return np.eye(3)[rng.integers(3, size=len(Z))]
    if name.startswith("sigmoid"):
        return rng.random(Z.shape)
    return rng.gamma(2.0, size=Z.shape)


@pytest.mark.parametrize("loss", FORMS, ids=spec_of)
def test_a_loss_on_logits_is_its_formula(loss):
    y = targets_of(loss.name)
    values = {"Z": Z, "Y": y}
    with np.errstate(all="ignore"):
        numbers = option_values(loss)
        value = Expression.parse(declared(loss, "logits_formula"), **numbers).evaluate(values)
        text = declared(loss, "logits_derivative_formula")
        derivative = Expression.parse(text, **numbers).evaluate(values)
        expected = loss.per_sample(Z, y)
        expected_derivative = loss.derivative(Z, y)
    np.testing.assert_allclose(value.sum(axis=1), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(derivative, expected_derivative, rtol=1e-12, atol=1e-12)
