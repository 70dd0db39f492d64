"""Notes on the rows of an explanation: what they were before they became numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.column_types import CategoryColumn, Column
from barenet.data.encoding import TableEncoding
from barenet.files.predictor import Predictor
from barenet.insight.explain.note import Note
from barenet.insight.explain.number_format import digits

__all__ = ["note_inputs", "note_target"]

#: Letters of a text that are shown.
MOST_LETTERS = 40


def note_inputs(
    predictor: Predictor,
    X: Any,
    inputs: NDArray[Any],
    precision: int,
    limit: int | None = None,
) -> Note:
    """Name what the network takes, and of one row what there was before."""
    raw = list(_raw(predictor, X, inputs[0], precision)) if len(X) == 1 else []
    return Note.of_inputs(inputs, predictor.input_names, precision, raw, limit)


def note_target(predictor: Predictor, y: NDArray[Any], precision: int) -> Note:
    """Say what the target means."""
    name, scaling = predictor.target_name, predictor.target_scaling
    if predictor.classes is not None:
        classes = np.eye(len(predictor.classes))[y]
        Y = classes[:, 1:] if predictor.network.n_outputs == 1 else classes
        return Note.of_classes(Y, predictor.classes, precision, name)
    number = digits(y[0], precision) if len(y) == 1 else "y"
    said = f"{name} = {number}" if len(y) == 1 else name
    if scaling is None or scaling.name == "none":
        return Note((said,))
    sign = "+" if scaling.offset[0] < 0 else "-"
    center = digits(abs(scaling.offset[0]), precision)
    unit = digits(1 / scaling.factor[0], precision)
    return Note((f"{said} → ({number} {sign} {center}) / {unit}",))


def _raw(predictor: Predictor, X: Any, inputs: NDArray[Any], precision: int) -> Iterator[str]:
    """Write what there was before each input."""
    encoding = predictor.preprocessing
    if not isinstance(encoding, TableEncoding):
        yield from (digits(number, precision) for number in X[0])
        return
    frame, at = encoding.frame_of(X), 0
    for column in encoding.used:
        word = _word(frame[column.name][0], encoding.missing, precision)
        for output in column.outputs:
            yield word if _says(column, output, inputs[at]) else ""
            at += 1


def _says(column: Column, output: str, number: float) -> bool:
    """Whether an input comes from the value itself, and its name does not tell that."""
    if isinstance(column, CategoryColumn):
        return bool(column.rare and number == 1 and output == f"{column.name} rare")
    return output == column.name


def _word(value: Any, missing: tuple[str, ...], precision: int) -> str:
    """Write a value of a table."""
    if isinstance(value, np.bool_):
        return str(bool(value))
    if isinstance(value, str):
        text = value.strip()
        if text in missing:
            return "missing"
        return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"
    if isinstance(value, np.datetime64):
        moment = str(value.astype("M8[s]")).removesuffix("T00:00:00")
        return "missing" if np.isnat(value) else moment
    return "missing" if np.isnan(value) else digits(value, precision)
