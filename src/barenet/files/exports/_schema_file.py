"""JSON Schema export: the records that a model takes, for validators and clients of a service.

A record is strict where a table is lenient: it has all columns and no others, except the target and
columns that were left out, which are ignored; numbers and booleans are not text, and only null is a
missing value. A category that is not in the training data is accepted, as in a prediction. The
service accepts exactly the records that the schema accepts.

The keywords and patterns are those that validators in strict mode, client generators and the
regular expressions of other languages all support.
"""

import json
import re
import sys
from typing import Any

import numpy as np

from barenet._version import __version__
from barenet.datasets._split_column import SPLIT_ARGUMENTS
from barenet.files.exports._inference_program import Program
from barenet.files.exports._value_patterns import TEXT_PATTERN, date_pattern
from barenet.tables.encoding._column import Column, FilledColumn
from barenet.tables.encoding._column_kinds import (
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    NumberColumn,
    PiecewiseColumn,
)
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.reading._column_words import DROP
from barenet.tables.reading._date_formats import iso_text

#: Maximum absolute scaled number of a record: far beyond any data, and far enough below the largest
#: float32, 3.4e38, for the sums of the layers.
MAX_SCALED = 1e30

#: Number of words in the example of a text.
N_WORDS = 3

#: The values of a column by its kind; missing ones are null.
KINDS: dict[str, dict[str, Any]] = {
    "number": {"type": ["number", "null"]},
    "piecewise": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "category": {
        "anyOf": [
            {"type": "string", "pattern": TEXT_PATTERN},
            {"type": "number"},
            {"type": "boolean"},
            {"type": "null"},
        ]
    },
    "words": {
        "anyOf": [
            {"type": "string", "pattern": TEXT_PATTERN},
            {"type": "number"},
            {"type": "boolean"},
            {"type": "null"},
        ]
    },
    "date": {"type": ["string", "null"]},
    "dropped": {},
}


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write the schema of a program's records."""
    return {".schema.json": f"{json.dumps(schema_of(program), indent=2)}\n".encode()}


def schema_of(program: Program) -> dict[str, Any]:
    """Return the schema of a record or, without names, of an array of numbers."""
    origin = f" of {program.dataset}" if program.dataset else ""
    target = program.target_name or "the target"
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"Written by barenet {__version__}",
        "title": f"A row{origin}",
        "description": f"The columns that {target} is predicted from",
        "$defs": {"prediction": prediction_schema(program)},
    }
    if not program.feature_names:
        return head | _numbers(program.n_inputs)
    if program.table:
        properties = {column.name: _property(column) for column in program.table.columns}
    else:
        properties = _scaled_numbers(program)
    for name in _left_out(program):
        properties.setdefault(name, {"title": name, "description": "left out by request"})
    if program.target_name:
        ignored = {"title": program.target_name, "description": "the target, which is ignored"}
        properties.setdefault(program.target_name, ignored)
    example = {}
    for name in program.feature_names:
        examples = properties[name]["examples"]
        example[name] = examples[0]
    return head | {
        "type": "object",
        "properties": properties,
        "required": [*program.feature_names],
        "additionalProperties": False,
        "examples": [example],
    }


def prediction_schema(program: Program) -> dict[str, Any]:
    """Return the schema of a prediction: a number, several numbers, or a class."""
    title = {"title": program.target_name or "prediction"}
    if program.classes:
        return title | class_schema(program.labels)
    if program.n_outputs > 1:
        return title | _numbers(program.n_outputs)
    return title | {"type": "number"}


def class_schema(labels: list[Any]) -> dict[str, Any]:
    """Return the schema of classes, which is an enumeration if clients can be generated from it.

    That holds for integers, and for texts that become constants with different names.

    >>> class_schema([1, 2])
    {'type': 'integer', 'enum': [1, 2]}
    >>> class_schema(["a", "A"])
    {'type': 'string', 'description': 'One of a, A'}
    """
    types = {type(label) for label in labels}
    listed = ", ".join(str(label) for label in labels)
    if types == {bool}:
        return {"type": "boolean"}
    if types == {int}:
        return {"type": "integer", "enum": labels}
    if types == {float}:
        return {"type": "number", "description": f"One of {listed}"}
    constants = set()
    n_others = 0  # texts that generators number instead
    for label in labels:
        if label[:1].isalpha():
            constants.add(re.sub(r"\W+", "_", label).upper())
        else:
            n_others += 1
    if len(constants) + n_others < len(labels):
        return {"type": "string", "description": f"One of {listed}"}
    return {"type": "string", "enum": labels}


def _numbers(count: int) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "number"}, "minItems": count, "maxItems": count}


def _scaled_numbers(program: Program) -> dict[str, dict[str, Any]]:
    """Return the schemas of the columns of a matrix."""
    offset = 0.0
    factor = 1.0
    if program.first is not None:
        offset = program.first.parts["offset"]
        factor = program.first.parts["factor"]
    offsets = np.broadcast_to(offset, program.n_inputs).tolist()
    factors = np.broadcast_to(factor, program.n_inputs).tolist()
    properties = {}
    for name, center, inverse in zip(program.feature_names, offsets, factors, strict=True):
        limits = _limits(center, 1 / inverse)
        properties[name] = {"type": "number", **limits, "examples": [center]}
    return properties


def _limits(center: float, scale: float) -> dict[str, float]:
    """Return the limits of a number, within the range of float64."""
    largest = sys.float_info.max
    distance = min(MAX_SCALED * abs(scale), largest)
    return {
        "minimum": max(center - distance, -largest),
        "maximum": min(center + distance, largest),
    }


def _left_out(program: Program) -> list[str]:
    """Return the columns of the training table that were left out by request."""
    settings = program.card.get("settings", {})
    dropped = settings.get("drop")
    names: list[Any] = []
    if isinstance(dropped, list | tuple):
        names += dropped
    columns = settings.get("columns")
    if isinstance(columns, list | tuple):  # texts such as id=drop
        for text in columns:
            name, _, words = str(text).rpartition("=")
            if words == DROP:
                names.append(name)
    names += [settings.get(name) for name in SPLIT_ARGUMENTS]
    return [name for name in names if isinstance(name, str) and name != program.target_name]


def _property(column: Column) -> dict[str, Any]:
    """Return the schema of a column; its examples are categories, some words or the fill value."""
    schema = {"title": column.name, **KINDS[column.kind]}
    if isinstance(column, PiecewiseColumn) and column.clip:
        schema |= _limits(0.0, np.inf)
    elif isinstance(column, NumberColumn):
        schema |= _limits(column.center, column.scale)
    elif isinstance(column, DateColumn):
        schema["pattern"] = date_pattern(column.order)
    schema["description"] = column.formula
    if isinstance(column, CategoryColumn):
        schema["examples"] = [*column.categories] or [None]
    elif isinstance(column, WordsColumn):
        text = " ".join(column.words[:N_WORDS])
        schema["examples"] = [text or None]
    elif isinstance(column, FilledColumn):
        schema["examples"] = [_example(column)]
    return schema


def _example(column: FilledColumn) -> Any:
    """Return the value that replaces missing ones, as JSON has it."""
    if isinstance(column, BooleanColumn):
        return bool(column.fill_value)
    if isinstance(column, DateColumn):
        return iso_text(column.fill_value.astype("M8[s]"), column.order)
    return column.fill_value
