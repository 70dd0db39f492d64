"""Activations: PyTorch's values, values worked out by hand, extreme inputs."""

import numpy as np
import pytest

from barenet import Network
from barenet.activations import ACTIVATIONS, Activation, Softmax
from barenet.model._activations import as_activation, hides_overflow

ENTRYWISE = sorted(set(ACTIVATIONS) - {"softmax", "ascending"})
SPECS = [*ENTRYWISE, "leaky_relu:slope=0.2", "elu:alpha=1.5"]


#: Values worked out by hand: z, f(z) and f′(z), one for each piece, and the kinks.
BY_HAND = {
    "relu": [(-2, 0, 0), (-0.0, 0, 0), (3, 3, 1)],
    "leaky_relu:slope=0.2": [(-1, -0.2, 0.2), (0, 0, 0.2), (3, 3, 1)],
    "sigmoid": [(0, 0.5, 0.25)],
}


def both(activation, Z):
    """f(Z) and f′(Z)."""
    A = activation.forward(Z)
    return A, activation.derivative(Z, A)


def test_values_and_derivatives_agree_with_pytorch(pytorch):
    figures = pytorch["activations"]
    Z = np.array([figures["inputs"]])
    for spec, expected in figures["results"].items():
        found = np.concatenate(both(as_activation(spec), Z))
        oracle = [expected["values"], expected["derivatives"]]
        np.testing.assert_allclose(found, oracle, rtol=1e-13, atol=1e-15, err_msg=spec)
    softmax = {name: np.array(rows) for name, rows in pytorch["softmax"].items()}
    A = Softmax().forward(softmax["Z"])
    np.testing.assert_allclose(A, softmax["A"], rtol=1e-14)
    d_Z = Softmax().backward(softmax["Z"], A, softmax["d_A"])
    np.testing.assert_allclose(d_Z, softmax["d_Z"], rtol=1e-12, atol=1e-16)


def test_every_activation_is_compared_with_pytorch_or_by_hand(pytorch):
    tested = {spec.split(":")[0] for spec in [*BY_HAND, *pytorch["activations"]["results"]]}
    remedy = "add it to BY_HAND, or to tests/oracles/make_pytorch.py and run it"
    assert tested >= set(ENTRYWISE), remedy


@pytest.mark.parametrize("spec", BY_HAND)
def test_values_worked_out_by_hand(spec):
    for z, *expected in BY_HAND[spec]:
        found = np.ravel(both(as_activation(spec), np.array([[float(z)]])))
        np.testing.assert_allclose(found, expected, rtol=1e-15, err_msg=f"{spec} at z = {z}")


@pytest.mark.case(86)
@pytest.mark.parametrize("spec", [*SPECS, "softmax", "ascending"])
def test_extreme_inputs_stay_finite(spec, dtype):
    """Shape and dtype are kept as well; the square of 1e30 overflows in float32."""
    activation = as_activation(spec)
    Z = np.array([[-1e30, -1e4, -100, -1e-30], [1e-30, 80, 1e4, 1e30]], dtype)
    if spec == "exponential":  # the only one that grows exponentially
        Z = np.minimum(Z, Z.dtype.type(80))
    A = activation.forward(Z)
    d_Z = activation.backward(Z, A, np.ones_like(Z))
    assert A.dtype == d_Z.dtype == dtype
    assert A.shape == d_Z.shape == Z.shape
    assert np.isfinite([A, d_Z]).all()


class HardTanh(Activation):
    """Bounded, with corners."""

    name = "hard_tanh"

    def forward(self, Z):
        return np.clip(Z / 2, -1, 1)

    def derivative(self, Z, A):
        return np.where(abs(Z) < 2, 0.5, 0)


def test_an_activation_that_hides_an_overflow_is_found():
    """σ(∞) = 1 would be a probability from nothing; ReLU is finite on one side only."""
    hiding = {name for name, kind in ACTIVATIONS.items() if hides_overflow(kind(), 3)}
    assert hiding >= {"sigmoid", "tanh"}
    assert not hiding & {"identity", "relu", "elu", "softplus", "exponential", "softmax"}
    for output in ("tanh", HardTanh()):
        network = Network.dense([1, 1], output=output, init="zeros", dtype="float32")
        network.parameters[0] = 1e30
        with pytest.raises(ValueError, match="the network's output is beyond the range of float32"):
            network.predict([[1.0], [-1e30]])
        assert network.predict([[1.0]]) == 1


def test_ascending_outputs(dtype):
    Z = np.array([[-3.0, -50, 2, 0], [1e4, 1e4, -1e4, 1e4]], dtype)
    A, d_A = ACTIVATIONS["ascending"]().forward(Z), np.array([[1.0, 2, 3, 4]] * 2, dtype)
    steps = np.log1p(np.exp(Z[0, 1:].astype(float)))
    np.testing.assert_allclose(A[0], np.cumsum([-3, *steps]), rtol=1e-6)
    assert A[1].tolist() == [1e4, 2e4, 2e4, 3e4] and (np.diff(A) >= 0).all()
    d_Z, rates = ACTIVATIONS["ascending"]().backward(Z, A, d_A), 1 / (1 + np.exp(-Z[0, 1:]))
    np.testing.assert_allclose(d_Z, [[10, *rates * [9, 7, 4]], [10, 9, 0, 4]], rtol=1e-6)


def test_softmax_has_no_elementwise_derivative():
    with pytest.raises(NotImplementedError, match="Softmax has no elementwise derivative"):
        Softmax().derivative(np.zeros((1, 2)), np.zeros((1, 2)))
