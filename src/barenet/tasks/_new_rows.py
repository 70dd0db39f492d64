"""New rows for a predictor: the files of a path or a pattern, read block by block.

For each block, only targets and outputs are kept, to compute the scores of all rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np

from barenet.datasets._dataset import Dataset
from barenet.errors import DataError
from barenet.files._predictor import Predictor
from barenet.model._arrays import FloatArray
from barenet.streams._stream_source import name_of_blocks, open_blocks
from barenet.tables.encoding._encoding import TableEncoding, new_values, select_used
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._file_columns import with_columns
from barenet.tables.frames._frame import Samples, Table
from barenet.tables.reading._unread_values import UnreadValues
from barenet.tables.reading._without_target import WithoutTarget
from barenet.tasks._description import rows_of_table
from barenet.tasks._measurement import Measurement, Scored


def open_new_rows(
    predictor: Predictor, data: str | PathLike[str], csv: CsvOptions, *, allow_missing: bool = False
) -> list[Table]:
    """Open the blocks of new rows, in files with the columns of a predictor."""
    blocks = open_blocks(data, csv)
    return with_columns(blocks, predictor.feature_names, allow_missing=allow_missing)


class NewRows:
    """Reads new rows by the columns of a predictor, and notes the values that can't be read."""

    def __init__(self, predictor: Predictor) -> None:
        self.encoding = predictor.preprocessing
        self._unread: UnreadValues | None = None
        if isinstance(self.encoding, TableEncoding):
            self._unread = new_values(self.encoding)

    def read(self, X: Samples) -> Samples:
        """Read a block; rows that are no table are unchanged."""
        if isinstance(self.encoding, TableEncoding) and self._unread is not None:
            return self._unread.read(select_used(self.encoding, X))
        return X

    def report(self) -> None:
        """Warn of values that can't be read; an error names columns without any that can."""
        if self._unread is not None:
            self._unread.report()


@dataclass(eq=False)
class BlockMeasurement(Measurement):
    """A measurement with the targets and outputs of its rows in memory."""

    #: Outputs on the scale of the training.
    outputs: FloatArray = field(kw_only=True)
    #: The reader of the rows, with the values that can't be read.
    new_rows: NewRows = field(kw_only=True)

    @cached_property
    def scored(self) -> Scored:
        return self._measure(self.outputs)


def measure_blocks(
    predictor: Predictor, blocks: Sequence[Table], metric: str, categories: Sequence[str] = ()
) -> BlockMeasurement:
    """Measure a predictor on the rows of blocks that have a target.

    The caller reports the values that can't be read, which are those of `new_rows`.
    """
    reader = NewRows(predictor)
    in_scale_of_training = replace(predictor, target_scaling=None)
    outputs: list[FloatArray] = []
    targets: list[Any] = []
    weights: list[Any] = []
    without_target = WithoutTarget()
    for block in blocks:
        rows = rows_of_table(predictor, block, categories=categories)
        without_target += rows.without_target
        if rows.n_samples:
            outputs.append(in_scale_of_training.outputs(reader.read(rows.X)))
            targets.append(rows.y)
            if rows.weight is not None:
                weights.append(rows.weight)
    path = blocks[0].path
    if not targets:
        problem = f"column {predictor.target_name!r} has no value in any row"
        raise DataError(problem, path=path)
    y = np.concatenate(targets)
    rows = Dataset(
        name=name_of_blocks(blocks),
        X=np.empty((len(y), 0)),
        y=y,
        classes=predictor.classes,
        feature_names=(),
        target_name=predictor.target_name,
        description=without_target.beside(len(y)),
        weight=np.concatenate(weights) if weights else None,
        without_target=without_target,
    )
    return BlockMeasurement(
        predictor, rows, metric, outputs=np.concatenate(outputs), new_rows=reader
    )
