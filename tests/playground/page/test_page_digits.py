"""The bench of digits in a browser: the pad, and the bars."""

import pytest

from barenet import load_dataset
from barenet.playground._data_preparation import prepare_named
from barenet.playground._page_state import DataSettings, NetworkSettings

pytestmark = pytest.mark.integration


def bars(page):
    shares = page.find(".chances .share").all_inner_texts()
    return [float(share.removesuffix("\xa0%")) / 100 for share in shares if share != "—"]


def test_a_drawing_is_recognized_while_the_network_learns(tab):
    page = tab("#data=digits", width=1366, height=768)
    assert page.find(".answer").all_inner_texts() == list("0123456789")
    page.page.get_by_role("tab", name="Draw").click()
    assert not page.find(".map").is_visible() and not bars(page)
    box = page.find(".pad").bounding_box()
    page.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    page.page.mouse.up()
    page.until("document.querySelector('.chances .most')")
    first = bars(page)
    assert len(first) == 10 and sum(first) == pytest.approx(1, abs=0.006)
    seen = page.value("barenet.tools.find((tool) => tool.image).image")
    assert len(seen) == 64 and set(seen[3::8] + seen[4::8]) & set(range(9, 17))
    page.step(1)
    page.until(
        f"document.querySelector('.chances .share').textContent !== '{100 * first[0]:.1f} %'"
    )
    page.press("A test digit")
    page.until("document.querySelector('.read').textContent.includes('Test digit 1,')")
    prepared = prepare_named(DataSettings(source="digits", test_size=0.3))
    settings = NetworkSettings(hidden=(48,), activations=("relu",))
    network = prepared.make_network(settings)
    network.parameters[:] = page.parameters()
    expected = network.predict(prepared.test[0][:1])[0]
    page.until("barenet.tools.find((tool) => tool.image).views[0].query.sent === 0")
    assert bars(page) == pytest.approx(expected.tolist(), abs=0.0006)
    assert page.text(".inputs .rest").startswith("The image on the pad")
    page.press("Clear")
    assert not bars(page)
    assert page.text(".inputs .rest").startswith("The mean of all images")
    page.use("moons")
    assert page.find(".map").is_visible()
    assert not page.page.get_by_role("tab", name="Draw").is_visible()


def test_the_test_digits_behind_a_cell_of_the_matrix(tab):
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
    page.find(".column").nth(1).locator(".neuron").first.hover()
    assert page.text(".output .title") == "Layer 1, neuron 1: weights"


def test_the_rows_behind_a_cell_of_other_data(tab):
    page = tab("#data=iris")
    page.click(".confused summary")
    cell = page.find(".matrix td button:enabled").first
    count = int(cell.inner_text())
    cell.click()
    page.until("!document.querySelector('#side').hidden")
    assert page.find("#side tbody tr").count() == min(count, 24)
    assert page.text("#side thead").split("\t")[0] == "petal length (cm)"
    page.click("#side .close")
