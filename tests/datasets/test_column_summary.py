"""Summaries of columns: counts in bins, also of other rows."""

from itertools import pairwise

import numpy as np
import pytest

from barenet.datasets._column_summary import count_in_bins, summarize

NUMBERS = {
    "continuous": np.random.default_rng(0).normal(size=1000),
    "zeros": np.repeat([0.0, 1.0, 5.0], [60, 25, 15]),
    "constant": np.full(9, 3.5),
    "missing": np.array([np.nan, 1.0, np.nan, 2.0]),
    "one": np.array([7.0]),
}


@pytest.mark.parametrize("values", NUMBERS.values(), ids=NUMBERS)
def test_bins_hold_a_tenth_of_the_rows_each(values):
    summary = summarize(values)
    edges, known = summary["edges"], values[~np.isnan(values)]
    assert summary["range"] == (known.min(), known.max()) and len(edges) <= 9
    bounds = [-np.inf, *edges, np.inf]
    counts = [int(((known > low) & (known <= high)).sum()) for low, high in pairwise(bounds)]
    assert summary["counts"] == (*counts, np.isnan(values).sum())
    if len(known) == 1000:
        assert counts == [100] * 10
    shifted = count_in_bins(summary, np.array([-1e300, 1e300, np.nan]))
    assert shifted[0] >= 1 and shifted[-2] >= 1 and shifted[-1] == 1 and shifted.sum() == 3


def test_the_most_frequent_categories_have_counts():
    labels = np.repeat(np.array([f"c{at:02d}" for at in range(30)] + [""], object), range(1, 32))
    summary = summarize(labels)
    assert summary["categories"] == tuple(f"c{at}" for at in range(29, 10, -1))
    assert summary["counts"] == (*range(30, 11, -1), sum(range(1, 12)), 31)
    now = count_in_bins(summary, np.array(["c29", "new", "", "c00"], object))
    assert (now[0], now[-2], now[-1], now.sum()) == (1, 2, 1, 4)


def test_categories_of_an_earlier_summary_are_found_in_any_spelling():
    summary = {"categories": ("o\u0308", "0.10000000149011612", "1"), "counts": (1, 1, 1, 0, 0)}
    now = count_in_bins(summary, np.array(["\u00f6", "0.1", "0.1", "01"], object))
    assert now.tolist() == [1, 2, 0, 1, 0]
