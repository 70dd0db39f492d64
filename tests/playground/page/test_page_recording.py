"""A recording in a browser: a file without a server, whose forward pass is that of the library."""

import re

import numpy as np
import pytest

from barenet.playground._address import read_address
from barenet.playground._data_preparation import prepare_named
from barenet.playground._page_state import HIDDEN_ACTIVATIONS
from barenet.playground._plane import FEATURES
from barenet.playground._recording import PAGE, STYLES, UNUSED, record, write_recording

pytestmark = pytest.mark.integration

#: In reach of the modules of the page, and of its player.
COMPUTED = """() => {
  const { recording, weights } = barenet, { forward } = modules["forward-pass.js"];
  const outputs = (rows) => [...forward(rows, weights, recording).at(-1).outputs];
  const { large, arrays } = recording;
  return { rows: [...large], grid: outputs(large), points: outputs(arrays.X) };
}"""
DEEP = "net.activations={}&net.hidden={}"
#: The elements whose style is left out of a recording, which has none of them.
STYLE = "".join((PAGE / name).read_text("utf-8") for name in STYLES)
RULES = [match[0].partition("{")[0].split(",") for match in UNUSED.finditer(STYLE)]
SELECTORS = {re.sub(":(hover|:.*)", "", each.strip()) for rule in RULES for each in rule}
UNSTYLED = ", ".join(sorted(SELECTORS - {"@font-face"}))
HALVES = [HIDDEN_ACTIVATIONS[:6], HIDDEN_ACTIVATIONS[6:]]
DEEP_ADDRESSES = [DEEP.format("~".join(names), "~".join("5" * len(names))) for names in HALVES]


@pytest.fixture
def opened(browser, tmp_path):
    """Write a recording and open it; fails if the page requests or reports anything."""
    faults, pages = [], []

    def open_file(address, epochs, **options):
        state = read_address(address)
        prepared = prepare_named(state.data)
        content = record(state, prepared, epochs)
        path = tmp_path / "recording.html"
        path.write_bytes(write_recording("A <recording>", {**content, "text": ["A text."]}))
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
        "data=wine",
        "data=digits&net.hidden=9",
        "data=sine",
        "data=iris&net.hidden=",
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
    np.testing.assert_allclose(computed["rows"], rows.ravel(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        computed["grid"], network.predict(rows).ravel(), rtol=1e-5, atol=1e-5
    )
    every = -(-len(prepared.points) // 500)
    X = prepared.scaling.transform(prepared.features.apply(prepared.dataset.X[::every]), np.float32)
    np.testing.assert_allclose(computed["points"], network.predict(X).ravel(), rtol=1e-5, atol=1e-5)
    shown = page.evaluate(
        "modules['recording-frame.js'].scoresOf(barenet.weights, barenet.recording)"
    )
    if every == 1:  # the scores are those that the library measured
        np.testing.assert_allclose(shown, page.evaluate("barenet.kept.at(-1).slice(3)"), atol=1e-5)


def test_it_is_played_scrubbed_probed_and_changed(opened):
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
    page.keyboard.press("Space")
    page.wait_for_timeout(700)
    page.keyboard.press("Space")
    assert 1 < int(page.inner_text("#epoch")) <= 30 and not page.evaluate("barenet.playing")
    page.keyboard.press("End")
    assert page.evaluate(picture) == last
    page.click(".column:nth-child(2) .neuron >> nth=1")
    slider = page.get_by_label("Move the weight of x₁")
    page.wait_for_timeout(300)  # the map takes its new size
    recorded = page.evaluate(picture)
    slider.focus()
    slider.press("ArrowRight")
    assert page.evaluate(picture) != recorded and "1 weight changed" in page.inner_text("#changed")
    page.get_by_role("button", name="Put back").click()
    assert page.evaluate(picture) == recorded and not page.is_visible("#changed")
    page.click(".map", position={"x": 100, "y": 60})
    verdict = page.inner_text(".probe .verdict")
    assert "The answer: class" in verdict and page.locator(".probed").count() == 11
    assert not page.locator(UNSTYLED).count()
    page.evaluate("barenet.theme.turn('dark')")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(235, 233, 229)"


@pytest.mark.parametrize("address", ["data=moons", "data=digits"])
def test_it_fits_a_phone(opened, address):
    page, *_ = opened(address, 3, viewport={"width": 390, "height": 844}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(".column:nth-child(2) .neuron").first.tap()
    page.get_by_label("Move the bias").wait_for()
    assert not page.locator(UNSTYLED).count()
    page.locator("#on").tap()
    page.locator("#back").tap()
    assert page.inner_text("#epoch") == "2"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
