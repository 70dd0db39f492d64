"""Records of a request: each wrong value is found, with its place."""

import pytest

from barenet.service._record_checks import find_problems

SCHEMA = {
    "properties": {
        "age": {"type": ["number", "null"]},
        "member": {"type": ["boolean", "null"]},
        "key": {},
    },
    "required": ["age", "member"],
}
RIGHT = {"age": 3, "member": True}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        *((each, []) for each in (RIGHT, {"age": None, "member": None}, {**RIGHT, "key": [1]})),
        ({**RIGHT, "age": "3"}, [("age", "number or null", '"3"')]),
        ({**RIGHT, "age": True}, [("age", "number or null", "true")]),
        ({**RIGHT, "age": [3]}, [("age", "number or null", "[3]")]),
        ({**RIGHT, "age": {"Köln": None}}, [("age", "number or null", '{"Köln": null}')]),
        ({**RIGHT, "age": "9" * 99}, [("age", "number or null", f'"{"9" * 79}...')]),
        ({**RIGHT, "member": 1}, [("member", "boolean or null", "1")]),
        ({"member": True}, [("age", "number or null", "nothing")]),
        ({**RIGHT, "mebmer": 1}, [("mebmer", "no such field, did you mean 'member'?", "1")]),
        ({**RIGHT, "z" * 200: 1}, [("z" * 100, "no such field", "1")]),
        ([], [(None, "an object with a value for each column", "[]")]),
        (None, [(None, "an object with a value for each column", "null")]),
        ({}, [("age", "number or null", "nothing"), ("member", "boolean or null", "nothing")]),
    ],
)
def test_each_problem_has_its_place(record, expected):
    found = [*find_problems(SCHEMA, [RIGHT, record])]
    assert [(each["field"], each["expected"], each["got"]) for each in found] == expected
    assert {each["record"] for each in found} <= {1}
