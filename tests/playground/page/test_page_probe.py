"""One point followed through the network on the page.

The page shows numbers of the server, which `test_probe.py` compares with those of NumPy.
"""

import numpy as np
import pytest

from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._page_state import DataSettings

from .conftest import numbers

pytestmark = pytest.mark.integration

ROW = 7
PROBE = "barenet.tools.find((tool) => tool.near)"


def answer_of(page, field="layers"):
    """The server's answer about the point, once it is that of the present network."""
    page.rest()
    page.until(f"{PROBE}.views[0].query.sent === 0")
    return page.value(f"{PROBE}.views[0].answer.{field}")


def click_on_map(page, across, up):
    box = page.find(".map").last.bounding_box()
    position = {"x": across * box["width"], "y": (1 - up) * box["height"]}
    page.find(".map").last.click(position=position)
    page.until("document.querySelector('.tree .fold')")


def click_on_row(page):
    """Click a training point."""
    row = page.value("[...barenet.points.tests].map((test, row) => test ? [] : row).flat()")[ROW]
    place = page.value(f"[...barenet.points.positions.slice({2 * row}, {2 * row + 2})]")
    click_on_map(page, *place)
    assert page.value(f"{PROBE}.point.row") == row


def lines(page):
    return page.find(".tree summary").all_inner_texts()


@pytest.mark.pyodide
def test_a_point_is_followed_through_the_network(tab):
    page = tab()
    page.step(1)
    click_on_row(page)
    layers = answer_of(page)
    outputs = [layer["outputs"] for layer in layers]
    assert numbers(lines(page)[0])[-1] == pytest.approx(outputs[-1][0], rel=0.01)
    shown = [float(numbers(text)[-1]) for text in page.find(".probed").all_inner_texts()]
    assert shown[2:] == pytest.approx(np.concatenate(outputs), rel=0.05), "below each neuron"
    links = page.value("barenet.panels[0].network.probe.links")
    terms = np.transpose([outputs[0]]) * layers[1]["weights"]
    assert links[12:20] == pytest.approx(terms.ravel(), rel=1e-3)
    page.value("barenet.panels[0].network.mark(barenet.panels[0].network.links.links.at(-1))")
    weight, value, product = numbers(page.text("#tip"))
    assert weight * value == pytest.approx(product, rel=0.02)
    assert value == pytest.approx(outputs[1][1], rel=0.01)
    page.find(".tree summary").nth(1).focus()
    page.key("Enter")
    page.until("document.querySelectorAll('.tree summary').length === 7")
    inner = page.find(".tree .fold .fold .fold-body > .leaf").all_inner_texts()
    terms = [numbers(text)[-1] for text in page.find(".tree .fold .fold .fold").all_inner_texts()]
    terms.append(numbers(inner[-1])[-1])
    assert numbers(inner[0])[-1] == pytest.approx(sum(terms), abs=0.01), "z is the sum of the terms"
    page.step(2)
    (expected,) = answer_of(page, "prediction")
    assert expected != outputs[-1][0], "that of the network after the step"
    assert numbers(lines(page)[0])[-1] == pytest.approx(expected, rel=0.01)
    assert len(lines(page)) == 7, "what was unfolded stays so"
    page.click("#reset")
    page.until("header.epoch === 0")
    assert page.find("#side").is_visible()
    page.key("Escape")
    assert not page.find("#side").is_visible() and page.find(".probed").count() == 0
    page.value(RECORD)
    page.step(1)
    assert page.value("sent").count("step") == 1 and "probe" not in page.value("sent")


#: Records the messages of the page.
RECORD = (
    "(() => { const { line } = barenet, send = line.send.bind(line); window.sent = [];"
    " line.send = (type, fields) => { sent.push(type); send(type, fields); }; })()"
)


def test_a_place_in_both_networks_by_the_keyboard(tab):
    page = tab("#networks=2&b.net.hidden=3")
    page.find(".probe-open").first.focus()
    page.key("Enter")
    page.until("document.querySelectorAll('.tree .fold').length > 4")
    assert page.find(".probe h3").all_inner_texts() == ["Network A", "Network B"]
    assert page.value("document.activeElement.textContent") == "← Previous"
    first = page.text(".where")
    page.press("Next point →")
    assert page.text(".where") != first
    click_on_map(page, 0.5, 0.5)
    page.until_text(".where", "A place of the plane: x₁")
    page.page.reload()
    page.until("document.querySelectorAll('.tree .fold').length > 4")
    assert page.text(".where").startswith("A place of the plane: x₁"), "it is in the address"
    page.value("document.querySelector('[data-name=xor]').click()")
    page.until("data.name === 'xor'")
    assert not page.find("#side").is_visible(), "other data"


def test_other_data_close_the_probe_and_leave_the_focus_at_the_data(tab):
    page = tab("#data=circles", width=900)  # narrow: the data stay beside the panel
    page.find(".probe-open").first.focus()
    page.key("Enter")
    page.until("document.querySelectorAll('.tree .fold').length > 0")
    page.find("[data-name=circles]").focus()
    page.key("ArrowRight")
    page.until("data.name === 'xor'")
    page.rest()
    assert page.find("#side").is_hidden()
    assert page.value("document.activeElement.dataset.name") == "xor"
    page.find(".probe-open").first.focus()
    page.key("Enter")
    page.until("document.querySelectorAll('.tree .fold').length > 0")
    page.key("Escape")
    assert page.value("document.activeElement.textContent") == "Probe a point", "where it was"


def test_a_sure_probability_has_no_digits_without_a_meaning(tab):
    page = tab("#data=gaussians&net.hidden=&net.edits=0_0_30*0_1_30")
    seen = set()
    page.press("Probe a point")
    for _ in range(8):
        page.until(f"{PROBE}.views[0].answer")
        page.until_text(".tree", "sigmoid(")
        seen.add(lines(page)[0].split(") ")[-1])
        page.press("Next point →")
        page.rest()
    assert {"≈ 0", "≈ 1"} & seen and not any("e" in words for words in seen)


def test_a_point_has_its_number_among_those_of_its_part(tab):
    page = tab("#data=moons")
    page.press("Probe a point")
    page.until_text(".where", "Training point")
    number, total = numbers(page.text(".where"))[:2]
    rows = np.flatnonzero(~prepare_named(DataSettings(source="moons")).is_test)
    assert total == len(rows)
    assert page.value(f"{PROBE}.point.row") == rows[int(number) - 1]
