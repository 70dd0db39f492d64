"""Notes on the arrays of an explanation: the values of the table that they were computed from."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet import Predictor, TableEncoding
from barenet.data._column import Column
from barenet.data._column_kinds import CategoryColumn
from barenet.insight.explain._document import Note
from barenet.insight.explain._number_format import digits

#: Maximum number of characters of a text.
MAX_CHARACTERS = 40


def note_inputs(
    predictor: Predictor, X: Any, inputs: NDArray[Any], precision: int, limit: int | None = None
) -> Note:
    """Name the inputs, and of a single row the values before the preprocessing."""
    raw = list(_raw_values(predictor, X, inputs[0], precision)) if len(X) == 1 else []
    return Note.of_inputs(inputs, predictor.input_names, precision, raw, limit)


def note_target(predictor: Predictor, y: NDArray[Any], precision: int) -> Note:
    """Name the class of each row, or write the formula of a scaled target."""
    name, scaling = predictor.target_name, predictor.target_scaling
    if predictor.classes is not None:
        one_hot = np.eye(len(predictor.classes))[y]
        Y = one_hot[:, 1:] if predictor.network.n_outputs == 1 else one_hot
        return Note.of_classes(Y, predictor.classes, precision, name)
    number = digits(y[0], precision) if len(y) == 1 else "y"
    target = f"{name} = {number}" if len(y) == 1 else name
    if scaling is None or scaling.name == "none":
        return Note((target,))
    sign = "+" if scaling.offset[0] < 0 else "-"
    center = digits(abs(scaling.offset[0]), precision)
    unit = digits(1 / scaling.factor[0], precision)
    return Note((f"{target} → ({number} {sign} {center}) / {unit}",))


def _raw_values(
    predictor: Predictor, X: Any, inputs: NDArray[Any], precision: int
) -> Iterator[str]:
    """The value behind each input; empty where the name of the input has it already."""
    encoding = predictor.preprocessing
    if not isinstance(encoding, TableEncoding):
        yield from (digits(number, precision) for number in X[0])
        return
    frame, at = encoding.frame_of(X), 0
    for column in encoding.used:
        value = _format(frame[column.name][0], encoding.missing, precision)
        for output in column.outputs:
            yield value if _has_value(column, output, inputs[at]) else ""
            at += 1


def _has_value(column: Column, output: str, number: float) -> bool:
    """Whether an input is computed from the value itself, which its name does not include."""
    if isinstance(column, CategoryColumn):
        return bool(column.rare and number == 1 and output == f"{column.name} rare")
    return output == column.name


def _format(value: Any, missing: tuple[str, ...], precision: int) -> str:
    """Write a value of a table."""
    if isinstance(value, np.floating):
        return "missing" if np.isnan(value) else digits(value, precision)
    text = str(value).strip().removesuffix(".000000").removesuffix("T00:00:00")
    if text in (*missing, "NaT"):
        return "missing"
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"
