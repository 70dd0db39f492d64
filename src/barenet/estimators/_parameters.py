"""The parameters that both estimators share, and the network and optimizer that they specify.

As scikit-learn requires, an estimator stores its parameters unchanged; `fit` checks them. The
weights and biases of the network are attributes, too.
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
from sklearn.utils import check_random_state

from barenet._constraints import Count, check_count, check_fields, check_flag, convert, option
from barenet._registry import lookup
from barenet._seeding import random_state
from barenet.errors import ArgumentError
from barenet.estimators._array_inputs import errors_naming_argument
from barenet.estimators._scoring import Scoring, as_scorers
from barenet.model._activations import Activation
from barenet.model._architecture import hidden_activations
from barenet.model._network import Network
from barenet.model.layers import Dense
from barenet.optimization import optimizers
from barenet.optimizers import LBFGS, Clipping, Optimizer
from barenet.schedules import Schedule
from barenet.training._callbacks import Callbacks

Solver = Literal["lbfgs", "sgd", "adam"]
LearningRate = Literal["constant", "invscaling", "adaptive"]

#: L-BFGS ends when an iteration reduces the loss by less than this fraction, SciPy's default.
LBFGS_GAIN = 1e7 * float(np.finfo(float).eps)

#: Adam's epsilon, as scikit-learn's epsilon is added elsewhere.
TINY = float(np.finfo(float).tiny)


@dataclass(kw_only=True, eq=False, repr=False)
class Parameters:
    """The parameters except the loss and the hidden layers, with the range of each number."""

    solver: Solver = "adam"
    alpha: float = option(0.0001, ge=0)
    batch_size: int | Literal["auto"] = option("auto", ge=1, integer=True)
    learning_rate: LearningRate = "constant"
    learning_rate_init: float = option(0.001, gt=0)
    power_t: float = option(0.5, ge=0)
    max_iter: int = option(200, ge=1, integer=True)
    shuffle: bool = True
    random_state: int | np.random.RandomState | None = None
    tol: float = option(1e-4, ge=0)
    verbose: bool | int = False
    warm_start: bool = False
    momentum: float = option(0.9, ge=0, le=1)
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    validation_fraction: float = option(0.1, ge=0, lt=1)
    beta_1: float = option(0.9, ge=0, lt=1)
    beta_2: float = option(0.999, ge=0, lt=1)
    epsilon: float = option(1e-8, gt=0)
    n_iter_no_change: float = 10
    max_fun: int = option(15000, ge=1, integer=True)
    dropout: float = option(0.0, ge=0, lt=1)
    batch_norm: bool = False
    optimizer: str | Optimizer | LBFGS | None = None
    schedule: str | Schedule | None = None
    clip: str | Clipping | None = None
    callbacks: Callbacks = ()
    scoring: Scoring = None
    engine: str = "auto"
    threads: int | None = option(None, ge=1, integer=True)

    @classmethod
    @functools.cache
    def _get_param_names(cls) -> list[str]:
        """List the parameters' names once, as scikit-learn reads them again for each copy."""
        names: Any = super()
        return list(names._get_param_names())

    def _check_parameters(self: Any) -> None:
        """Reject invalid parameters, including those of a subclass."""
        check_fields(self)
        for name, annotation in _types_of_parameters().items():
            if annotation is bool:
                check_flag(getattr(self, name), name)
            elif get_origin(annotation) is Literal:
                choices = dict.fromkeys(get_args(annotation))
                lookup(choices, getattr(self, name), name)
        convert(self.verbose, bool | Count, "verbose")
        patience = self.n_iter_no_change
        is_unlimited = isinstance(patience, float) and patience == math.inf
        if not is_unlimited:
            check_count(patience, "n_iter_no_change")
        self._activations()
        as_scorers(self.scoring)

    def _hidden_sizes(self: Any) -> list[int]:
        """Return the widths of the hidden layers; a single number is one layer."""
        sizes = self.hidden_layer_sizes
        iterable = hasattr(sizes, "__iter__") and getattr(sizes, "ndim", 1) > 0
        unordered = isinstance(sizes, str | bytes | Mapping | Set)
        entries = [sizes]
        if iterable and not unordered:
            entries = list(sizes)
        return [check_count(entry, "hidden_layer_sizes") for entry in entries]

    def _activations(self: Any) -> list[Activation]:
        """Return the activations of the hidden layers; a single one is used for all."""
        n_hidden = len(self._hidden_sizes())
        return hidden_activations(self.activation, n_hidden, "activation")

    def _structure(self) -> dict[str, Any]:
        """Collect the parameters that determine the layers of the network."""
        return {
            "hidden_layer_sizes": self._hidden_sizes(),
            "activation": self._activations(),
            "batch_norm": bool(self.batch_norm),
            "dropout": float(self.dropout),
        }

    def _make_optimizer(self) -> Optimizer | LBFGS:
        """Make the optimizer that the parameters specify."""
        if self.optimizer is not None:
            optimizer = copy.deepcopy(optimizers.as_optimizer(self.optimizer))
            optimizer.reset()
            return optimizer
        if self.solver == "lbfgs":
            return LBFGS(tolerance=self.tol, gain=LBFGS_GAIN, evaluations=self.max_fun)
        rate = self.learning_rate_init
        if self.solver == "adam":
            return optimizers.Adam(rate, self.beta_1, self.beta_2, TINY, epsilon_hat=self.epsilon)
        if self.momentum == 0:
            return optimizers.SGD(rate)
        if self.nesterovs_momentum:
            return optimizers.Nesterov(rate, beta=self.momentum)
        return optimizers.Momentum(rate, beta=self.momentum)

    def _make_random_state(self) -> np.random.RandomState:
        """Make the generator of all random numbers of a fit."""
        seed = self.random_state
        with errors_naming_argument("random_state"):
            if isinstance(seed, int | np.integer):
                return random_state(int(seed))
            return check_random_state(seed)

    def _make_network(self: Any, X: Any, n_outputs: int, rng: np.random.RandomState) -> Network:
        """Make the network that the parameters specify, with scikit-learn's initial weights.

        The weights are uniform within ±√(6 / (n_in + n_out)), or ±√(2 / …) for sigmoids: Glorot and
        Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010).
        The output layer is drawn like the last hidden layer, if there is one.
        """
        structure = self._structure()
        activations = structure["activation"]
        try:
            network = Network.dense(
                [X.shape[1], *structure["hidden_layer_sizes"], n_outputs],
                hidden=activations,
                output=self._encoder.activation,
                dtype=X.dtype,
                batch_norm=structure["batch_norm"],
                dropout=structure["dropout"],
            )
        except ArgumentError as error:
            raise error.renamed("hidden_layer_sizes") from None
        names = [activation.name for activation in activations]
        if names:  # the output layer is drawn like the last hidden one
            names.append(names[-1])
        else:
            names.append(self.activation)
        for layer, name in zip(dense_layers_of(network), names, strict=True):
            factor = 2.0 if name in ("sigmoid", "logistic") else 6.0
            bound = np.sqrt(factor / (layer.n_in + layer.n_out))
            layer.weights = rng.uniform(-bound, bound, layer.weights.shape)
            layer.bias = rng.uniform(-bound, bound, layer.bias.shape)
        return network


@functools.cache
def _types_of_parameters() -> dict[str, Any]:
    return get_type_hints(Parameters)


def dense_layers_of(network: Network) -> list[Dense]:
    """The layers with weights."""
    return [layer for layer in network.layers if isinstance(layer, Dense)]


class ParameterViews(list[Any]):
    """Weights or biases of a network's layers; assignments are written into the network.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.zeros(3)
    >>> views = ParameterViews([parameters[:2], parameters[2:]])
    >>> views[0] = [1.0, 2.0]
    >>> parameters
    array([1., 2., 0.])
    """

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            for view, array in zip(self[index], value, strict=True):
                view[...] = array
        else:
            self[index][...] = value


def views_of(name: str, doc: str) -> Any:
    """Make a property of an estimator: the arrays of this name in its dense layers."""

    def read(estimator: Any) -> ParameterViews:
        return ParameterViews(getattr(layer, name) for layer in dense_layers_of(estimator.network_))

    def write(estimator: Any, arrays: Any) -> None:
        read(estimator)[:] = list(arrays)

    return property(read, write, doc=doc)
