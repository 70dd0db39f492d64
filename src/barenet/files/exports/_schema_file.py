"""JSON Schema export: the records that a model takes, for validators and clients of a service.

A record is strict where a table is lenient: it has all columns and no others, and its numbers are
no texts. A value outside of the training's is accepted, as it is in a prediction.
"""

import json
from typing import Any

import numpy as np

from barenet._version import __version__
from barenet.data._column import Column, FilledColumn
from barenet.data._column_kinds import BooleanColumn, CategoryColumn, DateColumn, text_of_date
from barenet.data._date_formats import date_pattern
from barenet.data._parsing import BOOLEAN_WORDS
from barenet.files.exports._inference_program import Program

#: Values of a column by its kind; a missing one is null.
KINDS: dict[str, dict[str, Any]] = {
    "number": {"type": ["number", "null"]},
    "piecewise": {"type": ["number", "null"]},
    "boolean": {
        "type": ["boolean", "number", "string", "null"],
        "enum": [True, False, 1, 0, *(word for pair in BOOLEAN_WORDS for word in pair), None],
    },
    "category": {"type": ["string", "number", "boolean", "null"]},
    "date": {"type": ["string", "null"]},
    "dropped": {},
}


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write the schema of a program's records."""
    return {".schema.json": f"{json.dumps(schema_of(program), indent=2)}\n".encode()}


def schema_of(program: Program) -> dict[str, Any]:
    """The schema of a record; without names, of an array of numbers."""
    origin = f" of {program.dataset}" if program.dataset else ""
    target = _numbers(program.n_outputs) if program.n_outputs > 1 else {"type": "number"}
    target = {"enum": [*program.classes]} if program.classes else target
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"Written by barenet {__version__}",
        "title": f"A row{origin}",
        "description": f"The columns that {program.target_name or 'the target'} is predicted from",
        "x-target": {"title": program.target_name, **target},
    }
    if not program.feature_names:
        return head | _numbers(program.n_inputs)
    offset = program.first.parts["offset"] if program.first and not program.table else 0.0
    values = np.broadcast_to(offset, program.n_inputs).tolist()
    means = zip(program.feature_names, values, strict=True)
    properties = {name: {"type": ["number"], "examples": [value]} for name, value in means}
    if program.table:
        properties = {column.name: _property(column) for column in program.table.columns}
    example = {name: properties[name]["examples"][0] for name in program.feature_names}
    return head | {
        "type": "object",
        "properties": properties,
        "required": [*program.feature_names],
        "additionalProperties": False,
        "examples": [example],
    }


def _numbers(count: int) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "number"}, "minItems": count, "maxItems": count}


def _property(column: Column) -> dict[str, Any]:
    """The schema of a column's values, with the categories or the fill of a missing value."""
    found = {"title": column.name, **KINDS[column.kind], "description": column.formula}
    if isinstance(column, CategoryColumn):
        found["examples"] = [*column.categories] or [None]
    elif isinstance(column, FilledColumn):
        value: Any = column.fill_value
        if isinstance(column, DateColumn):
            value = text_of_date(value.astype("M8[s]"), column.order)
        found["examples"] = [bool(value) if isinstance(column, BooleanColumn) else value]
    if isinstance(column, DateColumn):
        found["pattern"] = date_pattern(column.order)
    return found
