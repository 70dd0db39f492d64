from __future__ import annotations

from contextlib import closing

import pytest

from barenet.errors import DataError
from barenet.playground.page_state import DataSettings
from barenet.playground.tables import Tables


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,2\n3\n", r"bad\.csv:3: expected 2 values, as in the first line, got 1$"),
        (b'a,b\n1,"2\n', r"bad\.csv:2: a quote that opens here is not closed"),
        (b"a,b\n1,\x002\n", r"bad\.csv:2: a zero byte .*; save it as UTF-8$"),
        (b"a,b\n\xff\x00,2\n", r"bad\.csv: not UTF-8 text.*; save it as UTF-8$"),
        (b"", r"bad\.csv: empty file$"),
        (b"a,b\n", r"bad\.csv: no rows below the header$"),
        (
            b"1,2\n3,4\n",
            r"bad\.csv:1: expected the names of the columns.*; add a first line",
        ),
        (b"a;b\n1;2\n3\n", r"bad\.csv:1: 1 column, 'a;b'; its values seem to be separated by ';'$"),
        (b"a,b\n1,2\n3,\n", r"bad\.csv:3: .* got nothing; take such rows out of the file$"),
        (
            b"a,b\n1,2\n3,NA\n",
            r"bad\.csv:3: .*; take such rows out of the file, or choose to predict it as classes$",
        ),
        (
            b"a,b\n1,2\n3,word\n4,1\n",
            r"bad\.csv:3: .* got 'word'; for classes, choose to predict it as classes$",
        ),
        (b'a,b\n1,"2,5"\n3,"4,5"\n', r"bad\.csv:2: .*; write numbers with a decimal point$"),
    ],
)
def test_a_fault_is_told_in_words_that_help_on_the_page(content, words):
    with closing(Tables()) as tables, pytest.raises(DataError, match=f"^{words}"):
        tables.load(DataSettings(source=tables.add("bad.csv", content), target="b"))
