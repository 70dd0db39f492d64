"""Dense: each output is a weighted sum of all inputs, followed by the activation.

`ActivationLayer` applies an activation alone, such as after a normalization layer, and `PReLU` is
an activation with a learned parameter for each unit.
"""

from typing import ClassVar

import numpy as np

from barenet._constraints import check_count, check_number, checks_arguments
from barenet._registry import spec_of
from barenet.errors import ArgumentError
from barenet.model._activations import IDENTITY, Activation, as_activation
from barenet.model._arrays import Arrays, Cache, FloatArray, Forward, check_result
from barenet.model._initializers import Initializer, Orthogonal, as_initializer
from barenet.model.layers._layer import Layer


class Dense(Layer):
    """Dense layer: A = f(X W + b).

    Parameters
    ----------
    n_in, n_out : int
        Number of inputs, and of neurons, each with one output.
    activation : str or Activation, default="identity"
        The function f, a name from `ACTIVATIONS` or an instance.
    init, bias_init : str or Initializer, optional
        Initializers of the weights and the biases: by default He's uniform for ReLU and its
        variants, Glorot's uniform for other activations, and zeros for biases.

    Attributes
    ----------
    weights, bias : ndarray of shape (n_in, n_out) and (n_out,)
        W and b, views into the network's parameters.

    Raises
    ------
    ValueError
        If an initializer of a bias needs a matrix.

    Examples
    --------
    >>> from barenet import Network
    >>> from barenet.layers import Dense
    >>> network = Network([Dense(2, 1)], dtype="float64")
    >>> network.layers[0].weights, network.layers[0].bias = [[1.0], [10.0]], 0.5
    >>> network.predict([[1.0, 2.0], [3.0, 4.0]])
    array([[21.5], [43.5]])
    """

    name: ClassVar[str] = "dense"
    activation: Activation
    n_in: int
    n_out: int
    init: Initializer
    bias_init: Initializer
    weights: FloatArray
    bias: FloatArray

    @checks_arguments
    def __init__(
        self,
        n_in: int,
        n_out: int,
        activation: str | Activation = "identity",
        *,
        init: str | Initializer | None = None,
        bias_init: str | Initializer = "zeros",
    ) -> None:
        self.n_in = check_count(n_in, "n_in")
        self.n_out = check_count(n_out, "n_out")
        self.activation = as_activation(activation)
        if init is None:
            init = self.activation.default_init
        self.init = as_initializer(init)
        self.bias_init = as_initializer(bias_init, "bias_init")
        if isinstance(self.bias_init, Orthogonal):
            problem = "orthogonal needs a matrix, and a bias is a vector"
            raise ArgumentError(problem, argument="bias_init")
        self.parameter_shapes = {"weights": (self.n_in, self.n_out), "bias": (self.n_out,)}

    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0, logits: bool = False
    ) -> Forward:
        """Compute Z = X W + b and A = f(Z); Z itself for ``logits``."""
        activation: Activation = self.activation
        if logits:
            activation = IDENTITY
        Z = X @ self.weights + self.bias
        A = check_result(activation.forward(Z), Z.shape, activation, "forward")
        return A, (X, Z, A, activation)

    def backward(self, cache: Cache, d_output: FloatArray, out: Arrays) -> FloatArray:
        """Compute dL/dW, dL/db and dL/dX from dL/dA.

        With z_ij = Σₖ x_ik w_kj + b_j and a_ij = f(z_ij), the chain rule goes through Z::

            dL/dz_ij = dL/da_ij · f′(z_ij)
            dL/dw_kj = Σᵢ dL/dz_ij · ∂z_ij/∂w_kj = Σᵢ x_ik dL/dz_ij     so  dW = Xᵀ dZ
            dL/db_j  = Σᵢ dL/dz_ij                                      so  db = column sums of dZ
            dL/dx_ik = Σⱼ dL/dz_ij w_kj                                 so  dX = dZ Wᵀ

        dL/dA already includes the mean over the samples, from the loss.
        """
        X, Z, A, activation = cache
        dZ = check_result(activation.backward(Z, A, d_output), Z.shape, activation, "backward")
        np.matmul(X.T, dZ, out=out["weights"])
        dZ.sum(axis=0, out=out["bias"])
        return dZ @ self.weights.T

    def initialize(self, rng: np.random.RandomState) -> None:
        """Draw the weights, neuron by neuron, and then the biases."""
        n_in, n_out = self.weights.shape
        weights = self.init.draw(rng, (n_out, n_in), n_in, n_out)
        bias = self.bias_init.draw(rng, (n_out,), n_in, n_out)
        self.weights[...] = check_result(weights, (n_out, n_in), self.init, "draw").T
        self.bias[...] = check_result(bias, (n_out,), self.bias_init, "draw")

    def __repr__(self) -> str:
        """Leave out the initializers, which are no longer needed."""
        return f"Dense({self.n_in}, {self.n_out}, {spec_of(self.activation)!r})"


class ActivationLayer(Layer):
    """Layer that applies an activation alone: A = f(X).

    Parameters
    ----------
    activation : str or Activation
        The function f, a name from `ACTIVATIONS` or an instance.

    Examples
    --------
    >>> from barenet import Network
    >>> from barenet.layers import ActivationLayer, BatchNorm, Dense
    >>> Network([Dense(2, 3), BatchNorm(3), ActivationLayer("relu"), Dense(3, 1)]).n_parameters
    19
    """

    name: ClassVar[str] = "activate"
    activation: Activation

    def __init__(self, activation: str | Activation) -> None:
        self.activation = as_activation(activation)

    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0, logits: bool = False
    ) -> Forward:
        """Compute A = f(X); X itself for ``logits``."""
        activation: Activation = self.activation
        if logits:
            activation = IDENTITY
        A = check_result(activation.forward(X), X.shape, activation, "forward")
        return A, (X, A, activation)

    def backward(self, cache: Cache, d_output: FloatArray, out: Arrays) -> FloatArray:
        """Compute dL/dX = dL/dA · f′(X)."""
        Z, A, activation = cache
        return check_result(activation.backward(Z, A, d_output), Z.shape, activation, "backward")


class PReLU(Layer):
    """Parametric ReLU: output = x for x > 0, otherwise sⱼ·x, with a learned slope sⱼ of unit j.

    From He, Zhang, Ren and Sun, "Delving deep into rectifiers: surpassing human-level performance
    on ImageNet classification" (2015). Penalties don't apply to the slopes, because a slope of 0 is
    just a ReLU.

    Parameters
    ----------
    n_in : int
        Number of units.
    slope : float, default=0.25
        Initial value of all slopes.

    Attributes
    ----------
    slopes : ndarray of shape (n_in,)
        s, a view into the network's parameters.

    Examples
    --------
    >>> from barenet import Network
    >>> from barenet.layers import PReLU
    >>> Network([PReLU(3)]).predict([[-4.0, 0.0, 4.0]])
    array([[-1.,  0.,  4.]], dtype=float32)
    """

    name: ClassVar[str] = "prelu"
    n_in: int
    slope: float
    slopes: FloatArray

    @checks_arguments
    def __init__(self, n_in: int, slope: float = 0.25) -> None:
        self.n_in = check_count(n_in, "n_in")
        self.slope = check_number(slope, "slope")
        self.parameter_shapes = {"slopes": (self.n_in,)}

    def forward(self, X: FloatArray, *, training: bool = False, rng_key: int = 0) -> Forward:
        """Compute the output."""
        return np.where(X > 0, X, self.slopes * X), X

    def backward(self, cache: Cache, d_output: FloatArray, out: Arrays) -> FloatArray:
        """Compute dL/ds and dL/dX from dL/d(output).

        Only negative entries depend on the slopes, with ∂output_ij/∂sⱼ = x_ij, so::

            dL/dsⱼ   = Σᵢ dL/doutput_ij · min(x_ij, 0)
            dL/dx_ij = dL/doutput_ij for x_ij > 0, otherwise sⱼ · dL/doutput_ij.
        """
        np.sum(d_output * np.minimum(cache, 0), axis=0, out=out["slopes"])
        return np.where(cache > 0, d_output, self.slopes * d_output)

    def initialize(self, rng: np.random.RandomState) -> None:
        """Set all slopes to their initial value."""
        self.slopes[...] = self.slope
