"""Every activation: PyTorch's figures, finite differences, and the ends of the line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.model.activations import (
    ACTIVATIONS,
    ELU,
    LeakyReLU,
    Sigmoid,
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


@pytest.mark.parametrize("spec", SPECS)
@given(z=st.floats(-20, 20).filter(lambda z: abs(z) > 1e-4))  # away from the kink at 0
def test_the_derivative_is_the_slope(spec, z):
    activation, step = as_activation(spec), 1e-5
    Z = np.array([[z - step, z + step]])
    low, high = activation.forward(Z)[0]
    expected = (high - low) / (2 * step)
    _, slope = both(activation, np.array([[z]]))
    assert slope[0, 0] == pytest.approx(expected, rel=1e-6, abs=1e-9)


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


def test_fault_88_denormals(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    Z = np.array([[tiny, 3 * tiny]])
    assert Z.dtype == dtype
    for name in ("identity", "relu", "tanh", "elu"):
        assert ACTIVATIONS[name]().forward(Z).tolist() == Z.tolist()
    assert sigmoid(Z).tolist() == [[0.5, 0.5]]


def test_fault_33_an_unknown_activation():
    with pytest.raises(ValueError, match=r"^output: unknown 'sofmax', did you mean 'softmax'\?"):
        as_activation("sofmax", "output")
    assert as_activation("sigmoid") == Sigmoid()
