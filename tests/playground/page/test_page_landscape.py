"""The tabs of the loss landscape and of the hidden space, in a browser."""

import re

import numpy as np
import pytest

from .conftest import numbers

pytestmark = pytest.mark.integration

LANDSCAPE, HIDDEN = "panels[0].landscape", "panels[0].hidden_space"
COLOURS = """(() => {
  const canvas = document.querySelectorAll('.surface:not([hidden] *)')[0];
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})()"""


def open_tab(tab, name, place=0):
    tab.page.get_by_role("tab", name=name).nth(place).click()


def assert_loss(words, loss):
    """The words on a place give its loss; after many epochs, with two digits, as 9.8e−5."""
    assert words.startswith("Loss ")
    tolerance = 0.01 if loss >= 1e-4 else 0.05
    assert numbers(words)[0] == pytest.approx(loss, rel=tolerance)


@pytest.mark.pyodide
def test_the_landscape_follows_the_training_and_reads_its_losses(tab):
    there = tab("#data=moons&pace=0")
    open_tab(there, "Landscape")
    there.until(f"{LANDSCAPE}.words.textContent.includes('Train for a few epochs')")
    there.play("header.epoch > 20")
    there.until(f"{LANDSCAPE}.answer?.paths && barenet.playing")
    there.pause()
    there.until(f"{LANDSCAPE}.answer.paths[0].epoch === header.epoch && !{LANDSCAPE}.query.sent")
    assert there.value(COLOURS) > 100
    answer = there.value(f"{LANDSCAPE}.answer")
    assert f"holds {100 * sum(answer['shares']):.1f} %" in there.text(".landscape .hint")
    surface = there.find(".landscape .surface")
    box = surface.bounding_box()
    present = answer["paths"][0]["current"]
    surface.hover(position={"x": present[0] * box["width"], "y": present[1] * box["height"]})
    x, y = there.value(f"{LANDSCAPE}.at")  # the browser rounds to a pixel
    assert [x, y] == pytest.approx(present, abs=1.5 / min(box["width"], box["height"]))
    words = there.text(".surface-value")
    side = answer["side"]
    places = np.reshape(answer["paths"][0]["places"], (-1, 2))
    nearest = np.linalg.norm(places - [x, y], axis=1).argmin()
    assert f"path at epoch {answer['paths'][0]['epochs'][nearest]:,}" in words
    expected = answer["losses"][int(y * side) * side + int(x * side)]
    assert_loss(words, expected)
    surface.focus()
    for _ in range(side):
        there.key("ArrowLeft")
    assert_loss(there.text(".surface-value"), answer["losses"][int(y * side) * side])


def test_two_optimizers_are_shown_on_one_surface(tab):
    there = tab("#data=moons&pace=0")
    there.click("#compare")
    there.until("panels.length === 2")
    there.choose("optimizer", "sgd", 1)
    there.play("panels.every((panel) => panel.header.epoch > 10)")
    there.pause()
    open_tab(there, "Landscape", 1)
    there.until("panels[1].landscape.answer?.paths.length === 2")
    words = there.value("panels[1].landscape.words.textContent")
    assert "Network A has" in words and "Network B has" in words
    assert not there.value(f"{LANDSCAPE}.query.received"), "its tab is not shown"


def test_the_hidden_space_shows_a_layer_and_its_boundary(tab):
    there = tab("#data=circles&pace=0")
    open_tab(there, "Hidden space")
    first = there.until(f"{HIDDEN}.answer?.points")
    there.play("header.epoch > 60")
    there.pause()
    there.rest()
    there.until(f"!{HIDDEN}.query.sent")
    assert there.value(f"{HIDDEN}.answer.points") != first
    assert there.value(COLOURS) > 50
    words = there.text(".hidden-space .hint")
    wrong = re.search(r"(\d+) of the points lie on the wrong side", words)
    rows = there.value("data.rows[0]")
    assert int(wrong[1]) <= rows * 0.2 and f"{rows} training points" in words
    there.select(".hidden-space select", "0")
    there.until_text(".hidden-space .hint", "4 neurons of hidden layer 1")
    there.until_text(".hidden-space .axis.x", "1st main direction")
    there.resize(390, 844)
    assert there.value("document.documentElement.scrollWidth <= innerWidth")


def test_the_start_of_two_weights_is_dragged_and_earlier_paths_stay(tab):
    there = tab("#lesson=downhill&step=2", width=1366, height=635)
    there.until(f"{LANDSCAPE}.answer?.reach === 2")
    there.play("header.epoch === 20 && !barenet.playing")
    there.until(f"{LANDSCAPE}.answer.paths[0].epochs.length === 21")
    box, mouse = there.find(".landscape .surface").bounding_box(), there.page.mouse
    left, top, side = box["x"], box["y"], box["width"]
    mouse.move(left + 1.1 / 4 * side, top + 1.4 / 4 * side)  # the weights −0.9 and 0.6
    mouse.down()
    mouse.move(left + 0.4 * side, top + 0.5 * side)
    there.value(f"{LANDSCAPE}.canvas.dispatchEvent(new PointerEvent('pointercancel'))")
    mouse.up()
    assert there.value("[header.epoch, Boolean(barenet.awaits)]") == [20, False], (
        "it was not let go"
    )
    mouse.move(left + 1.1 / 4 * side, top + 1.4 / 4 * side)
    mouse.down()
    mouse.move(left + 0.5 * side, top + 0.75 * side, steps=4)
    mouse.up()
    there.until("header.epoch === 0 && header.edits.length === 2 && !barenet.awaits")
    assert there.parameters()[:2] == pytest.approx([0, -1], abs=4 / side)
    there.until(f"{LANDSCAPE}.answer.paths[0].epochs.length === 1")
    assert there.value(f"{LANDSCAPE}.earlier.length") == 1, "the first path stays"
    there.play("header.epoch === 20 && !barenet.playing")
    assert there.text(".landscape .axis.x") == "w₁" and there.text(".landscape .axis.y") == "w₂"
