"""The call trees of the documentation name functions that exist, in the files that have them."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / name for name in ("how-it-is-built.md", "how-the-engine-works.md")]
ENTRY = re.compile(
    r"^[ │├└─]*(?P<names>[A-Za-z_][\w., ]*?) +(?P<files>[\w/]+\.py(?:, [\w/]+\.py)*)(?=\s|$)"
)
CALLS = [
    (name, file)
    for page in PAGES
    for entry in filter(None, map(ENTRY.match, page.read_text("utf-8").splitlines()))
    for name, file in zip(entry["names"].split(", "), entry["files"].split(", "), strict=False)
]


def test_the_pages_have_call_trees():
    assert len(CALLS) > 90


@pytest.mark.parametrize(("name", "file"), sorted(set(CALLS)))
def test_a_function_of_a_call_tree_is_in_its_file(name, file):
    source = (ROOT / "src" / "barenet" / file).read_text("utf-8")
    defined = {
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    outer, *rest = name.split(".")
    assert outer in defined
    module = importlib.import_module("barenet." + file.removesuffix(".py").replace("/", "."))
    assert all(hasattr(getattr(module, outer), each) for each in rest)
