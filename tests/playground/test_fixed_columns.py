import numpy as np
import pytest

from barenet import Network, Predictor, TableEncoding, load_table
from barenet.errors import ArgumentError
from barenet.playground._data_preparation import prepare_table
from barenet.playground._page_state import DataSettings
from barenet.playground._tables import open_table

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
    assert prepared.input_names == encoding.output_names and len(prepared.input_names) == 13
    for part, half in zip((prepared.training, prepared.test), halves, strict=True):
        np.testing.assert_array_equal(part[0], encoding.transform(half.X, np.float32))
        np.testing.assert_array_equal(part[1], half.y)
    description = prepared.describe()["description"]
    assert "84 rows (6 without a target left out)" in description
    assert description.endswith("left out: id (counts the rows)")


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
    predictor = Predictor(
        network=network,
        preprocessing=prepared.encoding,
        classes=prepared.classes,
        feature_names=prepared.encoding.feature_names,
        target_name="kind",
        dataset="clients.csv",
    )
    places = prepared.plane.grid(3)

    def predicted(town, bought, member):
        columns = {"town": town, "bought": bought, "member": member}
        frame = {name: [value] * len(places) for name, value in columns.items()}
        rows = {**frame, "age": places[:, 0], "income": places[:, 1]}
        return predictor.outputs(rows)

    typical = {each.name: each.typical for each in prepared.fixed_columns}
    assert typical["town"] == "Rome"
    moved = prepared.with_fixed(("town", "Oslo", "bought", "2020-05-03", "member", "true"))
    np.testing.assert_allclose(
        moved.outputs(network, "grid", 3), predicted("Oslo", "2020-05-03", "true"), atol=1e-6
    )
    missing = moved.with_fixed(("town", " missing", "bought", "2020-05-03", "age", "40"))
    np.testing.assert_allclose(
        missing.outputs(network, "grid", 3),
        predicted("", "2020-05-03", typical["member"]),
        atol=1e-6,
    )
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
