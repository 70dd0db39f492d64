"""Records of a request: each wrong value is found, with its place."""

import pytest

from barenet.files.exports._value_patterns import TEXT_PATTERN, date_pattern
from barenet.service._record_checks import RecordChecks

SCHEMA = {
    "properties": {
        "age": {"type": ["number", "null"], "minimum": -100.0, "maximum": 1e22},
        "member": {"type": ["boolean", "null"]},
        "town": {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]},
        "day": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$", "examples": ["2026-03"]},
        "key": {},
    },
    "required": ["age", "member", "town", "day"],
}
RIGHT = {"age": 3, "member": True, "town": "Rome", "day": "2026-01"}
AGE, MEMBER, DAY = "a number or null", "true, false or null", "a date such as '2026-03'"
TOWN = "a string or a number or null"
LIMITS = "a number from -100 to 1e+22"
RECORD = "an object with a value for each column"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (RIGHT, []),
        ({**RIGHT, "age": None, "member": None, "town": None}, []),
        ({**RIGHT, "age": 10**22, "town": 10**400}, []),
        ({**RIGHT, "age": -100, "key": [1]}, []),
        ({**RIGHT, "age": 10**22 + 1}, [("age", LIMITS, "1" + "0" * 21 + "1")]),
        ({**RIGHT, "age": -100.5}, [("age", LIMITS, "-100.5")]),
        ({**RIGHT, "age": "3"}, [("age", AGE, '"3"')]),
        ({**RIGHT, "age": True}, [("age", AGE, "true")]),
        ({**RIGHT, "age": [3]}, [("age", AGE, "[3]")]),
        ({**RIGHT, "age": {"Köln": None}}, [("age", AGE, '{"Köln": null}')]),
        ({**RIGHT, "age": "9" * 99}, [("age", AGE, f'"{"9" * 79}...')]),
        ({**RIGHT, "town": True}, [("town", TOWN, "true")]),
        ({**RIGHT, "town": float("inf")}, [("town", TOWN, "Infinity")]),
        ({**RIGHT, "day": "2026-01\n"}, [("day", DAY, '"2026-01\\n"')]),
        ({**RIGHT, "day": None}, [("day", DAY, "null")]),
        ({**RIGHT, "mebmer": 1}, [("mebmer", "no such field, did you mean 'member'?", "1")]),
        ({**RIGHT, "z" * 200: 1}, [("z" * 100, "no such field", "1")]),
        ([], [(None, RECORD, "[]")]),
        (None, [(None, RECORD, "null")]),
        ({**RIGHT, "age": 3.5, "member": False}, []),
    ],
)
def test_each_problem_has_its_place(record, expected):
    problems = [*RecordChecks(SCHEMA).find_problems([RIGHT, record])]
    assert [(each["field"], each["expected"], each["got"]) for each in problems] == expected
    assert {each["record"] for each in problems} <= {1}


def test_a_text_with_a_zero_character_is_refused_as_the_schema_describes_it():
    """No file of text has one, and a prediction refuses it."""
    texts = {"type": "string", "pattern": TEXT_PATTERN}
    field = {"anyOf": [texts, {"type": "null"}]}
    checks = RecordChecks({"properties": {"town": field}, "required": ["town"]})
    towns = ["Rome", "", "two\nlines\n", None, "Ro\0me", "Rome\0"]
    problems = [*checks.find_problems([{"town": town} for town in towns])]
    assert [problem["record"] for problem in problems] == [4, 5]
    assert problems[0]["expected"] == "a string without a zero character or null"


@pytest.mark.case(167)
def test_a_time_of_day_is_not_called_a_date():
    field = {"type": ["string", "null"], "pattern": date_pattern("time"), "examples": ["13:23:30"]}
    schema = {"properties": {"at": field}, "required": ["at"]}
    [problem] = RecordChecks(schema).find_problems([{"at": "25:00"}])
    assert problem["expected"] == "a time of day such as '13:23:30' or null"


def test_a_record_without_fields_has_a_problem_for_each():
    problems = RecordChecks(SCHEMA).find_problems([{}])
    expected = [("age", AGE), ("member", MEMBER), ("town", TOWN), ("day", DAY)]
    assert [(each["field"], each["expected"]) for each in problems] == expected


@pytest.mark.case(167, 183)
@pytest.mark.parametrize("value", ["", "?", "NA", "YES", "yes", "true", "1", 1, 0, 1.0])
def test_a_boolean_is_true_or_false(value):
    (problem,) = RecordChecks(SCHEMA).find_problems([{**RIGHT, "member": value}])
    assert problem["expected"] == MEMBER
