"""Rows in a Dask array or data frame, whose partitions stay on the workers during training.

Dask reads and places the partitions, and repeats them if a worker is lost. Each partition is a
block of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import numpy as np

from barenet._extras import require
from barenet._messages import count_of, in_a_line, some
from barenet.distributed._dask_engine import WorkerRows
from barenet.distributed._dask_workers import (
    WorkerMemory,
    check_client,
    check_workers,
    ended,
    wait_until_ended,
    work_on,
)
from barenet.engines._block_rows import RowSource
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network
from barenet.model.losses import Loss

if TYPE_CHECKING:
    from distributed import Client, Future

#: Maximum numbers of rows and of values in the sample that metrics are computed for.
SAMPLE_ROWS = 2**16
SAMPLE_NUMBERS = 2**24


class NetworkInterface(NamedTuple):
    """The properties of a network that the check of its data needs; workers need no weights."""

    dtype: np.dtype[Any]
    n_inputs: int | None
    n_outputs: int | None


class BlockSample(NamedTuple):
    """Some rows of a block, or the error of its check."""

    n_rows: int
    #: None if the block is empty or wrong.
    rows: ArrayDataset | None = None
    error: ArgumentError | None = None


class DaskRows(RowSource):
    """A Dask array or data frame to train on, with the client whose workers to use.

    `train` also takes a Dask array or data frame directly, and then uses the current client. This
    class is for another client.

    Parameters
    ----------
    X : dask.array.Array or dask.dataframe.DataFrame of shape (n_samples, n_inputs)
        The samples. Each partition is a block of rows, which stays on the workers: use about
        four for each worker, of about the same length.
    client : distributed.Client, optional
        The client; by default the current one.

    Raises
    ------
    ValueError
        If an argument can't be used; the message names it.

    Examples
    --------
    >>> import dask.array as da
    >>> from barenet.distributed import DaskRows
    >>> DaskRows(da.ones((100, 2), chunks=(25, 2)))
    <DaskRows: 4 partitions>
    """

    def __init__(self, X: Any, client: Client | None = None) -> None:
        if not hasattr(X, "__dask_graph__") or getattr(X, "ndim", 0) != 2:
            raise ArgumentError.of("X", X, "a Dask array or data frame with 2 dimensions")
        self.X = X
        self.client = client
        if client is not None:
            check_client(client)

    def __repr__(self) -> str:
        return f"<DaskRows: {count_of(self.X.npartitions, 'partition')}>"

    def make_rows(
        self, network: Network, loss: Loss, y: Any, weight: Any, scale: float
    ) -> WorkerRows:
        if weight is not None:
            raise ArgumentError("rows on workers have no weights", argument="sample_weight")
        if y is None:
            raise ArgumentError.of("y", y, "the targets")
        from dask.delayed import delayed

        client = check_client(self.client or current_client())
        X_partitions, y_partitions = partitions(self.X, y)
        interface = NetworkInterface(network.dtype, network.n_inputs, network.n_outputs)
        load = delayed(load_block, pure=False)
        tasks = []
        for X_partition, y_partition in zip(X_partitions, y_partitions, strict=True):
            tasks.append(load(interface, loss, scale, X_partition, y_partition))
        memory = WorkerMemory(client, memory_of_rows(client, self.X))
        with work_on(client, memory):
            check_workers(client, loss)
            futures = load_blocks(client, tasks)
            samples = sample_blocks(client, futures)
        for number, sample in enumerate(samples):
            if sample.error is not None:
                sample.error.problem = f"partition {number}: {sample.error.problem}"
                raise sample.error
        blocks = []
        lengths = []
        sampled = []
        for future, sample in zip(futures, samples, strict=True):
            if sample.rows is not None:
                blocks.append(future)
                lengths.append(sample.n_rows)
                sampled.append(sample.rows)
        if not blocks:
            raise ArgumentError("all partitions are empty", argument="X")
        sampled_X = np.concatenate([block.X for block in sampled])
        sampled_y = np.concatenate([block.y for block in sampled])
        rows = WorkerRows(sampled_X, sampled_y, None, sampled[0].scale)
        rows.sample = ArrayDataset(*rows)
        rows.lengths = lengths
        rows.futures = blocks
        rows.client = client
        return rows


def current_client() -> Client:
    """Return the client that Dask uses by default."""
    distributed = require("distributed", extra="distributed", purpose="training on Dask's data")
    try:
        return distributed.default_client()
    except ValueError:
        problem = "there is no client of Dask, whose workers compute"
        remedy = "start one: from dask.distributed import Client; client = Client()"
        raise ArgumentError(problem, argument="X", remedy=remedy) from None


def partitions(X: Any, y: Any) -> tuple[list[Any], list[Any]]:
    """Split X and y into the partitions of X."""
    from dask import array

    if hasattr(X, "select_dtypes"):
        numbers = X.select_dtypes(["number", "bool"]).columns
        others = [str(name) for name in X.columns if name not in numbers]
        if others:
            remedy = "encode them as numbers, or leave them out"
            problem = f"these columns have no numbers: {some(others)}"
            raise ArgumentError(problem, argument="X", remedy=remedy)
    else:
        X = X.rechunk({1: -1})
    if not hasattr(y, "__dask_graph__"):
        y = array.from_array(np.atleast_1d(y), chunks=-1)
    if not getattr(y, "ndim", 0):
        raise ArgumentError.of("y", y, "a target for each row")
    are_arrays = hasattr(X, "chunks") and hasattr(y, "chunks")
    # The length of an array from a data frame is NaN until it is computed.
    if are_arrays and not np.isnan(X.shape[0]) and not np.isnan(y.shape[0]):
        if len(y) != len(X):
            raise ArgumentError(f"has {len(y)} rows, and X has {len(X)}", argument="y")
        chunks_of_rows = X.chunks[0]
        y = y.rechunk((chunks_of_rows, *y.shape[1:]))
    if y.npartitions != X.npartitions:
        problem = f"has {count_of(y.npartitions, 'partition')}, and X has {X.npartitions}"
        remedy = "split it as X, such as by taking both from frame.persist()"
        raise ArgumentError(problem, argument="y", remedy=remedy)
    return delayed_partitions(X), delayed_partitions(y)


def delayed_partitions(data: Any) -> list[Any]:
    """Return the partitions of an array or data frame, none of them joined by Dask's optimizer."""
    if hasattr(data, "simplify"):
        return data.simplify().to_delayed(optimize_graph=False)
    return [*np.ravel(data.to_delayed())]


def memory_of_rows(client: Client, X: Any) -> int:
    """Compute the bytes that each worker needs: twice its rows, to convert them; 0 if unknown."""
    if not hasattr(X, "chunks") or np.isnan(X.shape[0]):
        return 0
    n_workers = max(1, len(client.nthreads()))
    return round(2 * X.nbytes / n_workers)


def load_blocks(client: Client, tasks: Sequence[Any]) -> list[Future[ArrayDataset]]:
    """Load each partition on any worker, as tasks that are bound to lost workers would wait."""
    futures = [client.compute(task) for task in tasks]
    for future in ended(client, futures):
        error = future.exception()
        if is_of_dask(error):  # don't wait for the others, which may have lost their workers
            raise error
    for number, future in enumerate(futures):
        error = future.exception()
        if error is not None:
            problem = f"partition {number} can't be read: {in_a_line(error)}"
            raise ArgumentError(problem, argument="X") from error
    return futures


def is_of_dask(error: BaseException | None) -> TypeGuard[BaseException]:
    """Return whether an error comes from the cluster, rather than from a task."""
    return type(error).__module__.startswith("distributed")


def load_block(
    network: NetworkInterface, loss: Loss, scale: float, X: Any, y: Any
) -> ArrayDataset | ArgumentError | None:
    """Check a partition and convert it to arrays on a worker; None if it is empty."""
    try:
        for name, part in {"X": X, "y": y}.items():
            if hasattr(part, "tocsr"):
                problem = "sparse partitions can't be used"
                remedy = "call .toarray() in each"
                raise ArgumentError(problem, argument=name, remedy=remedy)
            if not hasattr(part, "__len__"):
                raise ArgumentError.of(name, part, "an array")
        if not len(X) and not len(y):
            return None
        if hasattr(X, "to_numpy"):
            X = X.to_numpy()
        if hasattr(y, "to_numpy"):
            y = y.to_numpy()
        if isinstance(X, np.ndarray) and not X.flags.aligned:
            # Keep the array as received. Otherwise, it would be converted to the network's dtype,
            # and the checksums of a checkpoint would depend on the alignment of a message in
            # memory.
            X = X.copy()
        return validate_arrays(network, loss, X, y, scale=scale)
    except ArgumentError as error:  # return the error, so that the worker does not log it
        return error


def sample_blocks(client: Client, futures: Sequence[Future[ArrayDataset]]) -> list[BlockSample]:
    """Take some rows of each block on the workers, and bring them here."""
    most = SAMPLE_ROWS // len(futures) + 1
    tasks = client.map(sample_of, futures, most=most, pure=False)
    wait_until_ended(client, tasks)
    samples: list[BlockSample] = client.gather(tasks)
    return samples


def sample_of(block: ArrayDataset | ArgumentError | None, most: int) -> BlockSample:
    """Count the rows of a block, and take some at equal distances."""
    if block is None:
        return BlockSample(0)
    if isinstance(block, ArgumentError):
        return BlockSample(0, error=block)
    n_rows = block.n_rows
    most_numbers = most * SAMPLE_NUMBERS // SAMPLE_ROWS
    most_wide = max(1, most_numbers // block.X.shape[1])  # fewer rows if they have many values
    count = min(n_rows, most, most_wide)
    places = np.linspace(0, n_rows - 1, count).astype(np.intp)
    return BlockSample(n_rows, rows=block.take(places))
