"""The page in its main states is checked by axe-core, in light and in dark colours."""

import pytest

from .conftest import UNGUARDED

pytestmark = pytest.mark.integration


def test_axe_finds_no_violations(tab, violations):
    page = tab("#data=moons&pace=0", 1366, 768, **UNGUARDED)
    page.step(1)
    page.open_neuron(1)
    assert not violations(page.page), "a neuron"
    page.close_neuron()
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
