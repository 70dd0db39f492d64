"""The choice of the fraction below which categories are merged."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from barenet import MLPEnsembleRegressor
from barenet.population._ensemble_training import prepare_ensemble_training
from barenet.tables._rare_categories import _left_out_error, choose_rare


def towns(n_towns, n_rows=600, *, matters):
    """Rows of towns of equal size, whose targets depend on them or on chance."""
    rng = np.random.default_rng(0)
    codes = rng.permutation(np.arange(n_rows) % n_towns)
    effect = rng.normal(size=n_towns)[codes] if matters else 0
    y = effect + 0.1 * rng.normal(size=n_rows)
    table = {"town": [f"t{code}" for code in codes], "x": rng.normal(size=n_rows)}
    return table, y[:, np.newaxis]


def test_the_error_is_that_of_fits_without_each_row():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(25, 4)) + 3, rng.normal(size=(25, 2))
    for weight in (np.ones(25), rng.integers(0, 4, 25) / 1.5):
        weight /= weight.mean()
        options = {"cv": LeaveOneOut(), "params": {"sample_weight": weight}}
        predicted = cross_val_predict(Ridge(alpha=1.0), X, y, **options)
        expected = np.average(np.square(y - predicted).mean(axis=1), weights=weight)
        assert _left_out_error(X, y, 7 * weight) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("n_towns", "matters", "expected"),
    [
        (120, True, 0.0),  # each in 0.83 % of the rows
        (120, False, 0.01),
        (70, False, 0.02),  # each in 1.4 %: merged, they disturb less
        (70, True, 0.01),
        (5, True, None),  # frequent by any of the fractions
        (700, True, None),  # too many outputs, and the same for all others
    ],
)
def test_categories_are_kept_where_they_predict_rows_left_out(n_towns, matters, expected):
    table, y = towns(n_towns, 1400 if n_towns == 700 else 600, matters=matters)
    assert choose_rare(table, y, np.ones(len(y))) == expected


def test_rows_of_little_weight_decide_little():
    """In half of the rows, towns matter."""
    (table, y), (_, noise) = (towns(120, 1200, matters=each) for each in (True, False))
    y = np.where(np.arange(1200)[:, np.newaxis] % 2, y, noise)
    odd = np.arange(1200) % 2 + 1e-3
    assert choose_rare(table, y, odd) == 0.0
    assert choose_rare(table, y, 1.001 - odd) == 0.01


def test_tables_of_numbers_have_no_choice():
    assert choose_rare({"x": np.arange(50.0) ** 2}, np.ones((50, 1)), np.ones(50)) is None


def test_ensembles_choose_unless_a_fraction_is_given():
    table, y = towns(120, matters=True)
    (training, encoding, _), (given, merged, _) = (
        prepare_ensemble_training(table, y, **options) for options in ({}, {"rare": 0.01})
    )
    assert (training.recipe.rare, given.recipe.rare) == (0.0, 0.01)
    assert len(encoding.columns[0].categories) == 120 and merged.columns[0].kind == "dropped"
    model = MLPEnsembleRegressor(max_iter=1, random_state=0).fit(table, y[:, 0])
    assert model.encoding_.columns[0] == encoding.columns[0]
