"""The counter of the texts of a column, if there are more than it keeps."""

import numpy as np
import pytest

from barenet.tables.frames._frame import TEXT
from barenet.tables.reading._column_reading import reading_of
from barenet.tables.reading._column_texts import ColumnTexts


def counter(blocks, most=None):
    texts = ColumnTexts(most=most)
    for block in blocks:
        texts.add(np.array(block, TEXT), missing=())
    texts.complete()
    return texts


def test_a_choice_of_many_texts_stands_for_all_of_them_in_any_order():
    """Each occurs in one to three rows, so the chosen ones have exact counts."""
    rng = np.random.default_rng(0)
    rows = [f"{number}.5" for number in range(5_000) for _ in range(1 + number % 3)]
    counted = []
    for _ in range(2):
        blocks = np.array_split(rng.permutation(rows), 20)
        counted.append(counter(blocks, most=300))
    assert counted[0].counts == counted[1].counts and len(counted[0].counts) == 300
    assert counted[0].n_rows == pytest.approx(len(rows), rel=0.02)
    assert {*counted[0].texts} < {*rows}


@pytest.mark.parametrize(("n_names", "kind"), [(1_000, "number"), (3_000, "category")])
def test_frequent_texts_count_by_their_rows(n_names, kind):
    """Also if the others, most of which are left out, come first."""
    names = [f"name {number % 300}" for number in range(n_names)]
    numbers = [str(number % 100) for number in range(20_000 - n_names)]
    blocks = np.array_split(names + numbers, 20)
    for order in (blocks, blocks[::-1]):
        texts = counter(order, most=20)
        assert len(texts.counts) == 120
        assert reading_of(texts).kind == kind
    assert reading_of(counter(blocks)).kind == kind
