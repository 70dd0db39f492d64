"""Compiled predictions: a network's outputs from the kernels of the compiled engine."""

from __future__ import annotations

import math
import os
import threading
import weakref
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from barenet._constraints import check_count
from barenet.engines._engine import Job
from barenet.engines.compiled._compiled_engine import BLOCK, refusal
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset, input_blocks
from barenet.model._arrays import FloatArray, InputArray, check_outputs, validate_inputs
from barenet.model._network import Network
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import SGD

#: Rows, and rows × parameters, from which on kernels are faster than NumPy.
MANY_ROWS, MUCH_WORK = 16, 2**17

#: All compiled networks, and those whose locks are held while the process forks.
_ALL: weakref.WeakSet[CompiledNetwork] = weakref.WeakSet()
_PAUSED: list[CompiledNetwork] = []


class CompiledNetwork:
    """A network's predictions for many small calls: one row takes a few microseconds.

    `Network.predict` uses the same kernels where there are many rows. This class keeps a copy of
    the network's parameters where the kernels need them, so that single rows are fast as well.
    Python threads that share it wait for each other.

    Parameters
    ----------
    network : Network
        The network, which is copied.
    threads : int, optional
        Maximum number of threads for many rows; by default as many as are worth starting.

    Raises
    ------
    ValueError
        If the network has a layer or an activation that the compiled engine does not know.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import CompiledNetwork, Network
    >>> network = Network.dense([2, 3], output="softmax")
    >>> CompiledNetwork(network).predict(np.zeros((1, 2), "float32")).round(3)
    array([[0.333, 0.333, 0.333]], dtype=float32)
    """

    def __init__(self, network: Network, threads: int | None = None) -> None:
        from barenet.engines.compiled._interpreter import run_on_one_thread
        from barenet.engines.compiled._kernel_program import Program

        if not isinstance(network, Network):
            raise ArgumentError.of("network", network, "a Network")
        if threads is not None:
            check_count(threads, "threads")
        if network.n_inputs is None:
            raise ArgumentError(
                "no layer fixes the number of inputs", argument="network", value=network
            )
        self.network, self.threads = network.copy(), threads
        self._row = np.zeros((1, network.n_inputs), network.dtype)
        self._answer = np.zeros((1, network.n_outputs or network.n_inputs), network.dtype)
        rows = ArrayDataset(self._row, self._answer, None)
        job = _prediction_job(self.network, rows)
        if reason := refusal(job):
            raise ArgumentError(
                f"it cannot be compiled: {reason}", argument="network", value=network
            )
        self._lock = threading.Lock()
        _ALL.add(self)
        self._one = Program(job, 1, "predict", rows, threads=1)
        self._many = Program(job, BLOCK, "predict", rows, threads)
        self._one.read(rows)
        self._one.point("output", self._answer)
        self._one.run(np.zeros(1, np.intp), 1, np.zeros(1), 0)
        self._one.record["load"] = self._one.record["start"]  # the parameters are loaded
        self._run, self._address = run_on_one_thread.call, self._one.address

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the network: addresses are valid in this process only."""
        return CompiledNetwork, (self.network, self.threads)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, (self._row.shape[1], *self.network.sizes[1:])))
        return f"<CompiledNetwork: {sizes}, {self.network.dtype}>"

    def predict(self, X: ArrayLike) -> FloatArray:
        """Predict the outputs of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_inputs)
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
        with self._lock:
            if isinstance(X, np.ndarray) and X.shape == self._row.shape and X.dtype.kind == "f":
                answer = self._predict_row(X)
                if answer is not None:
                    return answer
            dtype = self.network.dtype
            kept = validate_inputs(X, dtype, self.network.n_inputs)
            return check_outputs(self._predict(kept))

    def _predict_row(self, X: FloatArray) -> FloatArray | None:
        """Predict one row; None if there may be something wrong with it."""
        with np.errstate(over="ignore"):
            np.copyto(self._row, X, casting="same_kind")
            if not math.isfinite(self._row[0].dot(self._row[0])):
                return None
        self._run(self._address)
        return self._answer.copy() if math.isfinite(self._answer.sum()) else None

    def _predict(self, X: InputArray) -> FloatArray:
        """Predict any number of rows, block by block."""
        output = np.empty((len(X), self._answer.shape[1]), self.network.dtype)
        start = 0
        for block in input_blocks(X, self.network.dtype):
            part = output[start : start + len(block)]
            self._many.read(ArrayDataset(block, part, None))
            self._many.point("output", part)
            self._many.run(np.arange(len(block)), BLOCK, np.zeros(-(-len(block) // BLOCK)), 0)
            start += len(block)
        return output

    def _predict_with(self, network: Network, X: InputArray) -> FloatArray:
        """Predict with the present parameters of a network that this one is a copy of."""
        with self._lock:
            self.network.parameters = network.parameters
            self.network.statistics = network.statistics
            return self._predict(X)


#: The compiled form of each network that has predicted many rows, with the `repr` of the network.
_PROGRAMS: weakref.WeakKeyDictionary[Network, tuple[str, CompiledNetwork | None]]
_PROGRAMS = weakref.WeakKeyDictionary()


def _wait_for_kernels() -> None:
    """Let the predictions of other threads end before a fork, which a kernel may not survive."""
    for compiled in list(_ALL):
        compiled._lock.acquire()
        _PAUSED.append(compiled)


def _release_kernels() -> None:
    """Release the locks after the fork, in the parent and in the child."""
    while _PAUSED:
        _PAUSED.pop()._lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_wait_for_kernels, after_in_parent=_release_kernels, after_in_child=_release_kernels
    )


def compiled_outputs(network: Network, X: InputArray) -> FloatArray | None:
    """Compute the outputs of many rows with kernels, as `Network.predict` does where it can.

    Examples
    --------
    >>> import numpy as np
    >>> network = Network.dense([100, 3])
    >>> compiled_outputs(network, np.zeros((1000, 100))).shape
    (1000, 3)
    >>> compiled_outputs(network, np.zeros((1, 100))) is None
    True
    """
    if len(X) < MANY_ROWS or len(X) * network.n_parameters < MUCH_WORK or network.n_inputs is None:
        return None
    structure, (known, program) = repr(network), _PROGRAMS.get(network, ("", None))
    if structure != known:
        job = _prediction_job(network, ArrayDataset(X, network.parameters, None))
        program = None if refusal(job) else CompiledNetwork(network)
        _PROGRAMS[network] = structure, program
    return None if program is None else program._predict_with(network, X)


def _prediction_job(network: Network, rows: ArrayDataset) -> Job:
    """Describe a prediction as a job; its loss and optimizer are not used."""
    loss = as_loss(None, network.output_activation)
    return Job(network=network, rows=rows, loss=loss, optimizer=SGD())
