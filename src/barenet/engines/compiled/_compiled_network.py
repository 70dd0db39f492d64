"""Compiled predictions: a network's outputs from the kernels of the compiled engine."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import ArrayLike

from barenet._constraints import check_count
from barenet.engines._engine import Job
from barenet.engines.compiled._compiled_engine import refusal
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model._network import Network
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import SGD

if TYPE_CHECKING:
    from barenet.engines.compiled._output_program import OutputProgram


class CompiledNetwork:
    """A network's predictions for many small calls: one row takes a few microseconds.

    `Network.predict` uses the same kernels, but loads the current parameters in each call. This
    class keeps a copy of them where the kernels read them, which saves time for single rows. Python
    threads that share it predict in parallel, each with its own copy.

    Parameters
    ----------
    network : Network
        The network, which is copied.
    threads : int, optional
        Maximum number of threads for many rows; by default as many as save time.

    Raises
    ------
    ValueError
        If the network has a layer or an activation that has no kernel.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import Network
    >>> from barenet.typing import CompiledNetwork
    >>> network = Network.dense([2, 3], output="softmax")
    >>> CompiledNetwork(network).predict(np.zeros((1, 2), "float32")).round(3)
    array([[0.333, 0.333, 0.333]], dtype=float32)
    """

    def __init__(self, network: Network, threads: int | None = None) -> None:
        if not isinstance(network, Network):
            raise ArgumentError.of("network", network, "a Network")
        if threads is not None:
            check_count(threads, "threads")
        self.network = network.copy()
        self.threads = threads
        reason = _obstacle(self.network)
        if reason is not None:
            problem = f"it cannot be compiled: {reason}"
            raise ArgumentError(problem, argument="network", value=network)
        self._programs = IdlePrograms([self.network], threads, keep=True)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the network: addresses are valid in this process only."""
        return CompiledNetwork, (self.network, self.threads)

    def __repr__(self) -> str:
        sizes = "-".join(str(size) for size in self.network.sizes)
        return f"<CompiledNetwork: {sizes}, {self.network.dtype}>"

    def predict(self, X: ArrayLike) -> FloatArray:
        """Predict the outputs of each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_inputs)
            The samples, one a row.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            The output after its activation.

        Raises
        ------
        ValueError
            If X has another width, no rows, or anything but finite numbers, or an output is beyond
            the range of the network's dtype.
        """
        return self._programs.outputs(X)[0]


class IdlePrograms:
    """The programs of some networks that are idle; a thread that finds none makes one."""

    def __init__(
        self, networks: Sequence[Network], threads: int | None = None, *, keep: bool = False
    ) -> None:
        self.jobs = [_prediction_job(network) for network in networks]
        self.threads = threads
        self.keep = keep
        self.programs = deque([self.make()])

    def make(self) -> OutputProgram:
        """Make a program for one more thread."""
        from barenet.engines.compiled._output_program import OutputProgram  # this imports Numba

        return OutputProgram(self.jobs, self.threads, self.keep)

    def outputs(self, X: ArrayLike, network: Network | None = None) -> FloatArray:
        """Check rows, and compute the outputs of each network, or of another of its structure."""
        try:
            program = self.programs.pop()
        except IndexError:
            program = self.make()
        try:
            return program.outputs(X, network)
        finally:
            self.programs.append(program)


#: The layers of a network with all their attributes, and its idle programs; None if some part of it
#: has no kernel.
_Prepared: TypeAlias = tuple[list[Any], IdlePrograms | None]

#: What networks that have predicted were prepared for. Comparing the attributes of the layers takes
#: a tenth of the time of `Job.structure`, and a prediction of one row is as short as that.
_PREPARED: weakref.WeakKeyDictionary[Network, _Prepared] = weakref.WeakKeyDictionary()

#: The idle programs by `Job.structure`: networks share them.
_IDLE: weakref.WeakValueDictionary[Any, IdlePrograms] = weakref.WeakValueDictionary()


def compiled_outputs(network: Network, X: ArrayLike) -> FloatArray | None:
    """Check X and compute the outputs with kernels, as `Network.predict` does where it can.

    Examples
    --------
    >>> import numpy as np
    >>> network = Network.dense([100, 3])
    >>> compiled_outputs(network, np.zeros((1000, 100))).shape
    (1000, 3)
    """
    parts: list[Any] = list(network.layers)
    for layer in network.layers:
        parts.extend(vars(layer).values())
    before, idle = _PREPARED.get(network, (None, None))
    try:
        is_known = before == parts  # fast, as most parts are identical
    except ValueError:  # raised by arrays that differ
        is_known = False
    if not is_known:
        idle = _idle(network)
        _PREPARED[network] = parts, idle
    if idle is None:
        return None
    return idle.outputs(X, network)[0]


def joined_programs(networks: Sequence[Network]) -> IdlePrograms | None:
    """Make programs that compute the outputs of all networks; None if one has no kernels."""
    for network in networks:
        if _obstacle(network) is not None:
            return None
    return IdlePrograms(networks, keep=True)


def _idle(network: Network) -> IdlePrograms | None:
    """The idle programs of networks of the same structure; None if it has no kernels."""
    if _obstacle(network) is not None:
        return None
    structure = _prediction_job(network).structure
    programs = _IDLE.get(structure)
    if programs is None:
        programs = IdlePrograms([network.copy()])
    return _IDLE.setdefault(structure, programs)  # another thread may have added one meanwhile


def _obstacle(network: Network) -> str | None:
    """Return the reason that kernels can't compute the outputs; None if they can."""
    if network.n_inputs is None:
        return "no layer fixes the number of inputs"
    return refusal(_prediction_job(network))


def _prediction_job(network: Network) -> Job:
    """Describe a prediction as a job; its rows, loss and optimizer are not used."""
    rows = ArrayDataset(network.parameters, network.parameters, None)
    loss = as_loss(None, network.output_activation)
    return Job(network=network, rows=rows, loss=loss, optimizer=SGD())
