import re

import pytest

from .conftest import IS_SITE, numbers

MAP = "[...panels[0].frame.output].join()"


pytestmark = pytest.mark.integration


def test_sliders_move_the_slice(tab):
    page = tab("#data=wine")
    page.step(1)
    page.click(".fixed-columns summary")
    names = page.find(".fixed-fields label > span").all_inner_texts()
    assert len(names) == 11 and names[0] == "ash"
    assert "the other 11 columns are fixed at their median" in page.text(".output .slice")
    before, weights = page.value(MAP), page.value("[...panels[0].frame.weights].join()")
    slider = page.find(".fixed-fields input").nth(10)
    slider.focus()
    for _ in range(5):
        page.key("PageDown")
    page.until("state.data.fixed.length === 2")
    page.rest()
    assert page.value(MAP) != before
    assert page.value("[...panels[0].frame.weights].join()") == weights, "nothing is learned"
    assert page.value("header.epoch") == 1
    assert "proline = " in page.text(".output .slice")
    address, moved = page.value("location.href"), page.value(MAP)
    assert "fixed=proline" in address
    page.open(address)
    page.step(1)
    assert page.value(MAP) == moved, "the address has the slice"
    page.click(".fixed-columns summary")
    page.click("text=Back to the typical values")
    page.until("!state.data.fixed.length")
    page.rest()
    assert page.value(MAP) == before


@pytest.mark.case(188)
def test_the_first_drawn_point_moves_nothing(tab):
    page = tab("#data=drawn")
    landscape = page.page.get_by_role("tab", name="Landscape")
    assert landscape.is_visible() and not landscape.is_enabled()
    before = page.find(".map").bounding_box()
    page.find(".map").click(position={"x": 60, "y": 60})
    page.until("data.rows[0] + data.rows[1] === 1")
    page.rest()
    assert page.find(".map").bounding_box() == before
    assert landscape.is_enabled()
    landscape.click()
    page.until_text("[role=tab][aria-selected=true]", "Landscape")
    page.page.get_by_role("tab", name="Output").click()
    page.press("Clear")
    page.until("data.rows[0] + data.rows[1] === 0")
    page.rest()
    assert page.find(".map").bounding_box() == before and not landscape.is_enabled()


def test_points_are_drawn_by_hand(tab):
    page = tab("#pace=1000")
    page.click("text=Draw your own points")
    page.until("state.data.source === 'drawn'")
    brushes = [
        brush.get_attribute("aria-label") for brush in page.find(".brush .dot").locator("..").all()
    ]
    assert brushes == [
        "Draw orange points: class 1",
        "Draw blue points: class 2",
        "Draw green points: class 3",
        "Draw pink points: class 4",
    ]
    plot = page.find(".map")
    page.key(" ")
    page.until_text(".words", "draw points")
    page.key("1")
    plot.click(position={"x": 60, "y": 60})
    page.until_text(".drawing-bar .count", "1 of 300")
    page.until("data.rows[0] === 1 && document.querySelector('.words').hidden")
    plot.click(position={"x": 66, "y": 66})
    page.key("2")
    box = plot.bounding_box()
    mouse = page.page.mouse
    mouse.move(box["x"] + 160, box["y"] + 180)
    mouse.down()
    mouse.move(box["x"] + 220, box["y"] + 200, steps=6)
    mouse.up()
    count = page.text(".drawing-bar .count").removesuffix(" of 300")
    page.until(f"data.rows[0] === {count} && data.classes.length === 2")
    page.until("barenet.points.values.length === data.rows[0]")
    drawn = page.value("[...barenet.points.values]")
    assert drawn[:2] == [0, 0] and set(drawn[2:]) == {1}
    across, up = page.value("[...barenet.points.positions.slice(0, 2)]")
    assert abs(across - 60 / box["width"]) < 0.01 and abs(up - (1 - 60 / box["height"])) < 0.01
    page.key(" ")
    page.until("header.newest?.[3] === 1")
    page.click("#play")
    assert page.value("data.rows[0]") == len(drawn), "after a stroke, space draws nothing"
    assert not page.find("[data-view=tests]").is_visible()
    assert page.value("panels[0].curve.lines()[1].places.length") == 0, "there is no test set"
    assert "test" not in page.value("panels[0].summary() + panels[0].curve.facts()")
    epoch = page.value("header.epoch")
    plot.focus()
    for key in ["ArrowUp", "Enter"]:
        page.key(key)
    page.until(f"data.rows[0] === {len(drawn) + 1}")
    assert page.value("header.epoch") >= epoch, "the network goes on"
    address = page.value("location.href")
    page.open(address)
    assert page.value("data.rows[0]") == len(drawn) + 1, "the address has the points"
    page.click("[data-brush=probe]")
    plot.click(position={"x": 60, "y": 60})
    assert "x₁ = " in page.text(".probe .where")
    page.click("[data-brush=erase]")
    plot.click(position={"x": 60, "y": 60})
    page.until(f"data.rows[0] === {len(drawn)}")
    assert page.value("barenet.state.data.points").startswith("0"), "of two in reach the nearest"
    page.step(1)
    page.click("text=Clear")
    page.until("data.rows[0] === 0")
    page.rest()
    assert page.text(".scores").split() == ["Training", "loss", "—", "Accuracy", "—"]


def test_long_names_of_classes_stay_on_the_page(tab, tmp_path):
    path = tmp_path / "long.csv"
    rows = (f"{n},{n % 7},{'long' * 50}{n % 3}\n" for n in range(60))
    path.write_text("a,b,kind\n" + "".join(rows))
    page = tab(width=1366)
    page.upload("#csv", str(path))
    page.until("data.classes?.length === 3 && panels[0].frame")
    assert page.value("document.documentElement.scrollWidth") == 1366


def write_prices(path):
    """Rows whose price follows from the size by a line, with twelve columns beside."""
    others = [f"other_column_{number}" for number in range(12)]
    lines = [",".join(["kind", *others, "size (m2)", "age", "price (k$)"])]
    for n in range(120):
        size, age = 20 + n * 37 % 90, n * 53 % 40
        noise = [str((n * (k + 7)) % 11) for k in range(12)]
        kind = "flat" if n % 3 else "house"
        lines.append(",".join([kind, *noise, str(size), str(age), f"{3 * size - age:.1f}"]))
    path.write_text("\n".join(lines) + "\n")


def test_a_point_of_a_table_has_its_units(tab, tmp_path):
    write_prices(path := tmp_path / "prices.csv")
    page = tab(width=360)
    page.value("(document.querySelector('#own').open = true)")
    page.upload("#csv", str(path))
    page.until("data.name.includes('prices') && panels[0].frame")
    page.select("#axis-x", "size (m2)")
    page.until("data.axes[0] === 'size (m2)'")
    page.select("#axis-y", "age")
    page.until("data.axes[1] === 'age'")
    page.check("#all-columns")
    page.until("data.n_inputs > 14")
    page.rest()
    names = [name.replace("\u200b", "") for name in page.find(".feature-name").all_inner_texts()]
    assert names[:2] == ["size", "age"], "the columns of the map come first"
    for label in page.find(".feature-name").all():
        lines = label.evaluate(
            "(each) => { const range = document.createRange(); range.selectNodeContents(each);"
            " return new Set([...range.getClientRects()].map(({ top }) => top)).size; }"
        )
        words = label.inner_text().replace("\u200b", " ").split()
        assert lines <= len(words), "no line begins within a word"
    page.step(1)
    assert "m2" not in page.text(".typical") and "k$" in page.text(".typical")
    if not IS_SITE:  # which has no SciPy to fit it with
        words = "A linear model of the same inputs is better on the test points: R² 1.00"
        page.until_text(".words", words)
    page.find(".probe-open").click()
    page.until_text(".probe .verdict", "truth")
    row = page.value("barenet.tools.find((tool) => tool.near).point.row")
    line = path.read_text().splitlines()[row + 1].split(",")
    assert numbers(page.text(".where"))[-1] == float(line[-2])
    verdict = page.text(".probe .verdict")
    predicted, truth = numbers(" ".join(re.findall(r"(?:= |truth: )(−?[\d.]+)", verdict)))
    assert truth == pytest.approx(float(line[-1]), rel=1e-3)
    off = float(re.search(r"it is ([\d.]+) k\$ too (low|high)", verdict)[1])
    assert off == pytest.approx(abs(predicted - truth), rel=0.01)
    assert numbers(page.text(".typical"))[0] > 10, "in units of the price"
