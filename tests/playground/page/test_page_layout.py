"""The layout of the page: what is seen at once, beside what, and in which type."""

from typing import Any

import pytest

pytestmark = pytest.mark.integration

SIX_TIMES_EIGHT = "#data=circles&net.hidden=8~8~8~8~8~8"
SIZES = ("--tiny", "--small", "--text", "--large", "--title")


def box(page: Any, selector: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the last element."""
    found = page.find(selector).last.bounding_box()
    left, top = found["x"], found["y"]
    return left, top, left + found["width"], top + found["height"]


def apart(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes have no point in common."""
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_the_essentials_are_above_the_fold(tab):
    page = tab("#data=xor", width=1366, height=768)
    seen = ("#play", "#scrub", ".learning .fields", ".stage", ".map", ".scores", ".curve")
    for selector in (*seen, ".curve-facts", ".column:nth-child(2) .activation"):
        assert box(page, selector)[3] <= 768, selector
    assert box(page, ".bar")[3] <= 60, "one slim row"
    left, _, right, bottom = box(page, ".map")
    curve = box(page, ".curve")
    assert curve[1] >= bottom and curve[0] < right and left < curve[2], "the curve is under the map"
    assert box(page, ".about")[1] > 768
    sizes = page.value(
        "[...document.querySelectorAll('body *')].filter((each) => each.checkVisibility() &&"
        " [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))"
        ".map((each) => getComputedStyle(each).fontSize)"
    )
    scale = page.value(
        f"{list(SIZES)}.map((name) => parseFloat(getComputedStyle(document.documentElement)"
        ".getPropertyValue(name)) * 16 + 'px')"
    )
    assert set(sizes) <= set(scale) and len(scale) == 5
    assert page.value("document.fonts.check('15px \"Barenet Sans\"', 'x₁ − ÷')")
    loaded = "[...document.fonts].map(({ family, status }) => `${family} ${status}`).join()"
    page.until(f"{loaded}.includes('Barenet Sans')")
    assert "loaded" in page.value(loaded)


@pytest.mark.parametrize("width", [1280, 1366])
def test_six_layers_of_eight_fit(tab, width):
    page = tab(SIX_TIMES_EIGHT, width=width, height=768)
    for opened in (False, True):
        if opened:
            page.open_neuron(6)
        room = "(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)"
        assert page.value(f"{room}(document.querySelector('.stage'))")
        assert page.value(f"{room}(document.documentElement)")
        assert box(page, ".answer")[2] <= box(page, ".stage")[2], "its answer is seen"
        assert box(page, ".column:nth-child(2) .neuron")[3] <= 768


def test_a_neuron_is_opened_beside_its_network(tab):
    page = tab("#data=circles", width=1366, height=768)
    pixels = "document.querySelector('.links').toDataURL()"
    page.open_neuron(1)
    side = box(page, "#side")
    for selector in (".stage", ".map", ".curve"):
        there = box(page, selector)
        assert apart(side, there) and there[3] <= 768, selector
    assert side[3] <= 768
    shown = box(page, "#neuron .weights tr:last-child")
    assert shown[3] <= side[3], "the sliders are seen with the network"
    network, picture = page.value(pixels), page.picture()
    page.slide(0, 3.0)
    page.rest()
    assert page.value(pixels) != network and page.picture() != picture
    assert page.find(".neuron.open").count() == 1
    page.find("#neuron input[type=range]").first.focus()
    page.key(" ")
    page.until("barenet.playing && header.epoch > 0")
    page.key("Escape")
    assert page.find("#side").is_hidden() and page.find(".neuron.open").count() == 0
    assert page.value("document.activeElement.getAttribute('aria-label')").startswith(
        "Layer 1, neuron 1"
    )
    page.pause()
    page.open_neuron(2)
    page.press("Remove the last hidden layer")
    page.until("settings.hidden.length === 1")
    assert page.text("#side-title") == "Output y", "layer 2 is the output now"
    page.find(".column").nth(1).locator(".neuron").last.click()
    page.press("One neuron less in layer 1")
    page.until("settings.hidden[0] === 3")
    assert page.find("#side").is_hidden(), "the neuron is gone"


def test_a_neuron_covers_little_of_a_phone(tab):
    page = tab("#data=circles", width=390, height=844)
    page.open_neuron(1)
    assert box(page, "#play")[3] - box(page, "#side")[1] <= 0.6 * 844
    opened = page.find(".neuron.open").bounding_box()
    assert box(page, ".bar")[3] <= opened["y"]
    assert opened["y"] + opened["height"] <= box(page, "#side")[1], "seen above the sheet"


@pytest.mark.parametrize("data", ["circles", "iris", "sine"])
def test_maps_have_ticks_with_numbers(tab, data):
    page = tab(f"#data={data}")
    page.open_neuron(1)
    low, high = page.value("[facts.low, facts.high]")
    for plot, canvas in ((".output .plot", ".map"), ("#neuron .plot", ".portrait")):
        left, top, right, bottom = box(page, canvas)
        for axis, side in enumerate("xy"):
            ticks = page.find(f"{plot} .ticks.{side} span").all()
            assert 2 <= len(ticks) <= 7
            for tick in ticks:
                value = float(tick.inner_text().replace("−", "-"))
                share = (value - low[axis]) / (high[axis] - low[axis])
                at = tick.bounding_box()
                if side == "x":
                    middle, expected = at["x"] + at["width"] / 2, left + share * (right - left)
                else:
                    middle, expected = at["y"] + at["height"] / 2, bottom - share * (bottom - top)
                assert middle == pytest.approx(expected, abs=2)


#: Three classes with linear probabilities on a grid of 8 × 8, drawn; for each row of pixels, the
#: place of the border between the first two, and that of the second and the third.
BORDERS = """
import('./heatmap.js').then(async ({ drawClasses }) => {
  const { palette } = await import('./colours.js');
  const side = 8, count = side * side, values = new Int8Array(4 * count);
  for (let i = 0; i < count; i++) {
    const x = (i % side + 0.5) / side, y = (Math.floor(i / side) + 0.5) / side;
    const sums = [0.55 - x + 0.3 * y, 0.3, x - 0.6 + 0.1 * y];
    const order = [0, 1, 2].sort((a, b) => sums[b] - sums[a]);
    values[i] = order[0];
    values[count + i] = Math.round(127 * sums[order[0]]);
    values[2 * count + i] = order[1];
    values[3 * count + i] = Math.round(127 * sums[order[1]]);
  }
  const canvas = Object.assign(document.createElement('canvas'), { width: 256, height: 256 });
  drawClasses(canvas, values, side, { discrete: true });
  const { data } = canvas.getContext('2d').getImageData(0, 0, 256, 256);
  const colours = palette.classRamps.map((ramp) => ramp[127]);
  const pixels = [...new Uint32Array(data.buffer)].map((pixel) => colours.indexOf(pixel));
  return Array.from({ length: 192 }, (_, row) => pixels.slice((row + 32) * 256, (row + 33) * 256));
})
"""


def test_borders_of_classes_are_smooth(tab):
    """Also on a coarse grid, a border lies where two probabilities are equal."""
    rows = tab().value(BORDERS)
    assert {pixel for row in rows for pixel in row} == {0, 1, 2}
    for place, row in enumerate(rows):
        y = (place + 32.5) / 256
        first = 256 * (0.25 + 0.3 * y)
        second = 256 * (0.9 - 0.1 * y)
        assert row.count(0) == pytest.approx(first, abs=1.5)
        assert row.count(0) + row.count(1) == pytest.approx(second, abs=1.5)
        assert row == sorted(row)
