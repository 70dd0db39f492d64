MAP = "[...panels[0].frame.output].join()"


def test_sliders_move_the_slice(tab):
    page = tab("#data=wine")
    page.step(1)
    page.click(".held summary")
    names = page.find(".held-fields label > span").all_inner_texts()
    assert len(names) == 11 and names[0] == "ash"
    assert "the other 11 columns are fixed at their median" in page.text(".output .slice")
    before, weights = page.value(MAP), page.value("[...panels[0].frame.weights].join()")
    slider = page.find(".held-fields input").nth(10)
    slider.focus()
    for _ in range(5):
        page.key("PageDown")
    page.until("state.data.held.length === 2")
    page.rest()
    assert page.value(MAP) != before
    assert page.value("[...panels[0].frame.weights].join()") == weights, "nothing is learned"
    assert page.value("header.epoch") == 1
    assert "proline = " in page.text(".output .slice")
    address, moved = page.value("location.href"), page.value(MAP)
    assert "held=proline" in address
    page.open(address)
    page.step(1)
    assert page.value(MAP) == moved, "the address has the slice"
    page.click(".held summary")
    page.click("text=Back to the medians")
    page.until("!state.data.held.length")
    page.rest()
    assert page.value(MAP) == before
