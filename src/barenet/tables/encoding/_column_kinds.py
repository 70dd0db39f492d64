"""The kinds of columns that a network takes: numbers, booleans, categories, dates and words."""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.tables.encoding._column import Column, DroppedColumn, Entries, FilledColumn
from barenet.tables.encoding._operations import (
    CYCLES,
    PARTS,
    equals,
    one_hot,
    part_of,
    positions,
    scaled,
    seconds,
    waves,
)
from barenet.tables.encoding._scaling import MIN_SCALE
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading import _parsing as parsing
from barenet.tables.reading._date_formats import date_text, iso_text
from barenet.tables.reading._date_reading import DATES
from barenet.tables.reading._number_forms import DURATION, PLAIN, number_form
from barenet.tables.reading._readers import is_date, kind_of_form

#: The role of a scaled number in a pair with a column of categories.
SLOPE = "slope"


@dataclass(frozen=True)
class NumberColumn(FilledColumn):
    """Numbers: ``(x - center) / scale``.

    Attributes
    ----------
    name : str
        Name of the column.
    fill : float
        Replaces a missing number: the median of the training rows.
    center, scale : float
        Subtracted from the values, and their divisor, which is not 0.
    indicator : bool
        Whether one more input is 1 where the value is missing, else 0.
    limit_texts : tuple of str, default=()
        Limits that models of version 0.3 and earlier state, such as ``"<5"``; empty in newer ones.
    form : str, default=""
        How texts write the number 1234.5, such as ``"$1,234.5"``, if not plainly; ``"duration"``
        for durations, which are read in seconds.
    missing_texts : tuple of str, default=()
        Texts that stand for a missing value in this column, besides those of all columns.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> NumberColumn("age", 40.0, center=30.0, scale=5.0, indicator=True).encode(
    ...     np.array([35.0, np.nan])
    ... )
    array([[1., 0.],
           [2., 1.]])
    """

    kind = "number"
    fill: float
    center: float
    scale: float
    indicator: bool
    limit_texts: tuple[str, ...] = field(default=(), kw_only=True)
    form: str = field(default=PLAIN, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.form not in (PLAIN, DURATION) and number_form(self.form) is None:
            raise ArgumentError.of("form", self.form, "a form such as '1,234.5'")

    @property
    def reading(self) -> str:
        return kind_of_form(self.form)

    @property
    def formula(self) -> str:
        change = self._scaled("x")
        if (self.center, self.scale) == (0, 1):
            change = "x"
        formula = f"{change}, where missing x = {self.fill:.6g}"
        if self.form:
            formula += f", read as {self.form!r}"
        if self.limit_texts:
            formula += f", {self.readings_of_limits}"
        return formula

    @property
    def exclusive_inputs(self) -> dict[str, range]:
        return {SLOPE: range(1)}

    @property
    def readings_of_limits(self) -> str:
        """The numbers as which limits are read, in words; empty if there are no limits."""
        readings: list[str] = []
        for text in self.limit_texts:
            number = parsing.read_limit(text)
            if number is None:  # such as "5 or more", which version 0.3 read
                continue
            reading = f"{text!r} as {number:.6g}"
            if not readings:
                reading = reading.replace(" as ", " is read as ")
            readings.append(reading)
        return ", ".join(readings)

    def with_bins(self, edges: Sequence[float]) -> "PiecewiseColumn":
        """Add bins, and limits.

        Parameters
        ----------
        edges : sequence of float
            Where the bins begin and end, in ascending order.

        Returns
        -------
        PiecewiseColumn
            The column with them.
        """
        return PiecewiseColumn(
            self.name,
            self.fill,
            self.center,
            self.scale,
            self.indicator,
            edges=tuple(edges),
            clip=True,
            limit_texts=self.limit_texts,
            form=self.form,
            missing_texts=self.missing_texts,
        )


@dataclass(frozen=True)
class PiecewiseColumn(NumberColumn):
    """Numbers, scaled, and the position in each of several bins of their range.

    A bin from a to b becomes the input ``(x - a) / (b - a)``, but 0 below a and 1 above b. The
    first and the last bin are open: their inputs go on to -1 and to 2. So the first layer of a
    network can weight each part of the range by itself.

    Attributes
    ----------
    name : str
        Name of the column.
    fill : float
        Replaces a missing number.
    center, scale : float
        Subtracted from the values, and their divisor, which is not 0.
    indicator : bool
        Whether one more input is 1 where the value is missing, else 0.
    limit_texts : tuple of str, default=()
        Limits that models of version 0.3 and earlier state, such as ``"<5"``; empty in newer ones.
    form : str, default=""
        How texts write the number 1234.5, if not plainly.
    edges : tuple of float
        Where the bins begin and end, in ascending order.
    clip : bool, default=False
        Whether the scaled number ends where the inputs of the bins do, the width of a bin beyond
        the edges, so that a value far from those of the training is not extrapolated.
    codes : tuple of float, default=()
        Numbers that have an input of their own, which is 1 where the value is this number, else 0:
        numbers that name something, such as a store. One more input is 1 for all other numbers.
    missing_texts : tuple of str, default=()
        Texts that stand for a missing value in this column, besides those of all columns.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> age = PiecewiseColumn("age", 40.0, 30.0, 5.0, indicator=False, edges=(20.0, 30.0, 40.0))
    >>> age.inputs
    ('age', 'age 20..30', 'age 30..40')
    >>> age.encode(np.array([25.0, 45.0]))
    array([[-1. ,  0.5,  0. ],
           [ 3. ,  1. ,  1.5]])
    """

    kind = "piecewise"
    edges: tuple[float, ...]
    clip: bool = False
    codes: tuple[float, ...] = ()

    @property
    def n_bins(self) -> int:
        return len(self.edges) - 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_edges(self.edges)
        are_finite = np.isfinite(self.codes).all()
        if not are_finite or sorted(set(self.codes)) != [*self.codes]:
            raise ArgumentError.of("codes", self.codes, "different numbers in ascending order")

    @cached_property
    def _value_names(self) -> tuple[str, ...]:
        names = [self.name]
        for start, end in itertools.pairwise(self.edges):
            names.append(f"{self.name} {start:.4g}..{end:.4g}")
        if self.codes:
            names.extend(f"{self.name}={class_name(code)}" for code in self.codes)
            names.append(f"{self.name} rare")
        return tuple(names)

    @property
    def exclusive_inputs(self) -> dict[str, range]:
        inputs = super().exclusive_inputs
        if self.codes:
            first = 1 + self.n_bins
            inputs[""] = range(first, first + len(self.codes) + 1)
        return inputs

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest scaled number."""
        if not self.clip:
            return -np.inf, np.inf
        first, second, *_ = self.edges
        *_, last_but_one, last = self.edges
        first_width = second - first
        last_width = last - last_but_one
        # Numbers are clipped one width of a bin beyond the edges, as the outer bins are open.
        ends = np.array([first - first_width, last + last_width])
        scaled = (ends - self.center) / self.scale
        low, high = sorted(scaled.tolist())  # a negative scale exchanges them
        return low, high

    @property
    def formula(self) -> str:
        first, *_, last = self.edges
        formula = f"{super().formula}; {self.n_bins} bins from {first:.6g} to {last:.6g}"
        if not self.codes:
            return formula
        return f"{formula}; one-hot for {len(self.codes)} of the numbers, the others share one"

    def _encode_filled(self, values: NDArray[np.float64]) -> list[Any]:
        encoded: list[Any] = [
            scaled(values, self.center, self.scale, *self.limits),
            positions(values, self.edges),
        ]
        if self.codes:
            encoded.append(equals(values, self.codes, others=True))
        return encoded

    def _places_of_codes(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """The index of each value among the codes; their number for another value."""
        codes = np.array(self.codes)
        places = np.minimum(np.searchsorted(codes, values), len(codes) - 1)
        return np.where(codes[places] == values, places, len(codes))

    def entries(self, values: NDArray[Any]) -> Entries:
        is_missing = np.isnan(values)
        filled = self.filled(values)
        of_bins = self._filled_entries(filled, len(self.inputs))
        further = []
        if self.codes:
            first_code = 1 + self.n_bins  # after the scaled number and the bins
            inputs = first_code + self._places_of_codes(filled)
            further.append((inputs, np.ones(len(filled))))
        if self.indicator:
            indicators = np.full(len(filled), len(self.inputs) - 1)  # the last input
            further.append((indicators, is_missing))
        return of_bins.followed_by(further)

    def _filled_entries(self, values: NDArray[np.float64], n_inputs: int) -> Entries:
        """Encode filled values, given the number of inputs of the column, which has the bins."""
        edges = np.array(self.edges)
        bins = np.searchsorted(edges[1:-1], values, "right")
        starts = edges[bins]
        widths = np.diff(edges)[bins]
        # The least and the greatest position in each bin: those of the open bins are farther.
        low, high = positions(np.array([-np.inf, np.inf]), self.edges)
        position = (values - starts) / widths
        within = np.clip(position, low[bins], high[bins])
        has_bins_below = (bins > 0).astype(np.float64)

        scaled_number = np.zeros_like(bins)  # the first input
        position_in_bin = 1 + bins
        end_of_run = n_inputs + position_in_bin
        places = [scaled_number, position_in_bin, end_of_run]
        numbers = [scaled(values, self.center, self.scale, *self.limits), within, has_bins_below]
        return Entries(np.stack(places, axis=1), np.column_stack(numbers))


def check_edges(edges: tuple[float, ...]) -> None:
    """Refuse edges between which there are no bins, or bins too narrow to divide by their width."""
    with np.errstate(over="ignore"):
        widths = np.diff(edges)
    are_wide = (widths >= MIN_SCALE).all()
    are_finite = np.isfinite(widths).all()
    if not len(widths) or not are_wide or not are_finite:
        raise ArgumentError.of("edges", edges, "two or more numbers in ascending order")


@dataclass(frozen=True)
class BooleanColumn(FilledColumn):
    """Truth values: 1 for true and 0 for false.

    Attributes
    ----------
    name : str
        Name of the column.
    fill : bool
        Replaces a missing value: the more frequent one of the training rows, false in a tie.
    indicator : bool
        Whether one more input is 1 where the value is missing, else 0.
    missing_texts : tuple of str, default=()
        Texts that stand for a missing value in this column, besides those of all columns.

    Examples
    --------
    >>> BooleanColumn("member", fill=True, indicator=False).encode(np.array([0.0, np.nan]))
    array([[0.],
           [1.]])
    """

    kind = "boolean"
    fill: bool
    center = 0.0
    scale = 1.0
    indicator: bool

    @property
    def reading(self) -> str:
        return "boolean"

    @property
    def exclusive_inputs(self) -> dict[str, range]:
        return {"": range(1)}

    @property
    def formula(self) -> str:
        return f"1 if true, 0 if false, where missing {int(self.fill)}"


@dataclass(frozen=True)
class CategoryColumn(Column):
    """Categories, one-hot: 1 for the category of the row, 0 for the others.

    Attributes
    ----------
    name : str
        Name of the column.
    categories : tuple of str
        The categories that have an input each, in this order.
    rare : bool
        Whether one more input stands for rare and new categories; else a new one is all 0.
    missing : bool
        Whether one more input stands for missing values; else they are new categories.
    missing_texts : tuple of str, default=()
        Texts that stand for a missing value in this column, besides those of all columns.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> towns = CategoryColumn("town", ("Paris", "Rome"), rare=True, missing=False)
    >>> towns.inputs
    ('town=Paris', 'town=Rome', 'town rare')
    >>> towns.encode(np.array(["Rome", "Oslo"]))
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """

    kind = "category"
    categories: tuple[str, ...]
    rare: bool
    missing: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        all_differ = len(set(self.categories)) == len(self.categories)
        if not all_differ or "" in self.categories:
            expected = "different names, none of them empty"
            raise ArgumentError.of("categories", self.categories, expected)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        inputs = [f"{self.name}={category}" for category in self.categories]
        if self.rare:
            inputs.append(f"{self.name} rare")
        if self.missing:
            inputs.append(f"{self.name} missing")
        return tuple(inputs)

    @property
    def exclusive_inputs(self) -> dict[str, range]:
        return {"": range(len(self.inputs))}

    @property
    def formula(self) -> str:
        others = "rare and new ones share one" if self.rare else "a new one is all 0"
        return f"one-hot: 1 for its own category, 0 for the others; {others}"

    @cached_property
    def indices(self) -> dict[str, int]:
        """The input of each canonical label that has its own.

        If several categories are equal, as in models of earlier versions, the first one counts.
        """
        indices: dict[str, int] = {}
        for at, category in enumerate(self.categories):
            indices.setdefault(parsing.canonical(category), at)
        if self.missing:
            indices[""] = len(self.inputs) - 1
        return indices

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        is_one = one_hot(self._inputs_of(values), len(self.inputs))
        return is_one.astype(np.float64)

    def entries(self, values: NDArray[Any]) -> Entries:
        inputs = self._inputs_of(values)[:, np.newaxis]
        has_input = inputs >= 0  # the entry of a category without one is 0, at input 0
        return Entries(np.maximum(inputs, 0), has_input.astype(np.float64))

    def _inputs_of(self, values: NDArray[Any]) -> NDArray[np.intp]:
        """The input of each value, shape (n_rows,); -1 if it has none."""
        input_of_others = len(self.categories) if self.rare else -1
        inputs = [self.indices.get(label, input_of_others) for label in values.tolist()]
        return np.array(inputs, np.intp)


#: The part of a date whose values are compared for each of its cycles.
PART_OF_CYCLE = {"year": "month", "week": "weekday", "day": "hour"}


#: The name of whole days, in days since 1970, beside the parts.
DAY_PART = "day"

#: Seconds of a day.
DAY = 86400

#: Seconds since 1970 of dates in model files are nearer to 0 than this, about 139,000 years.
MAX_SECONDS = 2**42


@dataclass(frozen=True)
class DateColumn(FilledColumn):
    """Dates and times: ``(s - center) / scale`` with s the seconds since 1970, and cycles.

    Each cycle becomes two inputs, ``sin(2 pi f)`` and ``cos(2 pi f)``, with f the elapsed fraction
    of the year, of the week (in whole days, from Monday) or of the day. So the last of December is
    near the first of January. With edges, s is encoded as a `PiecewiseColumn` with limits encodes a
    number. Each of the parts is one-hot, as a `CategoryColumn`: Saturday may be unlike Friday.

    Attributes
    ----------
    name : str
        Name of the column.
    fill : float
        Replaces a missing date: the median of the training rows, in seconds since 1970.
    cycles : tuple of str
        Some of ``"year"``, ``"week"`` and ``"day"``.
    order : str, default="ymd"
        ``"ymd"``, ``"dmy"`` or ``"mdy"``: the order of year, month and day in text; the year may be
        first in any. ``"time"`` is a time of day alone, as one of the first of January 1970. Or a
        format of Python's ``strptime``.
    center, scale : float
        Subtracted from the values, and their divisor, which is not 0.
    indicator : bool
        Whether one more input is 1 where the value is missing, else 0.
    edges : tuple of float, default=()
        Where bins begin and end, in seconds since 1970 and in ascending order; without any, the
        column has no bins and no limits.
    parts : tuple of str, default=()
        Some of ``"month"``, with 12 inputs, ``"weekday"``, with 7 from Monday, and ``"hour"``, with
        24. The input of the month, weekday or hour of the date is 1, the others are 0.
    days : tuple of int, default=()
        Days that have an input of their own, in days since 1970 and in ascending order. It is 1
        where the date is on this day, else 0. On all other days, these inputs are 0.
    missing_texts : tuple of str, default=()
        Texts that stand for a missing value in this column, besides those of all columns.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> day = DateColumn("day", 0.0, center=0.0, scale=86400.0, cycles=("week",), indicator=False)
    >>> day.inputs
    ('day', 'day week sin', 'day week cos')
    >>> day.encode(np.array(["1970-01-12"], "M8[us]"))  # a Monday
    array([[11.,  0.,  1.]])
    """

    kind = "date"
    fill: float
    center: float
    scale: float
    cycles: tuple[str, ...]
    indicator: bool
    order: str = "ymd"
    edges: tuple[float, ...] = ()
    parts: tuple[str, ...] = ()
    days: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not abs(self.fill) < MAX_SECONDS:
            raise ArgumentError.of("fill", self.fill, "seconds since 1970")
        if self.edges:
            check_edges(self.edges)
            farthest = max(abs(self.edges[0]), abs(self.edges[-1]))
            if farthest >= MAX_SECONDS:
                raise ArgumentError.of("edges", self.edges, "seconds since 1970")
        _check_choice("cycles", self.cycles, CYCLES)
        _check_choice("parts", self.parts, PARTS)
        is_ascending = sorted(set(self.days)) == [*self.days]
        if not is_ascending or not all(abs(day) < MAX_SECONDS / DAY for day in self.days):
            raise ArgumentError.of("days", self.days, "different days since 1970, ascending")
        if not is_date(self.order):
            raise ArgumentError.of("order", self.order, f"one of {', '.join(DATES)}, or a format")

    @property
    def reading(self) -> str:
        return self.order

    @cached_property
    def seconds_column(self) -> NumberColumn:
        """The encoding of the seconds: a column of numbers, in bins if there are edges."""
        column = NumberColumn(self.name, self.fill, self.center, self.scale, indicator=False)
        return column.with_bins(self.edges) if self.edges else column

    @property
    def n_bins(self) -> int:
        return self.seconds_column.n_bins

    def with_bins(self, edges: Sequence[float]) -> "DateColumn":
        """Add bins, and limits.

        Parameters
        ----------
        edges : sequence of float
            Where the bins begin and end, in seconds since 1970 and in ascending order.

        Returns
        -------
        DateColumn
            The column with them.
        """
        return replace(self, edges=tuple(edges))

    def numbers(self, values: NDArray[Any]) -> NDArray[np.float64]:
        return seconds(values)

    @property
    def _value_names(self) -> tuple[str, ...]:
        names = [self.name]
        for start, end in itertools.pairwise(self.edges):
            first = date_text(nearest_second(start), self.order)
            last = date_text(nearest_second(end), self.order)
            names.append(f"{self.name} {first}..{last}")
        for cycle in self.cycles:
            names += [f"{self.name} {cycle} sin", f"{self.name} {cycle} cos"]
        for part in self.parts:
            names += [f"{self.name} {value}" for value in PARTS[part]]
        for day in self.days:
            names.append(f"{self.name}={np.datetime64(day, 'D')}")
        return tuple(names)

    @property
    def exclusive_inputs(self) -> dict[str, range]:
        inputs = {}
        first = 1 + self.n_bins + 2 * len(self.cycles)
        for part in self.parts:
            inputs[part] = range(first, first + len(PARTS[part]))
            first += len(PARTS[part])
        if self.days:
            inputs[DAY_PART] = range(first, first + len(self.days))
        return inputs

    @property
    def formula(self) -> str:
        fill = iso_text(nearest_second(self.fill), self.order)
        formula = self._scaled("s")
        if self.cycles:
            formula += f", sin and cos of the {', '.join(self.cycles)}"
        if self.parts:
            formula += f", one-hot {', '.join(self.parts)}"
        if self.days:
            formula += f", one-hot for {len(self.days)} of the days"
        formula += f", s in seconds, where missing {fill}"
        if not self.edges:
            return formula
        first = date_text(nearest_second(self.edges[0]), self.order)
        last = date_text(nearest_second(self.edges[-1]), self.order)
        return f"{formula}; {self.n_bins} bins from {first} to {last}"

    @property
    def fill_value(self) -> np.datetime64:
        return np.datetime64(round(self.fill * 1e6), "us")

    def _encode_filled(self, values: NDArray[Any]) -> list[Any]:
        encoded = self.seconds_column._encode_filled(seconds(values))
        encoded.extend(waves(values, cycle) for cycle in self.cycles)
        for part in self.parts:
            encoded.append(one_hot(part_of(values, part), len(PARTS[part])))
        if self.days:
            encoded.append(equals(part_of(values, DAY_PART), self.days))
        return encoded

    def entries(self, values: NDArray[Any]) -> Entries:
        column = self.seconds_column
        if not isinstance(column, PiecewiseColumn):
            return super().entries(values)
        is_missing = np.isnan(values)
        filled = self.filled(values)
        of_seconds = column._filled_entries(seconds(filled), len(self.inputs))
        further = []
        n_rows = len(filled)
        next_input = 1 + self.n_bins  # the first one after those of the seconds
        for cycle in self.cycles:
            for wave in waves(filled, cycle).T:
                further.append((np.full(n_rows, next_input), wave))
                next_input += 1
        for part in self.parts:
            inputs = next_input + part_of(filled, part)
            further.append((inputs, np.ones(n_rows)))
            next_input += len(PARTS[part])
        if self.days:
            places = self._places_of_days(filled)
            has_input = places >= 0  # the entry of another day is 0, at the first of these inputs
            further.append((next_input + np.maximum(places, 0), has_input.astype(np.float64)))
            next_input += len(self.days)
        if self.indicator:
            further.append((np.full(n_rows, next_input), is_missing))
        return of_seconds.followed_by(further)

    def _places_of_days(self, values: NDArray[Any]) -> NDArray[np.intp]:
        """The index of each date's day among the days; -1 for another day."""
        days = np.array(self.days)
        days_of_values = part_of(values, DAY_PART)
        places = np.minimum(np.searchsorted(days, days_of_values), len(days) - 1)
        return np.where(days[places] == days_of_values, places, -1)


def _check_choice(argument: str, chosen: tuple[str, ...], known: Collection[str]) -> None:
    """Refuse texts that are not known, or repeated."""
    are_known = all(name in known for name in chosen)
    all_differ = len(set(chosen)) == len(chosen)
    if not are_known or not all_differ:
        raise ArgumentError.of(argument, chosen, f"some of {', '.join(known)}")


def nearest_second(since_1970: float) -> np.datetime64:
    """Round a number of seconds since 1970 to a time in whole seconds."""
    return np.datetime64(round(since_1970), "s")


#: The kinds of columns by name.
_FILLED = (NumberColumn, PiecewiseColumn, BooleanColumn, DateColumn)
_KINDS = (*_FILLED, CategoryColumn, WordsColumn, DroppedColumn)
COLUMNS: dict[str, type[Column]] = {column.kind: column for column in _KINDS}
