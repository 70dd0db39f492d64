import pytest

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


def test_points_are_drawn_by_hand(tab):
    page = tab("#pace=1000")
    page.click("text=Draw your own points")
    page.until("state.data.source === 'drawn'")
    plot = page.find(".map")
    page.key(" ")
    page.until_text(".words", "draw points")
    page.key("1")
    plot.click(position={"x": 60, "y": 60})
    page.until_text(".drawing-bar .count", "1 of 300")
    page.until("facts.rows[0] === 1 && document.querySelector('.words').hidden")
    plot.click(position={"x": 66, "y": 66})
    page.key("2")
    box = plot.bounding_box()
    mouse = page.page.mouse
    mouse.move(box["x"] + 160, box["y"] + 180)
    mouse.down()
    mouse.move(box["x"] + 220, box["y"] + 200, steps=6)
    mouse.up()
    count = page.text(".drawing-bar .count").removesuffix(" of 300")
    page.until(f"facts.rows[0] === {count} && facts.classes.length === 2")
    page.until("barenet.points.values.length === facts.rows[0]")
    drawn = page.value("[...barenet.points.values]")
    assert drawn[:2] == [0, 0] and set(drawn[2:]) == {1}
    across, up = page.value("[...barenet.points.positions.slice(0, 2)]")
    assert abs(across - 60 / box["width"]) < 0.01 and abs(up - (1 - 60 / box["height"])) < 0.01
    page.key(" ")
    page.until("header.newest?.[3] === 1")
    page.click("#play")
    assert page.value("facts.rows[0]") == len(drawn), (
        "space plays after a stroke, and draws nothing"
    )
    assert not page.find("[data-view=tests]").is_visible()
    assert page.value("panels[0].curve.lines()[1].places.length") == 0, "there is no test set"
    assert "test" not in page.value("panels[0].summary() + panels[0].curve.facts()")
    epoch = page.value("header.epoch")
    plot.focus()
    for key in ["ArrowUp", "Enter"]:
        page.key(key)
    page.until(f"facts.rows[0] === {len(drawn) + 1}")
    assert page.value("header.epoch") >= epoch, "the network goes on"
    address = page.value("location.href")
    page.open(address)
    assert page.value("facts.rows[0]") == len(drawn) + 1, "the address has the points"
    page.click("[data-brush=probe]")
    plot.click(position={"x": 60, "y": 60})
    assert "x₁ = " in page.text(".probe .where")
    page.click("[data-brush=erase]")
    plot.click(position={"x": 60, "y": 60})
    page.until(f"facts.rows[0] === {len(drawn)}")
    assert page.value("barenet.state.data.points").startswith("0"), "of two in reach the nearest"
    page.click("text=Clear")
    page.until("facts.rows[0] === 0")


def test_long_names_of_classes_stay_on_the_page(tab, tmp_path):
    path = tmp_path / "long.csv"
    rows = (f"{n},{n % 7},{'long' * 50}{n % 3}\n" for n in range(60))
    path.write_text("a,b,kind\n" + "".join(rows))
    page = tab(width=1366)
    page.upload("#csv", str(path))
    page.until("facts.classes?.length === 3 && panels[0].frame")
    assert page.value("document.documentElement.scrollWidth") == 1366
