"""The pages of promises and features: what they claim is shown by tests that exist.

A test of case 7 is called `test_fault_07_…`, one of promise 7 `test_promise_07_…`; and of several
`test_fault_01_02_…` or `test_fault_90_promise_18_…`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RELIABILITY = ROOT / "docs" / "reliability.md"
CASES = ROOT / "docs" / "wrong-input.md"
COMPARISON = ROOT / "docs" / "comparison.md"
FRONT = ROOT / "docs" / "index.md"
FEATURES = ROOT / "docs" / "playground-features.md"
#: Promise 10 was given up; the faults that are left out are about what the library lacks.
NUMBERS = {"promise": set(range(1, 19)) - {10}, "fault": set(range(1, 196)) - {175, 176, 186}}
LINK = re.compile(r'\[[^\]]+\]\((?P<file>\.\./tests/[^\s)]+)\s"(?P<test>\w+)"\)')
TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
NUMBERED = re.compile(r"^test((?:_(?:fault|promise)(?:_\d{2,3})+)+)_[a-z]")


def rows(kind: str) -> dict[int, str]:
    """The rows of the promises, or of the cases, by their numbers."""
    if kind == "fault":
        text = CASES.read_text("utf-8")
    else:
        page = RELIABILITY.read_text("utf-8")
        text = re.search("^## Promises$(.*?)^## Properties$", page, re.M | re.S)[1]
    found = re.findall(r"^\| (\d+) (\|.*\|)$", text, re.MULTILINE)
    assert len({number for number, _ in found}) == len(found), "a number is there twice"
    return {int(number): row for number, row in found}


@pytest.fixture(scope="module")
def tests() -> set[tuple[Path, str]]:
    """Every test of the project, with its file."""
    paths = (ROOT / "tests").rglob("test_*.py")
    return {(path, name) for path in paths for name in TEST.findall(path.read_text("utf-8"))}


def numbers_of(name: str, kind: str) -> set[int]:
    """The numbers in a test's name."""
    numbered = NUMBERED.match(name)
    series = re.findall(rf"{kind}((?:_\d{{2,3}})+)", numbered[1]) if numbered else []
    return {int(number) for each in series for number in each.split("_")[1:]}


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_number_has_a_row_and_a_test(kind, tests):
    assert set(rows(kind)) == NUMBERS[kind]
    assert set().union(*(numbers_of(name, kind) for _, name in tests)) == NUMBERS[kind]


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_row_links_tests_of_its_number(kind):
    for number, row in rows(kind).items():
        shown = [link["test"] for link in LINK.finditer(row)]
        assert shown, f"{kind} {number} is linked to no test"
        wrong = [name for name in shown if number not in numbers_of(name, kind)]
        assert not wrong, f"{kind} {number} is shown by {wrong}"


@pytest.mark.parametrize(
    ("page", "fewest"),
    [(RELIABILITY, 20), (CASES, 200), (COMPARISON, 20), (FRONT, 4)],
    ids=["reliability", "cases", "comparison", "index"],
)
def test_every_linked_test_exists(page, fewest, tests):
    links = list(LINK.finditer(page.read_text("utf-8")))
    linked = {((page.parent / link["file"]).resolve(), link["test"]) for link in links}
    assert len(linked) > fewest
    assert linked - tests == set()


def test_numbered_names_have_one_form(tests):
    odd = re.compile(r"^test_(faults?|cases?|promises?|f|p)_?\d")
    assert [name for _, name in tests if odd.match(name) and not NUMBERED.match(name)] == []


def test_the_comparison_links_each_feature_to_a_test_and_lists_missing_ones():
    lines = [line for line in COMPARISON.read_text("utf-8").splitlines() if line.startswith("|")]
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    table = [row for row in cells if row[0] and not row[0].startswith("-")]
    assert len(table) > 25 and all(len(row) == 5 and all(row) for row in table)
    assert [row[0] for row in table if row[1] != "no" and not LINK.search(row[1])] == []
    assert sum(row[1] == "no" for row in table) >= 2


def features() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The features of the playground, with the files and the names of their tests.

    A test in a browser is named without its file.
    """
    text = FEATURES.read_text("utf-8")
    for feature, cell in re.findall(r"^\| (.+) \| (`.+`) \|$", text, re.MULTILINE):
        yield feature, re.findall(r"`(?:(test_\w+\.py)::)?(test_\w+)`", cell)


def test_every_feature_of_the_playground_has_a_test_and_most_have_one_in_a_browser(tests):
    """The server's own promises and the bits of an export are shown without one."""
    folder = ROOT / "tests" / "playground"
    known = {(path.name, name) for path, name in tests if path.parent == folder}
    in_browser = {("", name) for path, name in tests if path.parent == folder / "page"}
    listed = dict(features())
    assert len(listed) > 55 and all(listed.values())
    named = {each for names in listed.values() for each in names}
    assert named - known - in_browser == set()
    assert in_browser - named == set()  # the list of features is complete
    assert len([names for names in listed.values() if not in_browser & {*names}]) <= 7
