"""Checks of the records of a request, before they are predicted.

A table is read leniently, with any columns, and with numbers as text. A record of a service is not:
a field that is spelled wrong would count as missing, and the prediction would be wrong.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from barenet.errors import shortened, suggestion

#: The types of a schema by those of Python.
TYPES = {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null"}
#: Characters of an unknown field that are compared with the others.
MAX_NAME = 100
#: A field that a record does not have.
ABSENT = object()


def find_problems(schema: Mapping[str, Any], records: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Find each value that is not as a schema expects, and its place.

    >>> schema = {"properties": {"age": {"type": ["number"]}}, "required": ["age"]}
    >>> [(each["field"], each["got"]) for each in find_problems(schema, [{"aeg": 3}])]
    [('aeg', '3'), ('age', 'nothing')]
    """
    properties = schema["properties"]
    types = {name: properties[name]["type"] for name in schema["required"]}
    for at, record in enumerate(records):
        if not isinstance(record, dict):
            yield problem(at, None, "an object with a value for each column", record)
            continue
        for name in [name for name in record if name not in properties]:
            hint = suggestion(name[:MAX_NAME], properties)
            yield problem(at, name[:MAX_NAME], f"no such field{hint}", record[name])
        for name, expected in types.items():
            value = record.get(name, ABSENT)
            if TYPES.get(type(value)) not in expected:
                yield problem(at, name, " or ".join(expected), value)


def problem(record: int | None, field: str | None, expected: str, got: Any) -> dict[str, Any]:
    """A wrong value: its record and its field, where they are known, and a part of it."""
    text = "nothing" if got is ABSENT else json.dumps(got, ensure_ascii=False, default=str)
    return {"record": record, "field": field, "expected": expected, "got": shortened(text)}
