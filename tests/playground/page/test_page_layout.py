"""The layout of the page: what is seen at once, beside what, and in which type."""

import itertools
from typing import Any

import numpy as np
import pytest

from .conftest import numbers

pytestmark = pytest.mark.integration

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


def test_six_layers_of_eight_fit(tab):
    page = tab("#data=circles&net.hidden=8~8~8~8~8~8", width=1280, height=768)
    room = "(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)"
    for opened, width in itertools.product((False, True), (1280, 1366)):
        page.resize(width, 768)
        if opened and width == 1280:
            page.open_neuron(6)
        assert page.value(f"{room}(document.querySelector('.stage'))")
        assert page.value(f"{room}(document.documentElement)")
        assert box(page, ".answer")[2] <= box(page, ".stage")[2], "its answer is seen"
        assert box(page, ".column:nth-child(2) .neuron")[3] <= 768


#: The controls and the neurons of a network, with their places on the page.
PLACES = """[...document.querySelectorAll('.network :is(button, select, input, .feature-name)')]
  .filter((element) => element.checkVisibility())
  .map((element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const name = element.ariaLabel ?? element.textContent;
    return { name, box: [left, top, right, bottom], isPressed: element.matches('button, select') };
  })"""


@pytest.mark.case(188)
def test_up_to_eight_layers_fit_every_window(tab):
    """From six on, a layer had no room for its buttons, and the answer was beside the window."""
    page = tab("#data=circles")
    for layers in (5, 6, 8):
        page.visit(f"#data=circles&net.hidden={'~'.join(['4'] * layers)}")
        for width in (320, 390, 1280):
            page.resize(width, 844)
            page.rest()
            places = page.value(PLACES)
            names = [place["name"] for place in places]
            for layer in range(1, layers + 1):
                for control in ("One neuron less in", "One neuron more in", "Activation of"):
                    assert f"{control} layer {layer}" in names, (layers, width)
            stage = box(page, ".stage")
            for place in places:
                left, top, right, bottom = place["box"]
                assert left >= 0 and right <= min(width, stage[2]), (layers, width, place)
                if place["isPressed"]:
                    assert min(right - left, bottom - top) >= 20, (layers, width, place)
            for one, other in itertools.combinations(places, 2):
                assert apart(one["box"], other["box"]), (layers, width, one, other)


@pytest.mark.case(188)
def test_the_smallest_phone_shows_the_speed_whole(tab):
    page = tab("#data=circles", width=320, height=640)
    left, _, right, _ = box(page, "#play")
    assert left >= 0 and right <= 320
    assert page.value(CLIPPED) == []
    for selector in ("#reset", "#play", "#step", "#pace"):
        assert box(page, selector)[0] >= 0 and box(page, selector)[2] <= 320, selector


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
    assert page.value("document.activeElement.ariaLabel").startswith("Layer 1, neuron 1")
    page.pause()
    page.open_neuron(2)
    page.press("Remove the last hidden layer")
    page.until("settings.hidden.length === 1")
    assert page.text("#side-title") == "Output y", "layer 2 is the output now"
    page.find(".column").nth(1).locator(".neuron").last.click()
    page.press("One neuron less in layer 1")
    page.until("settings.hidden[0] === 3")
    assert page.find("#side").is_hidden(), "the neuron is gone"


def test_a_setting_that_is_changed_beside_a_neuron_keeps_the_focus(tab):
    page = tab("#data=circles", width=1440, height=900)
    page.open_neuron(1)
    page.find("[data-field=optimizer]").focus()
    page.value("barenet.change(({ networks }) => (networks[0].hidden = [5, 2]))")
    page.until("barenet.neuron.neuron.index[1] === 5")  # its panel is built anew
    assert page.value("document.activeElement.dataset.field") == "optimizer"
    page.find("#neuron input[type=range]").first.focus()
    page.value("barenet.change(({ networks }) => (networks[0].hidden = [4, 2]))")
    page.until("barenet.neuron.neuron.index[1] === 4")
    assert page.value("document.activeElement.id") == "side", "it was within the panel"


def test_a_neuron_fits_a_phone_and_covers_little_of_it(tab):
    page = tab("#data=circles", width=360, height=740)
    assert box(page, ".answer")[2] <= box(page, ".stage")[2]
    page.open_neuron(1)
    assert box(page, "#play")[3] - box(page, "#side")[1] <= 0.6 * 740
    opened, sheet = box(page, ".neuron.open"), box(page, "#side")
    assert box(page, ".bar")[3] <= opened[1] and opened[3] <= sheet[1], "seen above the sheet"
    assert page.find("#neuron .axis").all_inner_texts() == ["x₁", "x₂"]
    page.find("#neuron input[type=range]").last.scroll_into_view_if_needed()
    page.value("document.querySelector('#side').scrollBy(0, 1000)")
    picture, slider = (box(page, f"#neuron {each}") for each in (".portrait", "input[type=range]"))
    assert picture[1] >= box(page, "#neuron")[1] and picture[3] < slider[1]


@pytest.mark.parametrize("data", ["iris", "sine"])
def test_maps_have_ticks_with_numbers(tab, data):
    page = tab(f"#data={data}")
    page.open_neuron(1)
    low, high = page.value("[data.low, data.high]")
    for plot, canvas in ((".output .plot", ".map"), ("#neuron .plot", ".portrait")):
        left, top, right, bottom = box(page, canvas)
        for axis, side in enumerate("xy"):
            ticks = page.find(f"{plot} .ticks.{side} span").all()
            assert 2 <= len(ticks) <= 7
            for tick in ticks:
                (value,) = numbers(tick.inner_text())
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
import('./output/heatmap.js').then(async ({ drawClasses }) => {
  const { palette } = await import('./colours.js');
  palette.renew();
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


#: The selects whose text has too little room, with their widths.
CLIPPED = """[...document.querySelectorAll("select")].filter((each) => {
  if (!each.checkVisibility()) return false;
  const twin = each.cloneNode();
  twin.append(new Option(each.selectedOptions[0]?.text ?? ""));
  twin.style = "position: absolute; width: auto; min-width: 0; visibility: hidden";
  each.after(twin);
  const { offsetWidth } = twin;
  twin.remove();
  return offsetWidth > each.offsetWidth;
}).map((each) => each.selectedOptions[0].text)"""


def test_no_setting_is_clipped(tab):
    page = tab("#data=sine&networks=2&pace=1000")
    page.choose("optimizer", "momentum")
    for side in (False, True):
        if side:
            page.find(".answer").first.click()
            page.frame()
        for width in (360, 768, 1110, 1320, 1460):
            page.resize(width, 800)
            assert page.value(CLIPPED) == [], (width, side)


def test_the_facts_of_the_curve_move_nothing(tab):
    """Neither overfitting nor a place in time moves the confusion matrix."""
    page = tab("#data=circles")
    page.step(1)
    tops: dict[int, set[float]] = {width: set() for width in (360, 768, 1320)}
    for words in (
        "0",
        "panels[0].curve.overfitting ="
        " { epoch: 1234, loss: [0.1234, 0.0123], test_loss: [0.3456, 0.5678] }",
        "Object.assign(header, { epoch: 1234, last: 56789 })",
    ):
        page.value(f"({words}, panels[0].describeCurve())")
        for width, found in tops.items():
            page.resize(width, 900)
            found.add(box(page, ".confused")[1])
    assert "Back at epoch 1,234 of 56,789" in page.text(".curve-facts")
    assert all(len(found) == 1 for found in tops.values()), tops


@pytest.mark.parametrize("width", [360, 1320])
def test_a_lesson_that_starts_or_is_passed_moves_no_picture(tab, width):
    page = tab("#lesson=one-neuron&step=9", width=width)
    page.until_text("#lesson .conditions", "76.4")
    for places in page.value("panels[0].curve.lines().map(({ places }) => places)")[:2]:
        assert len(places) == 1, "the changed weights take the place of the initial ones"
    before = [box(page, each) for each in (".map", "#lesson [data-action=next]")]
    page.value("barenet.tools.find((tool) => tool.pass).pass()")
    assert "Passed!" in page.text("#lesson .result")
    page.find("#lesson [data-action=next]").click(trial=True)
    assert [box(page, each) for each in (".map", "#lesson [data-action=next]")] == before


#: Luminance of a colour, and what red-green and blue-yellow colour blindness make of it (Machado,
#: Oliveira and Fernandes, 2009), as matrices on linear RGB.
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def linear(colour):
    share = np.array(colour) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(colour):
    """CIELAB of linear RGB, in which a distance of 2 is just visible."""
    x, y, z = np.cbrt(TO_XYZ @ np.clip(colour, 0, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y, 500 * (x - y), 200 * (y - z)])


def contrast(*colours):
    dark, light = sorted(LUMINANCE @ linear(each) + 0.05 for each in colours)
    return light / dark


#: The colours of a panel, of a point, and of the map where the class of the point is certain.
PALETTE = (
    "import('./colours.js').then(({ palette }) => [palette.renew(), palette.panel,"
    " palette.positive, [0, 8, 16].map((shift) => (palette.ramp[255] >> shift) & 255)])"
)


def test_curves_points_and_biases_have_colours_for_all_eyes(tab):
    page = tab("#data=moons&networks=2")
    key = "getComputedStyle(document.querySelector('.scores .{}')).borderTopColor"
    border = "(each) => getComputedStyle(each).borderTopColor.match(/\\d+/g).map(Number)"
    bias = page.find(".bias").first
    page.value("barenet.theme.turn('light')")
    pictures = {page.picture()}
    for theme in ("light", "dark"):
        if theme == "dark":
            page.click("#theme")
            page.until("document.documentElement.dataset.theme === 'dark'")
        pictures.add(page.picture())
        page.value("panels[0].curve.repaint()")
        lines = {each["name"]: each for each in page.value("panels[0].curve.lines()")}
        training, test = (lines[name]["colour"] for name in ("training", "test"))
        _, panel, point, ground = page.value(PALETTE)
        assert min(contrast(training, panel), contrast(test, panel)) >= 3
        assert contrast(point, ground) > 1.4, "a point stands out where all is sure"
        for name, matrix in BLINDNESS.items():
            one, other = (lab(np.array(matrix) @ linear(each)) for each in (training, test))
            assert np.linalg.norm(one - other) > 25, name
            assert name != "none" or max(np.abs(one - other)[1:]) > 25, "not shades of grey"
        shown = [page.value(key.format(name)) for name in ("training", "test")]
        assert shown == [f"rgb({', '.join(map(str, each))})" for each in (training, test)]
        assert lines["other"]["dash"] and lines["other"]["colour"] == test
        assert contrast(bias.evaluate(border), panel) >= 3, "at epoch 0 it is as light as the panel"
    assert len(pictures) == 2, "one in each theme"
    assert "Bias" in bias.get_attribute("title") and "its bias" in page.text(".network > .hint")


def test_neurons_fill_their_card_and_words_move_none(tab):
    page = tab("#data=moons&net.hidden=1&net.activations=tanh", 1920, 1080)
    page.rest()
    row = "document.querySelector('.layers-row')"
    side = page.value("document.querySelector('.column:nth-child(2) .neuron').offsetWidth")
    assert side > 46, "without room 42"
    stage = page.value("document.querySelector('.stage').clientHeight")
    assert 0 <= stage - page.value(f"{row}.scrollHeight") < 130
    page.value("(document.querySelector('.words').replaceChildren('A problem'))")
    page.value("(document.querySelector('.words').hidden = false)")
    page.rest()
    assert page.value("document.querySelector('.neuron').offsetWidth") == side


def test_a_projector_has_the_network_large_and_no_settings(tab):
    page = tab("#data=moons")
    before = page.value("getComputedStyle(document.querySelector('.scores dd')).fontSize")
    page.page.get_by_role("button", name="For a projector").click()
    for hidden in (".data", ".learning", "#share", ".about"):
        assert not page.find(hidden).first.is_visible(), hidden
    after = page.value("getComputedStyle(document.querySelector('.scores dd')).fontSize")
    assert float(after[:-2]) == pytest.approx(1.4 * float(before[:-2]))
    page.play("header.epoch > 5")
    assert page.value("document.documentElement.scrollWidth") <= 1440
    page.page.get_by_role("button", name="For a projector").click()
    assert page.find(".data").is_visible()


def test_the_invitation_is_on_the_screen_of_a_phone(tab):
    page = tab(width=360, height=640)
    box = page.find(".to-play").first.bounding_box()
    play = page.find("#play").bounding_box()
    assert box["y"] > 0 and box["y"] + box["height"] <= play["y"]
    page.click("#play")
    assert not page.find(".to-play").first.is_visible()
