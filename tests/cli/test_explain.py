"""``barenet explain``: the step that a training would take, in every form; slips are one line."""

import re
from pathlib import Path

import numpy as np
import pytest

from barenet.cli._explain import SCALINGS
from barenet.data._scaling import NAMES


def test_the_first_step_of_the_sine_tutorial(barenet):
    """It trains row by row in order: the step shown is the first one of the training."""
    page = barenet("explain", "sine", "--json").json
    values = {each["name"]: each["value"] for step in page["steps"] for each in step["equations"]}
    from barenet.cli._experiment import prepare
    from barenet.cli._run_settings import RunSettings

    experiment = prepare(RunSettings(data="sine"))
    network = experiment.predictor.network
    first = experiment.training
    X = experiment.predictor.inputs(first.X[:1]).astype(network.dtype)
    _, gradient = network.value_and_gradient(X, first.y[:1], "squared_error")
    after = network.layout.views(network.parameters - 0.01 * gradient)
    for number, arrays in enumerate(after, 1):
        np.testing.assert_array_equal(values[f"W{number}"], arrays["weights"])
        np.testing.assert_array_equal(values[f"b{number}"], arrays["bias"])


def test_another_row_and_a_batch(barenet):
    one = barenet("explain", "sine", "--row", 3)
    assert one.status == 0, one.err
    facts = "row 3 of sine, standardized; new weights, init normal:std=0.1; 1 sample; loss squared"
    assert facts in words(one)
    some = barenet("explain", "moons", "--rows", 0, 1, 2)
    assert "rows 0, 1, 2 of moons; new weights, init normal:std=0.01; 3 samples" in words(some)
    assert max(map(len, some.out.splitlines())) <= 80


def test_every_scaling_has_its_words():
    assert SCALINGS.keys() == set(NAMES)


def words(done) -> str:
    """The output in one line."""
    return " ".join(done.out.split())


def test_a_trained_network(barenet, iris, line):
    done = barenet("explain", iris, "--row", 7)
    assert done.status == 0, done.err
    facts = words(done)
    assert "row 7 of iris, standardized" in facts
    assert "optimizer adam:learning_rate=0.01" in facts
    other = barenet("explain", iris / "model.safetensors", "iris", "--optimizer", "momentum")
    assert "optimizer momentum;" in words(other)
    number = barenet("explain", line, "--l2", 0.1)
    assert "penalty l2:strength=0.1" in words(number)


def test_what_a_trained_network_says_is_what_predict_says(barenet, iris):
    page = barenet("explain", iris, "iris", "--row", 7, "--json").json
    said = barenet("predict", iris, "iris", "--row", 7, "--json").json
    outputs = {each["name"]: each["value"] for s in page["steps"] for each in s["equations"]}
    last = max(name for name in outputs if re.fullmatch(r"A\d", name))
    np.testing.assert_allclose(outputs[last], said["probabilities"], rtol=1e-6)


@pytest.mark.parametrize("name", ["digits", "iris", "sine", "circles", "spirals", "wine"])
def test_a_usual_network_is_told_on_a_screen_or_two(barenet, name):
    assert len(barenet("explain", name).out.splitlines()) <= 150


def test_a_wide_table_is_told_on_a_screen_or_two(barenet):
    words_and_numbers = [f"{name}{{0}}" for name in "abcdef"] + ["{1}"] * 6
    rows = [",".join([f"k{i % 3}", *words_and_numbers]).format(i % 2, i * i % 7) for i in range(60)]
    Path("plants.csv").write_text("\n".join(["kind,a,b,c,d,e,f,g,h,i,j,k,l", *rows]))
    done = barenet("explain", "plants.csv", "--target", "kind")
    assert len(done.out.splitlines()) <= 150
    assert "row 0 of plants.csv, which becomes 18 inputs;" in words(done)
    given = words(done).partition("2. Layer")[0].partition("A₀: ")[2]
    assert "(1, 18) largest: g = 0 → -1.34891, h = " in given and " at [0, 1" not in given
    (limit,) = re.findall(r"--limit (\d+)", words(done))
    everything = barenet("explain", "plants.csv", "--target", "kind", "--limit", limit).out
    assert "largest" not in everything and "m[b₃]" in everything


def test_images(barenet, digits):
    done = barenet("explain", digits, "digits", "--row", 0)
    assert done.status == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80
    assert "std" in done.out and "(64, 64)" in done.out


@pytest.mark.parametrize(
    ("name", "starts", "holds"),
    [
        ("step.html", "<!doctype html>", "<math>"),
        ("step.md", "# One training step", "\\begin{bmatrix}"),
        ("step.txt", "One training step", "Z₁ = A₀ W₁ + b₁"),
    ],
)
def test_the_suffix_decides(barenet, name, starts, holds):
    done = barenet("explain", "moons", "--out", name)
    assert (done.status, done.out) == (0, f"{name}\n"), done.err
    text = Path(name).read_text("utf-8")
    assert text.startswith(starts) and holds in text and text.endswith("\n")


def test_a_format_goes_over_the_suffix(barenet):
    barenet("explain", "moons", "--format", "html", "--out", "step.txt")
    assert Path("step.txt").read_text("utf-8").startswith("<!doctype html>")
    shown = barenet("explain", "moons", "--format", "markdown").out
    assert shown.startswith("# One training step")


def test_a_file_that_cannot_be_written_is_one_line(barenet, tmp_path):
    (tmp_path / "taken" / "explanation.txt").mkdir(parents=True)
    done = barenet("explain", "moons", "--out", "taken")
    assert (done.status, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1 and "explanation.txt" in done.err


def test_a_table_takes_the_options_that_its_faults_name(barenet):
    rows = "".join(f"{n},{n / 4},{n * n}\n" for n in range(24))
    Path("sens.csv").write_text(f"id,heat,y\n{rows}25,unknown,5\n")
    step = ("explain", "sens.csv", "--target", "y", "--drop", "id")
    assert "use --missing unknown; if the column holds names, use --categories heat" in (
        barenet(*step).err
    )
    done = barenet(*step, "--missing", "unknown")
    assert done.status == 0, done.err
    assert "row 0 of sens.csv, which becomes 2 inputs" in " ".join(done.out.split())
    names = barenet(*step, "--categories", "heat", "--rare", 0, "--limit", 20)
    assert "heat=unknown" in names.out
