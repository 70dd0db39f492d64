"""Network: a sequence of layers, and the one flat vector that holds their parameters."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from barenet.model.activations import Activation, Identity
from barenet.model.architecture import chain_widths, dense_layers, layer_list
from barenet.model.array_dataset import validate_arrays
from barenet.model.arrays import Cache, FloatArray, InputArray
from barenet.model.initializers import Initializer
from barenet.model.inputs import input_blocks, validate_inputs
from barenet.model.layers import Layer
from barenet.model.layout import InPlaceAssignment, Layout
from barenet.model.losses import Loss, as_loss
from barenet.model.objective import Objective
from barenet.model.randomness import derive_key, fresh_key
from barenet.model.summary import summarize
from barenet.model.validation import check_dtype, check_outputs, check_seed

__all__ = ["Network"]


class Network(InPlaceAssignment):
    """A feed-forward neural network.

    Parameters
    ----------
    layers : sequence of Layer
        From the input to the output. The network takes them over: a layer belongs to one network.
    seed : int, default=0
        Fixes the initial parameters.
    dtype : {"float32", "float64"}, default="float32"
        Precision of everything that is computed.

    Attributes
    ----------
    layers : list of Layer
        The layers; their parameters are views into `parameters`.
    parameters : ndarray of shape (n_parameters,)
        All that is learned, in one contiguous vector: layer after layer, weights before bias.
    statistics : ndarray
        What is measured while training and not learned (the running averages of `BatchNorm`).
    layout, statistics_layout : Layout
        What lies where in `parameters` and `statistics`.
    n_inputs, n_outputs, n_parameters : int or None
        Width of X and of the output, None where the layers take any; length of `parameters`.
    sizes : tuple of int
        The widths from the input to the output.
    output_activation : Activation
        What the network ends with; the identity if there is none.
    dtype : numpy.dtype
        float32 or float64.

    Raises
    ------
    ValueError
        If there are no layers, or one's outputs don't fit the next one's inputs.

    Examples
    --------
    >>> from barenet import Dense, Dropout, Network
    >>> network = Network([Dense(4, 8, "relu"), Dropout(0.2), Dense(8, 3, "softmax")], seed=1)
    >>> network.predict([[5.1, 3.5, 1.4, 0.2]]).shape
    (1, 3)
    >>> network.layers[0].weights.shape, network.parameters.shape
    ((4, 8), (67,))
    """

    parameters: FloatArray
    statistics: FloatArray
    #: Computes the outputs of many rows faster than `forward`, or None; an engine sets it.
    _fast_outputs: ClassVar[Callable[[Network, InputArray], FloatArray | None] | None] = None

    def __init__(
        self, layers: Sequence[Layer], *, seed: int = 0, dtype: DTypeLike = "float32"
    ) -> None:
        seed, dtype = check_seed(seed), check_dtype(dtype)
        self.layers = layer_list(layers)
        self.sizes = chain_widths(self.layers)
        self.layout = Layout(layer.parameter_shapes for layer in self.layers)
        self.statistics_layout = Layout(layer.statistic_shapes for layer in self.layers)
        self._bind(np.zeros(self.layout.size, dtype), np.zeros(self.statistics_layout.size, dtype))
        self.initialize(seed)

    @classmethod
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
        """Make a network of dense layers from its sizes.

        Parameters
        ----------
        sizes : sequence of int, or of mappings
            The widths from the input to the output, such as ``[784, 16, 10]``; or a layer each,
            as ``{"in": 784, "out": 16, "activation": "relu"}``.
        hidden : str, Activation or a sequence of them, default="relu"
            Activation of the hidden layers: one for all, or one for each.
        output : str or Activation, default="identity"
            Activation of the last layer: softmax for classes, sigmoid for yes or no.
        init, bias_init : str or Initializer, optional
            What the weights and biases start from; see `Dense`.
        batch_norm : bool, default=False
            Whether each hidden layer is normalized over the batch, before its activation.
        dropout : float, default=0.0
            Share of each hidden layer's outputs that is silenced while training.
        seed : int, default=0
            Fixes the initial parameters.
        dtype : {"float32", "float64"}, default="float32"
            Precision of everything that is computed.

        Returns
        -------
        Network
            With its parameters initialized. What can't be made is a ValueError.

        Examples
        --------
        >>> from barenet import Network
        >>> Network.dense([2, 8, 1], hidden="tanh", output="sigmoid")
        Network([Dense(2, 8, 'tanh'), Dense(8, 1, 'sigmoid')], dtype='float32')
        """
        parts: dict[str, Any] = {"init": init, "bias_init": bias_init, "rate": dropout}
        layers = dense_layers(sizes, hidden, output, batch_norm=batch_norm, **parts)
        return cls(layers, seed=seed, dtype=dtype)

    @property
    def n_inputs(self) -> int | None:
        return self.sizes[0] if self.sizes else None

    @property
    def n_outputs(self) -> int | None:
        return self.sizes[-1] if self.sizes else None

    @property
    def n_parameters(self) -> int:
        return self.parameters.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.parameters.dtype

    @property
    def output_activation(self) -> Activation:
        return self.layers[-1].activation or Identity()

    def initialize(self, seed: int = 0) -> None:
        """Forget everything, and draw new initial parameters.

        Parameters
        ----------
        seed : int, default=0
            The same seed gives the same parameters, with every version of NumPy.
        """
        rng = np.random.RandomState(check_seed(seed))
        for layer in self.layers:
            layer.initialize(rng)

    def forward(
        self,
        X: FloatArray,
        *,
        training: bool = False,
        rng_key: int | None = None,
        logits: bool = False,
    ) -> tuple[FloatArray, list[Cache]]:
        """Compute the output, and keep what `backward` needs.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_inputs)
            The samples, one a row.
        training : bool, default=False
            True while learning: dropout drops, and batch norms measure the batch.
        rng_key : int, optional
            Fixes what is random in this step; by default each call draws anew.
        logits : bool, default=False
            True to leave the output activation out, for a loss that has it inside.

        Returns
        -------
        output : ndarray of shape (n_samples, n_outputs)
            What the network says.
        cache : list
            What each layer needs for `backward`.
        """
        if training and rng_key is None:
            rng_key = fresh_key()
        output = np.asarray(X, self.dtype)
        caches: list[Cache] = []
        for index, layer in enumerate(self.layers):
            stop = {"logits": True} if logits and layer is self.layers[-1] else {}
            layer_key = derive_key(rng_key, index) if rng_key is not None else 0
            output, cache = layer.forward(output, training=training, rng_key=layer_key, **stop)
            caches.append(cache)
        return output, caches

    def backward(self, cache: list[Cache], d_output: FloatArray) -> FloatArray:
        """Compute the gradient of the loss by all parameters, from that by the output.

        The chain rule, from the last layer to the first: each takes dL/d(output) and returns
        dL/d(input), which is the dL/d(output) of the layer before.

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
        gradient = np.full_like(self.parameters, np.nan)  # which shows what a layer forgets
        d_output = np.asarray(d_output, self.dtype)
        steps = zip(self.layers, cache, self.layout.views(gradient), strict=True)
        for layer, layer_cache, out in reversed(list(steps)):
            d_output = layer.backward(layer_cache, d_output, out)
        return gradient

    def predict(self, X: ArrayLike) -> FloatArray:
        """Predict the outputs of each sample; many rows go through the compiled engine.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_inputs)
            The samples, one a row.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            The output after its activation: probabilities for softmax and sigmoid.

        Raises
        ------
        ValueError
            If X has another width, no rows, or anything but finite numbers, or an output is beyond
            the range of the network's dtype.

        Examples
        --------
        >>> from barenet import Network
        >>> Network.dense([2, 3], output="softmax").predict([[0.0, 0.0]]).round(3)
        array([[0.333, 0.333, 0.333]], dtype=float32)
        """
        kept = validate_inputs(X, self.dtype, self.n_inputs)
        fast_outputs = type(self)._fast_outputs
        if fast_outputs is None or (output := fast_outputs(self, kept)) is None:
            with np.errstate(over="ignore", invalid="ignore"):
                outputs = [self._outputs(block) for block in input_blocks(kept, self.dtype)]
            output = np.concatenate(outputs)  # a new array, even if the layers return their input
        return check_outputs(output)

    def _outputs(self, X: FloatArray) -> FloatArray:
        """Compute the outputs by `forward`; NaN where sigmoid or tanh would hide an overflow."""
        if self.output_activation.name not in ("sigmoid", "tanh"):
            return self.forward(X)[0]
        logits, _ = self.forward(X, logits=True)
        return self.output_activation.forward(logits) + (logits - logits)

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
        """Compute the loss and its gradient, the two numbers that learning needs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_inputs)
            The samples, one a row.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What the network should say: numbers, or class indices from 0.
        loss : str or Loss, optional
            What is to be made small; by default the one that goes with the output activation.
        sample_weight : array-like of shape (n_samples,), optional
            How much each sample counts.
        training : bool, default=True
            False to treat dropout and batch norms as in `predict`; True moves the averages that
            batch norms keep.
        rng_key : int, default=0
            Fixes what is random.

        Returns
        -------
        value : float
            The loss.
        gradient : ndarray of shape (n_parameters,)
            Its derivative by each parameter.

        Raises
        ------
        ValueError
            If X or y does not fit the network, or the loss does not fit its output.

        Examples
        --------
        >>> from barenet import Network
        >>> network = Network.dense([1, 1], init="zeros", dtype="float64")
        >>> network.value_and_gradient([[2.0]], [3.0], "squared_error")  # ½ · 3², −3 · 2, −3
        (4.5, array([-6., -3.]))
        """
        chosen = as_loss(loss, self.output_activation)
        rows = validate_arrays(self, chosen, X, y, sample_weight)
        return Objective(self, chosen).value_and_gradient(rows, training=training, rng_key=rng_key)

    def summary(self) -> str:
        """Write the network as a table of layers, shapes and parameter counts.

        Returns
        -------
        str
            A line for each layer, and the sum.

        Examples
        --------
        >>> from barenet import Network
        >>> print(Network.dense([784, 16, 10], output="softmax").summary())
        layer  activation  in → out  parameters
        dense  relu        784 → 16      12,560
        dense  softmax     16 → 10          170
        12,730 parameters of float32, 49.7 KiB
        """
        return summarize(self)

    def copy(self, dtype: DTypeLike | None = None) -> Network:
        """Make a network of its own with the same layers, parameters and statistics.

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
        """Write the call that makes a network like this one."""
        return f"Network([{', '.join(map(repr, self.layers))}], dtype={self.dtype.name!r})"

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Bind a copied or unpickled network's layers to its own vector."""
        vars(self).update(state)
        self._bind(self.parameters, self.statistics)

    def _bind(self, parameters: FloatArray, statistics: FloatArray) -> None:
        """Make these the network's vectors, and the layers' arrays views into them."""
        vars(self).update(parameters=parameters, statistics=statistics)
        parts = self.layout.views(parameters), self.statistics_layout.views(statistics)
        for layer, learned, measured in zip(self.layers, *parts, strict=True):
            layer.bind({**learned, **measured})
