"""The call trees of the documentation name functions that exist, in the files that have them."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-it-is-built.md"
ENTRY = re.compile(
    r"^[ │├└─]*(?P<names>[A-Za-z_][\w., ]*?) +(?P<files>[\w/]+\.py(?:, [\w/]+\.py)*)"
)
CALLS = [
    (name, file)
    for entry in filter(None, map(ENTRY.match, PAGE.read_text("utf-8").splitlines()))
    for name, file in zip(entry["names"].split(", "), entry["files"].split(", "), strict=False)
]


def test_the_page_has_call_trees():
    assert len(CALLS) > 50


@pytest.mark.parametrize(("name", "file"), CALLS)
def test_a_function_of_a_call_tree_is_in_its_file(name, file):
    module = importlib.import_module("barenet." + file.removesuffix(".py").replace("/", "."))
    outer, *rest = name.split(".")
    assert getattr(module, outer).__module__ == module.__name__
    assert all(hasattr(getattr(module, outer), each) for each in rest)
