"""The page of promises names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_promise_names_its_test():
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    rows = re.search(r"^## Promises$(.*?)^## ", page, re.MULTILINE | re.DOTALL)[1]
    promises = [row for row in rows.splitlines() if row.startswith("|")][2:]
    assert len(promises) > 10
    for promise in promises:
        file, name = re.search(r"`(tests/\S+\.py)::(test_\w+)` \|$", promise).groups()
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name
