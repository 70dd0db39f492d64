"""Checks of the records in a request, before they are predicted.

A table is read leniently: it may have any columns, and numbers as text. The records of a service
are not, because a misspelled field would count as missing, and the prediction would be wrong. A
record is predicted if its schema allows it, and only then.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from barenet._messages import shortened, suggestion
from barenet.files.exports._value_patterns import TEXT_PATTERN, date_pattern

#: The Python types by the types of a schema, and their descriptions.
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
WORDS = {"string": "a string", "number": "a number", "boolean": "true, false", "null": "null"}
#: The pattern of times of day in a schema.
TIME_OF_DAY = date_pattern("time")
#: Number of characters of an unknown field that are compared with the names of the others.
MAX_NAME = 100
#: Stands for a field that a record does not have.
ABSENT = object()
#: The description of an absent value; a text has quotes.
NOTHING = "nothing"


@dataclass(frozen=True)
class FieldCheck:
    """The values that a field may have."""

    name: str
    types: tuple[type, ...]
    #: Limits of a number; None for no limit.
    minimum: float | None
    maximum: float | None
    #: Pattern of a string; None for no pattern.
    pattern: re.Pattern[str] | None
    #: Description of the allowed values.
    expected: str

    @classmethod
    def of(cls, name: str, field: Mapping[str, Any]) -> Self:
        """Make the check from the schema of a field."""
        alternatives = field.get("anyOf", [field])
        types: list[type] = []
        words: list[str] = []
        pattern = None
        for alternative in alternatives:
            for type_name in type_names(alternative):
                types += TYPES[type_name]
                words.append(WORDS[type_name])
            if "pattern" in alternative:
                pattern = re.compile(alternative["pattern"])
        expected = " or ".join(words)
        if pattern is not None and pattern.pattern != TEXT_PATTERN:
            noun = "a time of day" if pattern.pattern == TIME_OF_DAY else "a date"
            example = field["examples"][0]
            expected = expected.replace("a string", f"{noun} such as {example!r}")
        return cls(
            name,
            types=tuple(types),
            minimum=field.get("minimum"),
            maximum=field.get("maximum"),
            pattern=pattern,
            expected=expected,
        )

    def accepts(self, value: Any) -> bool:
        """Return whether the schema allows a value."""
        if type(value) not in self.types:
            return False
        if isinstance(value, str):
            return self.pattern is None or self.pattern.fullmatch(value) is not None
        if isinstance(value, float) and math.isinf(value):  # a number such as 1e999
            return False
        if self.minimum is None or self.maximum is None or value is None:
            return True
        if isinstance(value, int):  # compare as validators with exact numbers do
            return Decimal(repr(self.minimum)) <= value <= Decimal(repr(self.maximum))
        return bool(self.minimum <= value <= self.maximum)

    def problem(self, record: int, value: Any) -> dict[str, Any]:
        """Describe a value that is not allowed."""
        expected = self.expected
        if self.minimum is not None and type(value) in (int, float):
            expected = f"a number from {self.minimum:.4g} to {self.maximum:.4g}"
        if isinstance(value, str) and "\0" in value:
            expected = expected.replace("a string", "a string without a zero character")
        return problem(record, self.name, expected, value)


def type_names(field: Mapping[str, Any]) -> list[str]:
    """Return the types of a field as a list; a schema has one type or a list."""
    names = field["type"]
    return [names] if isinstance(names, str) else [*names]


class RecordChecks:
    """The checks of records, made from their schema.

    Examples
    --------
    >>> schema = {"properties": {"age": {"type": ["number"]}}, "required": ["age"]}
    >>> problems = RecordChecks(schema).find_problems([{"aeg": 3}])
    >>> [(problem["field"], problem["got"]) for problem in problems]
    [('aeg', '3'), ('age', 'nothing')]
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        properties = schema["properties"]
        self.names = properties.keys()
        self.fields = [FieldCheck.of(name, properties[name]) for name in schema["required"]]

    def find_problems(self, records: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """Find each value that the schema does not allow, and its position."""
        for at, record in enumerate(records):
            if not isinstance(record, dict):
                yield problem(at, None, "an object with a value for each column", record)
                continue
            for name, value in record.items():
                if name not in self.names:
                    beginning = name[:MAX_NAME]
                    hint = suggestion(beginning, self.names)
                    yield problem(at, beginning, f"no such field{hint}", value)
            for field in self.fields:
                value = record.get(field.name, ABSENT)
                if not field.accepts(value):
                    yield field.problem(at, value)

    def reason_of(self, problem: Mapping[str, Any]) -> str:
        """Return the kind of a problem, for the metrics."""
        name = problem["field"]
        if name is not None and name not in self.names:
            return "unknown_field"
        if problem["got"] == NOTHING:
            return "missing_field"
        return "wrong_value"


def problem(record: int | None, field: str | None, expected: str, got: Any) -> dict[str, Any]:
    """Describe a wrong value: its record and its field, if they are known, and a part of it."""
    text = json.dumps(got, ensure_ascii=False, default=str) if got is not ABSENT else NOTHING
    return {"record": record, "field": field, "expected": expected, "got": shortened(text)}
