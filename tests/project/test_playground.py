"""The checklist of the playground: every feature is shown by a test that exists, in a browser."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "playground.md").read_text("utf-8")
TESTS = ROOT / "tests" / "playground"


#: The tests in a browser.
BROWSER = "page/test_*.py"


@cache
def names_in(files: str) -> set[str]:
    """The functions of the files of a pattern."""
    texts = [path.read_text("utf-8") for path in TESTS.glob(files)]
    nodes = [node for text in texts for node in ast.parse(text).body]
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def rows() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each feature with the files and the names of its tests."""
    part = PAGE.partition("## Features")[2]
    cells = re.findall(r"^\| (.+) \| (`.+`) \|$", part, re.MULTILINE)
    name = re.compile(r"`(?:(test_\w+\.py)::)?(test_\w+)`")
    return [(what, [(f or BROWSER, n) for f, n in name.findall(cell)]) for what, cell in cells]


def test_every_feature_has_a_test():
    assert len(rows()) > 55
    for feature, names in rows():
        assert names, feature
        for file, name in names:
            assert name in names_in(file), f"{feature}: {file} has no {name}"


def test_page_features_are_tested_in_a_browser():
    """The server's own promises and the bits of an export are shown without one."""
    others = [what for what, names in rows() if BROWSER not in {file for file, _ in names}]
    assert len(others) <= 7, others


def test_every_browser_test_is_listed():
    """The list of features is complete."""
    listed = {name for _, names in rows() for _, name in names}
    assert {name for name in names_in(BROWSER) if name.startswith("test_")} - listed == set()
