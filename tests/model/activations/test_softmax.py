"""Softmax against PyTorch's figures, SciPy, and its Jacobian written out."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from barenet.model.activations import Softmax


def test_pytorchs_softmax_forward_and_backward(pytorch):
    figures = {name: np.array(rows) for name, rows in pytorch["softmax"].items()}
    A = Softmax().forward(figures["Z"])
    np.testing.assert_allclose(A, figures["A"], rtol=1e-14)
    d_Z = Softmax().backward(figures["Z"], A, figures["d_A"])
    np.testing.assert_allclose(d_Z, figures["d_Z"], rtol=1e-12, atol=1e-16)


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=6))
def test_softmax_is_scipys(row):
    A = Softmax().forward(np.array([row]))
    np.testing.assert_allclose(A, scipy.special.softmax([row], axis=1), rtol=1e-12, atol=1e-300)
    assert A.sum() == pytest.approx(1, abs=1e-14)


@given(
    z=st.lists(st.floats(-5, 5), min_size=4, max_size=4),
    d=st.lists(st.floats(-5, 5), min_size=4, max_size=4),
)
def test_softmax_backward_is_the_jacobians_product(z, d):
    """With ∂aᵢ/∂zⱼ written out, as the docstring has it."""
    Z, d_A = np.array([z]), np.array([d])
    a = scipy.special.softmax(z)
    jacobian = np.diag(a) - np.outer(a, a)
    np.testing.assert_allclose(
        Softmax().backward(Z, a[None], d_A)[0], d_A[0] @ jacobian, rtol=1e-9, atol=1e-13
    )


def test_by_hand():
    A = Softmax().forward(np.log([[1.0, 2.0, 5.0], [3.0, 3.0, 3.0]]))
    np.testing.assert_allclose(A, [[1 / 8, 2 / 8, 5 / 8], [1 / 3] * 3], rtol=1e-15)


def test_fault_86_ten_thousand(dtype):
    assert Softmax().forward(np.array([[-1e4, 1e4]], dtype)).tolist() == [[0, 1]]
    assert Softmax().forward(np.full((1, 4), 1e4, dtype)).tolist() == [[0.25] * 4]


def test_an_activation_that_mixes_its_row_has_no_derivative_entry_by_entry():
    with pytest.raises(NotImplementedError, match="Softmax has no elementwise derivative"):
        Softmax().derivative(np.zeros((1, 2)), np.zeros((1, 2)))
