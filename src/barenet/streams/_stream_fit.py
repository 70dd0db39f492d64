"""The two passes over all blocks of a stream: for the kinds of its columns, and the encoding."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._messages import count_of
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError, DataError
from barenet.streams._column_statistics import ColumnStatistics
from barenet.streams._stream_memory import GROUP_NUMBERS, bytes_of
from barenet.streams._stream_source import StreamSource, concatenate
from barenet.tables.encoding import _column_fitting as fitting
from barenet.tables.encoding._column import Column, DroppedColumn
from barenet.tables.encoding._encoding import TableEncoding, check_rare
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.frames._coded_texts import unique_texts
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._class_labels import is_number
from barenet.tables.reading._column_reading import (
    Reading,
    forms_of,
    reading_of,
    refuse_undecided,
    settle_readings,
    warn_of_likely_kinds,
    warn_of_unread,
)
from barenet.tables.reading._column_texts import ColumnTexts
from barenet.tables.reading._column_values import parse_column, read_frame
from barenet.tables.reading._column_words import (
    KEEP,
    ColumnRequests,
    columns_with,
    kinds_of_requests,
    missing_of_requests,
)
from barenet.tables.reading._doubtful_dates import warn_of_future_years
from barenet.tables.reading._readers import is_date, is_numeric
from barenet.tables.reading._table_reading import missing_tokens, stated_kinds
from barenet.tables.reading._target import MAX_CLASSES, known_targets, read_target
from barenet.tables.reading._unread_values import UnreadValues
from barenet.tables.reading._without_target import total

#: Blocks, evenly spaced, to whose first rows a draft of the encoding is fitted.
N_SAMPLED_BLOCKS = 8

#: Maximum number of rows in the sample, the validation set and the test set. A quantile of 65,536
#: rows differs from that of all rows by less than 1 % of the rows, except with probability 1 in
#: 246,000 (Dvoretzky, Kiefer and Wolfowitz).
MOST_ROWS = 2**16
#: Maximum number of values in each of them, of eight bytes before they are encoded.
MOST_NUMBERS = 2**22

#: Maximum number of different values, of about 16 MB, that are counted in a column that looks like
#: identifiers or has only rare values in the sample.
MOST_LABELS = 2**17

#: Maximum numbers of different texts that are counted in a column, and in all columns.
MOST_TEXTS = 2**16
MOST_TEXTS_OF_ALL = 2**19


class StreamParts(NamedTuple):
    """The parts of a stream, except its memory."""

    source: StreamSource
    encoding: TableEncoding
    target_scaling: Scaling | None
    sample: Any
    validation: Dataset | None
    test: Dataset | None
    lengths: tuple[int, ...]


def sample_blocks(source: StreamSource) -> Frame:
    """Read the first training rows of some blocks."""
    frames: list[Frame] = []
    n_rows = 0
    most_of_all_blocks = min(MOST_ROWS, MOST_NUMBERS // len(source.features))
    most = max(1, most_of_all_blocks // N_SAMPLED_BLOCKS)
    numbers = np.linspace(0, len(source) - 1, N_SAMPLED_BLOCKS).astype(int)
    for number in np.unique(numbers).tolist():
        block = source.read(number)
        training = source.training_of(block)
        n_taken = min(len(training), most)
        frames.append(training.take(np.arange(n_taken)))
        n_rows += len(block.rows)
        del block, training  # release them before the next block is read
    if n_rows < 2:
        n_values = count_of(n_rows, "value")
        n_blocks = count_of(len(source), "block")
        problem = f"column {source.target!r} has {n_values} in {len(frames)} of {n_blocks}, "
        problem += "at least 2 are needed"
        raise DataError(problem, path=source.name)
    first_rows = concatenate(frames)
    if len(first_rows) < 2:
        problem = f"{source.test_size:g} for the test set and {source.validation_size:g} for the "
        problem += f"validation set leave less than 2 rows of {source.name} to train on"
        raise ArgumentError(problem, argument="test_size")
    return first_rows


def _fit_draft(sample: Frame, options: Mapping[str, Any]) -> TableEncoding:
    """Fit the encoding of a sample, keeping all categories if no column were left otherwise."""
    try:
        return TableEncoding.fit(sample, **options)
    except DataError as error:
        if error.column is not None:
            raise
        with_all_categories = {**options, "rare": 0}
        return TableEncoding.fit(sample, **with_all_categories)


class _Counts(NamedTuple):
    """The texts of columns, and the kinds of those whose types are declared."""

    texts: dict[str, ColumnTexts]
    declared: dict[str, Reading]


def _count_texts(
    source: StreamSource,
    names: Sequence[str],
    track: Callable[[range], Iterable[int]],
) -> _Counts:
    """Count the texts of columns in all blocks."""
    most = min(MOST_TEXTS, MOST_TEXTS_OF_ALL // max(1, len(names)))
    counts = {name: ColumnTexts(most=most) for name in names}
    declared = {}
    categories = {}
    for number in track(range(len(source))):
        block = source.read(number)
        for name in names:
            values = block.rows.columns[name]
            if name in block.rows.kinds:
                categories[name] = Reading(block.rows.kinds[name])
            elif values.dtype.kind == "b":
                declared[name] = Reading("boolean")
            elif values.dtype.kind == "M":
                declared[name] = Reading("ymd")
            else:
                counts[name].add(values, (*source.tokens, *source.markers.get(name, ())))
    for texts in counts.values():
        texts.complete()
    # A file without a value in a column may declare any type.
    for name in [*declared]:
        if counts[name].n_rows:
            del declared[name]
    return _Counts(counts, declared | categories)


def _refuse_undecided_target(source: StreamSource) -> None:
    """Raise an error for a target that two readings read differently, with the row of a value."""
    reading = source.target_reading
    if source.task == "classification" or reading is None or not reading.candidates:
        return
    for number in range(len(source)):
        rows = source.read(number).rows
        _, texts = unique_texts(rows.columns[source.target])
        if reading.example in texts:
            read_target(rows, source.target, source.task, reading)


class StreamFit:
    """The two passes over all blocks that fit the encoding and hold rows out.

    The first pass counts the texts of each column, from which their kinds follow, so the order of
    the files doesn't matter. The second one measures the columns.
    """

    def __init__(
        self,
        source: StreamSource,
        requests: ColumnRequests,
        numbers: str,
        rare: float,
        track: Callable[[range], Iterable[int]],
    ) -> None:
        self.numbers = numbers
        first_rows = sample_blocks(source)
        tokens = missing_tokens(source.missing)
        kinds = stated_kinds(first_rows, requests)
        #: Columns whose kind follows from their values.
        self.inferred = [name for name in source.features if name not in kinds]
        #: Texts that stand for a missing value only in some columns, by their names.
        self.markers = missing_of_requests(requests)
        source = replace(source, tokens=tokens, markers=self.markers)
        counts = _count_texts(source, [*self.inferred, source.target], track)
        mixed = [name for name, texts in counts.texts.items() if texts.n_numbers and texts.texts]
        if mixed:
            source = replace(source, mixed=mixed)
            first_rows = sample_blocks(source)
            counts.texts.update(_count_texts(source, mixed, iter).texts)
        forms = {name: forms_of(first_rows, name, source.target) for name in counts.texts}
        readings = {name: reading_of(texts, forms[name]) for name, texts in counts.texts.items()}
        with_target = settle_readings(readings, counts.texts, forms) | counts.declared
        source = replace(source, target_reading=with_target[source.target])
        # The target has no part in the kinds of the features.
        del counts.texts[source.target]
        readings = settle_readings(readings, counts.texts, forms) | counts.declared
        readings.pop(source.target, None)
        _refuse_undecided_target(source)
        blocks = (source.read(number).rows for number in range(len(source)))
        refuse_undecided(blocks, readings)
        for name, reading in readings.items():
            kinds[name] = reading.kind
        self.readings = readings
        #: The kind of each column.
        self.kinds = kinds
        source = replace(source, kinds=kinds)
        first_rows, _ = read_frame(first_rows, kinds, tokens, self.markers)
        self.rare = check_rare(rare)
        self.fraction = self.rare
        if self.rare >= 1:
            # A number of rows is converted to a fraction of all rows, and applied to the sample.
            n_rows = source.first_rows[-1]
            # Below 1, as a value of 1 or more would again be a number of rows.
            self.fraction = min(self.rare / n_rows, 0.99)
        features = first_rows.select(source.features)
        options = {
            "numbers": numbers,
            "rare": self.fraction,
            "columns": requests,
            "missing": source.missing,
        }
        self.draft = _fit_draft(features, options)
        self.source = self._with_sample(source, first_rows)
        _, classes = read_target(first_rows, source.target, source.task, source.target_reading)
        self.of_classes = classes is not None
        #: Columns that are kept even if they look like identifiers.
        self.kept = {*columns_with(requests, KEEP), *kinds_of_requests(requests)}
        #: Columns of texts to read by their words.
        self.of_words = columns_with(requests, "words")
        self.statistics = {name: ColumnStatistics(name) for name in kinds}
        #: Categorical columns, whose different labels are counted up to a limit.
        self.bounded = self._identifiers()
        #: Columns with too many labels to count, and those of words, which the sample shows.
        self.uncounted = set(self.of_words)
        #: Statistics of a numeric target.
        self.target = ColumnStatistics(source.target)
        #: Rows that together have every class of the target.
        self.targets: list[Frame] = []
        self.parts: dict[str, list[Frame]] = {"test": [], "validation": [], "sample": []}
        self.lengths: list[int] = []

    def _identifiers(self) -> set[str]:
        """Find the columns of names that the first rows leave out or read by their words."""
        names = set()
        for column in self.draft.columns:
            is_dropped_or_text = isinstance(column, DroppedColumn | WordsColumn)
            if self.kinds[column.name] == "category" and is_dropped_or_text:
                names.add(column.name)
        return names.intersection(self.inferred)

    def _with_sample(self, source: StreamSource, first_rows: Frame) -> StreamSource:
        """Hold out fewer rows if they are wide, to save memory, and note the first targets."""
        n_rows = source.first_rows[-1]
        row_bytes = bytes_of(first_rows) / len(first_rows)
        values_per_row = row_bytes / 8  # a number has 8 bytes
        n_sampled = min(MOST_ROWS, MOST_NUMBERS / values_per_row)
        n_held_out = min(n_sampled, GROUP_NUMBERS / self.draft.n_inputs)
        largest_fraction = n_held_out / n_rows
        targets: Collection[str] = ()
        if first_rows[source.target].dtype.kind == "T":
            _, targets = unique_texts(first_rows[source.target])
        return replace(
            source,
            sample_size=n_sampled / n_rows,
            test_size=min(source.test_size, largest_fraction),
            validation_size=min(source.validation_size, largest_fraction),
            first_targets=targets,
        )

    def run(self) -> StreamParts:
        """Read all blocks, and return the parts of a stream."""
        for number in range(len(self.source)):
            self._add(number)
        self._refuse_without_value()
        warn_of_unread(self.source.all_unread(), self.kinds, may_be_names=True)
        warn_of_likely_kinds(self.readings)
        extremes = {name: self._extremes(name) for name in self.kinds}
        warn_of_future_years(self.kinds, extremes)
        # The parts of one set are released before the next is joined, to save memory.
        test = concatenate(self.parts.pop("test"))
        validation = concatenate(self.parts.pop("validation"))
        sample = concatenate(self.parts.pop("sample"))
        classes = self._classes()
        scaling = self._target_scaling() if classes is None else None
        return StreamParts(
            source=self.source,
            encoding=TableEncoding(self._fit_columns(sample), self.draft.missing),
            target_scaling=scaling,
            sample=self._dataset(sample, classes),
            validation=self._dataset(validation, classes),
            test=self._dataset(test, classes),
            lengths=tuple(self.lengths),
        )

    def _refuse_without_value(self) -> None:
        """Raise an error for columns no value of which can be read in any row."""
        kinds = {}
        for name in self.source.all_unread():
            statistics = self.statistics[name]
            if not statistics.blocks and not statistics.labels:
                kinds[name] = self.kinds[name]
        if not kinds:
            return
        unread = UnreadValues(kinds, self.source.tokens, self.markers, may_be_names=True)
        of_texts = replace(self.source, kinds={}, unread={})
        for number in range(len(of_texts)):
            unread.read(of_texts.read(number).rows)
        unread.refuse_without_value()

    def _dataset(self, rows: Frame, classes: tuple[str, ...] | None) -> Dataset | None:
        """Make a data set of rows, if there are any."""
        return self.source.dataset(rows, classes) if len(rows) else None

    def _add(self, number: int) -> None:
        """Add the rows of a block."""
        source = self.source
        block = source.read(number)
        rows = block.rows
        hashes = block.hashes
        held_out = source.test_size + source.validation_size
        # The rows with the smallest hashes are held out. The sample has the training rows with the
        # largest ones.
        is_test = hashes < source.test_size
        is_validation = (hashes >= source.test_size) & (hashes < held_out)
        is_sampled = hashes >= max(held_out, 1 - source.sample_size)
        # Joining one frame leaves out the texts of the other rows of its block.
        self.parts["test"].append(concatenate([rows.take(is_test)]))
        self.parts["validation"].append(concatenate([rows.take(is_validation)]))
        self.parts["sample"].append(concatenate([rows.take(is_sampled)]))
        training = source.training_of(block)
        self.lengths.append(len(training))
        self._measure(training)
        if self.of_classes:
            _, first = np.unique(rows[source.target], return_index=True)
            targets = rows.select([source.target])
            self.targets.append(targets.take(first))
        else:
            self.target.add(known_targets(training, source.target, None, source.target_reading))

    def _measure(self, training: Frame) -> None:
        """Add the values of a block to the statistics of columns."""
        for name, kind in self.kinds.items():
            if name in self.uncounted:
                continue
            statistics = self.statistics[name]
            missing = (*self.draft.missing, *self.markers.get(name, ()))
            statistics.add(parse_column(training, name, kind, missing))
            if name in self.bounded and len(statistics.labels) > MOST_LABELS:
                self.uncounted.add(name)

    def _target_scaling(self) -> Scaling:
        """Compute the scaling of a numeric target to mean 0 and standard deviation 1."""
        mean, deviation = self.target.center_and_scale("standardize")
        return Scaling("standardize", np.array([mean]), np.array([1 / deviation]))

    def _classes(self) -> tuple[str, ...] | None:
        """List the names of the classes in all rows, if there are classes."""
        if not self.of_classes:
            return None
        rows = concatenate(self.targets)
        source = self.source
        _, classes = read_target(rows, source.target, "classification")
        assert classes is not None  # a classification has classes
        if len(classes) < 2:
            problem = f"column {source.target!r} holds {classes[0]!r} in every row"
            remedy = ""
            n_without = total(source.without_target.values()).n_rows
            if n_without:
                problem += f" with a target; {count_of(n_without, 'row')} have none"
                remedy = "if that is a class, write a name for it in these rows"
            raise DataError(problem, path=source.name, remedy=remedy)
        if source.task is not None:
            return classes
        if not all(is_number(name) for name in classes):
            read_target(rows, source.target, None)  # this rejects numbers among names
        elif len(classes) > MAX_CLASSES:
            problem = f"the target has {len(classes)} different numbers, and few at first"
            raise ArgumentError(problem, argument="task", remedy="give the task")
        return classes

    def _fit_columns(self, sample: Frame) -> tuple[Column, ...]:
        """Fit the columns to all rows; keep counters and identifiers if no other column is left."""
        names = [column.name for column in self.draft.columns]
        columns = [self._fit(name, sample) for name in names]
        for column in columns:
            if not isinstance(column, DroppedColumn):
                return tuple(columns)
        return tuple(self._fit(name, sample, keep=True) for name in names)

    def _fit(self, name: str, sample: Frame, *, keep: bool = False) -> Column:
        """Fit a column to all rows, with its own texts for missing values."""
        column = self._fit_kind(name, sample, keep=keep)
        if isinstance(column, DroppedColumn):
            return column
        return replace(column, missing_texts=self.markers.get(name, ()))

    def _fit_measured(self, rows: Frame, name: str, missing: Collection[str]) -> Column:
        """Fit a column of numbers, dates or booleans to some rows."""
        return fitting.fit_column(
            rows, name, self.kinds[name], scaling=self.numbers, rare=self.rare, missing=missing
        )

    def _with_extremes(self, sample: Frame, name: str, missing: Collection[str]) -> Frame:
        """Add the smallest and the largest of all values of a column to those of the sample."""
        values = parse_column(sample, name, self.kinds[name], missing)
        return Frame({name: np.concatenate([values, self._extremes(name)])})

    def _extremes(self, name: str) -> NDArray[Any]:
        """The smallest and the largest value of a column, and a missing one if one is missing."""
        extremes = np.array(self.statistics[name].extremes)
        return (1e6 * extremes).astype("M8[us]") if is_date(self.kinds[name]) else extremes

    def _fit_kind(self, name: str, sample: Frame, *, keep: bool) -> Column:
        """Fit a column to all rows, or to the sample if all rows have not been measured."""
        missing = (*self.draft.missing, *self.markers.get(name, ()))
        column_kind = self.kinds[name]
        if name in self.uncounted:
            requested = "words" if name in self.of_words else None
            return fitting.fit_column(
                sample,
                name,
                requested,
                keep=self.kept,
                scaling=self.numbers,
                rare=self.fraction,
                missing=missing,
                inferred=column_kind,
            )
        statistics = self.statistics[name]
        if column_kind == "category":
            return statistics.category(
                self.rare, is_guess=name not in self.kept, may_have_words=name in self.inferred
            )
        is_kept = keep or name in self.kept or name not in self.inferred
        if is_numeric(column_kind) and not is_kept:
            values = parse_column(sample, name, column_kind, missing)
            reason = fitting.identity(name, values, sample.rows)
            if reason:
                return DroppedColumn(name, reason)
        fitted = self._fit_measured(sample, name, missing)
        if isinstance(fitted, DroppedColumn):  # in the sample, all values are equal or missing
            with_extremes = self._with_extremes(sample, name, missing)
            fitted = self._fit_measured(with_extremes, name, missing)
        return statistics.refine(fitted, self.numbers)
