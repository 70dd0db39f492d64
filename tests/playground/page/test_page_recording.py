"""A recording in a browser: a file without a server, whose forward pass is that of the library."""

import re

import numpy as np
import pytest

from barenet.playground._page_files import PAGE
from barenet.playground._recording import record, write_recording
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._address import read_address
from barenet.playground.state._features import FEATURES
from barenet.playground.state._page_state import HIDDEN_ACTIVATIONS

from .conftest import UNGUARDED

pytestmark = pytest.mark.integration

#: In reach of the modules of the page, and of its player.
COMPUTED = """() => {
  const { recording, weights } = barenet, { forward, onPlane } = $["network/forward-pass.js"];
  const outputs = (rows, ...network) => [...forward(rows, ...network).at(-1).outputs];
  const { large, arrays } = recording;
  const grid = outputs(large, ...onPlane(weights, recording));
  return { grid, points: outputs(arrays.X, weights, recording) };
}"""
DEEP = "net.activations={}&net.hidden={}"
STYLE = "".join(path.read_text("utf-8") for path in sorted(PAGE.glob("*.css")))
#: The selectors of the page's styles that have visible elements in a recording, and are not in its
#: style.
UNSTYLED = """(style) => {
  const selectors = (rules, media = "") => [...rules].flatMap((rule) => rule.selectorText
    ? rule.selectorText.split(/, (?![^(]*\\))/).map((each) => `${each} | ${media}`)
    : selectors(rule.cssRules ?? [], rule.conditionText));
  const whole = new CSSStyleSheet();
  whole.replaceSync(style);
  const own = new Set(selectors(document.styleSheets[0].cssRules));
  const stateless = (each) => each.split(" | ")[0].replace(/:hover|:focus[a-z-]*|::[a-z-]+/g, "");
  const lost = selectors(whole.cssRules).filter((each) => !own.has(each));
  const isSeen = (element) => element.checkVisibility();
  return lost.filter((each) => [...document.querySelectorAll(stateless(each))].some(isSeen));
}"""
#: Whether a canvas has as many pixels as its place on the page.
SIZED = "({ width, clientWidth }) => Math.abs(width - clientWidth * devicePixelRatio) < 1"
#: What one frame draws, computes and changes.
COUNTED = """() => {
  const counts = {};
  const context = CanvasRenderingContext2D.prototype;
  const counting = (owner, name, key) => {
    const original = owner[name];
    counts[key] = 0;
    owner[name] = function (...values) {
      counts[key] += 1;
      return original.apply(this, values);
    };
    return () => (owner[name] = original);
  };
  const drawn = ["putImageData", "drawImage", "stroke"];
  const restore = drawn.map((name) => counting(context, name, name));
  restore.push(counting($["network/activations.js"].ACTIVATIONS, "relu", "activations"));
  const observer = new MutationObserver(() => {});
  const everything = { childList: true, attributes: true, characterData: true, subtree: true };
  observer.observe(document, everything);
  barenet.go(41);
  const records = observer.takeRecords();
  observer.disconnect();
  restore.forEach((undo) => undo());
  counts.attributes = records.filter(({ type }) => type === "attributes").length;
  counts.nodes = records.length - counts.attributes;
  return counts;
}"""
HALVES = [HIDDEN_ACTIVATIONS[:6], HIDDEN_ACTIVATIONS[6:]]
DEEP_ADDRESSES = [DEEP.format("~".join(names), "~".join("5" * len(names))) for names in HALVES]


@pytest.fixture
def opened(browser, tmp_path):
    """Write a recording and open it; fails if the page requests or reports anything."""
    faults, pages = [], []

    def open_file(address, epochs, lesson=False, **options):
        state = read_address(address)
        prepared = prepare_named(state.data)
        content = record(state, prepared, epochs) | {"text": ["A text."], "lesson": lesson}
        path = tmp_path / "recording.html"
        path.write_bytes(write_recording("A <recording>", content))
        pages.append(page := browser.new_page(**options))
        page.on("pageerror", lambda error: faults.append(error.stack))
        page.on("console", lambda message: faults.append(message.text))
        page.on("request", lambda request: faults.append(request.url))
        page.goto(path.as_uri())
        assert faults.pop(0) == path.as_uri()
        return page, state, prepared

    yield open_file
    for page in pages:
        page.close()
    assert not faults


@pytest.mark.parametrize(
    "address",
    [
        f"data=moons&features={'~'.join(FEATURES).replace('*', '%2A')}&{DEEP_ADDRESSES[0]}",
        f"data=plane&net.dropout=0.1&{DEEP_ADDRESSES[1]}",
        "data=digits&net.hidden=9",
        "data=sine",
    ],
)
def test_the_forward_pass_is_that_of_the_library(opened, address):
    page, state, prepared = opened(address, 2)
    computed = page.evaluate(COMPUTED)
    network = prepared.make_network(state.networks[0])
    network.parameters[:] = page.evaluate("[...barenet.weights]")
    place = (
        ("line", 200) if prepared.is_curve else ("grid", page.evaluate("barenet.recording.side"))
    )
    rows = prepared.inputs(*place)
    np.testing.assert_allclose(
        computed["grid"], network.predict(rows).ravel(), rtol=1e-5, atol=1e-5
    )
    every = -(-len(prepared.points) // 500)
    X = prepared.scaling.transform(prepared.features.apply(prepared.dataset.X[::every]), np.float32)
    np.testing.assert_allclose(computed["points"], network.predict(X).ravel(), rtol=1e-5, atol=1e-5)
    shown = page.evaluate("$['io/recording-frame.js'].scoresOf(barenet.weights, barenet.recording)")
    if every == 1:  # the scores are those that the library measured
        np.testing.assert_allclose(shown, page.evaluate("barenet.kept.at(-1).slice(3)"), atol=1e-5)


def test_it_is_played_scrubbed_probed_and_changed(opened, wait_until):
    page, _, _ = opened("data=moons", 30, viewport={"width": 1366, "height": 768})
    picture = "document.querySelector('.map').toDataURL()"
    last = page.evaluate(picture)
    assert page.inner_text("#epoch") == "30" and page.inner_text("h2#title") == "A <recording>"
    page.focus("#scrub")
    page.keyboard.press("Home")
    assert page.inner_text("#epoch") == "0" and page.evaluate(picture) != last
    accuracy = page.inner_text(".score")
    page.keyboard.press(".")
    assert page.inner_text("#epoch") == "1" and page.inner_text(".score") != accuracy
    for _ in range(2):  # the key is held
        page.keyboard.down("Space")
    page.keyboard.up("Space")
    wait_until(lambda: int(page.inner_text("#epoch")) > 1)
    page.keyboard.press("Space")
    assert not page.evaluate("barenet.playing")
    page.keyboard.press("End")
    assert page.evaluate(picture) == last
    page.click(".column:nth-child(2) .neuron >> nth=1")
    slider = page.get_by_label("Move the weight of x₁")
    wait_until(lambda: page.evaluate(f"({SIZED})(document.querySelector('.map'))"))
    recorded = page.evaluate(picture)
    slider.focus()
    slider.press("ArrowRight")
    assert page.evaluate(picture) != recorded and "1 weight changed" in page.inner_text(".words")
    page.get_by_role("button", name="Put back").click()
    assert page.evaluate(picture) == recorded and not page.is_visible(".words")
    slider.press("ArrowLeft")
    assert page.inner_text(".loss") == "—" and "%" in page.inner_text(".score")
    page.get_by_role("button", name="Put all weights back").click()
    assert page.evaluate(picture) == recorded and not page.is_visible(".words")
    page.click(".map", position={"x": 100, "y": 60})
    verdict = page.inner_text(".probe .verdict")
    assert "The answer: class" in verdict and page.locator(".probed").count() == 11
    assert page.evaluate(UNSTYLED, STYLE) == []
    page.evaluate("barenet.theme.turn('dark')")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(235, 233, 229)"


def test_it_is_in_english_with_decimal_points_in_a_browser_of_any_language(opened):
    page, *_ = opened("data=moons", 3, locale="de-DE")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("#play").get_attribute("aria-label") == "Play"
    page.click(".column:nth-child(2) .neuron >> nth=1")
    assert "." in page.get_by_label("Weight of x₁", exact=True).input_value()
    page.click(".map", position={"x": 100, "y": 60})
    assert page.locator("[data-field=learning_rate]").input_value() == "0.03"
    for place in (".loss", ".test-score", ".curve-facts", ".probe .verdict"):
        words = page.inner_text(place)
        assert re.search(r"\d\.\d", words) and not re.search(r"\d,\d", words), words


def test_it_fits_a_phone(opened):
    page, *_ = opened("data=digits", 3, viewport={"width": 390, "height": 844}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(".column:nth-child(2) .neuron").first.tap()
    page.get_by_label("Move the bias").wait_for()
    assert page.evaluate(UNSTYLED, STYLE) == []
    page.locator("#on").tap()
    page.locator("#back").tap()
    assert page.inner_text("#epoch") == "2"
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_axe_finds_no_violations_in_a_recording(opened, violations):
    page, *_ = opened("data=moons", 3, **UNGUARDED)
    page.click(".column:nth-child(2) .neuron >> nth=1")
    page.click(".map", position={"x": 100, "y": 60})
    assert not violations(page)


def top_of(page, selector):
    return page.locator(selector).bounding_box()["y"]


def test_its_header_is_one_row_with_a_long_slider(opened):
    page, *_ = opened("data=moons", 3)
    for width in (360, 768, 1280, 1320, 1920):
        page.set_viewport_size({"width": width, "height": 844})
        slider, last = (page.locator(each).bounding_box() for each in ("#scrub", "#last"))
        assert abs(slider["y"] + slider["height"] / 2 - last["y"] - last["height"] / 2) < 4
        assert slider["width"] > 200 and slider["x"] + slider["width"] <= last["x"]


def test_a_recorded_lesson_begins_with_its_text_and_the_first_epoch(opened):
    size = {"width": 390, "height": 844}
    address = "data=circles&features=x1~x2&net.hidden="
    page, *_ = opened(address, 3, lesson=True, viewport=size)
    assert page.inner_text("#epoch") == "0"
    assert top_of(page, "#text") < top_of(page, ".map") < top_of(page, ".learning")
    off = page.locator(".inputs .neuron.off:disabled")
    assert off.count() == 5, "the inputs that it leaves out have dashed boxes, as in the playground"
    assert off.first.evaluate("(box) => getComputedStyle(box).borderStyle") == "dashed"
    assert page.locator(".feature-name").all_inner_texts()[:3] == ["x₁", "x₂", "x₁²"]
    curve, *_ = opened("data=sine&net.hidden=", 3, lesson=True, viewport=size)
    assert curve.locator(".feature-name").all_inner_texts() == ["x", "x²", "sin x"]


def test_a_frame_of_digits_does_nothing_twice(opened):
    size = {"width": 390, "height": 844}
    page, *_ = opened("data=digits", 100, viewport=size, device_scale_factor=2)
    _, neurons = page.evaluate("[barenet.go(40), barenet.recording.drawn[0]]")
    links = page.evaluate("barenet.panel.network.links.links.length")
    places = page.evaluate("barenet.recording.side ** 2")
    counts = page.evaluate(COUNTED)
    assert counts["activations"] == (places + 3) * neurons, "a first layer is drawn by its weights"
    assert counts["putImageData"] == 2, "all neurons are in one image, the output in another"
    assert counts["drawImage"] == neurons + 2, "once for each neuron, the output and the points"
    assert links < counts["stroke"] <= links + 10, "once for each link, and the curve with its axes"
    assert counts["nodes"] <= 7, "the epoch twice, two losses, two scores and whose they are"
    assert counts["attributes"] <= neurons + 3, "the bias of each neuron, and three of the frame"


def test_a_frame_reads_the_layout_before_it_changes_it(opened):
    page, *_ = opened("data=digits", 100, viewport={"width": 390, "height": 844})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def styled():
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(entry["value"] for entry in metrics if entry["name"] == "RecalcStyleCount")

    page.evaluate("document.body.offsetHeight")
    before = styled()
    page.evaluate(
        "for (let place = 0; place < 30; place++) {"
        " document.body.offsetHeight; barenet.go(2 * place); }"
    )
    assert styled() - before <= 31, "once a frame, and once for a frame of the screen"
