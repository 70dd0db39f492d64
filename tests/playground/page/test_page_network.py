"""The page's network, its output, a second network, and shared addresses."""

import re
import shlex
from typing import Any

import pytest

from barenet import load

pytestmark = pytest.mark.integration


def test_inputs_layers_and_neurons_can_be_added_and_removed(tab):
    page = tab()
    names = ["x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"]
    for count, label in enumerate(["x₁²", "x₂²", "x₁x₂", "sin x₁", "sin x₂"], start=3):
        page.labelled(f"Input {label}", exact=True).click()
        page.until(f"data.features.join() === '{','.join(names[:count])}'")
    page.labelled("Input x₂", exact=True).click()
    assert "without x₂. Press it again to take it back in." in page.text("#notice")
    page.until("!data.features.includes('x2')")
    assert page.value("panels[0].architecture.layout[0].n_in") == 6
    more, fewer = page.find("[data-action=more]"), page.find("[data-action=fewer]")
    for count in (3, 4, 5, 6):
        more.click()
        page.until(f"settings.hidden.length === {count}")
    for count in (5, 4, 3, 2, 1, 0):
        fewer.click()
        page.until(f"settings.hidden.length === {count}")
    assert fewer.is_disabled()
    assert "linear" in page.text(".count")
    more.click()
    page.until("settings.hidden.length === 1")
    page.labelled("One neuron more in layer 1").click()
    page.until("settings.hidden[0] === 5")
    page.labelled("One neuron less in layer 1").click()
    page.until("settings.hidden[0] === 4")
    page.labelled("Neurons in layer 1").fill("64")
    page.labelled("Neurons in layer 1").press("Enter")
    page.until("panels[0].architecture.layout[0].n_out === 64")
    page.labelled("Activation of layer 1").select_option("relu")
    page.until("settings.activations[0] === 'relu'")


def test_a_number_that_is_clicked_is_replaced_and_the_field_shows_the_one_taken(tab):
    page = tab("#net.hidden=2&net.activations=tanh")
    for typed, taken in (("32", 32), ("900", 256), ("300", 256), ("0", 1), ("", 1)):
        page.labelled("Neurons in layer 1").click()
        page.key("Delete") if not typed else page.page.keyboard.type(typed)
        page.key("Enter")
        page.until(
            f"settings.hidden[0] === {taken} && panels[0].architecture.layout[0].n_out === {taken}"
        )
        page.rest()
        assert page.labelled("Neurons in layer 1").input_value() == str(taken)
    page.open_neuron(1)
    weight = page.find("#neuron table.weights input.decimal").first
    weight.click()
    page.page.keyboard.type("25")
    weight.click()  # at a number in use, a click sets the caret
    page.key("End")
    page.page.keyboard.type(".5")
    page.key("Enter")
    page.until("Math.abs(panels[0].frame.weights[0] - 25.5) < 1e-6")
    weight.fill("")
    page.key("Enter")
    assert weight.input_value() == "25.5", "an empty field has no weight"


def test_links_show_the_size_and_sign_of_weights(tab):
    page = tab("#net.hidden=1&net.activations=tanh&features=x1")
    widths = {}
    for weight in (4, -4, 0.05):
        page.open_neuron(1)
        page.change_weight(str(weight))
        page.until(f"Math.abs(panels[0].frame.weights[0] - {weight}) < 1e-6")
        page.rest()
        widths[weight] = page.value(COLUMN_OF_A_LINK)
    blue, orange, thin = widths.values()
    assert all(b > r for r, _, b in blue) and all(r > b for r, _, b in orange)
    assert len(blue) == len(orange) > 2 * len(thin) > 0


#: The pixels with ink in them, down through the middle of the first link.
COLUMN_OF_A_LINK = (
    "(() => { const { canvas, links: [link], ratio } = panels[0].network.links;"
    " const x = Math.round(ratio * (link.from.x + link.to.x) / 2);"
    " const { data } = canvas.getContext('2d').getImageData(x, 0, 1, canvas.height);"
    " const at = (_, y) => [...data.slice(4 * y, 4 * y + 4)];"
    " const rows = Array.from({ length: canvas.height }, at);"
    " const far = (pixel) => pixel.some((each, i) => Math.abs(each - rows[0][i]) > 30);"
    " return rows.filter(far).map((pixel) => pixel.slice(0, 3)); })()"
)


def point_at_first_link(page: Any) -> list[float]:
    """Move the pointer to the middle of the first link, and return the place."""
    page.rest()
    place = page.value(
        "(({ links: [link] }, home) => [home.left + (link.from.x + link.to.x) / 2,"
        " home.top + (link.from.y + link.to.y) / 2])(panels[0].network.links,"
        " document.querySelector('.layers-row').getBoundingClientRect())"
    )
    page.page.mouse.move(*place)
    page.until("!document.querySelector('#tip').hidden")
    return place


def test_hovering_enlarges_a_neuron_and_shows_the_weight_of_a_link(tab):
    page = tab()
    picture = page.picture()
    neuron = page.find(".column").nth(1).locator(".neuron").first
    neuron.hover()
    page.until("document.querySelector('.output .title').textContent === 'Layer 1, neuron 1'")
    assert page.picture() != picture
    page.page.mouse.move(5, 5)
    page.until("document.querySelector('.output .title').textContent === 'Output'")
    page.find(".map").hover(position={"x": 100, "y": 100})
    assert re.fullmatch(r"\(.+\): [01], \d+ %", page.text(".output .value"))
    sure = (
        "import('./output/output-view.js').then(({ certainty }) => [0.994, 0.996].map(certainty))"
    )
    assert page.value(sure) == ["99 %", "over 99 %"], "as the panel of a probe writes 99.6 %"
    place = point_at_first_link(page)
    weight = page.parameters()[0]
    assert f"{abs(weight):.3f}" in page.text("#tip")
    page.page.mouse.click(*place)
    page.until("barenet.neuron.isOpen")
    assert page.text("#side-title") == "Layer 1, neuron 1"
    page.close_neuron()
    point_at_first_link(page)
    at, first = page.find("#tip").bounding_box(), page.text("#tip")
    page.key("Space")
    page.until("header.epoch > 20 && barenet.playing")
    page.key("Space")
    page.until("!header.playing")
    page.rest()
    shown, weight = page.text("#tip"), page.parameters()[0]
    assert shown != first and f"{abs(weight):.3f}" in shown
    assert page.find("#tip").bounding_box()["x"] == at["x"]


def test_an_input_that_comes_under_a_resting_pointer_is_not_enlarged(tab):
    page = tab()
    there = page.find(".neuron.input").nth(1).bounding_box()
    page.open_neuron(1)
    page.page.mouse.move(there["x"] + 20, there["y"] + 20)
    page.find(".neuron").first.evaluate("() => new Promise(requestAnimationFrame)")
    assert page.find("#side:hover").count() == 1, "the panel lies there"
    page.value("barenet.side.close()")
    page.until("document.querySelector('.neuron.input:hover')")
    assert page.text(".output .title") == "Output"
    page.page.mouse.move(there["x"] + 20, there["y"] - 80)
    page.page.mouse.move(there["x"] + 20, there["y"] + 22)
    page.until("document.querySelector('.output .title').textContent !== 'Output'")


@pytest.mark.pyodide
def test_an_edited_weight_changes_the_picture_and_an_export_has_it(tab, tmp_path):
    page = tab()
    before, picture = page.parameters(), page.picture()
    page.open_neuron(3)
    page.change_weight("5")
    page.until("panels[0].frame.weights[22] === 5")
    assert page.picture() != picture
    after = page.parameters()
    assert after == [*before[:22], 5, *before[23:]]
    page.open_neuron(3)
    slider = page.find("#neuron input[type=range]").first
    for value, taken, most in (("1e30", 1e6, "2000000"), ("5", 5, "10")):
        page.find("#neuron table.weights input.decimal").first.fill(value)
        page.key("Enter")
        page.until(f"panels[0].frame.weights[22] === {taken}")
        assert slider.get_attribute("max") == most
    page.close_neuron()
    page.step(1)
    page.click("[data-action=export]")
    page.until("document.querySelector('#export').open")
    assert "barenet.train(" in page.text("#code")
    network = load(page.download(tmp_path)).network
    assert network.parameters.tolist() == pytest.approx(page.parameters())


def test_each_task_has_its_colour_scale_and_score(tab):
    page = tab()
    scale = "document.querySelector('.legend').getAttribute('aria-label')"
    assert page.value(scale) == "Colour scale: orange for 0, blue for 1"
    assert page.text(".score-name") == "Accuracy"
    page.click("[data-name=drawn_digits]")
    page.until("document.querySelectorAll('.legend .class').length === 10")
    page.click("[data-name=plane]")
    page.until("document.querySelector('.score-name').textContent === 'R²'")
    low, high = page.value("data.range")
    assert low < -0.5 < 0.5 < high and "orange for −" in page.value(scale)


def test_test_points_and_discretized_outputs(tab):
    page = tab()
    picture = page.picture()
    page.check("[data-view=tests]")
    with_tests = page.picture()
    page.check("[data-view=discrete]")
    assert len({picture, with_tests, page.picture()}) == 3
    assert "tests=true" in page.value("location.hash")
    assert "discrete=true" in page.value("location.hash")
    box = page.find("[data-view=discrete]")
    assert box.is_visible() and box.is_checked()
    for name in ("plane", "sine"):
        page.use(name)
        assert not box.is_visible()
    page.use("plane")
    sharp = page.picture()
    page.page.evaluate("barenet.look('discrete', false)")
    assert page.picture() == sharp, "numbers have no borders"


def test_the_confusion_matrix_is_shown_when_paused(tab):
    caption = ".matrix caption"
    page = tab("#data=iris")
    page.click(".confused summary")
    assert page.text(caption) == "45 test rows. Choose a number to see them."
    assert sum(map(int, page.find(".matrix td").all_inner_texts())) == 45
    page = tab("#samples=5000&test_size=0.5&net.hidden=200~200&net.activations=tanh~tanh")
    page.click(".confused summary")
    assert page.text(caption).startswith("2,000 of 2,500 test rows.")


def test_two_networks_side_by_side_on_the_same_data(tab):
    page = tab(width=1280, height=720)
    page.step(1, 2)
    page.click("#compare")
    page.until("panels.length === 2 && panels[1].frame")
    notice = page.find("#notice")
    assert "B begins at epoch 0, network A continues from 2. Reset" in notice.inner_text()
    page.choose("optimizer", "sgd", place=1)
    shown = page.find(".learning h2")
    assert shown.all_inner_texts() == ["Network A epoch 2", "Network B epoch 0"]
    notice.click()
    assert notice.is_visible(), "it may be copied from"
    page.click("#reset")
    assert not notice.is_visible(), "a press beside it ends it"
    page.until("panels.every((lane) => lane.header.epoch === 0)")
    page.choose("optimizer", "sgd", place=1)
    page.click("#step")
    page.until("panels.every((lane) => lane.header.epoch === 1)")
    for inviting in (True, False):
        assert page.find(".invitation").first.is_visible() == inviting
        stages = [box.bounding_box()["y"] for box in page.find(".stage").all()]
        assert stages[0] == stages[1], "level, also where they invite"
        if inviting:
            page.open_neuron(1)
            page.close_neuron()
            page.frame()
    head, stage = (page.find(f".network {each}").first for each in (".head", ".stage"))
    end = head.bounding_box()["y"] + head.bounding_box()["height"]
    assert stage.bounding_box()["y"] - end < 20, "what is gone leaves no room"
    assert page.parameters(0) != page.parameters(1)
    for width in (1280, 1120):
        page.resize(width, 720)
        boxes = [box.bounding_box() for box in page.find(".network-panel").all()]
        assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
        assert page.value("document.documentElement.scrollWidth") <= width
        heading = page.page.get_by_role("heading", name="Learning curve").first
        assert heading.bounding_box()["height"] < 24, "on one line"
        maps = [box.bounding_box() for box in page.find(".map").all()]
        assert all(each["y"] + each["height"] < 720 for each in maps), "both are seen at once"
    page.click("#compare")
    page.until("panels.length === 1")
    page.resize(768, 720)
    page.click("#compare")
    page.until_text("#notice", "B stands below network A")


@pytest.mark.pyodide
def test_an_address_restores_the_network(tab):
    """With the weights that were changed by hand."""
    page = tab("#data=moons&net.hidden=3&net.activations=relu&net.seed=7&pace=0&noise=0.2")
    page.open_neuron(1)
    page.change_weight("2.5")
    page.step(1, 2, 3)
    page.open_neuron(1, 1)
    page.change_weight("-1.25")
    page.until("location.hash.includes('net.edits=0_0_2.5*3_1_-1.25')")
    page.play("header.epoch > 20")
    page.pause()
    page.until("!header.playing")
    page.rest()
    page.click("#share")
    epoch = page.header("epoch")
    hash = page.until("location.hash.includes('epoch=') && location.hash")
    other = tab(hash)
    other.until(f"header.epoch === {epoch} && !barenet.playing")
    assert other.parameters() == page.parameters()
    assert other.value("barenet.state") == page.value("barenet.state")
    assert other.value("location.hash").count("net.edits=0_0_2.5*3_1_-1.25") == 1


def test_the_network_of_an_address_with_a_weight_that_it_has_not_is_shown_without_it(tab):
    page = tab("#data=xor&net.hidden=3&net.edits=0_9999_1")
    page.until_text("#notice", "9999")
    page.until("panels[0].frame && header.edits.length === 0")
    page.step(1)


def test_an_invalid_address_is_ignored_and_changes_nothing_in_an_open_page(tab):
    page = tab("#data=nowhere&net.hidden=3~x&net.edits=1_x&rows=table:7")
    page.until_text("#notice", "This address cannot")
    assert page.value("barenet.state.data.source") == "circles"
    page.visit("#data=xor&net.hidden=3")
    page.value("location.hash = '#data=nowhere'")
    page.until_text("#notice", "unknown 'nowhere'")
    page.step(1)
    assert page.value("location.hash") == "#data=xor&net.hidden=3"
    assert page.value("barenet.state.data.source") == "xor"


def test_sharing_omits_the_token(tab, live_server, tmp_path):
    page = tab("#data=xor&net.hidden=3&pace=0", permissions=["clipboard-read", "clipboard-write"])
    page.step(1)
    page.click("#share")
    page.until_text("#notice", "A command is copied")
    copied = page.page.evaluate("() => navigator.clipboard.readText()")
    words = shlex.split(copied)
    assert words[:2] == ["barenet", "play"] and live_server.token not in copied
    assert words[2] == page.value("location.hash") and words[2].endswith("&epoch=1")
    path = tmp_path / "it's mine.csv"
    path.write_text("a,b,y\n" + "".join(f"{n},{n % 7},{n}\n" for n in range(40)))
    page.upload("#csv", str(path))
    page.until("data.table && panels[0].frame")
    page.click("#share")
    page.until("document.querySelector('#notice').textContent.includes(\"and it's mine.csv\")")
    words = shlex.split(page.page.evaluate("() => navigator.clipboard.readText()"))
    assert words[:3] == ["barenet", "play", path.name] and words[3] == page.value("location.hash")


def test_a_weight_is_read_with_a_comma_or_a_point_and_anything_else_is_marked(tab):
    page = tab("?lang=de#net.hidden=2&net.activations=tanh")
    page.open_neuron(1)
    weight = page.find("#neuron table.weights .decimal").first
    readings = {"2,5": 2.5, "−0,25": -0.25, "1.5": 1.5, ",5": 0.5, "3,5e-1": 0.35, "２，５": 2.5}
    for typed, taken in readings.items():
        weight.fill(typed)
        weight.press("Enter")
        page.until(f"Math.abs(panels[0].frame.weights[0] - {taken}) < 1e-6")
        assert weight.input_value() == str(taken).replace(".", ",")
        assert weight.get_attribute("aria-valuenow") == str(taken)
    for typed in ("1,000.5", "2.5.1", "two", "−", "1e999", "0x10"):
        weight.fill(typed)
        weight.press("Enter")
        page.rest()
        assert weight.get_attribute("aria-invalid") == "true", typed
        assert weight.get_attribute("title"), typed
        assert abs(page.value("barenet.panels[0].frame.weights[0]") - 2.5) < 1e-6, typed
    weight.fill("0,1")
    weight.press("ArrowUp")
    page.until("Math.abs(panels[0].frame.weights[0] - 1.1) < 1e-6")
    assert weight.input_value() == "1,1"
    assert weight.get_attribute("aria-invalid") is None
    weight.press("ArrowDown")
    weight.press("ArrowDown")
    page.until("Math.abs(panels[0].frame.weights[0] + 0.9) < 1e-6")


def test_the_loss_to_stop_at_takes_a_decimal_comma_and_marks_what_is_no_loss(tab):
    page = tab()
    stop = page.find("[data-field=stop_loss]")
    page.find(".learning details.more summary").click()
    stop.fill("0,25")
    stop.press("Enter")
    page.until("settings.stop_loss === 0.25")
    for typed in ("little", "-1"):
        stop.fill(typed)
        stop.press("Enter")
        assert stop.get_attribute("aria-invalid") == "true"
        assert page.value("settings.stop_loss") == 0.25
    stop.fill("")
    stop.press("Enter")
    page.until("settings.stop_loss === 0")
    assert stop.get_attribute("aria-invalid") is None
