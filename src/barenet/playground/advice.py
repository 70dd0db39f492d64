"""Advice: what is wrong with a table, in words for who has only the page.

The library's own words name a path on this machine, and options of a call or a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["by_its_name"]

#: Advice for those who write the call, and what helps on the page.
_ADVICE = (
    (re.compile(r"; pass the encoding of the file.*"), "; save it as UTF-8"),
    (re.compile(r"; try delimiter=(\S+)"), r"; its values seem to be separated by \1"),
    (
        re.compile(r"leave such rows out by drop_missing_target=True"),
        "take such rows out of the file",
    ),
    (re.compile(r"; for a decimal comma, use .*"), "; write numbers with a decimal point"),
    (re.compile(r"; remove the points between.*"), ""),
    (
        re.compile(r"; (if it is a row|if the first line is a row)[^;]*, use header=False(; .*)?$"),
        "; add a first line that names the columns",
    ),
    (
        re.compile(r"(for classes,|or) (?:use )?task='classification'( if it is a class)?"),
        r"\1 choose to predict it as classes",
    ),
)


@contextmanager
def by_its_name(name: str, path: Path) -> Iterator[None]:
    """Call a file what its owner calls it, in what is said of its faults.

    Examples
    --------
    >>> with by_its_name("mine.csv", Path("/tmp/1.csv")):
    ...     raise ValueError("/tmp/1.csv:1: 1 column, 'a;b'; try delimiter=';'")
    Traceback (most recent call last):
    ValueError: mine.csv:1: 1 column, 'a;b'; its values seem to be separated by ';'
    """
    try:
        yield
    except ValueError as error:
        words = str(error).replace(str(path), name)
        for pattern, instead in _ADVICE:
            words = pattern.sub(instead, words)
        raise type(error)(words) from None
