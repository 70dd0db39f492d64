"""Activations against PyTorch's figures, SciPy, finite differences, and at the ends of the line."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from barenet.model.activations import (
    ACTIVATIONS,
    ELU,
    GELU,
    Activation,
    LeakyReLU,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    as_activation,
    sigmoid,
)

ENTRYWISE = sorted(set(ACTIVATIONS) - {"softmax"})
SPECS = [*ENTRYWISE, "leaky_relu:slope=0.2", "elu:alpha=1.5"]


def both(activation, z):
    """f(Z) and f′(Z)."""
    A = activation.forward(z)
    return A, activation.derivative(z, A)


def test_pytorchs_values_and_derivatives(pytorch):
    figures = pytorch["activations"]
    Z = np.array([figures["inputs"]])
    assert {spec.partition(":")[0] for spec in figures["results"]} == set(ENTRYWISE)
    for spec, expected in figures["results"].items():
        A, slope = both(as_activation(spec), Z)
        np.testing.assert_allclose(A[0], expected["values"], rtol=1e-13, atol=1e-15, err_msg=spec)
        np.testing.assert_allclose(
            slope[0], expected["derivatives"], rtol=1e-13, atol=1e-15, err_msg=spec
        )


def test_pytorchs_softmax_forward_and_backward(pytorch):
    figures = {name: np.array(rows) for name, rows in pytorch["softmax"].items()}
    A = Softmax().forward(figures["Z"])
    np.testing.assert_allclose(A, figures["A"], rtol=1e-14)
    d_Z = Softmax().backward(figures["Z"], A, figures["d_A"])
    np.testing.assert_allclose(d_Z, figures["d_Z"], rtol=1e-12, atol=1e-16)


#: The same functions, as SciPy and NumPy have them.
ORACLES = {
    "sigmoid": scipy.special.expit,
    "gelu": lambda z: 0.5 * z * scipy.special.erfc(-z / np.sqrt(2)),
    "silu": lambda z: z * scipy.special.expit(z),
    "softplus": lambda z: -scipy.special.log_expit(-z),
    "elu": lambda z: np.where(z > 0, z, scipy.special.expm1(np.minimum(z, 0))),
    "tanh": lambda z: 2 * scipy.special.expit(2 * z) - 1,
    "exponential": lambda z: scipy.special.exp10(z / np.log(10)),
}


@pytest.mark.parametrize("name", ORACLES)
@given(z=st.floats(-600, 600))
def test_scipy_has_the_same_function(name, z):
    A = ACTIVATIONS[name]().forward(np.array([[z]]))
    np.testing.assert_allclose(A, ORACLES[name](np.array([[z]])), rtol=1e-12, atol=1e-15)


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=6))
def test_softmax_is_scipys(row):
    A = Softmax().forward(np.array([row]))
    np.testing.assert_allclose(A, scipy.special.softmax([row], axis=1), rtol=1e-12, atol=1e-300)
    assert A.sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("spec", SPECS)
@given(z=st.floats(-20, 20).filter(lambda z: abs(z) > 1e-4))  # away from the kink at 0
def test_the_derivative_is_the_slope(spec, z):
    activation, step = as_activation(spec), 1e-5
    Z = np.array([[z - step, z + step]])
    low, high = activation.forward(Z)[0]
    expected = (high - low) / (2 * step)
    _, slope = both(activation, np.array([[z]]))
    assert slope[0, 0] == pytest.approx(expected, rel=1e-6, abs=1e-9)


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


@pytest.mark.parametrize("spec", [*SPECS, "softmax"])
def test_the_dtype_and_the_shape_are_kept(spec, dtype):
    activation = as_activation(spec)
    Z = np.linspace(-3, 3, 12).reshape(4, 3).astype(dtype)
    A = activation.forward(Z)
    d_Z = activation.backward(Z, A, np.ones_like(Z))
    assert A.dtype == d_Z.dtype == dtype
    assert A.shape == d_Z.shape == Z.shape


@pytest.mark.parametrize(
    "activation", [LeakyReLU(slope=np.float64(0.2)), ELU(alpha=np.float64(0.2))], ids=repr
)
def test_an_option_from_numpy_does_not_change_the_precision(activation):
    Z = np.array([[-1.0, 1.0]], np.float32)
    A, slope = both(activation, Z)
    assert A.dtype == slope.dtype == np.float32


@pytest.mark.parametrize("spec", [*SPECS, "softmax"])
def test_fault_86_extreme_inputs_stay_finite(spec, dtype):
    activation = as_activation(spec)
    Z = np.array([[-1e4, -100, -1e-30, 0, 1e-30, 80, 1e4]], dtype)
    if spec == "exponential":  # the one that grows without bound
        Z = np.minimum(Z, Z.dtype.type(80))
    A = activation.forward(Z)
    d_Z = activation.backward(Z, A, np.ones_like(Z))
    assert np.isfinite(A).all()
    assert np.isfinite(d_Z).all()


@pytest.mark.parametrize("spec", SPECS)
def test_the_square_of_an_input_may_overflow(spec):
    """float32 ends at 3.4e38; 1e30 is a number like any other, and warns of nothing."""
    activation = as_activation(spec)
    Z = np.array([[-1e30, 1e30]], np.float32)
    if spec == "exponential":
        Z = np.minimum(Z, np.float32(80))
    A, slope = both(activation, Z)
    assert np.isfinite(A).all()
    assert np.isfinite(slope).all()


def test_fault_86_sigmoid_and_softmax_at_ten_thousand(dtype):
    Z = np.array([[-1e4, 1e4]], dtype)
    assert sigmoid(Z).tolist() == [[0, 1]]
    assert Softmax().forward(Z).tolist() == [[0, 1]]
    assert Softmax().forward(np.full((1, 4), 1e4, dtype)).tolist() == [[0.25] * 4]


def test_fault_88_denormals(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    Z = np.array([[tiny, 3 * tiny]])
    assert Z.dtype == dtype
    for name in ("identity", "relu", "tanh", "elu"):
        assert ACTIVATIONS[name]().forward(Z).tolist() == Z.tolist()
    assert sigmoid(Z).tolist() == [[0.5, 0.5]]


def test_softplus_keeps_its_digits_where_it_is_small():
    assert Softplus().forward(np.array([[-40.0]]))[0, 0] == pytest.approx(np.exp(-40), rel=1e-12)


def test_relu_at_its_kink():
    Z = np.array([[-0.0, 0.0]])
    assert both(ReLU(), Z)[1].tolist() == [[0, 0]]
    assert both(LeakyReLU(slope=0.2), Z)[1].tolist() == [[0.2, 0.2]]


def test_gelu_is_the_exact_form():
    """At 1 it is Φ(1), from a table of the normal distribution; the one by tanh has 0.841192."""
    assert GELU().forward(np.array([[1.0]]))[0, 0] == pytest.approx(0.8413447460685429, rel=1e-15)


def test_an_activation_that_mixes_its_row_has_no_derivative_entry_by_entry():
    with pytest.raises(NotImplementedError, match="Softmax has no derivative entry by entry"):
        Softmax().derivative(np.zeros((1, 2)), np.zeros((1, 2)))


def test_an_activation_of_ones_own():
    class Square(Activation):
        name = "square"

        def forward(self, Z):
            return Z * Z

        def derivative(self, Z, A):
            return 2 * Z

    Z, d_A = np.array([[3.0]]), np.array([[0.5]])
    assert Square().backward(Z, Square().forward(Z), d_A) == 3.0
    square = Square()
    assert as_activation(square) is square


def test_fault_33_an_unknown_activation():
    with pytest.raises(ValueError, match=r"^output: unknown 'sofmax', did you mean 'softmax'\?"):
        as_activation("sofmax", "output")
    assert as_activation("sigmoid") == Sigmoid()
