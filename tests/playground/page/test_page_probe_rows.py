"""The rows of a user's own table on the page, each probed by its number in the file."""

import re

import numpy as np
import pytest

from barenet import MLPEnsembleClassifier, Predictor, contributions, load, load_table, save
from barenet.cli._main import main
from barenet.insight.contributions._written_numbers import (
    contribution_text,
    standard_error_text,
)
from barenet.playground.data._table_file import open_table as open_table_file
from barenet.playground.state._page_state import DataSettings

from .conftest import IS_SITE, numbers

pytestmark = pytest.mark.integration

PROBE = "barenet.tools.find((tool) => tool.near)"
CONTRIBUTIONS = """[...document.querySelectorAll('.contributions tr')].map((row) =>
  [...row.cells].map((cell) => cell.innerText))"""
#: The contrast of a refusal with its background, by the formula of WCAG 2.
CONTRAST = """(() => {
  const style = getComputedStyle(document.querySelector('.refusal'));
  const luminance = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const both = [luminance(style.color), luminance(style.backgroundColor)].sort((a, b) => b - a);
  const ratio = (both[0] + 0.05) / (both[1] + 0.05);
  return { ratio, opacity: style.opacity, weight: style.fontWeight };
})()"""
N_ROWS = 3000


@pytest.fixture(scope="module")
def churn(tmp_path_factory):
    """A table with text and missing numbers, in which row 5 has no target.

    Of its rows, the page draws every second one.
    """
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
    """A network with an output for each of the two classes, and an ensemble of such networks."""
    folder = tmp_path_factory.mktemp("models")
    command = ["train", str(churn), "--target", "churn", "--layers", "7", "6", "2"]
    command += ["--output", "softmax", "--epochs", "12", "--no-plots", "--out", str(folder / "run")]
    assert main(command) == 0
    return folder / "run" / "model.safetensors"


@pytest.fixture(scope="module")
def ensemble_model(churn, tmp_path_factory):
    data = load_table(churn, "churn")
    ensemble = MLPEnsembleClassifier(max_iter=3, random_state=0)
    ensemble.fit(data.X, np.array(data.classes)[data.y])
    predictor = Predictor.from_estimator(ensemble, target_name="churn", dataset="churn.csv")
    path = tmp_path_factory.mktemp("models") / "ensemble.safetensors"
    save(predictor, path)
    return path


def open_table(page, path):
    page.value("(document.querySelector('#own').open = true)")
    page.upload("#csv", str(path))
    page.until("facts.table_rows && panels[0].frame")
    page.rest()


def open_model(page, path):
    page.value("(document.querySelector('#opened').open = true)")
    page.upload("#model-file", str(path))
    page.until("facts.required && facts.rows[0] && panels[0].frame")
    page.rest()


def probe_row(page, number):
    """Go to a row of the table, and wait for the answer of the server."""
    field = page.labelled("Row", exact=True)
    field.fill(str(number))
    field.press("Enter")
    page.until(f"{PROBE}.point.number === {number} && {PROBE}.views[0].answer")


def contributions_shown(page):
    """The contributions as the page lists them, by the name of the column."""
    rows = page.value(CONTRIBUTIONS)[1:]  # in one reading: while it learns, rows are replaced
    return {name: numbers(value)[0] for name, _, value, _ in rows}


def lines_of(path):
    header, *lines = path.read_text().splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


def test_a_model_with_two_outputs_names_the_class_that_it_predicts(tab, churn, softmax_model):
    model = load(softmax_model, Predictor)
    rows = load_table(churn, "churn")
    page = tab()
    open_table(page, churn)
    open_model(page, softmax_model)
    page.find(".probe-open").click()
    classes = set()
    for row in (0, 1, 2, 3, 17, 40, 41, 2999):
        probe_row(page, row)
        place = int(np.flatnonzero(rows.numbers == row)[0])
        [expected] = model.outputs(rows.X[[place]])
        name = model.classes[int(expected.argmax())]
        classes.add(name)
        sentence = page.text(".probe .contributed")
        of_second = "The probability of churn = yes is "
        assert sentence.startswith(of_second), "of the second class, as in Python"
        second = numbers(sentence.removeprefix(of_second))[0]
        assert second == pytest.approx(expected[1], abs=0.0006)
        verdict = page.text(".probe .verdict")
        assert f": churn = {name}, with a probability of " in verdict
        assert verdict.endswith(f"in truth: {model.classes[rows.y[place]]}")
        share = float(re.search(r"([\d.]+) %", verdict)[1])
        assert share == pytest.approx(100 * expected.max(), abs=0.06)
        of_second = share if name == "yes" else 100 - share
        assert second == round(of_second / 100, 3), "both lines have the same digits"
    assert classes == {"no", "yes"}
    probe_row(page, 5)
    assert "in truth" not in page.text(".probe .verdict")


def test_the_map_and_the_matrix_of_two_outputs_are_those_of_the_model(tab, churn, softmax_model):
    model = load(softmax_model, Predictor)
    page = tab()
    open_table(page, churn)
    open_model(page, softmax_model)
    side = page.value("panels[0].frame.side")
    drawn = np.array(page.value("[...panels[0].frame.output]")).reshape(side, side)
    fixed = {column["name"]: [column["value"]] for column in page.value("facts.fixed")}
    low, high = page.value("facts.low"), page.value("facts.high")
    axes = page.value("facts.axes")
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


def test_the_panel_of_an_ensemble_names_its_parts(tab, churn, ensemble_model):
    page = tab()
    open_table(page, churn)
    open_model(page, ensemble_model)
    page.find(".probe-open").click()
    page.until_text(".verdict", "in truth")
    count = len(load(ensemble_model, Predictor).network.networks)
    assert page.text(".verdict").startswith(f"The answer of all {count} networks: churn = ")
    words = f"Below is the first of the {count} networks alone, which is drawn and has an answer "
    assert page.text(".first-network") == f"{words}of its own:"
    sentence = page.text(".probe .contributed")
    assert f"by all {count} networks together is " in sentence
    assert " on average for the rows compared with." in sentence


def test_a_row_of_a_table_is_reached_by_its_number(tab, churn):
    cells = lines_of(churn)
    page = tab()
    open_table(page, churn)
    page.find(".probe-open").click()
    drawn = page.value("[...barenet.points.numbers_in_file]")
    assert len(drawn) < N_ROWS - 1
    hidden = next(row for row in range(100, 200) if row not in drawn)
    for row in (17, hidden, 0, 2999):
        probe_row(page, row)
        assert page.text(".where").startswith(f"Row {row} of churn.csv (counted from 0), a t")
        shown = page.find(".probe .many tr").all_inner_texts()
        values = dict(text.split("\t")[:2] for text in shown if "\t" in text)
        assert values["plan"] == cells[row]["plan"]
        assert float(values["tenure"]) == float(cells[row]["tenure"])
        assert page.text(".verdict").endswith(f"in truth: {cells[row]['churn']}")
        assert f"row={row}" in page.page.url and "probe=" not in page.page.url
    probe_row(page, hidden)
    across = page.value(f"{PROBE}.point.at[0]")
    low, high = page.value("facts.low"), page.value("facts.high")
    assert low[0] + across * (high[0] - low[0]) == pytest.approx(float(cells[hidden]["tenure"]))
    page.press("Next point →")
    page.until(f"{PROBE}.point.number > {hidden}")
    following = page.value(f"{PROBE}.point.number")
    assert following in drawn and following - hidden < 12, "the next one that is seen"
    assert page.labelled("Row", exact=True).input_value() == str(following)
    probe_row(page, hidden)
    if not IS_SITE:  # the server still has the table after a reload, static files have not
        page.page.reload()
        page.until(f"window.barenet?.tools && {PROBE}.point?.number === {hidden}")
        assert page.text(".where").startswith(f"Row {hidden} of churn.csv"), "it is in the address"
    page.value(f"location.hash = location.hash.replace('row={hidden}', 'row=17')")
    page.until(f"{PROBE}.point?.number === 17")
    page.until_text(".where", "Row 17 of churn.csv")


def test_a_row_that_the_page_does_not_have(tab, churn):
    page = tab(color_scheme="dark")
    open_table(page, churn)
    page.find(".probe-open").click()
    for text, words in (
        ("3000", "There is no row 3000: the table has the rows 0 to 2999."),
        ("1.5", "Rows are counted from 0 to 2999."),
    ):
        probe_row(page, 17)
        field = page.labelled("Row", exact=True)
        field.fill(text)
        field.press("Enter")
        page.until_text(".refusal", words)
        for name in (".where", ".contributed", ".compared", ".many", ".verdict", ".waiting"):
            assert not page.find(f".probe {name}").is_visible(), "nothing of row 17 remains"
        assert page.find(".probed").count() == 0 and "row=" not in page.page.url
        assert field.input_value() == text
        page.rest()
        assert page.text(".refusal") == words, "it stays with the next pictures"
    assert page.find(".refusal").get_attribute("role") == "alert"
    shown = page.value(CONTRAST)
    assert shown["ratio"] >= 4.5 and shown["opacity"] == "1" and int(shown["weight"]) >= 600
    page.press("Next point →")
    page.until(f"{PROBE}.point && {PROBE}.views[0].answer")
    assert not page.find(".refusal").is_visible() and page.find(".probe .many").is_visible()
    assert field.input_value() == str(page.value(f"{PROBE}.point.number"))


def test_columns_that_are_no_inputs_are_named_and_all_can_be_used(tab, churn):
    page = tab()
    open_table(page, churn)
    assert page.text("#columns-used").startswith(
        "The network learns from 2 of 4 columns: tenure and price."
    )
    page.find(".probe-open").click()
    probe_row(page, 17)
    assert set(contributions_shown(page)) == {"tenure", "price"}
    assert page.text(".probe .many .hint").startswith("Not used by this network:")
    unused = [text.split("\t")[0] for text in page.find(".unused tr").all_inner_texts()]
    assert unused == ["Column", "plan", "calls"]
    page.find(".probe .many").get_by_role("button", name="Use all columns").click()
    page.until("facts.n_inputs > 4")
    page.until("document.querySelectorAll('.contributions tr').length === 5")
    assert page.text(".where").startswith("Row 17 of churn.csv"), "the row stays"
    assert page.find(".unused").count() == 0
    page.key("Escape")
    assert not page.find("#columns-used").is_visible()


def test_a_missing_number_and_a_row_without_a_target(tab, churn):
    page = tab()
    open_table(page, churn)
    page.find(".probe-open").click()
    probe_row(page, 23)
    assert lines_of(churn)[23]["price"] == ""
    page.until_text(".where", "missing")
    assumed = re.search(r"price is missing, ([\d.]+) assumed", page.text(".where"))[1]
    rows = load_table(churn, "churn")
    training, _ = rows.split(page.value("state.data.test_size"))
    assert float(assumed) == pytest.approx(np.nanmedian(training.X["price"]), abs=0.006)
    [line] = [text for text in page.find(".probe .many tr").all_inner_texts() if "price" in text]
    assert f"missing, {assumed} assumed" in line
    probe_row(page, 5)
    page.until_text(".where", "Row 5 of churn.csv (counted from 0), which has no target")
    assert "in truth" not in page.text(".verdict")
    assert set(contributions_shown(page)) == {"tenure", "price"}


N_LONG = 10_000


@pytest.fixture(scope="module")
def long_churn(tmp_path_factory):
    """A table of more rows than the page uses, without missing values."""
    random = np.random.default_rng(1)
    tenure = random.integers(1, 72, N_LONG)
    calls = random.poisson(1.5, N_LONG)
    price = random.normal(60, 18, N_LONG).round(2)
    plan = random.choice(["basic", "plus", "pro"], N_LONG)
    logits = -0.06 * (tenure - 36) + 0.5 * (calls - 1.5) + 1.5 * (plan == "basic") - 0.5
    churn = np.where(random.random(N_LONG) < 1 / (1 + np.exp(-logits)), "yes", "no")
    lines = ["plan,tenure,calls,price,churn"]
    lines.extend(
        f"{plan[row]},{tenure[row]},{calls[row]},{price[row]},{churn[row]}" for row in range(N_LONG)
    )
    path = tmp_path_factory.mktemp("tables") / "long.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def long_model(long_churn, tmp_path_factory):
    """A network trained on the whole table, and the folder of its run."""
    folder = tmp_path_factory.mktemp("models") / "run"
    command = ["train", str(long_churn), "--target", "churn", "--layers", "6", "6", "1"]
    assert main([*command, "--epochs", "3", "--no-plots", "--out", str(folder)]) == 0
    return folder / "model.safetensors"


def unused_row(path):
    """The first row that the page doesn't use, by the sample that it draws of the table."""
    used = set(open_table_file("long.csv", path).load(DataSettings()).used.numbers.tolist())
    return next(number for number in range(N_LONG) if number not in used)


def test_any_row_of_a_long_table_is_explained_as_in_python(tab, long_churn, long_model):
    model = load(long_model, Predictor)
    rows = load_table(long_churn, "churn")
    cells = lines_of(long_churn)
    page = tab()
    open_table(page, long_churn)
    open_model(page, long_model)
    assert sum(page.value("facts.rows")) == 5_000
    page.find(".probe-open").click()
    unused = unused_row(long_churn)
    for number in (unused, N_LONG - 1):
        probe_row(page, number)
        page.until_text(".probe .compared", "10,000")
        result = contributions(model, rows.X[[number]], rows.X)
        shown = page.value(CONTRIBUTIONS)
        assert shown[0] == ["Column", "Value", "Contribution", "Standard error"]
        reasons = result.reasons(0, 4)
        assert [line[0] for line in shown[1:]] == [reason.column for reason in reasons]
        for line, reason in zip(shown[1:], reasons, strict=True):
            typed = cells[number][reason.column]
            assert line[1] == reason.value == typed.removesuffix(".0"), "as in the file"
            written = contribution_text(reason.contribution, reason.standard_error)
            assert line[2] == written.replace("-", "−")
            assert line[3] == standard_error_text(reason.standard_error)
        words = "Compared with 1,000 rows drawn from the 10,000 rows of long.csv."
        assert page.text(".probe .compared") == words
        sentence = page.text(".probe .contributed")
        assert sentence.startswith("The probability of churn = yes is ")
        assert numbers(sentence)[1] == pytest.approx(result.expected[1], abs=0.0006)
        assert page.text(".verdict").endswith(f"in truth: {cells[number]['churn']}")
        assert f"row={number}" in page.page.url
    probe_row(page, unused)
    words = f"Row {unused} of long.csv (counted from 0), not among the 5,000 rows drawn"
    assert page.text(".where").startswith(words)


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
    """An answer that takes long: the panel has neither the numbers of before nor their columns."""
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
    assert not page.find(".verdict").is_visible() and not page.find(".probe .many").is_visible()
    page.value("release()")
    page.until("document.querySelector('.verdict').checkVisibility()")
    assert "in truth" in page.text(".verdict") and page.find(".probe .many").is_visible()
    assert not page.find(".probe .waiting").is_visible()


def test_a_row_is_explained_from_the_description_of_the_table(tab, churn):
    page = tab()
    assert not page.find("#explain-row").is_visible(), "generated points are no rows of a file"
    open_table(page, churn)
    field = page.labelled("Explain a row")
    assert field.is_visible() and field.get_attribute("placeholder") == "0 … 2999"
    field.fill("17")
    field.press("Enter")
    page.until(f"{PROBE}.point?.number === 17 && {PROBE}.views[0].answer")
    page.until_text(".where", "Row 17 of churn.csv")
    assert page.find(".probe .many").is_visible()
    page.key("Escape")
    field.fill("23")
    page.press("Explain", exact=True)
    page.until(f"{PROBE}.point?.number === 23 && {PROBE}.views[0].answer")
    page.key("Escape")
    field.fill("3000")
    page.press("Explain", exact=True)
    page.until_text("#notice", "There is no row 3000: the table has the rows 0 to 2999.")
    assert not page.find(".probe").is_visible()


@pytest.mark.skipif(IS_SITE, reason="the files of a page are those of its worker")
def test_an_address_of_a_model_without_its_settings_shows_its_network(tab, churn, softmax_model):
    page = tab()
    open_table(page, churn)
    open_model(page, softmax_model)
    trained = page.parameters()
    source = page.value("state.data.source")
    for hash in (f"data={source}", f"data={source}&row=17", f"data={source}&net.optimizer=sgd"):
        version = page.value("barenet.version")
        page.value(f"location.hash = {hash!r}")
        page.until(f"barenet.version > {version} && !barenet.awaits")
        page.rest()
        assert page.parameters() == trained, hash
        assert not page.find(".words").is_visible()
    assert page.value("settings.optimizer") == "sgd"
    page.value(f"location.hash = 'data={source}&net.hidden=7~3&row=17'")
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
