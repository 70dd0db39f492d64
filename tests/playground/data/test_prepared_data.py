"""Data sets, tables and drawn points as the network takes them, and their pictures."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from sklearn.decomposition import PCA

from barenet import Network, TableEncoding, load_dataset
from barenet.datasets._table_loading import load_table
from barenet.errors import ArgumentError
from barenet.playground.data._data_sources import (
    prepare_drawn,
    prepare_named,
    prepare_table,
    read_points,
)
from barenet.playground.data._table_file import open_table
from barenet.playground.state._address import read_address
from barenet.playground.state._features import FEATURES
from barenet.playground.state._page_state import MAX_DRAWN_POINTS, DataSettings, PageState
from barenet.playground.state._wire_format import MAX_MESSAGE_BYTES


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


@pytest.mark.parametrize("source", ["gaussians", "moons"])
def test_the_axes_of_generated_points_have_the_scale_of_the_inputs(source):
    """The line of a neuron lies where a pupil computes it from the numbers on the axes."""
    made = prepare_named(DataSettings(source=source))
    plane = made.describe()
    low = np.array(plane["low"])
    high = np.array(plane["high"])
    shares = (np.stack(np.meshgrid(range(4), range(4)), axis=-1).reshape(-1, 2) + 0.5) / 4
    shares[:, 1] = 1 - shares[:, 1]  # the first row is at the top
    expected = low + shares * (high - low)
    assert made.inputs("grid", 4) == pytest.approx(expected, abs=1e-5)
    assert np.abs(made.plane.low - low).max() > 0.1, "the data have another scale"


def test_features_are_columns_and_coordinates_keep_their_unit():
    made = prepare_named(DataSettings(source="spirals", features=tuple(FEATURES)))

    def computed(X):
        a, b = X.T
        return np.column_stack([a, b, a**2, b**2, a * b, np.sin(a), np.sin(b)])

    X = made.dataset.split(0.5)[0].X
    columns = computed(X)
    expected = (columns - columns.mean(0)) / columns.std(0)
    assert pytest.approx(expected, abs=1e-6) == made.training[0]
    codes = [eval(each.code, {"np": np, "u": X}) for each in FEATURES.values()]
    assert np.column_stack(codes) == pytest.approx(columns)
    assert made.input_names == tuple(FEATURES)
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


@pytest.mark.parametrize("axes", [("height", "x1"), ("x1", "x1")])
def test_unknown_and_equal_axes_are_rejected(axes, refused):
    with refused("axes"):
        prepare_named(DataSettings(source="xor", axes=axes))


ALL = DataSettings(features=("all",), target="kind")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Clients: an identifier, words, dates and booleans, and missing values and targets."""
    path = tmp_path_factory.mktemp("tables") / "clients.csv"
    random, lines = np.random.default_rng(0), ["id,town,bought,age,income,member,kind"]
    for row in range(1, 91):
        town = "" if row % 11 == 0 else random.choice(["Rome", "Oslo", "Paris"], p=[0.5, 0.3, 0.2])
        day = f"20{random.integers(10, 24)}-{random.integers(1, 13):02}-{random.integers(1, 29):02}"
        age, income = random.integers(18, 80), "" if row % 7 == 0 else random.integers(10, 90)
        member, kind = random.choice(["true", "false"]), "" if row % 15 == 0 else "ab"[row % 2]
        lines.append(f"{row},{town},{day},{age},{income},{member},{kind}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def table(path):
    return open_table("clients.csv", path)


def test_a_table_is_encoded_as_by_the_command_line(path, table):
    prepared, rows = prepare_table(ALL, table), load_table(path, "kind", frame=True)
    halves = rows.split(ALL.test_size)
    encoding = TableEncoding.fit(halves[0].X)
    assert prepared.input_names == encoding.input_names and len(prepared.input_names) == 13
    for part, half in zip((prepared.training, prepared.test), halves, strict=True):
        np.testing.assert_array_equal(part[0], encoding.transform(half.X, np.float32))
        np.testing.assert_array_equal(part[1], half.y)
    description = prepared.describe()["description"]
    assert "84 rows (6 without a target left out)" in description
    assert description.endswith("left out: id (numbers the rows)")


def test_a_column_that_counts_the_rows_is_no_axis(table):
    prepared = prepare_table(DataSettings(target="kind"), table)
    assert prepared.axes == prepared.plane.names == ("age", "income")


def test_words_alone_are_drawn_on_their_main_directions(tmp_path):
    path = tmp_path / "words.csv"
    rows = [f"{a},{b},{'yes' if a == b else 'no'}\n" for a in "xyz" for b in "xyz" for _ in "123"]
    path.write_text("left,right,same\n" + "".join(rows))
    prepared = prepare_table(DataSettings(), open_table("words.csv", path))
    assert len(prepared.input_names) == 6 and not prepared.axes and not prepared.fixed_columns
    assert prepared.plane.names == ("1st main direction", "2nd main direction")


def test_a_slice_is_the_prediction_for_its_values(table):
    """The oracle is a predictor of the same network, which encodes the rows by itself."""
    prepared = prepare_table(ALL, table)
    network = Network.dense([13, 5, 1], output="sigmoid", seed=1)
    predictor = prepared.predictor(network)
    places = prepared.plane.grid(3)

    def predicted(town, bought, member):
        columns = {"town": town, "bought": bought, "member": member}
        frame = {name: [value] * len(places) for name, value in columns.items()}
        rows = {**frame, "age": places[:, 0], "income": places[:, 1]}
        return predictor.outputs(rows)

    typical = {each.name: each.typical for each in prepared.fixed_columns}
    assert typical["town"] == "Rome"
    moved = prepared.with_fixed(("town", "Oslo", "bought", "2020-05-03", "member", "true"))
    expected = predicted("Oslo", "2020-05-03", "true")
    np.testing.assert_allclose(moved.outputs(network, "grid", 3), expected, atol=1e-6)
    missing = moved.with_fixed(("town", " missing", "bought", "2020-05-03", "age", "40"))
    expected = predicted("", "2020-05-03", typical["member"])
    np.testing.assert_allclose(missing.outputs(network, "grid", 3), expected, atol=1e-6)
    back = missing.with_fixed(())
    np.testing.assert_array_equal(back.inputs("grid", 3), prepared.inputs("grid", 3))
    by_name = {each["name"]: each for each in moved.describe()["fixed"]}
    assert by_name["town"]["choices"] == ["Oslo", "Paris", "Rome", " missing"]
    assert by_name["bought"]["value"] == "2020-05-03" and by_name["bought"]["low"][:2] == "20"


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [("town", "Bonn", "'Oslo'"), ("bought", "NaT", "a date"), ("member", "2", "'false', 'true'")],
)
def test_a_value_that_a_column_cannot_have_is_an_error(table, column, value, expected):
    with pytest.raises(ArgumentError, match=f"fixed: .*{column}.*{expected}"):
        prepare_table(ALL, table).with_fixed((column, value))


CORNERS = "000001zzzz"


def test_points_are_in_the_address(store):
    data = read_address(f"data=drawn&points={CORNERS}3zz00").data
    positions, classes = read_points(data.points)
    assert positions.tolist() == [[-2, -2], [2, 2], [2, -2]] and classes.tolist() == [0, 1, 3]
    prepared = store.prepare(data)
    assert prepared.classes == ("class 1", "class 2", "class 3", "class 4")
    np.testing.assert_array_equal(prepared.training[0], positions)
    np.testing.assert_array_equal(prepared.training[1], classes)
    assert prepared.describe()["rows"] == [3, 0]


def test_the_largest_number_of_points_fits_into_a_message():
    data = DataSettings(source="drawn", points="1zzzz" * MAX_DRAWN_POINTS)
    assert len(json.dumps(asdict(PageState(data=data)))) < MAX_MESSAGE_BYTES / 4
    assert prepare_drawn(data).describe()["rows"] == [MAX_DRAWN_POINTS, 0]


def test_other_text_is_no_points(refused):
    for points in ("00000" * 301, "0", "40000", "0ZZZZ", "00000~10000", "0٣٣٣٣"):
        with refused("points", "at most 300 points"):
            DataSettings(source="drawn", points=points)


def test_a_new_point_keeps_the_weights_and_is_learned(page):
    page.configure(source="drawn", points=CORNERS)
    page.run_to(20)
    weights = page.arrays["0.weights"]
    page.configure(points=CORNERS + "0zz00")
    page.wait_for(lambda network: network["epoch"] == 20)
    np.testing.assert_array_equal(page.arrays["0.weights"], weights)
    assert page.state["data"]["rows"] == [3, 0] and page.run_to(200)["newest"][3] == 1.0
    page.configure(points=CORNERS + "2zz00")
    assert page.wait_for(lambda network: True)["epoch"] == 0, "a third class, another network"
