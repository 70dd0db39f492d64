from __future__ import annotations

import numpy as np
import pytest

from barenet.data._datasets import load_dataset
from barenet.playground._page_state import DataSettings
from barenet.playground._prepared_data import prepare
from barenet.playground._presets import NAMED


def test_rows_are_split_and_scaled_as_the_command_does_it():
    made = prepare(DataSettings(source="moons", samples=100, noise=0.2, test_size=0.25))
    train, test = load_dataset("moons", samples=100, noise=0.2, data_seed=0).split(0.25)
    assert (made.training.X == train.X).all() and (made.training.y == train.y).all()
    assert (made.test.X == test.X).all()
    X, y = made.rows(made.training)
    assert X.dtype == np.float32 and (y == train.y).all()
    assert pytest.approx((train.X - train.X.mean(0)) / train.X.std(0), abs=1e-6) == X
    assert made.is_test.sum() == 25
    assert (made.points[made.is_test] == made.dataset.X[made.is_test]).all()
    assert {*map(tuple, made.points[made.is_test])} == {*map(tuple, test.X)}


def test_features_are_columns_and_coordinates_keep_their_unit():
    made = prepare(DataSettings(source="spirals", features=("x1", "x1^2", "sin(x2)")))
    X = made.dataset.X
    expected = np.column_stack([X[:, 0], X[:, 0] ** 2, np.sin(X[:, 1])])
    assert pytest.approx(expected) == made.inputs.X
    assert made.inputs.feature_names == ("x1", "x1^2", "sin(x2)")
    grid = made.plane.grid(5)
    expected = np.column_stack([grid[:, 0], grid[:, 0] ** 2, np.sin(grid[:, 1])])
    assert made.grid(5) == pytest.approx(made.scaling.transform(expected), abs=1e-5)


def test_features_of_columns_in_other_units_are_of_standardized_ones():
    made = prepare(DataSettings(source="iris", features=("x1", "x1*x2"), axes=()))
    X = made.dataset.X[:, :2]
    u = (X - X.mean(0)) / X.std(0)
    assert pytest.approx(np.column_stack([X[:, 0], u[:, 0] * u[:, 1]])) == made.inputs.X


def test_a_number_is_standardized_as_the_command_does_it():
    made = prepare(DataSettings(source="plane"))
    _, y = made.rows(made.training)
    assert y.mean() == pytest.approx(0, abs=1e-9) and y.std() == pytest.approx(1)


def test_a_curve_leaves_out_what_needs_a_second_column():
    made = prepare(DataSettings(source="sine", features=("x1", "x2", "sin(x1)", "x1*x2")))
    assert made.features.names == ("x1", "sin(x1)") and made.is_curve
    assert made.line(7).shape == (7, 2)


@pytest.mark.parametrize("name", NAMED)
def test_every_set_can_be_prepared(name):
    made = prepare(DataSettings(source=name, samples=60))
    assert made.grid(4).shape == (16, made.inputs.n_features)
    assert np.isfinite(made.grid(4)).all()


def test_data_that_do_not_exist_are_told():
    with pytest.raises(ValueError, match="did you mean 'moons'"):
        prepare(DataSettings(source="moon"))
