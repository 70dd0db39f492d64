"""The page in its main states is checked by axe-core, in light and in dark colours."""

import pytest

from barenet.playground._address import read_address
from barenet.playground._data_preparation import prepare_named
from barenet.playground._recording import record, write_recording

pytestmark = pytest.mark.integration

#: Without its policy, which forbids scripts that are not its own.
OPTIONS = {"bypass_csp": True, "reduced_motion": "reduce"}
LIGHT = {"resultTypes": ["violations"]}
#: Only colours differ in the dark.
DARK = {**LIGHT, "runOnly": ["color-contrast"]}


@pytest.fixture
def violations():
    """Check a page in both themes, and return a report that is empty if all is well."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check(page):
        found = []
        for scheme, options in (("light", LIGHT), ("dark", DARK)):
            page.emulate_media(color_scheme=scheme)
            results = axe.run(page, options=options)
            found += [results.generate_report()] if results.violations_count else []
        page.emulate_media(color_scheme="light")
        return "\n".join(found)

    return check


def test_axe_finds_no_violations(tab, violations):
    page = tab("#data=moons&pace=0", 1366, 768, **OPTIONS)
    page.step(1)
    assert not violations(page.page), "moons"
    page.open_neuron(1)
    assert not violations(page.page), "a neuron"
    page.close_neuron()
    page.press("Probe a point")
    page.until("document.querySelector('.tree .fold')")
    assert not violations(page.page), "the probe"
    page.key("Escape")
    page.click("#compare")
    page.until("panels.length === 2")
    for place, name in enumerate(("Landscape", "Hidden space")):
        page.page.get_by_role("tab", name=name).nth(place).click()
        page.until(f"panels[{place}].{name.lower().replace(' ', '_')}.answer")
    assert not violations(page.page), "two networks, with a landscape and a hidden space"
    page.visit("#lesson=xor")
    page.until_text("#lesson h2", "How many neurons?")
    assert not violations(page.page), "a lesson"
    page.visit("#data=digits")
    page.page.get_by_role("tab", name="Draw").click()
    page.press("A test digit")
    page.until("document.querySelector('.chances .most')")
    assert not violations(page.page), "digits"


def test_axe_finds_no_violations_in_a_recording(browser, violations, tmp_path):
    state = read_address("data=moons")
    content = record(state, prepare_named(state.data), 3)
    path = tmp_path / "recording.html"
    path.write_bytes(write_recording("A recording", {**content, "text": []}))
    page = browser.new_page(**OPTIONS)
    page.goto(path.as_uri())
    page.click(".column:nth-child(2) .neuron >> nth=1")
    page.click(".map", position={"x": 100, "y": 60})
    assert not violations(page)
    page.close()
