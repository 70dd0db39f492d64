"""Origin: whether a file is an explanation, so that no other is replaced by one."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["HEAD", "is_explanation"]

#: Bytes that a file is known by.
HEAD = 1024

#: How a text, a Markdown file and a page begin: with their title.
BEGINNING = re.compile(
    rb"(?:# |<!doctype html>.*?<title>)?"
    rb"(?:One|Neuron \d+ of layer \d+ in one) training step of\s+Network\(",
    re.DOTALL,
)


def is_explanation(path: Path) -> bool:
    """Tell an explanation from somebody else's file."""
    with path.open("rb") as stream:
        return BEGINNING.match(stream.read(HEAD)) is not None
