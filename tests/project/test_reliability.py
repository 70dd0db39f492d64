"""The pages of promises and features: what they claim is shown by tests that exist.

The marker `case(7)` of a test names the case of *Wrong and unusual input* that it shows, and
`promise(7)` the promise of *Reliability*.
"""

import ast
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
#: Promise 10 was given up.
NUMBERS = {"promise": set(range(1, 19)) - {10}, "case": set(range(1, 202))}
LINK = re.compile(r'\[[^\]]+\]\((?P<file>\.\./tests/[^\s)]+)\s"(?P<test>\w+)"\)')


def rows(kind: str) -> dict[int, str]:
    """The rows of the promises, or of the cases, by their numbers."""
    if kind == "case":
        text = CASES.read_text("utf-8")
    else:
        page = RELIABILITY.read_text("utf-8")
        text = re.search("^## Promises$(.*?)^## Properties$", page, re.M | re.S)[1]
    found = re.findall(r"^\| (\d+) (\|.*\|)$", text, re.MULTILINE)
    assert len({number for number, _ in found}) == len(found), "a number is there twice"
    return {int(number): row for number, row in found}


Numbers = dict[str, set[int]]


@pytest.fixture(scope="module")
def tests() -> dict[tuple[Path, str], Numbers]:
    """The numbers of every test of the project, by its file and its name."""
    found = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for statement in ast.parse(path.read_text("utf-8")).body:
            if isinstance(statement, ast.FunctionDef) and statement.name.startswith("test_"):
                found[path, statement.name] = numbers_of(statement)
    return found


def numbers_of(test: ast.FunctionDef) -> Numbers:
    """The numbers in the markers of a test, such as `@pytest.mark.case(7, 8)`."""
    numbers: Numbers = {kind: set() for kind in NUMBERS}
    for decorator in test.decorator_list:
        for kind in NUMBERS:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(f".{kind}"):
                numbers[kind].update(ast.literal_eval(argument) for argument in decorator.args)
    return numbers


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_number_has_a_row_and_a_test(kind, tests):
    assert set(rows(kind)) == NUMBERS[kind]
    assert set().union(*(numbers[kind] for numbers in tests.values())) == NUMBERS[kind]


@pytest.mark.parametrize(("kind", "page"), [("case", CASES), ("promise", RELIABILITY)])
def test_every_row_links_tests_of_its_number(kind, page, tests):
    for number, row in rows(kind).items():
        links = [*LINK.finditer(row)]
        assert links, f"{kind} {number} is linked to no test"
        for link in links:
            test = (page.parent / link["file"]).resolve(), link["test"]
            assert number in tests[test][kind], f"{kind} {number} is shown by {link['test']}"


@pytest.mark.parametrize(
    ("page", "fewest"),
    [(RELIABILITY, 20), (CASES, 200), (COMPARISON, 20), (FRONT, 4)],
    ids=["reliability", "cases", "comparison", "index"],
)
def test_every_linked_test_exists(page, fewest, tests):
    links = list(LINK.finditer(page.read_text("utf-8")))
    linked = {((page.parent / link["file"]).resolve(), link["test"]) for link in links}
    assert len(linked) > fewest
    assert linked - tests.keys() == set()


def test_numbers_are_in_markers_and_not_in_names(tests):
    numbered = re.compile(r"^test_(faults?|cases?|promises?|f|p)_?\d")
    assert [name for _, name in tests if numbered.match(name)] == []


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
    known = {(path.name, name) for path, name in tests if path.is_relative_to(folder)}
    in_browser = {("", name) for path, name in tests if path.parent == folder / "page"}
    listed = dict(features())
    assert len(listed) > 55 and all(listed.values())
    named = {each for names in listed.values() for each in names}
    assert named - known - in_browser == set()
    assert in_browser - named == set()  # the list of features is complete
    assert len([names for names in listed.values() if not in_browser & {*names}]) <= 7
