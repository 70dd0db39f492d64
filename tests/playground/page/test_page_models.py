"""A model on the page, with the table that it was trained on."""

import re

import numpy as np
import pytest

from barenet import Predictor, load
from barenet.cli._main import main
from barenet.datasets._table_loading import load_table

from .conftest import IS_SITE

pytestmark = pytest.mark.integration

PROBE = "barenet.tools.find((tool) => tool.near)"
N_ROWS = 3000


@pytest.fixture(scope="module")
def churn(tmp_path_factory):
    """A table with text and missing numbers, in which row 5 has no target."""
    random = np.random.default_rng(0)
    tenure = random.integers(1, 72, N_ROWS)
    price = random.normal(60, 18, N_ROWS).round(2)
    calls = random.poisson(1.5, N_ROWS)
    plan = random.choice(["basic", "plus", "pro"], N_ROWS)
    logits = -0.06 * (tenure - 36) + 0.5 * (calls - 1.5) + 1.5 * (plan == "basic") - 0.5
    churn = np.where(random.random(N_ROWS) < 1 / (1 + np.exp(-logits)), "yes", "no")
    lines = ["plan,tenure,price,calls,churn"]
    for row in range(N_ROWS):
        price_text = "" if row % 17 == 6 else f"{price[row]}"
        target = "" if row == 5 else churn[row]
        lines.append(f"{plan[row]},{tenure[row]},{price_text},{calls[row]},{target}")
    path = tmp_path_factory.mktemp("tables") / "churn.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def softmax_model(churn, tmp_path_factory):
    """A network with an output for each of the two classes."""
    folder = tmp_path_factory.mktemp("models")
    command = ["train", str(churn), "--target", "churn", "--layers", "7", "6", "2"]
    command += ["--output", "softmax", "--epochs", "12", "--no-plots", "--out", str(folder / "run")]
    assert main(command) == 0
    return folder / "run" / "model.safetensors"


def open_table(page, path):
    page.value("(document.querySelector('#own').open = true)")
    page.upload("#csv", str(path))
    page.until("data.table && panels[0].frame")
    page.rest()


def open_model(page, path):
    page.value("(document.querySelector('#opened').open = true)")
    page.upload("#model-file", str(path))
    page.until("state.data.source.startsWith('model:') && panels[0].frame")
    page.rest()


def test_a_model_with_two_outputs_names_the_class_that_it_predicts(tab, churn, softmax_model):
    model = load(softmax_model, Predictor)
    rows = load_table(churn, "churn")
    page = tab()
    open_table(page, churn)
    open_model(page, softmax_model)
    page.find(".probe-open").click()
    classes = set()
    for row in page.value(f"{PROBE}.drawn().slice(0, 8).map(({{ row }}) => row)"):
        page.value(f"{PROBE}.choose({PROBE}.drawn().find((point) => point.row === {row}))")
        page.until(f"{PROBE}.views[0].answer")
        page.rest()
        [expected] = model.outputs(rows.X[[row]])
        name = model.classes[int(expected.argmax())]
        classes.add(name)
        verdict = page.text(".probe .verdict")
        assert f": class {name}, " in verdict
        assert verdict.endswith(f"in truth: {model.classes[rows.y[row]]}")
        share = float(re.search(r"([\d.]+) %", verdict)[1])
        assert share == pytest.approx(100 * expected.max(), abs=0.06)
    assert classes == {"no", "yes"}


def test_the_map_and_the_matrix_of_two_outputs_are_those_of_the_model(tab, churn, softmax_model):
    model = load(softmax_model, Predictor)
    page = tab()
    open_table(page, churn)
    open_model(page, softmax_model)
    side = page.value("panels[0].frame.side")
    drawn = np.array(page.value("[...panels[0].frame.output]")).reshape(side, side)
    fixed = {column["name"]: [column["value"]] for column in page.value("data.fixed")}
    low, high = page.value("data.low"), page.value("data.high")
    axes = page.value("data.axes")
    for across, down in ((0, 0), (side - 1, 0), (side // 2, side // 3), (3, side - 1)):
        at = [(across + 0.5) / side, 1 - (down + 0.5) / side]
        values = low + np.subtract(high, low) * at
        row = fixed | dict(zip(axes, values[:, np.newaxis].tolist(), strict=True))
        row = {name: row[name] for name in model.feature_names}
        [[_, second]] = model.outputs(row)
        assert drawn[down, across] == pytest.approx(127 * (2 * second - 1), abs=1), "blue is yes"
    words = page.value("panels[0].output.valueAt(0.01, 0.99)")
    assert words.split(",")[0] == model.classes[int(drawn[side - 1, 0] > 0)]
    rows = load_table(churn, "churn")
    _, test = rows.split(page.value("state.data.test_size"))
    predicted = model.outputs(test.X).argmax(axis=1)
    counts = [[int(((test.y == t) & (predicted == p)).sum()) for p in (0, 1)] for t in (0, 1)]
    assert page.value("panels[0].frame.confusion") == counts


#: Keeps the requests of the probe, until they are released.
HOLD = """(() => {
  const { line } = barenet;
  const send = line.send.bind(line);
  window.held = [];
  line.send = (type, fields) => type === "probe" ? held.push(fields) : send(type, fields);
  window.release = () => {
    line.send = send;
    held.forEach((fields) => send("probe", fields));
  };
})()"""


def test_nothing_of_an_earlier_point_is_shown_with_the_next(tab, churn):
    """An answer that takes long: the panel does not have the numbers of before."""
    page = tab()
    open_table(page, churn)
    page.find(".probe-open").click()
    page.until_text(".verdict", "in truth")
    page.key("Escape")
    page.value(HOLD)
    page.until(f"!{PROBE}.views[0].query.sent")  # no answer is under way
    page.find(".probe-open").click()
    page.until("held.length")
    assert page.text(".probe .waiting") == "Waiting for the numbers of the network …"
    assert not page.find(".verdict").is_visible()
    page.value("release()")
    page.until("document.querySelector('.verdict').checkVisibility()")
    assert "in truth" in page.text(".verdict")
    assert not page.find(".probe .waiting").is_visible()


@pytest.mark.skipif(IS_SITE, reason="the files of a page are those of its worker")
def test_an_address_of_a_model_without_its_settings_shows_its_network(tab, churn, softmax_model):
    page = tab()
    open_table(page, churn)
    open_model(page, softmax_model)
    trained = page.parameters()
    source = page.value("state.data.source")
    for hash in (f"data={source}", f"data={source}&net.optimizer=sgd"):
        version = page.value("barenet.version")
        page.value(f"location.hash = {hash!r}")
        page.until(f"barenet.version > {version} && !barenet.awaits")
        page.rest()
        assert page.parameters() == trained, hash
        assert not page.find(".words").is_visible()
    assert page.value("settings.optimizer") == "sgd"
    page.value(f"location.hash = 'data={source}&net.hidden=7~3'")
    page.until("settings.hidden.length === 2 && !barenet.awaits")
    page.until_text(".words", "This is not the network of the model")
    page.until_text(".words", "it began untrained")
    page.press("Show the model’s network")
    page.until("settings.hidden.length === 1")
    page.rest()
    assert page.parameters() == trained
    page.until("document.querySelector('.words').hidden")
    page.press("New weights")
    page.until_text(".words", "This is not the network of the model")
    page.press("Show the model’s network")
    page.until("document.querySelector('.words').hidden")
    page.rest()
    assert page.parameters() == trained
