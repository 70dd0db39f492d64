import math

import numpy as np
import pytest
from sklearn.decomposition import PCA

from barenet.data._datasets import load_dataset
from barenet.playground._data_preparation import prepare_named
from barenet.playground._page_state import DataSettings
from barenet.playground._plane import FEATURES

A, B = 0.7, -1.3
WORKED = {
    "x1": A,
    "x2": B,
    "x1^2": 0.49,
    "x2^2": 1.69,
    "x1*x2": -0.91,
    "sin(x1)": math.sin(A),
    "sin(x2)": math.sin(B),
}


@pytest.mark.parametrize("name", FEATURES)
def test_features_and_their_python_code_by_hand(name):
    u, feature = np.array([[A, B]]), FEATURES[name]
    assert feature.formula(u[:, 0], u[:, 1])[0] == pytest.approx(WORKED[name])
    assert eval(feature.code, {"np": np, "u": u})[0] == pytest.approx(WORKED[name])


def test_rows_are_split_and_scaled_like_the_command():
    made = prepare_named(DataSettings(source="moons", samples=100, noise=0.2, test_size=0.25))
    train, test = load_dataset("moons", samples=100, noise=0.2, data_seed=0).split(0.25)
    X, y = made.training
    assert X.dtype == np.float32 and (y == train.y).all()
    for rows, scaled in ((train.X, X), (test.X, made.test[0])):
        assert pytest.approx((rows - train.X.mean(0)) / train.X.std(0), abs=1e-6) == scaled
    assert (made.test[1] == test.y).all()
    assert made.is_test.sum() == 25
    assert (made.points[made.is_test] == made.dataset.X[made.is_test]).all()
    assert {*map(tuple, made.points[made.is_test])} == {*map(tuple, test.X)}


def test_features_are_columns_and_coordinates_keep_their_unit():
    made = prepare_named(DataSettings(source="spirals", features=("x1", "x1^2", "sin(x2)")))

    def computed(X):
        return np.column_stack([X[:, 0], X[:, 0] ** 2, np.sin(X[:, 1])])

    columns = computed(made.dataset.split(0.5)[0].X)
    expected = (columns - columns.mean(0)) / columns.std(0)
    assert pytest.approx(expected, abs=1e-6) == made.training[0]
    assert made.input_names == ("x1", "x1^2", "sin(x2)")
    expected = made.scaling.transform(computed(made.plane.grid(5)))
    assert made.inputs("grid", 5) == pytest.approx(expected, abs=1e-5)


def test_one_column_has_no_features_of_a_second():
    made = prepare_named(DataSettings(source="sine", features=("x1", "x2", "sin(x1)", "x1*x2")))
    assert made.features.names == ("x1", "sin(x1)") and made.is_curve
    assert made.inputs("line", 7).shape == (7, 2) and made.plane.names == ("x",)
    assert (made.points[:, 1] == made.dataset.y).all()


def test_a_plane_of_two_columns_fixes_the_others_at_their_median():
    iris = load_dataset("iris")
    names = (iris.feature_names[2], iris.feature_names[0])
    made = prepare_named(DataSettings(source="iris", axes=names))
    plane = made.plane
    assert plane.names == names
    assert (made.points == iris.X[:, [2, 0]]).all()
    usual = np.median(iris.X, axis=0)
    row = plane.rows(np.array([[1.5, 2.5]]))[0]
    assert row == pytest.approx([2.5, usual[1], 1.5, usual[3]])


def test_the_grid_covers_the_rectangle_from_the_top_left():
    plane = prepare_named(DataSettings(source="xor")).plane
    grid = plane.grid(4)
    assert grid.shape == (16, 2)
    assert grid[0, 0] == grid[:, 0].min() and grid[0, 1] == grid[:, 1].max()
    assert grid[-1, 0] == grid[:, 0].max() and grid[-1, 1] == grid[:, 1].min()
    assert grid[1] - grid[0] == pytest.approx([(plane.high - plane.low)[0] / 4, 0])
    assert plane.positions(grid[:1])[0] == pytest.approx([1 / 8, 7 / 8])


def test_images_are_projected_on_principal_components():
    digits = load_dataset("digits")
    made = prepare_named(DataSettings(source="digits"))
    plane, points = made.plane, made.points
    expected = PCA(2).fit_transform(digits.X)
    assert np.abs(points) == pytest.approx(np.abs(expected), abs=1e-6)
    assert plane.rows(np.zeros((1, 2)))[0] == pytest.approx(digits.X.mean(axis=0))


@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"source": "moon"}, "data"),
        ({"source": "xor", "axes": ("height", "x1")}, "axes"),
        ({"source": "xor", "axes": ("x1", "x1")}, "axes"),
    ],
)
def test_unknown_data_and_axes_are_rejected(settings, argument, refused):
    with refused(argument):
        prepare_named(DataSettings(**settings))
