"""``barenet explain``: the first step of a training, or a step of a trained network."""

import re
from pathlib import Path

import numpy as np
import pytest
from predictors import predictor_of

from barenet import Network, RunConfig, TableEncoding, Task
from barenet.cli._explain import _explain, _new_step, _trained_step, note_inputs
from barenet.cli._flags import RunSettings

HOMES = """\
joined,age,member,town,price
2024-03-05,,yes,Rome,-58.5
2024-03-06,40,no,Rome,-20
2024-03-07,44,no,Oslo,-20
2024-03-08,48,yes,Rome,-30
2024-03-09,50,yes,Oslo,-40
"""


#: The options of the command by default.
DEFAULTS = {"notation": "rows", "precision": 6, "limit": None, "is_new": True}


def given(done) -> str:
    """The notes below the input and the target."""
    return done.words.partition(" A₀")[2].partition("2. Layer 1")[0].strip()


def test_first_step_of_the_sine_tutorial(barenet):
    """It trains row by row in order: the step shown is the first one of the training."""
    page = _explain(_new_step("", RunSettings(data="sine")), (0,), **DEFAULTS)
    assert str(page).strip() == barenet("explain", "sine").out.strip()
    experiment = Task.from_settings(RunSettings(data="sine")).prepare()
    network, first = experiment.predictor.network, experiment.training
    X = experiment.predictor.inputs(first.X[:1]).astype(network.dtype)
    _, gradient = network.value_and_gradient(X, first.y[:1], "squared_error")
    after = network.layout.views(network.parameters - 0.01 * gradient)
    for number, arrays in enumerate(after, 1):
        np.testing.assert_array_equal(page[f"W{number}"], arrays["weights"])
        np.testing.assert_array_equal(page[f"b{number}"], arrays["bias"])


def test_new_weights_of_a_small_network_have_one_decimal(barenet):
    page = _explain(_new_step("", RunSettings(data="moons")), (0,), **DEFAULTS)
    given = {each.name.key: each.value for step in page.steps for each in step.given}
    settings = RunSettings(data="moons", config=RunConfig(init="auto"))
    expected = Task.from_settings(settings).prepare().predictor.network
    for name, exact in (("W1", expected.layers[0].weights), ("W2", expected.layers[1].weights)):
        np.testing.assert_array_equal(given[name], np.round(given[name], 1))
        assert (np.abs(given[name]) >= 0.1).all() and np.abs(given[name] - exact).max() <= 0.05
    assert "new weights, init auto;" in barenet("explain", "iris").words
    assert "init normal:std=0.01;" in barenet("explain", "moons", "--init", "normal:std=0.01").words


@pytest.mark.integration
def test_a_trained_network_and_the_notes_on_its_row(barenet, iris, line):
    done = barenet("explain", iris, "--row", 7)
    assert "row 7 of iris; scaling standardize" in done.words
    assert "optimizer adam:learning_rate=0.01" in done.words
    other = barenet("explain", iris / "model.safetensors", "iris", "--optimizer", "momentum")
    assert "optimizer momentum;" in other.words
    penalty = "l2:strength=0.1"
    assert f"penalty {penalty}" in barenet("explain", line, "--penalty", penalty).words
    step = _trained_step("iris", RunSettings(data=str(iris)))
    page = _explain(step, (7,), **DEFAULTS | {"is_new": False})
    predicted = barenet("predict", iris, "iris", "--row", 7, "--json").json
    last = max(each.name.key for each in page.quantities if re.fullmatch(r"A\d", each.name.key))
    np.testing.assert_allclose(page[last], predicted["probabilities"], rtol=1e-6)
    assert "petal width (cm) = 0.2 → -1.31" in given(barenet("explain", iris, "iris"))
    assert given(barenet("explain", "iris", "--row", 149)).endswith("species: virginica")
    done = barenet("explain", "moons")
    assert "x1 = 0.743461, x2 = 0.464656" in given(done)
    assert given(done).endswith("Y = [0] (1, 1) y: 0")
    done = barenet("explain", "moons", "--rows", 0, 1, 2)
    facts = "rows 0, 1, 2 of moons; scaling none; new weights, init auto rounded to 0.1; 3 samples"
    assert facts in done.words and max(map(len, done.out.splitlines())) <= 80


@pytest.mark.integration
def test_a_wide_table_takes_a_screen_or_two(barenet):
    words_and_numbers = [f"{name}{{0}}" for name in "abcdef"] + ["{1}"] * 6
    rows = [",".join([f"k{i % 3}", *words_and_numbers]).format(i % 2, i * i % 7) for i in range(60)]
    Path("plants.csv").write_text("\n".join(["kind,a,b,c,d,e,f,g,h,i,j,k,l", *rows]))
    explain = ("explain", "plants.csv", "--target", "kind")
    done = barenet(*explain)
    assert len(done.out.splitlines()) <= 150
    assert "row 0 of plants.csv; scaling column by column" in done.words
    assert "(1, 18) largest: g = 0 → -1.34891, h = " in given(done)
    assert " at [0, 1" not in given(done)
    (limit,) = re.findall(r"--limit (\d+)", done.words)
    everything = barenet(*explain, "--limit", limit).out
    assert "largest" not in everything and "m[b₃]" in everything


def test_the_format_is_that_of_the_suffix_or_the_option(barenet):
    """An earlier explanation of another format is replaced."""
    for options, name, starts, holds in (
        ([], "step.HTM", "<!doctype html>", "<math>"),
        ([], "step.md", "# One training step", "\\begin{bmatrix}"),
        ([], "step", "One training step", "Z₁ = A₀ W₁ + b₁"),
        (["--format", "html"], "step", "<!doctype html>", "<math>"),
        (["--format", "text"], "step", "One training step", "Z₁ = A₀ W₁ + b₁"),
    ):
        assert barenet("explain", "moons", *options, "--out", name).ok().out == f"{name}\n"
        text = Path(name).read_text("utf-8")
        assert text.startswith(starts) and holds in text and text.endswith("\n")


def test_the_values_of_a_row_of_a_table_and_the_formula_of_its_target(barenet):
    Path("homes.csv").write_text(HOMES)
    table = ("explain", "homes.csv", "--target", "price", "--test-size", 0)
    done = barenet(*table)
    assert "row 0 of homes.csv; scaling column by column" in done.words
    notes = given(done)
    assert "joined = 2024-03-05 → -1.41421, " in notes
    assert "age = missing → " in notes and "age missing 1, member = yes → 1, " in notes
    assert "town=Oslo 0, town=Rome 1" in notes
    shown, _, formula = notes.partition("Y = [")[2].partition("price = -58.5 → ")
    assert formula.startswith("(-58.5 + 33.7) / ")  # less the mean
    number, unit = float(shown.partition("]")[0]), float(formula.rpartition(" ")[2])
    assert number == pytest.approx((-58.5 + 33.7) / unit, rel=1e-4)
    some = barenet(*table, "--rows", 1, 2)
    assert "rows 1, 2 of homes.csv; scaling column by column" in some.words
    assert "in order joined, joined week sin, joined week cos, age, " in given(some)
    assert "price → (y + 33.7) / " in given(some)


@pytest.mark.parametrize(
    ("town", "shown"), [("Atlantis", "Atlantis"), ("x" * 500, "x" * 40 + "…"), ("", "")]
)
def test_a_rare_category_is_named_and_a_long_one_shortened(town, shown):
    towns = {"town": [town, "Ur", "Rome", "Rome", "Oslo", "Oslo"]}
    encoding = TableEncoding.fit(towns, rare=2)
    predictor = predictor_of(Network.dense([encoding.n_inputs, 1]), encoding)
    row = encoding.frame_of(towns)[[0]]
    note = str(note_inputs(predictor, row, predictor.inputs(row), 3))
    expected = f"town rare = {shown} → 1" if shown else "town rare 0, town missing 1"
    assert note == f"town=Oslo 0, town=Rome 0, {expected}"
