"""Each promise, and each case of wrong input, has a test with its number.

The marker `promise(7)` of a test names the promise of docs/policy.md that it shows, and
`case(7)` the case of tests/cases.md.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {"promise": ROOT / "docs" / "policy.md", "case": ROOT / "tests" / "cases.md"}


def numbers_in_marks(kind: str) -> set[int]:
    """The numbers of all marks such as `@pytest.mark.case(7, 8)`."""
    numbers = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        marks = re.findall(rf"pytest\.mark\.{kind}\(([\d,\s]+)\)", path.read_text("utf-8"))
        numbers.update(int(number) for mark in marks for number in re.findall(r"\d+", mark))
    return numbers


@pytest.mark.parametrize("kind", PAGES)
def test_every_number_has_a_row_and_a_test(kind):
    rows = re.findall(r"^\| (\d+) \|", PAGES[kind].read_text("utf-8"), re.MULTILINE)
    numbers = [int(row) for row in rows]
    assert len(numbers) > 15 and len(numbers) == len(set(numbers))
    assert numbers_in_marks(kind) == set(numbers)
