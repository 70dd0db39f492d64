"""Rows of CSV files that can't be read, which ``barenet predict --rejected`` sets aside.

These have another number of values than the file has columns, or a value that the model can't take.
The other rows are predicted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet import Predictor, TableEncoding
from barenet._messages import with_addresses
from barenet.errors import DataError
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._encoding import encode_column
from barenet.tables.encoding._named_columns import named_matrix
from barenet.tables.files._csv_blocks import CsvBlock
from barenet.tables.files._open_table import read_columns
from barenet.tables.frames._column_names import spelled_names
from barenet.tables.frames._frame import Frame, describe_wrong_value
from barenet.tables.reading._column_values import read_frame


@dataclass(frozen=True)
class RejectedRows:
    """The rejected rows of all files, as columns for a file of them."""

    file: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    #: The original row.
    row: list[str] = field(default_factory=list)

    def read(
        self, block: CsvBlock, predictor: Predictor, categories: Sequence[str]
    ) -> tuple[Frame, NDArray[np.intp]]:
        """Read the rows of a block that a model can take, and note the others.

        The result is a frame of these rows, and their positions in the block.
        """
        rejected = [*block.uneven]
        X = read_columns(block, predictor.feature_names, unparsed=categories)
        kept, faults = find_rows(X, predictor)
        for row, record in block.records_at(faults).items():
            fault = faults[row]
            name = str(fault.column)
            [spelling] = spelled_names([name], block.names)
            value = ""  # of a column that the file lacks
            if spelling in block.names:
                value = record.fields[block.names.index(spelling)]
            reason = describe_wrong_value(name, fault.expected, value)
            rejected.append(record._replace(reason=reason))
        for record in sorted(rejected):
            self.file.append(with_addresses(block.path))
            self.line.append(str(record.line))
            self.reason.append(record.reason)
            self.row.append(record.text)
        return X.take(kept), kept


#: Raises an error for values that a model can't take.
Check: TypeAlias = Callable[[Frame], Any]


def find_rows(frame: Frame, predictor: Predictor) -> tuple[NDArray[np.intp], dict[int, DataError]]:
    """Find the rows that a model can take, and the error of each other row by its position."""
    checks: list[tuple[Sequence[str], Check]] = []
    encoding = predictor.preprocessing
    if isinstance(encoding, TableEncoding):
        checks.extend(
            ([column.name], partial(_check_column, column, encoding.missing))
            for column in encoding.used
        )
    else:
        all_names = predictor.feature_names
        checks.append((all_names, partial(named_matrix, names=all_names, scaling=encoding)))
    rows = np.arange(len(frame))
    faults: dict[int, DataError] = {}
    for names, check in checks:
        columns = frame.select(names)
        fault = _fault(columns.take(rows), check)
        while fault is not None:
            for row in rows[fault.positions].tolist():
                faults[row] = fault
            rows = np.delete(rows, fault.positions)
            fault = _fault(columns.take(rows), check)
    return rows, faults


def _fault(frame: Frame, check: Check) -> DataError | None:
    """Return the error of wrong values, if there are any; raise any other error."""
    try:
        check(frame)
    except DataError as error:
        if not error.positions:
            raise
        return error
    return None


def _check_column(column: Column, missing: Sequence[str], frame: Frame) -> None:
    """Raise an error for values that a column of an encoding can't take."""
    kinds = {column.name: column.reading} if column.reading else {}
    read, unread = read_frame(frame, kinds, (*missing, *column.missing_texts))
    for name, lost in unread.items():
        raise lost.fault(frame, name)
    encode_column(column, read, missing)
