"""Network: a sequence of layers, and the one flat vector of their parameters."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from barenet._constraints import (
    DeclaredAttributes,
    check_flag,
    check_number,
    check_seed,
    checks_arguments,
    is_ours,
)
from barenet._seeding import random_state
from barenet.model._activations import (
    IDENTITY,
    Activation,
    LearnedReLU,
    activate,
    as_hidden_activation,
)
from barenet.model._architecture import as_layers, chain_widths, check_size, dense_specs
from barenet.model._array_dataset import (
    PREDICTED_NUMBERS,
    PREDICTED_ROWS,
    ArrayDataset,
    validate_arrays,
)
from barenet.model._arrays import Cache, FloatArray, check_dtype, check_outputs, validate_inputs
from barenet.model._custom_layers import (
    backward_checked,
    check_input_gradient,
    forward_checked,
    initialize_checked,
)
from barenet.model._initializers import Initializer
from barenet.model._layout import InPlaceAssignment, Layout
from barenet.model._network_summary import display, summarize
from barenet.model._parameter_limits import ParameterLimits
from barenet.model._randomness import derive_key
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer, PReLU
from barenet.model.losses import Loss, as_loss, logits_form


class Network(InPlaceAssignment, DeclaredAttributes):
    """A feed-forward neural network.

    Parameters
    ----------
    layers : sequence of Layer
        The layers from the input to the output. A layer belongs to one network.
    seed : int, default=0
        Determines the initial parameters.
    dtype : {"float32", "float64"}, default="float32"
        Precision of all computations.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
        All parameters in one contiguous vector: layer after layer, weights before bias. The arrays
        of the layers are views into it.
    statistics : ndarray
        The running averages of `BatchNorm`, which are measured during training, not learned.
    layout, statistics_layout : Layout
        Positions of the layers' arrays in `parameters` and `statistics`.
    n_inputs, n_outputs, n_parameters, sizes : int or None, and tuple of int
        Width of X and of the output, None if the layers take any; length of `parameters`; all
        widths.
    output_activation : Activation
        Activation of the last layer; the identity if it has none.

    Examples
    --------
    >>> from barenet import Network
    >>> from barenet.layers import Dense, Dropout
    >>> network = Network([Dense(4, 8, "relu"), Dropout(0.2), Dense(8, 3, "softmax")], seed=1)
    >>> network.predict([[5.1, 3.5, 1.4, 0.2]]).shape
    (1, 3)
    >>> network.layers[0].weights.shape, network.parameters.shape
    ((4, 8), (67,))
    """

    layers: list[Layer]
    parameters: FloatArray
    statistics: FloatArray
    layout: Layout
    statistics_layout: Layout
    n_inputs: int | None
    n_outputs: int | None
    n_parameters: int
    sizes: tuple[int, ...]
    dtype: np.dtype[Any]
    #: The limits of the parameters, if there are any; a model file doesn't have them.
    _limits: ParameterLimits | None = None

    def __init__(
        self, layers: Sequence[Layer], *, seed: int = 0, dtype: DTypeLike = "float32"
    ) -> None:
        seed = check_seed(seed)
        dtype = check_dtype(dtype)
        self.layers = as_layers(layers)
        self.sizes = chain_widths(self.layers)
        self.layout = Layout(layer.parameter_shapes for layer in self.layers)
        self.statistics_layout = Layout(layer.statistic_shapes for layer in self.layers)
        parameters = np.zeros(self.layout.size, dtype)
        statistics = np.zeros(self.statistics_layout.size, dtype)
        self._bind(parameters, statistics)
        self.initialize(seed)

    @classmethod
    @checks_arguments
    def dense(
        cls,
        sizes: Sequence[int] | Sequence[Mapping[str, Any]],
        *,
        hidden: str | Activation | Sequence[str | Activation] = "relu",
        output: str | Activation = "identity",
        init: str | Initializer | None = None,
        bias_init: str | Initializer = "zeros",
        batch_norm: bool = False,
        dropout: float = 0.0,
        seed: int = 0,
        dtype: DTypeLike = "float32",
    ) -> Network:
        """Build a network of dense layers from its widths.

        Parameters
        ----------
        sizes : sequence of int, or of mappings
            The widths from the input to the output, such as ``[784, 16, 10]``; or a mapping for
            each layer, such as ``{"in": 784, "out": 16, "activation": "relu"}``.
        hidden : str, Activation or a sequence of them, default="relu"
            Activation of the hidden layers, one for all or one for each; "prelu" adds a `PReLU`.
        output : str or Activation, default="identity"
            Activation of the last layer: softmax for classes, sigmoid for two classes.
        init, bias_init : str or Initializer, optional
            Initializers of the weights and biases; see `Dense`.
        batch_norm : bool, default=False
            Whether each hidden layer is normalized over the batch, before its activation.
        dropout : float, default=0.0
            Fraction of each hidden layer's outputs that is dropped while training.
        seed, dtype : int and str
            The arguments of `Network`.

        Returns
        -------
        Network
            The network, initialized; a ValueError if an argument is invalid.

        Examples
        --------
        >>> Network.dense([2, 8, 1], hidden="tanh", output="sigmoid")
        Network([Dense(2, 8, 'tanh'), Dense(8, 1, 'sigmoid')], dtype='float32')
        """
        check_number(dropout, "dropout", ge=0, lt=1)
        batch_norm = check_flag(batch_norm, "batch_norm")
        specs = dense_specs(sizes, hidden, output)
        layers: list[Layer] = []
        for index, (n_in, n_out, spec) in enumerate(specs, 1):
            activation = as_hidden_activation(spec)
            weights_init = init
            if weights_init is None:
                weights_init = activation.default_init
            is_hidden = index < len(specs)
            is_normalized = batch_norm and is_hidden
            is_separate = is_normalized or isinstance(activation, LearnedReLU)
            # An activation that is a layer of its own leaves none to the dense layer.
            applied = IDENTITY if is_separate else activation
            layers.append(Dense(n_in, n_out, applied, init=weights_init, bias_init=bias_init))
            if is_normalized:
                layers.append(BatchNorm(n_out))
            if isinstance(activation, LearnedReLU):
                layers.append(PReLU(n_out, activation.slope))
            elif is_normalized:
                layers.append(ActivationLayer(activation))
            if dropout > 0 and is_hidden:
                layers.append(Dropout(dropout))
        check_size(layers, "sizes")
        return cls(layers, seed=seed, dtype=dtype)

    @property
    def output_activation(self) -> Activation:
        return self.layers[-1].activation or IDENTITY

    def initialize(self, seed: int = 0) -> None:
        """Draw new initial parameters, and reset the statistics.

        Parameters
        ----------
        seed : int, default=0
            The same seed gives the same parameters, with every version of NumPy.
        """
        rng = random_state(check_seed(seed))
        for layer in self.layers:
            if is_ours(type(layer)):
                layer.initialize(rng)
            else:
                initialize_checked(layer, rng)

    def forward(
        self,
        X: ArrayLike,
        *,
        training: bool = False,
        rng_key: int | None = None,
        logits: bool = False,
    ) -> tuple[FloatArray, list[Cache]]:
        """Compute the output, and the cache that `backward` needs.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_inputs)
            The samples, one a row.
        training : bool, default=False
            True while training: dropout is active, and batch norms use the batch's statistics.
        rng_key : int, optional
            Determines the random numbers of this step; by default they differ for each call.
        logits : bool, default=False
            True to leave the output activation out, for a loss that includes it.

        Returns
        -------
        output : ndarray of shape (n_samples, n_outputs)
            The output.
        cache : list
            The argument of `backward`.
        """
        if rng_key is None:
            rng_key = secrets.randbits(64) if training else 0
        output = np.asarray(X, self.dtype)
        caches: list[Cache] = []
        for index, layer in enumerate(self.layers):
            key = derive_key(rng_key, index)
            options: dict[str, Any] = {"training": training, "rng_key": key}
            if logits and layer is self.layers[-1]:
                options["logits"] = True  # only layers with an activation take this
            if is_ours(type(layer)):
                output, cache = layer.forward(output, **options)
            else:
                output, cache = forward_checked(layer, output, **options)
            caches.append(cache)
        return output, caches

    def backward(self, cache: list[Cache], d_output: FloatArray) -> FloatArray:
        """Backpropagate: compute dL/d(parameters) from dL/d(output).

        The chain rule, from the last layer to the first: dL/d(input) is the previous dL/d(output).

        Parameters
        ----------
        cache : list
            From `forward`.
        d_output : ndarray of shape (n_samples, n_outputs)
            dL/d(output), from ``loss.gradient``.

        Returns
        -------
        ndarray of shape (n_parameters,)
            dL/d(parameters), in the order of `parameters`.
        """
        # Entries that a layer doesn't write stay NaN.
        gradient = np.full_like(self.parameters, np.nan)
        d_output = np.asarray(d_output, self.dtype)
        steps = zip(self.layers, cache, self.layout.views(gradient), strict=True)
        for layer, layer_cache, out in reversed(list(steps)):
            if is_ours(type(layer)):
                d_output = layer.backward(layer_cache, d_output, out)
                continue
            d_input = backward_checked(layer, layer_cache, d_output, out)
            if layer is not self.layers[0]:  # nothing needs dL/dX
                d_output = check_input_gradient(layer, d_input, d_output)
        return gradient

    def predict(self, X: ArrayLike) -> FloatArray:
        """Predict the outputs of each sample, with the compiled engine where it has kernels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_inputs)
            The samples, one a row.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            The output after its activation: probabilities for softmax and sigmoid; a ValueError
            if X does not fit the network or is not finite, or an output is not.
        """
        for compute_outputs in _OUTPUT_FUNCTIONS.values():
            output = compute_outputs(self, X)
            if output is not None:
                return output
        inputs = validate_inputs(X, self.dtype, self.n_inputs)
        n_rows = max(1, min(PREDICTED_ROWS, PREDICTED_NUMBERS // inputs.shape[1]))
        outputs = []
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(inputs), n_rows):
                block = inputs[start : start + n_rows]
                outputs.append(self._outputs(np.ascontiguousarray(block, self.dtype)))
        return check_outputs(np.concatenate(outputs))  # a copy, even if layers return their input

    def _outputs(self, X: FloatArray) -> FloatArray:
        """Compute outputs with `forward`; NaN where the activation would hide an overflow."""
        output, _ = self.forward(X, logits=self.layers[-1].activation is not None)
        return activate(self.output_activation, output)

    def value_and_gradient(
        self,
        X: ArrayLike,
        y: ArrayLike,
        loss: str | Loss | None = None,
        *,
        sample_weight: ArrayLike | None = None,
        training: bool = True,
        rng_key: int = 0,
    ) -> tuple[float, FloatArray]:
        """Compute the loss and its gradient.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_inputs)
            The samples, one a row.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets: numbers, or class indices from 0.
        loss : str or Loss, optional
            The loss; the default depends on the output activation.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample.
        training, rng_key : bool, default=True, and int, default=0
            The arguments of `forward`; True updates the running averages of batch norms.

        Returns
        -------
        value : float
            The loss; a ValueError if X, y or the loss does not fit the network.
        gradient : ndarray of shape (n_parameters,)
            Its derivative with respect to each parameter.

        Examples
        --------
        >>> network = Network.dense([1, 1], init="zeros", dtype="float64")
        >>> network.value_and_gradient([[2.0]], [3.0], "squared_error")  # ½ · 3², −3 · 2, −3
        (4.5, array([-6., -3.]))
        """
        loss = as_loss(loss, self.output_activation)
        dataset = validate_arrays(self, loss, X, y, sample_weight)
        rows = dataset.take(dtype=self.dtype)
        return Objective(self, loss).value_and_gradient(rows, training=training, rng_key=rng_key)

    def summary(self) -> str:
        """Tabulate the layers, their widths and parameter counts.

        Returns
        -------
        str
            A line for each layer, and the totals.

        Examples
        --------
        >>> print(Network.dense([784, 16, 10], output="softmax").summary())
        layer  activation  in → out  parameters
        dense  relu        784 → 16      12,560
        dense  softmax     16 → 10          170
        12,730 parameters of float32, 49.7 KiB
        """
        return summarize(self.layers, self.n_inputs, self.parameters)

    def _repr_html_(self) -> str:
        return display("Network with", self.layers, self.n_inputs, self.parameters)

    def copy(self, dtype: DTypeLike | None = None) -> Network:
        """Copy the network with its layers, parameters and statistics.

        Parameters
        ----------
        dtype : {"float32", "float64"}, optional
            Another precision for the copy.

        Returns
        -------
        Network
            The copy.
        """
        twin = copy.deepcopy(self)
        if dtype is not None:
            dtype = check_dtype(dtype)
            twin._bind(twin.parameters.astype(dtype), twin.statistics.astype(dtype))
        return twin

    def __repr__(self) -> str:
        layers = ", ".join(repr(layer) for layer in self.layers)
        return f"Network([{layers}], dtype={self.dtype.name!r})"

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Bind the layers of a copied or unpickled network to its own vectors."""
        vars(self).update(state)
        # Copy the vectors if joblib has mapped them read-only.
        parameters = np.require(self.parameters, requirements="W")
        statistics = np.require(self.statistics, requirements="W")
        self._bind(parameters, statistics)

    def _bind(self, parameters: FloatArray, statistics: FloatArray) -> None:
        """Use these vectors, with the layers' arrays as views into them."""
        vars(self).update(parameters=parameters, statistics=statistics)
        self.n_parameters = parameters.size
        self.dtype = parameters.dtype
        self.n_inputs = None
        self.n_outputs = None
        if self.sizes:
            self.n_inputs = self.sizes[0]
            self.n_outputs = self.sizes[-1]
        learned = self.layout.views(parameters)
        measured = self.statistics_layout.views(statistics)
        for index, layer in enumerate(self.layers):
            vars(layer).update(learned[index])
            vars(layer).update(measured[index])


class OutputFunction(Protocol):
    """Computes the outputs of networks instead of `Network.forward`, and faster."""

    def __call__(self, network: Network, X: ArrayLike, /) -> FloatArray | None:
        """Check X as `validate_inputs` does, and compute the outputs, shape (n_samples, n_outputs).

        Return None, without checking X, if it can't compute the outputs of this network.
        """


#: The functions that `Network.predict` tries before `Network.forward`, by their engines' names.
_OUTPUT_FUNCTIONS: dict[str, OutputFunction] = {}


def register_output_function(engine: str, function: OutputFunction) -> None:
    """Make networks predict with the function of an engine.

    The engines register their functions because the model can't import the engines: they import the
    model, and a network that is trained in NumPy needs no compiler.
    """
    _OUTPUT_FUNCTIONS[engine] = function


class Snapshot(NamedTuple):
    """Copies of a network's vectors, which are all that training changes in it."""

    parameters: FloatArray
    statistics: FloatArray

    @classmethod
    def of(cls, network: Network) -> Snapshot:
        """Copy a network's vectors."""
        return cls(network.parameters.copy(), network.statistics.copy())

    def update(self, network: Network) -> None:
        """Copy a network's vectors into the same memory."""
        self.parameters[...] = network.parameters
        self.statistics[...] = network.statistics

    def restore(self, network: Network) -> None:
        """Copy the vectors back into a network's own, which its layers view."""
        network.parameters[...] = self.parameters
        network.statistics[...] = self.statistics


class Objective:
    """The loss of a network on rows in its dtype, as a function of the network's parameters."""

    def __init__(self, network: Network, loss: Loss) -> None:
        self.network = network
        self.loss, self.on_logits = logits_form(loss, network.output_activation)

    def value_and_output(
        self, rows: ArrayDataset, *, training: bool = False, rng_key: int = 0
    ) -> tuple[float, FloatArray]:
        """Compute the loss and the output."""
        output, _ = self.network.forward(
            rows.X, training=training, rng_key=rng_key, logits=self.on_logits
        )
        value = self.loss.value(output, rows.y, rows.sample_weight)
        if self.on_logits:
            output = self.network.output_activation.forward(output)
        return value, output

    def value_and_gradient(
        self, rows: ArrayDataset, *, training: bool = True, rng_key: int = 0
    ) -> tuple[float, FloatArray]:
        """Compute the loss, and its gradient of shape (n_parameters,)."""
        output, cache = self.network.forward(
            rows.X, training=training, rng_key=rng_key, logits=self.on_logits
        )
        d_output = self.loss.gradient(output, rows.y, rows.sample_weight)
        value = self.loss.value(output, rows.y, rows.sample_weight)
        gradient = self.network.backward(cache, d_output)
        return value, gradient
