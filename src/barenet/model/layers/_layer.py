"""Layer: parameters with shapes, a forward pass and a backward pass.

There is no hidden state between the two passes: `forward` returns the cache that `backward` needs.
The network owns the parameters; it binds a layer to views into its one flat vector.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from barenet._constraints import (
    Configurable,
    DeclaredAttributes,
    check_flag,
    is_ours,
    options_of,
)
from barenet._registry import spec_of
from barenet.model._activations import Activation
from barenet.model._arrays import Arrays, Cache, FloatArray, Forward, Shape
from barenet.model._layout import InPlaceAssignment


class Layer(InPlaceAssignment, DeclaredAttributes, ABC):
    """One step on the way from the input to the output.

    Attributes
    ----------
    name : str
        The name in `LAYERS`.
    n_in, n_out : int or None
        Number of columns of the input and the output. None for `n_in` accepts any number, and None
        for `n_out` keeps it.
    activation : Activation or None
        The activation at the end of the layer. `forward` of such a layer takes ``logits``: True
        leaves it out, for a loss that includes it.
    trainable : bool, default=True
        Whether `train` changes the parameters. If it is False, they keep their bits; a batch norm
        still measures its running averages. It can be set at any time and takes effect when the
        next training starts; a model file doesn't contain it.
    parameter_shapes, statistic_shapes : mapping of str to tuple of int
        Shapes of the learned arrays and of the arrays that are measured during training, by name.
        Penalties apply to ``weights``.

    Examples
    --------
    >>> class Scale(Layer):
    ...     name = "scale"
    ...     parameter_shapes = {"factor": (1,)}
    ...     def initialize(self, rng):
    ...         self.factor = 1.0
    ...     def forward(self, X, *, training=False, rng_key=0):
    ...         return self.factor * X, X
    ...     def backward(self, cache, d_output, out):
    ...         out["factor"][:] = (d_output * cache).sum()
    ...         return self.factor * d_output
    >>> from barenet import Network
    >>> network = Network([Scale()], dtype="float64")
    >>> network.value_and_gradient([[2.0]], [3.0])  # ½ (2 · 1 − 3)², (2 − 3) · 2
    (0.5, array([-2.]))
    """

    name: ClassVar[str]
    n_in: int | None = None
    n_out: int | None = None
    activation: Activation | None = None
    trainable: bool = True
    parameter_shapes: Mapping[str, Shape] = MappingProxyType({})
    statistic_shapes: Mapping[str, Shape] = MappingProxyType({})

    def _is_view(self, name: str) -> bool:
        return name in self.parameter_shapes or name in self.statistic_shapes

    @abstractmethod
    def forward(self, X: FloatArray, *, training: bool = False, rng_key: int = 0) -> Forward:
        """Compute the layer's output, shape (n_samples, n_out), and the cache for `backward`.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_in)
            Output of the previous layer.
        training : bool
            True while training; dropout and batch norm then differ from prediction.
        rng_key : int
            Determines the random numbers of this step and layer.
        """

    @abstractmethod
    def backward(self, cache: Cache, d_output: FloatArray, out: Arrays) -> FloatArray:
        """Compute dL/d(input), shape (n_samples, n_in), and write dL/d(parameters) to `out`.

        Parameters
        ----------
        cache : object
            From `forward`.
        d_output : ndarray of shape (n_samples, n_out)
            dL/d(output).
        out : mapping of str to ndarray
            The arrays that dL/d(parameters) is written to, by name.
        """

    def initialize(self, rng: np.random.RandomState) -> None:
        """Set the parameters and statistics to their initial values.

        Parameters
        ----------
        rng : numpy.random.RandomState
            Source of the random numbers.
        """

    def config(self) -> dict[str, Any]:
        """Describe the layer as plain data, from which an equal layer can be made.

        Returns
        -------
        dict
            The name as ``"layer"``, and the arguments of the constructor.
        """
        config: dict[str, Any] = {"layer": self.name}
        for name in options_of(type(self)):
            if name in vars(self):
                value = getattr(self, name)
                if isinstance(value, Configurable):
                    value = spec_of(value)
                config[name] = value
        return config

    def __getattr__(self, name: str) -> Any:
        """Explain why a layer without a network has no arrays."""
        is_made = bool(vars(self)) and not name.startswith("__")  # False during unpickling
        if is_made and self._declares_array(name):
            raise AttributeError(self._without_network(name))
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None:
            """Reject an array before the layer is in a network, which would overwrite it."""
            is_new = name not in vars(self)
            if is_new and is_ours(type(self)) and self._declares_array(name):
                raise AttributeError(self._without_network(name), name=name, obj=self)
            if name == "trainable":
                value = check_flag(value, name)
            super().__setattr__(name, value)

    def _declares_array(self, name: str) -> bool:
        """Return whether a name is that of an array, which a network provides."""
        return name in self.parameter_shapes or name in self.statistic_shapes

    def _without_network(self, name: str) -> str:
        """Describe the error of a layer that is not in a network."""
        return f"{self!r} has no {name} yet: it gets its arrays from a network, Network([layer])"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the views: a copy gets its own from its network."""
        views = {*self.parameter_shapes, *self.statistic_shapes}
        return {name: value for name, value in vars(self).items() if name not in views}

    def __repr__(self) -> str:
        config = self.config()
        del config["layer"]
        arguments = [f"{name}={value!r}" for name, value in config.items()]
        return f"{type(self).__name__}({', '.join(arguments)})"
