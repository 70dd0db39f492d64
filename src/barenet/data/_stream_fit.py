"""The pass over all blocks of a stream, which fits the encoding and holds rows out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import Column, DroppedColumn
from barenet.data._column_fitting import fit_column, in_pieces
from barenet.data._column_kinds import COLUMNS, NumberColumn
from barenet.data._column_statistics import ColumnStatistics
from barenet.data._encoding import TableEncoding
from barenet.data._frame import Frame
from barenet.data._parsing import as_labels, complete_numbers, encode, unique_texts
from barenet.data._scaling import Scaling
from barenet.data._stream_source import StreamSource, as_dataset, concatenate
from barenet.data._target import MAX_CLASSES, Task, read_target
from barenet.errors import ArgumentError

#: Blocks, evenly spaced, from whose first rows the kinds of the columns are inferred.
N_PILOTS = 8


def pilots(source: StreamSource) -> list[Frame]:
    """The first rows of some blocks."""
    numbers = np.unique(np.linspace(0, len(source) - 1, N_PILOTS).astype(int))
    return [
        source.read_training(at).take(slice(source.most_rows // N_PILOTS))
        for at in numbers.tolist()
    ]


class StreamFit:
    """The pass over all blocks that fits the encoding and holds rows out."""

    def __init__(self, source: StreamSource, task: Task | None, options: Mapping[str, Any]) -> None:
        self.source, first_rows = source, concatenate(pilots(source))
        self.pilot = TableEncoding.fit(first_rows.select(source.features), **options)
        self.of_classes = read_target(first_rows, source.target, task)[1] is not None
        self.numbers, self.rare = options.get("numbers", "standardize"), options.get("rare", 0.01)
        self.bins = options.get("bins", 24)
        self.kinds = {
            column.name: "number" if isinstance(column, NumberColumn) else column.kind
            for column in self.pilot.used
        }
        self.statistics = {name: ColumnStatistics() for name in self.kinds}
        #: Of a target of numbers, and the values of one of classes.
        self.target, self.values = ColumnStatistics(), set[Any]()
        self.parts: dict[str, list[Frame]] = {"test": [], "validation": [], "sample": []}
        self.lengths = list[int]()

    def run(self) -> dict[str, Any]:
        """Read all blocks, and return the parts of a stream."""
        for number in range(len(self.source)):
            self._add(*self.source.read(number))
        sample = concatenate(self.parts["sample"])
        classes, scaling = self._classes(), None
        if classes is None:
            mean, factor = self.target.mean, 1 / self.target.deviation
            scaling = Scaling("standardize", np.array([mean]), np.array([factor]))
        parts = {
            name: as_dataset(concatenate(frames), self.source, classes) if frames else None
            for name, frames in self.parts.items()
        }
        columns = tuple(self._fit(column, sample) for column in self.pilot.columns)
        if self.numbers == "piecewise":
            columns = in_pieces(columns, sample, self.bins, self.pilot.missing)
        encoding = TableEncoding(columns, self.pilot.missing)
        return {
            **parts,
            "encoding": encoding,
            "target_scaling": scaling,
            "lengths": tuple(self.lengths),
        }

    def _add(self, rows: Frame, hashes: NDArray[np.float64]) -> None:
        """Add the rows of a block."""
        source = self.source
        held_out = source.test + source.validation
        uses = {
            "test": hashes < source.test,
            "validation": (hashes >= source.test) & (hashes < held_out),
            "sample": hashes >= max(held_out, 1 - source.most_rows / source.n_rows),
        }
        for name, chosen in uses.items():
            if chosen.any():
                self.parts[name].append(rows.take(chosen))
        is_training = hashes >= held_out
        training = rows if is_training.all() else rows.take(is_training)
        self.lengths.append(len(training))
        for name, kind in self.kinds.items():
            self.statistics[name].add(COLUMNS[kind].parse(training, name, self.pilot.missing))
        if self.of_classes:
            self.values.update(_values(rows, source.target))
        else:
            self.target.add(complete_numbers(training, source.target))

    def _classes(self) -> tuple[str, ...] | None:
        """The names of the classes of all rows, if there are classes."""
        if not self.of_classes:
            return None
        are_text = {isinstance(value, str) for value in self.values}
        if len(are_text) > 1:
            problem = f"column {self.source.target!r} has text in some blocks and numbers in others"
            raise ArgumentError(problem, argument="target")
        if self.source.task is None and are_text == {False} and len(self.values) > MAX_CLASSES:
            problem = f"the target has {len(self.values)} different numbers, and few at first"
            raise ArgumentError(problem, argument="task", remedy="give the task")
        return encode(np.array(sorted(self.values)))[1]

    def _fit(self, column: Column, sample: Frame) -> Column:
        """Fit a column to all rows, and to the sample where they have not been measured."""
        if isinstance(column, DroppedColumn):
            return column
        kind, statistics = self.kinds[column.name], self.statistics[column.name]
        if kind == "category":
            return statistics.category(column.name, self.rare)
        fitted = fit_column(
            sample, column.name, kind, numbers=self.numbers, rare=self.rare,
            missing=self.pilot.missing,
        )  # fmt: skip
        return statistics.refine(fitted, self.numbers)


def _values(rows: Frame, name: str) -> set[Any]:
    """The different values of a column of classes."""
    column = rows[name]
    if column.dtype.kind == "f":
        return set(np.unique(complete_numbers(rows, name)).tolist())
    return (
        set(as_labels(rows, name, ()).tolist())
        if column.dtype.kind == "b"
        else {*unique_texts(column)[1]}
    )
