"""The fit of the encoding of a column: every rule, at its limit."""

import pytest

from barenet import TableEncoding
from barenet.errors import DataError
from barenet.tables.encoding._column_fitting import SCALINGS


def fit(values, **options):
    """Fit column c beside another one, so that it may be dropped."""
    return TableEncoding.fit({"c": values, "x": [*range(len(values))]}, **options).columns[0]


@pytest.mark.case(11)
@pytest.mark.parametrize(
    ("scale", "most"), [("standardize", 1e308), ("minmax", 1.5e308), ("robust", 1e308)]
)
def test_numbers_with_an_infinite_spread(scale, most):
    with pytest.raises(DataError, match=rf"^column 'c': {scale} is beyond float64 for its numbers"):
        fit([-most, most] * 2, numbers=scale)


UNSCALED = {"fill": 1, "center": 0, "scale": 1, "indicator": True}
CONSTANT = {"fill": 5, "scale": 1, "indicator": True}


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        *(([0, 1, 1, None], {"numbers": scale}, UNSCALED) for scale in SCALINGS),
        # a constant with missing values, which becomes an indicator
        *(([5, None, 5], {"numbers": scale}, CONSTANT) for scale in SCALINGS),
        # the more frequent boolean, and the median date
        ([True, True, False], {}, {"fill": True}),
        ([True, False], {}, {"fill": False}),
        (["yes", "no", ""], {}, {"fill": False}),
        (["2026-01-01", "2026-01-03", ""], {}, {"fill": 1767312000}),
        # the cycles in which dates differ
        (["2026-01-05", "2027-01-05"], {}, {"cycles": ()}),
        (["2026-01-05", "2026-02-05"], {}, {"cycles": ("year",)}),
        (["2026-01-05", "2026-01-06"], {}, {"cycles": ("week",)}),
        (["2026-01-05T01:00", "2026-01-05T02:00"], {}, {"cycles": ("day",)}),
        (["2026-01-05T01:00", "2026-02-06T02:00"], {}, {"cycles": ("year", "week", "day")}),
        # text that identifies the rows
        ([f"n{row}" for row in range(19)], {}, {"kind": "category"}),
        ([f"n{row}" for row in range(20)], {}, {"kind": "dropped"}),
        ([f"n{row % 19}" for row in range(20)], {}, {"kind": "dropped"}),
        ([f"n{row % 18}" for row in range(20)], {}, {"kind": "category"}),
        ([f"n{row}" for row in range(20)], {"categories": ["c"]}, {"kind": "category"}),
        # categories that are all rare, without and with missing values
        ([*"aabbccdd"], {"rare": 3}, {"reason": "each of its 4 values is rare"}),
        ([*"aabbccdd", None], {"rare": 3}, {"inputs": ("c rare", "c missing")}),
    ],
)
def test_columns_are_fitted_by_their_rules(values, options, expected):
    column = fit(values, **options)
    assert {name: getattr(column, name) for name in expected} == expected
