"""The sigmoid and its relatives against SciPy, and where their digits are few."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from barenet.model.activations import ACTIVATIONS, GELU, Softplus, sigmoid

#: The same functions, as SciPy and NumPy have them.
ORACLES = {
    "sigmoid": scipy.special.expit,
    "gelu": lambda z: 0.5 * z * scipy.special.erfc(-z / np.sqrt(2)),
    "silu": lambda z: z * scipy.special.expit(z),
    "softplus": lambda z: -scipy.special.log_expit(-z),
    "tanh": lambda z: 2 * scipy.special.expit(2 * z) - 1,
    "exponential": lambda z: scipy.special.exp10(z / np.log(10)),
}


@pytest.mark.parametrize("name", ORACLES)
@given(z=st.floats(-600, 600))
def test_scipy_has_the_same_function(name, z):
    A = ACTIVATIONS[name]().forward(np.array([[z]]))
    np.testing.assert_allclose(A, ORACLES[name](np.array([[z]])), rtol=1e-12, atol=1e-15)


def test_fault_86_the_sigmoid_of_ten_thousand(dtype):
    Z = np.array([[-1e4, 1e4]], dtype)
    assert sigmoid(Z).tolist() == [[0, 1]]


def test_softplus_keeps_its_digits_where_it_is_small():
    assert Softplus().forward(np.array([[-40.0]]))[0, 0] == pytest.approx(np.exp(-40), rel=1e-12)


def test_gelu_is_the_exact_form():
    """At 1 it is Φ(1), from a table of the normal distribution; the one by tanh has 0.841192."""
    assert GELU().forward(np.array([[1.0]]))[0, 0] == pytest.approx(0.8413447460685429, rel=1e-15)
