"""``barenet explain`` says what the numbers of a row were, and what its target means."""

from pathlib import Path

import pytest

from barenet import Network, Predictor
from barenet.cli._explain_notes import note_inputs
from barenet.data._encoding import TableEncoding

TABLE = """\
joined,age,member,town,price
2024-03-05,,yes,Rome,-58.5
2024-03-06,40,no,Rome,-20
2024-03-07,44,no,Oslo,-20
2024-03-08,48,yes,Rome,-30
2024-03-09,50,yes,Oslo,-40
"""


def given(done) -> str:
    """What stands below the input and the target, in one line."""
    assert done.status == 0, done.err
    text = done.out[done.out.index("    A₀") : done.out.index("2. Layer 1")]
    return " ".join(text.split())


def test_a_row_of_a_table(barenet):
    Path("homes.csv").write_text(TABLE)
    table = ("explain", "homes.csv", "--target", "price", "--test-size", 0)
    done = barenet(*table, "--precision", 4)
    assert "row 0 of homes.csv, which becomes 8 inputs;" in " ".join(done.out.split())
    said = given(done)
    assert "joined = 2024-03-05 → -1.414, " in said
    assert "age = missing → " in said and "age missing 1, member = yes → 1, " in said
    assert "town=Oslo 0, town=Rome 1" in said
    assert "price = -58.5 → (-58.5 + 33.7) / " in said  # less their mean
    some = barenet(*table, "--rows", 1, 2)
    assert "rows 1, 2 of homes.csv, which become 8 inputs;" in " ".join(some.out.split())
    assert "in order joined, joined week sin, joined week cos, age, " in given(some)
    assert "price → (y + 33.7) / " in given(some)


def test_the_scaling_of_the_target_is_what_the_network_is_told(barenet):
    Path("homes.csv").write_text(TABLE)
    said = given(barenet("explain", "homes.csv", "--target", "price", "--test-size", 0))
    shown, _, formula = said.partition("Y = [")[2].partition("price = -58.5 → ")
    number, unit = float(shown.partition("]")[0]), float(formula.rpartition(" ")[2])
    assert number == pytest.approx((-58.5 + 33.7) / unit, rel=1e-4)


def test_a_class_and_what_was_scaled(barenet, iris):
    assert "petal width (cm) = 0.2 → -1.31" in given(barenet("explain", iris, "iris"))
    assert given(barenet("explain", "iris")).endswith("species: setosa")
    assert given(barenet("explain", "iris", "--row", 149)).endswith("species: virginica")
    one = given(barenet("explain", "moons"))
    assert "x1 = 0.743461, x2 = 0.464656" in one and one.endswith("Y = [0] (1, 1) y: 0")
    assert given(barenet("explain", "moons", "--row", 1)).endswith("Y = [1] (1, 1) y: 1")


@pytest.mark.parametrize(
    ("town", "said"), [("Atlantis", "Atlantis"), ("x" * 500, "x" * 40 + "…"), ("", "")]
)
def test_a_rare_word_is_said_and_a_long_one_cut(town, said):
    towns = {"town": [town, "Ur", "Rome", "Rome", "Oslo", "Oslo"]}
    encoding = TableEncoding.fit(towns, rare=2)
    predictor = Predictor(
        network=Network.dense([encoding.n_outputs, 1]),
        preprocessing=encoding,
        classes=None,
        feature_names=("town",),
        target_name="price",
        dataset="towns",
    )
    row = encoding.frame_of(towns)[[0]]
    note = str(note_inputs(predictor, row, predictor.inputs(row), 3))
    expected = f"town rare = {said} → 1" if said else "town rare 0, town missing 1"
    assert note == f"town=Oslo 0, town=Rome 0, {expected}"
