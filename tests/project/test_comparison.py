"""The comparison with other libraries: what it says barenet has is shown by a test that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "comparison.md"
LINK = re.compile(r'\[[^\]]+\]\((?P<file>\.\./tests/[^\s)]+) "(?P<test>\w+)"\)')


def rows() -> list[list[str]]:
    """The cells of the tables, without their headers and rules."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] and not row[0].startswith("-")]


def test_what_barenet_has_is_shown_by_a_test_that_exists():
    missing = []
    for what, ours, *_ in rows():
        found = LINK.search(ours)
        if ours == "no":
            continue
        assert found, f"{what}: {ours} is linked to no test"
        path = (PAGE.parent / found["file"]).resolve()
        if not re.search(rf"^def {found['test']}\(", path.read_text("utf-8"), re.MULTILINE):
            missing.append(f"{what}: {found['file']} has no {found['test']}")
    assert missing == []


def test_every_row_tells_of_all_four():
    assert len(rows()) > 25
    assert [row for row in rows() if len(row) != 5 or not all(row)] == []


def test_what_barenet_has_not_is_told_as_well():
    assert sum(row[1] == "no" for row in rows()) >= 2
