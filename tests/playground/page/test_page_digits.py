"""The bench of digits in a browser: the pad, its conversion, and the bars."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from barenet import load_dataset
from barenet.playground._data_preparation import prepare_named
from barenet.playground._page_state import DataSettings, NetworkSettings

#: Converts bitmaps of 32 × 32 points, laid on a pad so large and at such a place.
CONVERT = """([bitmaps, shape]) => import(new URL('digit-conversion.js', location)).then((module) =>
  bitmaps.map(([bits, size, left, top]) => {
    const ink = new Uint8Array(192 * 192);
    const at = (place) => Math.floor((place * 32) / size);
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++)
      ink[(top + y) * 192 + left + x] = bits[at(y) * 32 + at(x)];
    return module.imageOf(ink, 192, shape, shape[0] === 8 ? 16 : 255);
  }))"""


def bitmap(digit):
    """A bitmap of 32 × 32 points whose blocks of 4 × 4 count the digit's pixels."""
    places = (np.arange(32) + 0.5) / 4 - 0.5
    grid, around = np.arange(-1, 9), np.pad(digit.reshape(8, 8), 1)
    across = np.array([np.interp(places, grid, row) for row in around])
    smooth = np.array([np.interp(places, grid, column) for column in across.T]).T
    bits = np.zeros((32, 32), int)
    for row, column in np.ndindex(8, 8):
        block = smooth[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        chosen = np.zeros(16, int)
        chosen[np.argsort(-block.ravel(), kind="stable")[: int(digit[8 * row + column])]] = 1
        bits[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = chosen.reshape(4, 4)
    return bits


def bars(page):
    shares = page.find(".chances .share").all_inner_texts()
    return [float(share.removesuffix(" %")) / 100 for share in shares if share != "—"]


def test_a_digit_on_the_pad_comes_back_as_in_the_data(tab):
    """Of any size, anywhere; a classifier of scikit-learn's sees the same digit."""
    page, digits, random = tab("#data=digits"), load_dataset("digits"), np.random.default_rng(0)
    chosen = random.permutation(len(digits.y))[:100]
    known = KNeighborsClassifier(3).fit(np.delete(digits.X, chosen, 0), np.delete(digits.y, chosen))
    drawn = []
    for index in chosen:
        size = int(random.integers(60, 180))
        left, top = random.integers(0, 192 - size, 2).tolist()
        drawn.append([bitmap(digits.X[index]).ravel().tolist(), size, left, top])
    made = np.array(page.page.evaluate(CONVERT, [drawn, [8, 8]]))
    assert np.abs(made - digits.X[chosen]).mean() < 1.5, "of 16"
    assert made.min() == 0 and made.max() == 16
    same = known.predict(made) == known.predict(digits.X[chosen])
    assert same.sum() >= 95
    shares = np.array(page.page.evaluate(CONVERT, [drawn, [28, 28]])).reshape(-1, 28, 28)
    for image in shares:  # as MNIST's: 20 × 20 of 28 × 28 pixels, centred by mass
        rows, columns = np.nonzero(image)
        assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 22
        center = [np.average(axis + 0.5, weights=image[rows, columns]) for axis in (rows, columns)]
        assert center == pytest.approx([14, 14], abs=0.4)


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
