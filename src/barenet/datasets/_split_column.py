"""The column that rows of a table are split by: in the order of its values, or by its groups."""

import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import convert
from barenet._messages import count_of
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.tables.encoding._column_fitting import FAR, find_placeholders
from barenet.tables.encoding._operations import seconds
from barenet.tables.frames._frame import CATEGORY, Frame
from barenet.tables.reading._column_reading import kinds_of
from barenet.tables.reading._column_values import as_labels, first_row, parse_column, refuse_where
from barenet.tables.reading._date_reading import parse_datetime, parse_time_of_day
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._parsing import read_number

#: The arguments that name the column. The deprecated `split_by` leaves its use open.
SPLIT_ARGUMENTS = ("split_by_time", "split_by_group", "split_by")

#: Years before and after which dates far from all others stand for no date.
_FIRST_YEAR = 1901
_LAST_YEAR = 2099

#: The kinds of columns whose values don't order rows.
_UNORDERED = ("category", "boolean", "words")

#: The values that order rows.
ORDERED = "a date, a time or a number to order the rows by"


@dataclass(frozen=True)
class SplitColumn:
    """The column that rows are split by, and the argument that names it."""

    name: str
    argument: str

    @classmethod
    def of(cls, by_time: str | None, by_group: str | None, by_either: str | None) -> Self | None:
        """Return the column that one of the arguments names, if one does; refuse several."""
        columns = []
        for argument, name in zip(SPLIT_ARGUMENTS, (by_time, by_group, by_either), strict=True):
            if name is not None:
                columns.append(cls(convert(name, str, argument), argument))
        if not columns:
            return None
        if len(columns) > 1:
            arguments = ", ".join(column.argument for column in columns)
            problem = "rows are split by the times or by the groups of one column"
            remedy = "give one of these arguments"
            raise ArgumentError(problem, argument=arguments, remedy=remedy)
        return columns[0]

    def warn_of_deprecated(self, keys: NDArray[Any]) -> None:
        """Name the argument to use in place of the deprecated one, from the keys of the rows."""
        if self.argument != "split_by":
            return
        argument = argument_of(keys)
        problem = "is deprecated, and will be removed in version 0.5"
        error = ArgumentError(
            problem,
            argument=self.argument,
            remedy=f"use {{{argument}}}",
            **{argument: self.name},
        )
        warnings.warn(FutureWarning(error), stacklevel=caller_stacklevel())

    def keys(self, rows: Frame, kinds: Mapping[str, str], missing: Collection[str]) -> NDArray[Any]:
        """Return the key of each row: a time or a number as float64, or the label of a group.

        `kinds` are those that the user states, by column.
        """
        tokens = {*MISSING, *missing}
        column_kind = self._kind(rows, kinds.get(self.name), tokens)
        keys = parse_column(rows, self.name, column_kind, tokens)
        has_no_key = keys == "" if keys.dtype == object else np.isnan(keys)
        refuse_where(rows, self.name, has_no_key, "a value to split by; leave the row out")
        if keys.dtype.kind != "M":
            return keys
        self._refuse_placeholders(rows, keys)
        self._warn_of_later_dates(rows, keys)
        return seconds(keys)

    def _kind(self, rows: Frame, stated: str | None, missing: Collection[str]) -> str:
        """Return the kind to read the column by, given the one that the user states."""
        if self.argument == "split_by_group":
            return "category"
        if rows.kinds.get(self.name) == CATEGORY:
            stated = "category"
        if stated is None:
            return self._inferred_kind(rows, missing)
        if stated not in _UNORDERED:
            return stated
        if self.argument == "split_by":
            return "category"
        return self._inferred_kind(rows, missing)

    def _inferred_kind(self, rows: Frame, missing: Collection[str]) -> str:
        """Decide the kind of a column that orders the rows; names and booleans do not."""
        column_kind = kinds_of(rows, [self.name], missing)[self.name]
        if column_kind not in _UNORDERED:
            return column_kind
        if self.argument == "split_by":
            return "category"
        self._refuse_names(rows, missing)
        return "number"  # such as 007

    def _refuse_names(self, rows: Frame, missing: Collection[str]) -> None:
        """Reject a column of names, unless all of them are numbers, such as 007."""
        labels = as_labels(rows, self.name, missing)
        present = [label for label in dict.fromkeys(labels) if label]
        unordered = [label for label in present if read_number(label) is None]
        if not unordered:
            return
        names = [label for label in unordered if not _is_date_or_time(label)]
        is_wrong = np.isin(labels, names or present)
        remedy = "convert the column to dates or numbers; if it holds groups, use {split_by_group}"
        row = first_row(rows, is_wrong)
        raise rows.fault(row, self.name, ORDERED, remedy, split_by_group=self.name)

    def _refuse_placeholders(self, rows: Frame, dates: NDArray[np.datetime64]) -> None:
        """Reject dates to split by that stand for no date, as 9999-12-31 does."""
        placeholders = find_placeholders(seconds(dates), FAR)
        years = dates.astype("M8[Y]").astype(np.int64) + 1970
        is_unlikely = (years < _FIRST_YEAR) | (years > _LAST_YEAR)
        is_placeholder = np.isin(seconds(dates), placeholders) & is_unlikely
        expected = "a date to split by; leave the row out, or write its date"
        refuse_where(rows, self.name, is_placeholder, expected)

    def _warn_of_later_dates(self, rows: Frame, dates: NDArray[np.datetime64]) -> None:
        """Warn of dates after today, as two-digit years up to 68 are read as 2000 to 2068."""
        tomorrow = np.datetime64("today") + 1  # today ends later in other zones
        is_later = dates.astype("M8[D]") > tomorrow
        if not is_later.any():
            return
        first = dates[first_row(rows, is_later)].astype("M8[D]")
        number = count_of(int(is_later.sum()), "date")
        problem = f"column {self.name!r} to split by has {number} after today, such as {first}"
        remedy = "if the years are written with two digits, write four"
        warnings.warn(f"{problem}; {remedy}", stacklevel=caller_stacklevel())


def _is_date_or_time(text: str) -> bool:
    """Return whether a text is a date or a time of day."""
    return parse_datetime(text) is not None or parse_time_of_day(text) is not None


def argument_of(keys: NDArray[Any]) -> str:
    """Return the argument that names the column of the keys of rows."""
    return "split_by_time" if keys.dtype.kind == "f" else "split_by_group"
