"""Streams: tables larger than memory, which are read block by block.

A first pass over all blocks decides the kinds of the columns. A second one holds rows out, and
computes means, deviations and categories. Medians and quartiles are computed from a sample of the
training rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import (
    check_flag,
    check_number,
    check_seed,
    check_texts,
    convert,
)
from barenet._messages import count_of
from barenet.datasets._dataset import Dataset
from barenet.datasets._target_kind import TargetKind
from barenet.engines._block_rows import RowSource
from barenet.errors import ArgumentError
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network
from barenet.model.losses import Loss
from barenet.storage._file_io import machine_memory, parse_size
from barenet.streams._stream_fit import MOST_NUMBERS, StreamFit
from barenet.streams._stream_memory import check_blocks
from barenet.streams._stream_rows import StreamRows
from barenet.streams._stream_source import StreamSource, find_blocks
from barenet.tables.encoding._encoding import RARE, TableEncoding
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._table_rows import is_looked_up, table_rows
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._file_columns import check_declared_types, joined_names, with_columns
from barenet.tables.files._open_table import (
    check_target,
    feature_names,
    requests_for,
)
from barenet.tables.reading._column_words import (
    DROP,
    ColumnRequest,
    columns_with,
    kinds_of_requests,
    merge_columns,
)
from barenet.tables.reading._target import TargetTask


@dataclass(frozen=True, eq=False, kw_only=True)
class Stream(RowSource):
    """The training rows of files, and the encoding of their columns.

    `train` takes a stream in place of X. Its rows are encoded in the first epoch, into temporary
    files that are mapped into memory; each epoch visits them in another order.
    ``Task.open(files, target, memory="1GB").rows.stream`` is one.

    Attributes
    ----------
    source : object
        The files.
    encoding : TableEncoding
        The encoding of the columns.
    target_scaling : Scaling or None
        The scaling of a numeric target, to mean 0 and standard deviation 1; None for classes.
        ``dataclasses.replace(rows, target_scaling=None)`` keeps the numbers as they are, such as
        the counts of a Poisson loss.
    sample : Dataset
        At most about 65,536 random training rows, from which the metrics of the training set are
        computed; fewer rows if they are encoded as more than 4 million numbers.
    validation, test : Dataset or None
        The rows that are held out.
    lengths : tuple of int
        Number of training rows of each block.
    memory : int
        Bytes of memory that training may take, besides the system's file cache.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
    ...     _ = file.write("x,kind\\n1,a\\n2,b\\n3,a\\n")
    ...     file.flush()
    ...     rows = stream(file.name, "kind", columns={"x": "keep"})
    >>> rows.n_rows, rows.n_inputs, rows.n_outputs, rows.sample.classes
    (3, 1, 2, ('a', 'b'))
    """

    source: StreamSource
    encoding: TableEncoding
    target_scaling: Scaling | None
    sample: Dataset
    validation: Dataset | None
    test: Dataset | None
    lengths: tuple[int, ...]
    memory: int

    def __repr__(self) -> str:
        n_blocks = count_of(len(self.lengths), "block")
        n_inputs = count_of(self.n_inputs, "input")
        return f"<Stream: {self.n_rows:,} rows in {n_blocks} of {self.source.name}, {n_inputs}>"

    @property
    def n_rows(self) -> int:
        """Number of training rows."""
        return sum(self.lengths)

    @property
    def n_inputs(self) -> int:
        """Number of inputs of a network for these rows."""
        return self.encoding.n_inputs

    @property
    def n_outputs(self) -> int:
        """Number of outputs of a network for these rows: one for each class, or 1 for numbers."""
        return TargetKind.of(self.sample.classes).n_columns

    def read_block(self, number: int) -> Dataset:
        """Read the training rows of a block.

        Parameters
        ----------
        number : int
            The number of the block.

        Returns
        -------
        Dataset
            The rows.

        Raises
        ------
        DataError
            If the file has changed since it was opened, or can't be read.
        """
        block = self.source.read(number)
        training = self.source.training_of(block)
        return self.source.dataset(training, self.sample.classes)

    def arrays(self, rows: Dataset, dtype: Any = np.float32) -> tuple[NDArray[Any], NDArray[Any]]:
        """Encode rows, such as those of the test set.

        Parameters
        ----------
        rows : Dataset
            Rows with the columns of the files.
        dtype : dtype, default=float32
            Type of the inputs.

        Returns
        -------
        X : ndarray of shape (n_samples, n_inputs)
            The inputs of a network.
        y : ndarray of shape (n_samples,)
            Indices of the classes, or numbers in the scale of the training.
        """
        inputs = self.encoding.transform(rows.X, dtype)
        return inputs, self._targets(rows)

    def make_rows(
        self, network: Network, loss: Loss, y: Any, weight: Any, scale: float
    ) -> StreamRows:
        for name, value in {"y": y, "sample_weight": weight}.items():
            if value is not None:
                raise ArgumentError("expected None: a stream has its own", argument=name)

        # Texts have different numbers of words, and each row in the files as many entries.
        has_words = any(isinstance(column, WordsColumn) for column in self.encoding.used)
        are_entries = is_looked_up(self.encoding, network) and not has_words

        def encode(rows: Dataset) -> ArrayDataset:
            X: Any
            if are_entries:
                X = table_rows(self.encoding, rows.X, network.dtype, complete=True)
            else:
                X = self.encoding.transform(rows.X, network.dtype)
            targets = self._targets(rows)
            return validate_arrays(network, loss, X, targets, scale=scale)

        n_rows = self.sample.n_samples
        most = max(1, MOST_NUMBERS // self.n_inputs)
        n_sampled = min(n_rows, most)
        places = np.linspace(0, n_rows - 1, n_sampled).astype(np.int64)
        sample = encode(self.sample.take(places))
        return StreamRows.of(self, encode, sample)

    def _targets(self, rows: Dataset) -> NDArray[Any]:
        """Indices of the classes, or numbers in the scale of the training."""
        if self.target_scaling is None:
            return rows.y
        return self.target_scaling.transform(rows.y.reshape(-1, 1)).ravel()


def stream(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    target: str,
    *,
    task: TargetTask | None = None,
    test_size: float = 0.0,
    validation_size: float = 0.0,
    split_seed: int = 0,
    memory: str | None = None,
    columns: Mapping[str, str | ColumnRequest] | None = None,
    missing: Collection[str] = (),
    numbers: Literal["none", "standardize", "minmax", "robust"] = "standardize",
    rare: float = RARE,
    csv: CsvOptions | None = None,
    allow_missing_columns: bool = False,
    track: Callable[[range], Iterable[int]] = iter,
) -> Stream:
    """Open tables that may be larger than memory, to train on their rows.

    The files are read block by block: the row groups of Parquet files, or some megabytes of CSV
    files, whose columns take a temporary file. A first pass over all blocks decides what each
    column is, and a second one fits the encoding.
    Means, standard deviations, ranges and categories are computed from all training rows; medians,
    quartiles and the scales of dates in bins from about 65,536 of them.

    Parameters
    ----------
    paths : str or path-like, or a sequence of them
        Parquet or CSV files, or patterns such as ``"data/*.parquet"``, with the same columns in any
        order.
    target : str
        The column to predict.
    task : {"classification", "regression"}, optional
        The kind of the target, as for `load_table`.
    test_size, validation_size : float, default=0.0
        Fractions of the rows to hold out: at most about 65,536 rows, and fewer if rows have many
        values. A hash of its position determines whether a row is held out.
    split_seed : int, default=0
        Seed of this choice.
    memory : str, optional
        Memory that the training may take, such as ``"2GB"``; by default a quarter of the machine's.
        In addition, the system caches pages of the encoded rows in free memory. The result does not
        depend on the limit.
    columns : mapping of str to str, optional
        The words for single columns, as for `load_table`.
    missing : collection of str, default=()
        As for `TableEncoding.fit`.
    numbers : {"none", "standardize", "minmax", "robust"}, default="standardize"
        The scaling of numbers.
    rare : float, default=0.01
        As for `TableEncoding.fit`.
    csv : CsvOptions, optional
        The format of CSV files.
    allow_missing_columns : bool, default=False
        Whether a file may lack a column that another file has. The values are then missing, and a
        warning counts such files. By default, that is an error.
    track : callable, default=iter
        Wraps the numbers of the blocks as they are first read, such as ``tqdm.tqdm`` for a progress
        bar.

    Returns
    -------
    Stream
        Pass it to `train` as X, and leave out y.

    Raises
    ------
    DataError
        If a file or a value in it cannot be used; the message names the file, and the line or the
        row. If a file lacks a column, or files declare different types of a column; the message
        names the file and the column.
    ValueError
        If an argument is wrong.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from barenet import Network, train
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for part in range(3):
    ...         lines = [f"{x},{x % 7}" for x in range(part, 300, 3)]
    ...         _ = Path(folder, f"{part}.csv").write_text("\\n".join(["x,y", *lines]))
    ...     rows = stream(f"{folder}/*.csv", "y", task="regression", test_size=0.2)
    ...     network = Network.dense([rows.n_inputs, 8, rows.n_outputs])
    ...     history = train(network, rows, validation_data=rows.arrays(rows.test), epochs=3)
    >>> rows.n_rows + rows.test.n_samples, len(history)
    (300, 3)
    """
    convert(task, TargetTask | None, "task")
    limit = machine_memory() // 4 if memory is None else parse_size(memory, "memory")
    convert(paths, str | PathLike | tuple[str | PathLike, ...], "paths")  # type: ignore[type-arg]
    csv = csv or CsvOptions()
    requests = merge_columns(columns, date_format=csv.date_format)
    blocks = find_blocks(paths, csv, limit)
    if not any(block.n_rows for block in blocks):
        raise ArgumentError("the files have no rows", argument="paths", value=paths)
    check_flag(allow_missing_columns, "allow_missing_columns")
    names = joined_names(blocks)
    n_names_of_first = len(blocks[0].names)
    absent = tuple(names[n_names_of_first:])
    table = replace(blocks[0], absent=absent)
    target = check_target(table, target)
    check_blocks(blocks, limit)
    of_table = requests_for(table, requests, target)
    drop = columns_with(of_table, DROP)
    features = feature_names(table, {target, *drop})
    blocks = with_columns(blocks, features, allow_missing=allow_missing_columns, target=target)
    kinds = kinds_of_requests(of_table)
    compared = [name for name in features if name not in kinds]
    if task != "classification":
        compared.append(target)
    check_declared_types(blocks, compared, target)
    source = StreamSource(
        blocks=blocks,
        features=features,
        target=target,
        task=task,
        categories=columns_with(of_table, "names"),
        missing=check_texts(missing, "missing"),
        seed=check_seed(split_seed, "split_seed"),
        test_size=check_number(test_size, "test_size", ge=0, lt=1),
        validation_size=check_number(validation_size, "validation_size", ge=0, lt=1),
    )
    used = {name: request for name, request in of_table.items() if request.words != DROP}
    parts = StreamFit(source, used, numbers, rare, track).run()
    return Stream(
        source=parts.source,
        encoding=parts.encoding,
        target_scaling=parts.target_scaling,
        sample=parts.sample,
        validation=parts.validation,
        test=parts.test,
        lengths=parts.lengths,
        memory=limit,
    )
