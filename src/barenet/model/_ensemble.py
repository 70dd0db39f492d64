"""Ensemble: several networks that predict together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from barenet._constraints import DeclaredAttributes
from barenet._messages import count_of, some
from barenet.errors import ArgumentError
from barenet.model._activations import Activation
from barenet.model._arrays import FloatArray, check_outputs
from barenet.model._network import Network
from barenet.model._network_summary import display


class JointPrograms(Protocol):
    """An engine's programs of several networks."""

    def outputs(self, X: ArrayLike) -> FloatArray:
        """Check rows, and compute the outputs of each network."""


#: The functions that make the programs of an ensemble, by their engines' names; None if an engine
#: can't compute one of the networks.
_JOINT_PROGRAMS: dict[str, Callable[[Sequence[Network]], JointPrograms | None]] = {}


def register_joint_programs(
    engine: str, make_programs: Callable[[Sequence[Network]], JointPrograms | None]
) -> None:
    """Make ensembles predict with the programs of an engine, as `register_output_function` does."""
    _JOINT_PROGRAMS[engine] = make_programs


class Ensemble(DeclaredAttributes):
    """Several networks, whose prediction is the mean of their outputs.

    It can replace a `Network` in a `Predictor`. The errors of the networks differ, so their mean is
    more accurate than a single one. A row takes a few microseconds for each network.

    Parameters
    ----------
    networks : sequence of Network
        Networks with the same inputs, outputs, output activation and precision; they are copied.

    Attributes
    ----------
    networks : tuple of Network
        The networks, which must not be changed.
    n_inputs, n_outputs, dtype, output_activation : int, int, dtype and Activation
        Those of each network.
    sizes : tuple of int
        The widths of the first network.
    n_parameters : int
        The parameters of all networks.

    Raises
    ------
    ValueError
        If the networks differ in their inputs or outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import Network
    >>> from barenet.typing import Ensemble
    >>> networks = [Network.dense([2, 8, 3], output="softmax", seed=seed) for seed in range(4)]
    >>> ensemble = Ensemble(networks)
    >>> ensemble
    <Ensemble of 4 networks: 2-8-3, 204 parameters of float32>
    >>> ensemble.predict(np.zeros((1, 2), "float32")).round(3)
    array([[0.333, 0.333, 0.333]], dtype=float32)
    """

    networks: tuple[Network, ...]
    n_inputs: int | None
    n_outputs: int | None
    dtype: np.dtype[Any]
    output_activation: Activation
    sizes: tuple[int, ...]
    n_parameters: int

    def __init__(self, networks: Sequence[Network]) -> None:
        networks = _check_networks(networks)
        self.networks = tuple(network.copy() for network in networks)
        first = self.networks[0]
        self.n_inputs = first.n_inputs
        self.n_outputs = first.n_outputs
        self.dtype = first.dtype
        self.sizes = first.sizes
        self.output_activation = first.output_activation
        self.n_parameters = sum(network.n_parameters for network in networks)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the networks: addresses are valid in this process only."""
        return Ensemble, (self.networks,)

    def _repr_html_(self) -> str:
        first = self.networks[0]
        title = f"Ensemble of {count_of(len(self.networks), 'network')}, each with"
        return display(title, first.layers, first.n_inputs, first.parameters)

    def __repr__(self) -> str:
        networks = count_of(len(self.networks), "network")
        sizes = "-".join(str(size) for size in self.sizes)
        parameters = f"{self.n_parameters:,} parameters of {self.dtype}"
        return f"<Ensemble of {networks}: {sizes}, {parameters}>"

    @property
    def weight(self) -> float:
        """The weight of a network in the mean, rounded to the precision of the networks."""
        return float(self.dtype.type(1 / len(self.networks)))

    @cached_property
    def _programs(self) -> JointPrograms | None:
        for make_programs in _JOINT_PROGRAMS.values():
            programs = make_programs(self.networks)
            if programs is not None:
                return programs
        return None

    def predict(self, X: ArrayLike) -> FloatArray:
        """Predict the outputs of each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_inputs)
            The samples, one a row.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            The mean of the networks' outputs.

        Raises
        ------
        ValueError
            If X does not fit the networks or is not finite, or an output is not.
        """
        return self._mean(self._outputs(X))

    def mean_and_spread(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Predict the outputs of each sample, and measure how much the networks differ.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_inputs)
            The samples, one a row.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_outputs)
            As `predict` returns it.
        spread : ndarray of shape (n_samples, n_outputs)
            The standard deviation of the networks' outputs, from the unbiased estimate of their
            variance; 0 for one network.

        Raises
        ------
        ValueError
            If X does not fit the networks or is not finite, or an output is not.
        """
        outputs = self._outputs(X)
        mean = self._mean(outputs)
        variance = self._mean(np.square(outputs - mean))
        n_networks = len(self.networks)
        if n_networks > 1:  # Bessel's correction, n / (n − 1)
            variance = variance / (1 - 1 / n_networks)
        return mean, np.sqrt(variance)

    def _outputs(self, X: ArrayLike) -> FloatArray:
        """The outputs of each network, shape (n_networks, n_samples, n_outputs)."""
        if self._programs is None:
            return np.array([network.predict(X) for network in self.networks])
        return self._programs.outputs(X)

    def _mean(self, values: FloatArray) -> FloatArray:
        """The mean over the networks."""
        # Add network by network, so that the bits don't depend on the number of rows.
        sums = np.add.accumulate(self.weight * values, axis=0)
        return check_outputs(sums[-1])

    def summary(self) -> str:
        """Tabulate the layers of the first network, and count the parameters of all.

        Returns
        -------
        str
            The summary of the first network, and a line for all.
        """
        summary = self.networks[0].summary()
        count = count_of(len(self.networks), "such network")
        return f"{summary}\n{count}, {self.n_parameters:,} parameters"

    def copy(self, dtype: DTypeLike | None = None) -> Ensemble:
        """Copy the networks.

        Parameters
        ----------
        dtype : {"float32", "float64"}, optional
            Another precision for the copies.

        Returns
        -------
        Ensemble
            The copy.
        """
        return Ensemble([network.copy(dtype) for network in self.networks])


#: Computes outputs from inputs: a network, or several.
Model: TypeAlias = Network | Ensemble


def networks_of(model: Model) -> tuple[Network, ...]:
    """Return the networks of an ensemble, or a single network in a tuple."""
    return model.networks if isinstance(model, Ensemble) else (model,)


def _check_networks(networks: Any) -> list[Network]:
    """Refuse networks that can't predict together."""
    members = list(networks) if isinstance(networks, Iterable) else []
    are_networks = all(isinstance(member, Network) for member in members)
    if not members or not are_networks:
        raise ArgumentError.of("networks", networks, "a list of networks")
    if members[0].n_inputs is None:
        raise ArgumentError("no layer fixes the number of inputs", argument="networks")
    for name in ("n_inputs", "n_outputs", "dtype", "output_activation"):
        values = [str(getattr(member, name)) for member in members]
        distinct = list(dict.fromkeys(values))
        if len(distinct) > 1:
            problem = f"they differ in {name}: {some(distinct)}"
            raise ArgumentError(problem, argument="networks")
    return members
