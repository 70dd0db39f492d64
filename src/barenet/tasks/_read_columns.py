"""Reads the columns of a table once, from all of its rows, before it is split.

Whether a column holds dates or names follows from all rows, test rows included: that is read, not
learned, so that nothing of a test row leaks into the training.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from os import fspath
from typing import Any, Self

import numpy as np

from barenet.datasets._dataset import Dataset
from barenet.datasets._table_loading import read_samples
from barenet.errors import DataError
from barenet.settings._task_settings import TaskSettings
from barenet.storage._file_io import PARQUET_SUFFIXES, plain_name
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._file_columns import with_columns
from barenet.tables.files._open_table import Source, check_table_names, open_table
from barenet.tables.frames._coded_texts import unique_texts
from barenet.tables.frames._frame import CATEGORY, FileForms, Frame, Table
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading._column_reading import Reading
from barenet.tables.reading._column_values import Losses
from barenet.tables.reading._column_words import merge_columns, missing_of_requests
from barenet.tables.reading._date_formats import date_text
from barenet.tables.reading._number_forms import DURATION
from barenet.tables.reading._parsing import to_number
from barenet.tables.reading._readers import NO_FORMS, is_date, reader_of
from barenet.tables.reading._table_reading import missing_tokens, read_table_columns
from barenet.tables.reading._unread_values import UnreadValues

#: Number of different texts among which one that isn't written like its value is the example.
N_PROBED = 100


@dataclass(frozen=True)
class ReadTexts:
    """The texts that the columns of a table had before they were read, by column."""

    #: A text of each column, and what it is read as; empty for a text that is its own reading.
    examples: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    #: The values that can't be read.
    unread: Losses = field(default_factory=dict)
    #: The kind of most values of a column of names.
    likely: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        texts: Frame,
        read: Frame,
        missing: Collection[str],
        markers: Mapping[str, Collection[str]],
        *,
        unread: Losses,
        readings: Mapping[str, Reading],
    ) -> Self:
        """Choose examples among the texts of a frame before it was read."""
        examples = {}
        for name, column_kind in read.kinds.items():
            column = texts.columns.get(name)
            if column_kind != CATEGORY and column is not None and column.dtype.kind == "T":
                tokens = (*missing, *markers.get(name, ()))
                _, different = unique_texts(column)
                examples[name] = example_of(different, column_kind, tokens, texts.forms_of(name))
        likely = {name: reading.likely for name, reading in readings.items() if reading.likely}
        return cls(examples, unread, likely)

    def beside(self, earlier: Self) -> Self:
        """Add the texts of columns that had been read before."""
        return replace(
            earlier,
            examples={**self.examples, **earlier.examples},
            unread={**self.unread, **earlier.unread},
        )


def with_columns_read(dataset: Dataset, settings: TaskSettings) -> tuple[Dataset, ReadTexts]:
    """Read the columns of text as numbers, dates or names; warn of values that can't be read."""
    texts = dataset.X
    if not isinstance(texts, Frame):
        return dataset, ReadTexts()
    options = settings.table_options([*texts.columns])
    requests = merge_columns(options.get("columns"))
    missing = options.get("missing", ())
    frame, readings, unread = read_table_columns(texts, requests, missing=missing)
    tokens = missing_tokens(missing)
    markers = missing_of_requests(requests)
    read = ReadTexts.of(texts, frame, tokens, markers, unread=unread, readings=readings)
    return replace(dataset, X=frame), read


def read_test_rows(source: Source, training: Dataset, settings: TaskSettings) -> Dataset:
    """Read a table of test rows, whose columns are what they are in the training rows."""
    csv: CsvOptions | None = settings.file
    if not isinstance(source, Table) and plain_name(fspath(source)).endswith(PARQUET_SUFFIXES):
        csv = None  # the options are for the training rows, in a CSV file
    table = open_table(source, csv)
    allow_missing = bool(settings.file.allow_missing_columns)
    [table] = with_columns([table], training.feature_names, allow_missing=allow_missing)
    if settings.weight is not None:
        check_table_names(table, [settings.weight], "weight")
    kinds = training.X.kinds if isinstance(training.X, Frame) else {}
    missing = settings.missing or ()
    rows = read_samples(
        table,
        training.feature_names,
        training.target_name,
        training.classes,
        target_kind=training.target_kind,
        categories=[name for name, kind in kinds.items() if kind in (CATEGORY, "words")],
        missing=missing,
        weight=settings.weight,
    )
    if not rows.n_samples:
        raise DataError(f"column {rows.target_name!r} has no value in any row", path=table.path)
    assert isinstance(rows.X, Frame)
    markers = missing_of_requests(settings.requests)
    unread = UnreadValues(kinds, missing_tokens(missing), markers)
    frame = unread.read(rows.X)
    unread.report()
    return replace(rows, X=frame)


def example_of(
    texts: Collection[str],
    column_kind: str,
    missing: Collection[str],
    forms: FileForms = NO_FORMS,
) -> tuple[str, str]:
    """Return a text of a column and what it is read as: the first one that isn't its own reading.

    >>> example_of(["NA", "7.0", "<5"], "number", ["NA"])
    ('<5', '5')
    """
    read = reader_of(column_kind, forms)
    first = None
    for place, text in enumerate(texts):
        if first is not None and place >= N_PROBED:
            break
        if text in missing:
            continue
        parsed = read(text)
        if parsed is None:
            continue
        reading = written_value(parsed, column_kind)
        is_plain = reading == text.removesuffix(" 00:00:00")
        if not is_plain and to_number(text) != parsed:
            return text, reading
        first = first or (reading if is_date(column_kind) else text, "")
    return first or ("", "")


def written_value(value: Any, column_kind: str) -> str:
    """Write a value of a column of numbers, of dates, or of yes and no."""
    if is_date(column_kind):
        return date_text(np.datetime64(value, "us"), column_kind)
    if column_kind == "boolean":
        return "yes" if value else "no"
    if column_kind == DURATION:
        return f"{class_name(value)} s"
    return class_name(value)
