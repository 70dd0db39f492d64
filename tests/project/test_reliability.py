"""The page of promises and cases: each is there, and is shown by tests that bear its number.

A test of case 7 is called `test_fault_07_…`, one of promise 7 `test_promise_07_…`; and of several
`test_fault_01_02_…` or `test_fault_90_promise_18_…`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
NUMBERS = {"promise": set(range(1, 19)), "fault": set(range(1, 122))}
LINK = re.compile(r'\[[^\]]+\]\((?P<file>\.\./tests/[^\s)]+) "(?P<test>\w+)"\)')
TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
NUMBERED = re.compile(r"^test((?:_(?:fault|promise)(?:_\d{2,3})+)+)_[a-z]")


def rows(kind: str) -> dict[int, str]:
    """The rows of one part of the page, by their numbers."""
    start, end = {"promise": ("Promises", "Cases"), "fault": ("Cases", "Properties")}[kind]
    part = re.search(f"^## {start}$(.*?)^## {end}$", PAGE.read_text("utf-8"), re.M | re.S)[1]
    found = re.findall(r"^\| (\d+) (\|.*\|)$", part, re.MULTILINE)
    assert len({number for number, _ in found}) == len(found), "a number is there twice"
    return {int(number): row for number, row in found}


def links() -> Iterator[re.Match[str]]:
    return LINK.finditer(PAGE.read_text("utf-8"))


def named() -> Iterator[tuple[Path, str]]:
    """Every test of the project, with its file."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        yield from ((path, name) for name in TEST.findall(path.read_text("utf-8")))


def numbers_of(name: str, kind: str) -> set[int]:
    """The numbers in a test's name."""
    numbered = NUMBERED.match(name)
    series = re.findall(rf"{kind}((?:_\d{{2,3}})+)", numbered[1]) if numbered else []
    return {int(number) for each in series for number in each.split("_")[1:]}


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_number_is_in_the_table_and_in_the_name_of_a_test(kind):
    assert set(rows(kind)) == NUMBERS[kind]
    assert set().union(*(numbers_of(name, kind) for _, name in named())) == NUMBERS[kind]


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_row_is_shown_by_tests_of_its_number(kind):
    for number, row in rows(kind).items():
        shown = [link["test"] for link in LINK.finditer(row)]
        assert shown, f"{kind} {number} is linked to no test"
        wrong = [name for name in shown if number not in numbers_of(name, kind)]
        assert not wrong, f"{kind} {number} is shown by {wrong}"


def test_every_linked_test_is_there():
    there = set(named())
    missing = [
        link[0]
        for link in links()
        if ((PAGE.parent / link["file"]).resolve(), link["test"]) not in there
    ]
    assert missing == []


def test_names_with_a_number_are_of_one_form():
    odd = re.compile(r"^test_(faults?|cases?|promises?|f|p)_?\d")
    wrong = [name for _, name in named() if odd.match(name) and not NUMBERED.match(name)]
    assert wrong == []
