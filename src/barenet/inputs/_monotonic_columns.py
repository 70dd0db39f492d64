"""Columns in whose values the predictions of an ensemble only increase, or only decrease.

A column of a monotonic constraint keeps those inputs that increase with its value: the scaled
number and the positions in its bins. It has no inputs that rise and fall: the cycles and parts of
dates, numbers that are codes, and pairs with other columns.
"""

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._messages import some_columns, suggestion
from barenet._registry import lookup, unknown_name
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.inputs._chosen_inputs import ChosenInputs
from barenet.inputs._chosen_pairs import columns_of
from barenet.tables.encoding._column import Column, DroppedColumn
from barenet.tables.encoding._column_kinds import CategoryColumn, DateColumn
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.frames._column_names import spelled_names
from barenet.tables.frames._to_frame import as_frame, column_names

#: The sign of each constraint by name: the predictions increase or decrease with the column.
Signs = Mapping[str, int]

#: The signs as they are written in settings.
SIGNS_OF_TEXTS = {"1": 1, "+1": 1, "0": 0, "-1": -1}

#: What a sign is, in errors.
EXPECTED = "1 where predictions increase with the column, -1 where they decrease, or 0"


def signs_of_columns(monotonic: Any, X: Any, drop: Collection[str] = ()) -> dict[str, int]:
    """Return the signs of constraints by the names of the columns of a table, without zeros.

    None of these columns may be among those to drop.

    >>> signs_of_columns({"age": 1, 1: -1}, {"age": [20, 30], "debt": [5, 6], "town": ["A", "B"]})
    {'age': 1, 'debt': -1}
    >>> signs_of_columns([0, 1], np.zeros((3, 2)))
    {'x1': 1}
    """
    if monotonic is None:
        return {}
    names = column_names(X)
    if names is None:
        names = [*as_frame(X).columns]
    if isinstance(monotonic, Mapping):
        signs = {}
        for key, sign in monotonic.items():
            name = _name_of(key, names)
            if name in signs:
                problem = f"{name!r} is in it twice, by its name and by its position"
                raise ArgumentError(problem, argument="monotonic", value=monotonic)
            signs[name] = checked_sign(sign, name)
    else:
        signs = _signs_by_position(monotonic, names)
    constrained = {}
    for name, sign in signs.items():
        if sign == 0:
            continue
        if name in drop:
            raise ArgumentError(f"{name!r} is in drop, too", argument="monotonic")
        constrained[name] = sign
    return constrained


def as_settings(monotonic: Any) -> tuple[str, ...]:
    """Write signs by column as settings; texts such as ``age=1`` are settings already.

    >>> as_settings({"age": 1, "debt": -1.0}), as_settings("age=1")
    (('age=1', 'debt=-1'), ('age=1',))
    """
    if isinstance(monotonic, Mapping):
        signs = {str(name): checked_sign(sign, str(name)) for name, sign in monotonic.items()}
        return settings_of_signs(signs)
    if isinstance(monotonic, str):
        return (monotonic,)
    is_sequence = isinstance(monotonic, Sequence)
    if not is_sequence or not all(isinstance(setting, str) for setting in monotonic):
        expected = "a dictionary of columns and signs, such as {'age': 1}"
        raise ArgumentError.of("monotonic", monotonic, expected)
    return tuple(monotonic)


def signs_of_settings(settings: Sequence[str], names: Sequence[str] = ()) -> dict[str, int]:
    """Read the signs of settings such as ``age=1``, with the names spelled as in a table.

    >>> signs_of_settings(["age=1", "debt =-1"], ["age", "debt"])
    {'age': 1, 'debt': -1}
    """
    example = names[0] if names else "age"
    signs: dict[str, int] = {}
    for setting in settings:
        name, equals, text = setting.rpartition("=")
        sign = SIGNS_OF_TEXTS.get(text.strip())
        if not equals or sign is None:
            expected = f"columns with signs such as {example}=1 or {example}=-1"
            raise ArgumentError.of("monotonic", setting, expected)
        [spelled] = spelled_names([name], names)
        if spelled in signs:
            raise ArgumentError(f"{spelled!r} is in it twice", argument="monotonic")
        signs[spelled] = sign
    return signs


def check_columns(signs: Signs, names: Sequence[str], left_out: Mapping[str, str]) -> None:
    """Refuse constraints on columns that a table lacks, or that are left out for a reason.

    >>> check_columns({"agee": 1}, ["debt"], {"age": "is in drop"})
    Traceback (most recent call last):
    barenet.errors.ArgumentError: monotonic: unknown 'agee'; the similar 'age' is in drop
    """
    for name in signs:
        if name in names:
            continue
        if name in left_out:
            problem = f"{name!r} {left_out[name]}"
            remedy = "leave it out of monotonic"
            raise ArgumentError(problem, argument="monotonic", value=name, remedy=remedy)
        if not suggestion(name, names):
            for similar, reason in left_out.items():
                if suggestion(name, [similar]):
                    problem = f"unknown {name!r}; the similar {similar!r} {reason}"
                    raise ArgumentError(problem, argument="monotonic", value=name)
        raise unknown_name(names, name, "monotonic")


def signs_with_effect(encoding: TableEncoding, signs: Signs) -> dict[str, int]:
    """Return the signs of the columns that the predictions depend on."""
    used = {column.name for column in encoding.used}
    return {name: sign for name, sign in signs.items() if name in used}


def warn_of_columns_without_effect(encoding: TableEncoding, signs: Signs) -> None:
    """Warn of constraints on columns that are left out, as identifiers and constants are."""
    for column in encoding.columns:
        if column.name in signs and isinstance(column, DroppedColumn):
            message = f"monotonic: {column.name!r} is left out ({column.reason}), so the "
            message += "predictions do not depend on it"
            warnings.warn(message, stacklevel=caller_stacklevel())


def describe_signs(signs: Signs) -> str:
    """Describe what the predictions do; empty without constraints.

    >>> describe_signs({"age": 1, "debt": -1, "income": 1})
    'increase with age, income; decrease with debt'
    """
    clauses = []
    for verb, sign in (("increase", 1), ("decrease", -1)):
        names = [name for name in signs if signs[name] == sign]
        if names:
            clauses.append(f"{verb} with {some_columns(names)}")
    return "; ".join(clauses)


def settings_of_signs(signs: Signs) -> tuple[str, ...]:
    """Write the signs as `signs_of_settings` reads them."""
    return tuple(f"{name}={sign}" for name, sign in signs.items())


def _name_of(key: Any, names: Sequence[str]) -> str:
    """Return the name of a column that is given by its name or its position."""
    if isinstance(key, str):
        lookup(dict.fromkeys(names), key, "monotonic")
        return key
    is_position = isinstance(key, int | np.integer) and not isinstance(key, bool)
    if not is_position or not 0 <= key < len(names):
        expected = f"names of columns, or positions from 0 to {len(names) - 1}"
        raise ArgumentError.of("monotonic", key, expected)
    return names[int(key)]


def _signs_by_position(monotonic: Any, names: Sequence[str]) -> dict[str, int]:
    """Return the signs of a sequence, which has one for each column."""
    signs = []
    if hasattr(monotonic, "__iter__") and not isinstance(monotonic, str):
        signs = list(monotonic)
    if len(signs) != len(names):
        expected = f"a dictionary by column, or {len(names)} signs, one for each column"
        raise ArgumentError.of("monotonic", monotonic, expected)
    return {name: checked_sign(sign, name) for name, sign in zip(names, signs, strict=True)}


def checked_sign(sign: Any, name: str) -> int:
    """Return the sign of a column as an integer; refuse all numbers but 1, 0 and -1."""
    is_number = isinstance(sign, int | float | np.number) and not isinstance(sign, bool)
    if not is_number or sign not in (-1, 0, 1):
        raise ArgumentError.of("monotonic", sign, EXPECTED, part=f"column {name!r}")
    return int(sign)


def without_inputs_of(signs: Signs, chosen: ChosenInputs) -> ChosenInputs:
    """Leave out chosen inputs that do not increase with the value of a constrained column."""
    parts = {}
    for name, names_of_parts in chosen.parts.items():
        if name not in signs:
            parts[name] = names_of_parts
    pairs = [pair for pair in chosen.pairs if columns_of([pair]).isdisjoint(signs)]
    slopes = [pair for pair in chosen.slopes if columns_of([pair]).isdisjoint(signs)]
    chosen = chosen._replace(parts=parts, pairs=tuple(pairs), slopes=tuple(slopes))
    return chosen.without_codes(signs)


def without_cycles_of(signs: Signs, encoding: TableEncoding) -> TableEncoding:
    """Leave out the cycles of constrained dates, which rise and fall within a year or a day."""
    columns: list[Column] = []
    for column in encoding.columns:
        if column.name in signs and isinstance(column, DateColumn):
            columns.append(replace(column, cycles=()))
        else:
            columns.append(column)
    return replace(encoding, columns=tuple(columns))


def check_order(encoding: TableEncoding, signs: Signs) -> None:
    """Refuse constraints on columns of categories and of texts, whose values have no order.

    The predictions do not depend on a column that is dropped, so a constraint on it holds.
    """
    remedy = "replace its values by numbers in their order, or leave it out of monotonic"
    for column in encoding.used:
        if column.name not in signs:
            continue
        problem = ""
        if isinstance(column, CategoryColumn):
            problem = f"{column.name!r} has categories, which have no order"
        elif isinstance(column, WordsColumn):
            problem = f"{column.name!r} has texts, whose words have no order"
        if problem:
            raise ArgumentError(problem, argument="monotonic", remedy=remedy)


def signs_of_inputs(encoding: TableEncoding, signs: Signs) -> NDArray[np.int8]:
    """Return whether predictions increase (1) or decrease (-1) with each input, or are free (0).

    The inputs of a constrained column are the scaled number and the positions in the bins, each of
    which increases with the value. The indicator of missing values is free: a missing value has no
    place in the order.
    """
    input_signs = np.zeros(encoding.n_inputs, np.int8)
    for column in encoding.used:
        if column.name in signs:
            start = encoding.starts[column.name]
            n_ordered = 1 + column.n_bins
            input_signs[start : start + n_ordered] = signs[column.name]
    return input_signs
