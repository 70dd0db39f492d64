"""The bench of digits in a browser: the pad, and the bars."""

import json
from pathlib import Path

import numpy as np
import pytest

from barenet import load_dataset

from .conftest import numbers

pytestmark = pytest.mark.integration

DRAWINGS = Path(__file__).parents[2] / "data" / "drawings"

PROBE = "barenet.tools.find((tool) => tool.near)"
#: Whether the whole drawing was converted, and the network has answered it.
ANSWERED = f"""(({{ due, conversion }}, {{ query }}) => !due && !conversion.sent && !query.sent)(
  barenet.tools.find((tool) => tool.image).views[0], {PROBE}.views[0])"""
#: How much each neuron shines.
LIGHTS = (
    "[...document.querySelectorAll('.neuron')]"
    ".map((each) => Number(each.style.getPropertyValue('--light')))"
)
#: The hidden neurons as they are placed, and the words below them.
NEURONS = (
    "[...document.querySelectorAll('.neuron:not(.answer)')]"
    ".map((each) => Number(/neuron ([0-9]+)/.exec(each.ariaLabel)[1]) - 1)"
)
SORTED = "document.querySelector('.sorted').textContent"

#: Whether each link is drawn by the term that it adds.
TERMED = """(({ links, probe }) => links.links.every(({ index }) => index in probe.links))
  (panels[0].network)"""


def bars(page):
    shares = page.find(".chances .share").all_inner_texts()
    return [float(share.removesuffix("\xa0%")) / 100 for share in shares if share != "—"]


@pytest.mark.pyodide
def test_a_drawing_is_recognized_while_the_network_learns(tab):
    page = tab("#data=digits", width=1366, height=768)
    draw(page)
    assert not page.find(".map").is_visible()
    first = bars(page)
    assert len(first) == 10 and sum(first) == pytest.approx(1, abs=0.006)
    seen = page.value("barenet.tools.find((tool) => tool.image).image")
    assert len(seen) == 64 and set(seen[3::8] + seen[4::8]) & set(range(9, 17))
    drawn = page.value(DRAWN)
    page.choose("batch_size", "64")
    assert page.value(DRAWN) == drawn, "it stays after a setting"
    page.step(1)
    share = "document.querySelector('.chances .share').textContent"
    page.until(f"{share} !== '{100 * first[0]:.1f} %'")
    page.press("A test digit")
    page.until("document.querySelector('.read').textContent.includes('Test digit 1,')")
    page.until(f"{PROBE}.views[0].query.sent === 0")
    expected = page.value(f"{PROBE}.views[0].answer.prediction")
    assert bars(page) == pytest.approx(expected, abs=0.0006) and bars(page) != first
    assert page.text(".inputs .rest").startswith("The input")
    page.press("Clear")
    assert not bars(page)
    assert page.text(".inputs .rest").startswith("The mean of all images")
    page.use("moons")
    assert page.find(".map").is_visible()
    assert not page.page.get_by_role("tab", name="Draw").is_visible()


def draw(page):
    """Draw a vertical line on the pad."""
    if not page.find(".pad").is_visible():
        page.page.get_by_role("tab", name="Draw").click()
    box, mouse = page.find(".pad").bounding_box(), page.page.mouse
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    mouse.up()
    page.until("document.querySelector('.chances .most') && document.querySelector('.probed')")
    page.until(ANSWERED)


def draw_strokes(page, strokes, side=0.75, middle=(0.5, 0.5)):
    """Draw strokes with the mouse, given the drawing's larger side and middle, of the pad's."""
    box, mouse = page.find(".pad").bounding_box(), page.page.mouse
    corner = np.array([box["x"], box["y"]])
    points = np.array([point for stroke in strokes for point in stroke])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = side * box["width"] / (high - low).max()
    for stroke in strokes:
        placed = (np.array(stroke) - (low + high) / 2) * scale + np.array(middle) * box["width"]
        for index, (x, y) in enumerate((placed + corner).tolist()):
            mouse.move(x, y)
            if index == 0:
                mouse.down()
        mouse.up()
    page.until("document.querySelector('.chances .most') && document.querySelector('.probed')")
    page.until(ANSWERED)


def read(page, strokes, **place):
    """Draw a digit on an empty pad, and return the digit that the network reads."""
    page.press("Clear")
    page.until("!document.querySelector('.chances .most')")
    draw_strokes(page, strokes, **place)
    return int(page.text(".chances .most span:first-child"))


@pytest.mark.slow
@pytest.mark.parametrize(("step", "least"), [(50, 1), pytest.param(1, 95, marks=pytest.mark.slow)])
def test_digits_of_other_hands_are_read(tab, step, least):
    """Large and small ones, in the middle and in the corners, after 20 epochs."""
    page = tab("#data=drawn_digits&net.stop_epoch=20&pace=0", width=1366, height=768)
    page.play("header.epoch === 20 && !barenet.playing")
    page.page.get_by_role("tab", name="Draw").click()
    drawings = json.loads((DRAWINGS / "drawings.json").read_text("utf-8"))[::step]
    random = np.random.default_rng(0)
    misread = []
    for drawing in drawings:
        side = random.uniform(0.25, 0.8)
        middle = random.uniform(0.55 * side, 1 - 0.55 * side, 2)
        digit = read(page, drawing["strokes"], side=side, middle=middle)
        if digit != drawing["digit"]:
            misread.append((drawing["digit"], digit, drawing["row"]))
    assert len(drawings) - len(misread) >= least, misread


@pytest.mark.slow
def test_a_small_drawing_is_converted_as_a_large_one(tab):
    """Its lines would be as thick as the digit, if the drawing were scaled as it is."""
    page = tab("#data=drawn_digits", width=1366, height=768)
    page.page.get_by_role("tab", name="Draw").click()
    scripted = json.loads((DRAWINGS / "scripted.json").read_text("utf-8"))
    image = "barenet.tools.find((tool) => tool.image).image"
    for drawing in scripted[::20]:
        draw_strokes(page, drawing["strokes"], side=0.8)
        large = np.array(page.value(image))
        page.press("Clear")
        draw_strokes(page, drawing["strokes"], side=0.2, middle=(0.15, 0.85))
        small = np.array(page.value(image))
        page.press("Clear")
        assert len(large) == 196 and np.abs(large - small).mean() < 1, "of 16"


INPUTS, PAD = (
    f"document.querySelector('{each}').toDataURL()" for each in (".input-image canvas", ".seen")
)


DRAWN = "document.querySelector('.pad').toDataURL()"


def new_image(page, before):
    """The image at the inputs of the network, once it is another one, and that on the pad."""
    page.until(f"{INPUTS} === {PAD} && {INPUTS} !== '{before}'")
    return page.value(INPUTS)


def test_the_input_is_the_digit_that_was_chosen_last(tab):
    page = tab("#data=digits", width=1366, height=768)
    page.step(1)
    mean = page.value(INPUTS)
    draw(page)
    assert page.find("#side").is_hidden()
    drawn = new_image(page, mean)
    layers = page.until(f"{PROBE}.views[0].answer?.layers.map((layer) => layer.outputs)")
    assert [len(layer) for layer in layers] == [48, 10]
    order = page.until(f"{SORTED} && {NEURONS}")
    assert page.value(TERMED), "the links are of the neurons that come first now"
    outputs, answers = map(np.array, layers)
    weights = np.reshape(page.parameters()[65 * 48 : -10], (48, 10))
    added = outputs * weights[:, answers.argmax()]
    assert (np.diff(np.abs(added[order])) <= 0).all() and sorted(order) == list(range(48))
    words = page.find(".column .neuron:not(.answer) .probed").all_inner_texts()[:8]
    assert numbers(" ".join(words)) == pytest.approx(added[order[:8]], rel=0.05)
    expected = [*outputs[order] / max(outputs), *answers / max(answers)]
    assert page.value(LIGHTS) == pytest.approx(expected, abs=1e-6)
    page.page.get_by_role("tab", name="Output").click()
    page.click(".probe-open")
    page.until_text(".where", "The digit on the pad")
    page.press("Next point →")
    page.until_text(".where", "Training point 1 of 1,257")
    page.until_text(".tree", "40 others together")
    images = load_dataset("digits").X
    row = page.value(f"{PROBE}.point.row")
    page.until(f"{PROBE}.views[0].answer?.image")
    assert page.value("barenet.tools.find((tool) => tool.image).image") == images[2 * row].tolist()
    probed = new_image(page, drawn)
    assert probed != mean
    places, sizes = [], []
    for text in page.find(".tree details[open] details > summary").all_inner_texts():
        places.append(int(text.split(":")[0].removeprefix("neuron ")))
        sizes.append(abs(numbers(text)[-1]))
    assert len(sizes) == 8 and sizes == sorted(sizes, reverse=True) and max(places) > 8
    draw(page)
    page.until_text(".where", "The digit on the pad")
    page.until(f"{PROBE}.views[0].query.sent === 0")
    new_image(page, probed)
    page.click("#side .close")
    page.press("Clear")
    page.until("!document.querySelector('.probed')")
    assert page.value(INPUTS) == mean and not any(page.value(LIGHTS))
    assert page.value(NEURONS) == list(range(48)) and not page.value(SORTED)


def test_neurons_are_sorted_while_the_network_learns(tab):
    page = tab("#data=digits&net.hidden=16&pace=30", width=1366, height=768)
    draw(page)
    before = page.until(f"{SORTED} && {NEURONS}.join()")
    page.play(f"header.epoch > 5 && barenet.playing && {NEURONS}.join() !== '{before}'")
    page.resize(390, 844)
    assert page.find(".column.of-image").bounding_box()["width"] == 96, "beside its neurons"


#: The size of what each hidden neuron adds to the answer, in the order in which they are placed.
ADDED = f"""(() => {{
  const {{ layers }} = {PROBE}.views[0].answer;
  const {{ outputs, weights }} = {{ outputs: layers[0].outputs, weights: layers[1].weights }};
  const answer = layers[1].outputs.indexOf(Math.max(...layers[1].outputs));
  return {NEURONS}.map((neuron) => Math.abs(outputs[neuron] * weights[neuron][answer]));
}})()"""


@pytest.mark.case(182)
def test_the_neurons_that_decide_come_first_at_every_answer_while_it_learns(tab):
    page = tab("#lesson=digits&step=9", width=1366, height=768)
    page.until_text("#lesson h2", "Ten digits")
    page.page.keyboard.press("Escape")
    number = page.find(".column input[type=number]").first
    number.fill("32")
    number.press("Enter")
    page.until("settings.hidden.join() === '32'")
    page.rest()
    draw(page)
    number.hover()
    orders = {tuple(page.value(NEURONS))}  # of initial weights
    page.key(" ")
    page.until("header.epoch > 1 && barenet.playing")
    for epoch in range(3, 9):
        page.until(f"header.epoch > {epoch}")
        order, added = page.value(f"[{NEURONS}, {ADDED}]")
        assert added == sorted(added, reverse=True), epoch
        orders.add(tuple(order))
    assert len(orders) > 1, "the order changes"
    page.find(".column .neuron").nth(3).hover()
    page.key(" ")
    page.until("!barenet.playing")
    page.rest()
    page.until(f"{SORTED} === 'The order follows when you point at no neuron.'")
    page.find("#lesson h2").hover()
    page.until(f"{SORTED}.startsWith('Sorted by what each adds')")
    added = page.value(ADDED)
    assert len(added) == 32 and added == sorted(added, reverse=True)


def test_the_test_rows_behind_a_cell_of_the_matrix(tab):
    page = tab("#data=digits", width=1366, height=768)
    page.find(".confused summary").focus()
    page.key("Enter")
    assert sum(map(int, page.find(".matrix td").all_inner_texts())) == 540
    cell = page.find(".matrix td:not(.right) button:enabled").first
    count, (truth, taken) = int(cell.inner_text()), cell.get_attribute("data-cell").split()
    cell.focus()
    page.key("Enter")
    page.until("!document.querySelector('#side').hidden")
    assert page.text("#side-title") == f"{truth}, taken for {taken}"
    cards = page.find("#side .card")
    assert cards.count() == min(count, 24) and cards.first.locator("canvas").count() == 1
    assert cards.first.inner_text().startswith(f"{taken} ")
    cards.first.click()
    page.until("document.querySelector('.chances .most')")
    assert page.text(".read") == f"A {truth} of the test set. It reads a {taken}."
    seen = page.value("barenet.tools.find((tool) => tool.image).image")
    assert seen in load_dataset("digits").X[load_dataset("digits").y == int(truth)].tolist()
    page.click("#side .close")
    page.page.get_by_role("tab", name="Output").click()
    page.until("document.querySelector('.sorted').textContent")
    neuron = page.find(".column").nth(1).locator(".neuron").first
    name = " ".join(neuron.get_attribute("aria-label").split()[:4])
    neuron.hover()
    assert page.text(".output .title") == f"{name}: weights"
    page.page.get_by_role("tab", name="Draw").click()
    below = page.find(".scores").bounding_box()
    neuron.hover(position={"x": 5, "y": 5})
    assert page.text(".output .title") == f"{name}: weights"
    assert page.find(".map").is_visible() and not page.find(".pad").is_visible(), "enlarged"
    assert page.find(".scores").bounding_box() == below, "nothing moves"
    page.find(".network h3").first.hover()
    assert page.find(".pad").is_visible() and not page.find(".map").is_visible()
    page.visit("#data=iris")
    page.click(".confused summary")
    cell = page.find(".matrix td button:enabled").first
    count = int(cell.inner_text())
    cell.click()
    page.until("!document.querySelector('#side').hidden")
    assert page.find("#side tbody tr").count() == min(count, 24)
    assert page.text("#side thead").split("\t")[0] == "petal length (cm)"
    page.click("#side .close")
