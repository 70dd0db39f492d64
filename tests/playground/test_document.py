"""The page of the documentation that says what the playground can do names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "playground.md").read_text("utf-8")


def test_every_feature_names_a_test_that_exists():
    rows = re.findall(r"^\| (.+) \| (`test_.+) \|$", PAGE, re.MULTILINE)
    assert len(rows) > 20
    for feature, said in rows:
        name = ""
        for file, function in re.findall(r"`(test_\w+\.py)?(?:::(test_\w+))?`", said):
            name = file or name
            text = (HERE / name).read_text("utf-8")
            assert not function or f"def {function}(" in text, f"{feature}: {name}::{function}"
