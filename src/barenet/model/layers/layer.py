"""What a layer is: parameters with shapes, a forward pass, and a backward pass.

Nothing is hidden between the two passes: what `backward` needs is in the cache that `forward`
returns. Where the parameters live is the network's business: it binds a layer to views into its
one flat vector.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from barenet.model.activations import Activation
from barenet.model.arrays import Cache, FloatArray
from barenet.model.layout import InPlaceAssignment

__all__ = ["Layer"]


class Layer(InPlaceAssignment, ABC):
    """One step of the way from the input to the output.

    Attributes
    ----------
    name : str
        What the layer is called in `LAYERS`.
    n_in : int or None
        Columns that it takes; None if it takes any number.
    n_out : int or None
        Columns that it gives; None if it gives as many as it takes.
    activation : Activation or None
        What the layer ends with. A layer that has one takes ``logits`` in `forward`: True to leave
        it out, for a loss that has it inside.
    parameter_shapes : dict of str to tuple of int
        What is learned, by name. Penalties are on what is called ``weights``.
    statistic_shapes : dict of str to tuple of int
        What is measured while training and not learned, by name.

    Examples
    --------
    >>> import numpy as np
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

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        return {}

    @property
    def statistic_shapes(self) -> dict[str, tuple[int, ...]]:
        return {}

    @abstractmethod
    def forward(
        self, X: FloatArray, *, training: bool = False, rng_key: int = 0
    ) -> tuple[FloatArray, Cache]:
        """Compute the layer's output.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_in)
            The output of the layer before.
        training : bool
            True while learning; some layers then do something else than when predicting.
        rng_key : int
            Fixes what is random in this step and layer.

        Returns
        -------
        output : ndarray of shape (n_samples, n_out)
            The layer's output.
        cache : object
            What `backward` needs.
        """

    @abstractmethod
    def backward(
        self, cache: Cache, d_output: FloatArray, out: Mapping[str, FloatArray]
    ) -> FloatArray:
        """Turn dL/d(output) into dL/d(input), and write dL/d(parameters) on the way.

        Parameters
        ----------
        cache : object
            From `forward`.
        d_output : ndarray of shape (n_samples, n_out)
            dL/d(output).
        out : mapping of str to ndarray
            Where the gradient of each parameter is written, by name.

        Returns
        -------
        ndarray of shape (n_samples, n_in)
            dL/d(input).
        """

    def initialize(self, rng: np.random.RandomState) -> None:
        """Set the parameters and statistics to what they start from.

        Parameters
        ----------
        rng : numpy.random.RandomState
            Where the random numbers come from.
        """

    def config(self) -> dict[str, Any]:
        """Describe the layer as plain data: the arguments that make one like it.

        Returns
        -------
        dict
            ``"layer"``, its name, and its arguments.
        """
        return {"layer": self.name}

    def bind(self, views: Mapping[str, FloatArray]) -> None:
        """Let the parameters and statistics live in these arrays from now on.

        Parameters
        ----------
        views : mapping of str to ndarray
            By name.
        """
        vars(self).update(views)

    @property
    def is_bound(self) -> bool:
        """Whether the layer belongs to a network."""
        return any(name in vars(self) for name in (*self.parameter_shapes, *self.statistic_shapes))

    def __getattr__(self, name: str) -> Any:
        """Say where a layer gets its arrays from, to whoever asks too early."""
        made = bool(vars(self)) and not name.startswith("__")  # not while it is being unpickled
        if made and (name in self.parameter_shapes or name in self.statistic_shapes):
            raise AttributeError(
                f"{self!r} has no {name} yet: it gets its arrays from a network, Network([layer])"
            )
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    def __getstate__(self) -> dict[str, Any]:
        """Leave the views behind: a copy gets its own from the network that it goes to."""
        views = {*self.parameter_shapes, *self.statistic_shapes}
        return {name: value for name, value in vars(self).items() if name not in views}

    def __repr__(self) -> str:
        """Write the call that makes a layer like this one."""
        arguments = (f"{k}={v!r}" for k, v in self.config().items() if k != "layer")
        return f"{type(self).__name__}({', '.join(arguments)})"
