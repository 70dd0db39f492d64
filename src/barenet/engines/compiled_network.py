"""A network's predictions, compiled: for who asks for them often, one row or many at a time."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from barenet.engines.compiled.engine import CHUNK
from barenet.engines.engine import Job
from barenet.model.arrays import FloatArray
from barenet.model.inputs import input_blocks, keep_inputs
from barenet.model.losses import as_loss
from barenet.model.network import Network
from barenet.model.rows import Rows
from barenet.model.validation import check_count
from barenet.optimization.optimizers import SGD

__all__ = ["CompiledNetwork"]


class CompiledNetwork:
    """What a network says of rows, as `Network.predict` does, by the compiled engine.

    It keeps the parameters that the network had when this was made. Threads of Python that share it
    wait for each other.

    Parameters
    ----------
    network : Network
        What predicts.
    threads : int, optional
        The most threads for many rows; by default what pays.

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
        from barenet.engines.compiled.interpreter import run_alone
        from barenet.engines.compiled.lowering import refusal
        from barenet.engines.compiled.program import Program

        if not isinstance(network, Network):
            raise ValueError(f"network: expected a Network, got {network!r}")
        if threads is not None:
            check_count(threads, "threads")
        if network.n_inputs is None:
            raise ValueError("network: it takes any number of inputs; a Dense layer would fix it")
        self.network, self.threads = network.copy(), threads
        self._row = np.zeros((1, network.n_inputs), network.dtype)
        self._answer = np.zeros((1, network.n_outputs or network.n_inputs), network.dtype)
        rows = Rows(self._row, self._answer, None)
        loss = as_loss(None, network.output_activation)
        job = Job(network=self.network, rows=rows, loss=loss, optimizer=SGD())
        reason = refusal(job)
        if reason is not None:
            raise ValueError(f"network: it can't be compiled: {reason}")
        self._alone = threading.Lock()
        self._one = Program(job, 1, "predict", rows, threads=1)
        self._many = Program(job, CHUNK, "predict", rows, threads)
        self._one.read(rows)
        self._one.point("output", self._answer)
        self._one.run(np.zeros(1, np.intp), 1, np.zeros(1), 0)
        self._one.record["load"] = self._one.record["start"]  # the parameters are there
        self._run, self._address = run_alone, self._one.address

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied as what it was made of: addresses mean nothing elsewhere."""
        return CompiledNetwork, (self.network, self.threads)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, (self._row.shape[1], *self.network.sizes[1:])))
        return f"<CompiledNetwork: {sizes}, {self.network.dtype}>"

    def predict(self, X: ArrayLike) -> FloatArray:
        """Compute what the network says of each sample.

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
            If X has another width, no rows, or anything but finite numbers.
        """
        with self._alone:
            if isinstance(X, np.ndarray) and X.shape == self._row.shape and X.dtype.kind == "f":
                answer = self._predict_row(X)
                if answer is not None:
                    return answer
            dtype = self.network.dtype
            kept = keep_inputs(X, dtype, self.network.n_inputs)
            return np.concatenate([self._predict(block) for block in input_blocks(kept, dtype)])

    def _predict_row(self, X: FloatArray) -> FloatArray | None:
        """Predict one row; None if there may be something wrong with it."""
        with np.errstate(over="ignore"):
            np.copyto(self._row, X, casting="same_kind")
            if not math.isfinite(self._row[0].dot(self._row[0])):
                return None
        self._run(self._address)
        return self._answer.copy()

    def _predict(self, X: FloatArray) -> FloatArray:
        """Predict any number of rows, chunk by chunk."""
        output = np.empty((len(X), self._answer.shape[1]), X.dtype)
        self._many.read(Rows(X, output, None))
        self._many.point("output", output)
        self._many.run(np.arange(len(X)), CHUNK, np.zeros(-(-len(X) // CHUNK)), 0)
        return output
