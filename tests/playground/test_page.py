"""The page in a real browser: what a person does, and what is seen of it.

They run where Chromium is found, and say so where it is not: BARENET_CHROMIUM names one elsewhere.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from barenet.cli.main import main
from barenet.files.predictor import Predictor

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM = os.environ.get("BARENET_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)

pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None,
        reason="no Chromium is found: install one, or name it by BARENET_CHROMIUM",
    ),
]

SECONDS = 60
#: Something to look at, for whoever wants to: a folder for pictures.
PICTURES = os.environ.get("BARENET_PICTURES")


class Tab:
    """A page of the browser, and what a test asks of it."""

    def __init__(self, context: Any, address: str) -> None:
        self.faults: list[str] = []
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._listen)
        self.page.goto(address)
        self.until("window.barenet?.frames.drawn > 0")

    def _listen(self, message: Any) -> None:
        # A line that is cut is told by the browser itself; the page tells of it in its own words.
        if message.type == "error" and "WebSocket" not in message.text:
            self.faults.append(message.text)

    def value(self, script: str) -> Any:
        return self.page.evaluate(f"() => ({script})")

    def until(self, script: str, seconds: float = SECONDS) -> Any:
        """Wait for a condition; the page's own policy forbids the browser to do it."""
        end = time.monotonic() + seconds
        while not (value := self.value(script)):
            assert time.monotonic() < end, f"not true in {seconds} s: {script}"
            time.sleep(0.03)
        return value

    def rest(self) -> None:
        """Wait until what was asked for last is drawn, and nothing more is waiting for it."""
        self.until("!barenet.latest && barenet.frames.version === barenet.version")

    def header(self, name: str, place: int = 0) -> Any:
        return self.value(f"barenet.lanes[{place}].header.{name}")

    def picture(self) -> bytes:
        """What the canvas of the output holds."""
        self.rest()
        url = self.value("document.querySelector('.map').toDataURL()")
        return base64.b64decode(url.partition(",")[2])

    def parameters(self, place: int = 0) -> list[float]:
        self.rest()
        return self.value(f"[...barenet.lanes[{place}].frame.weights]")

    def choose(self, field: str, value: str, place: int = 0) -> None:
        version = self.value("barenet.version")
        self.page.locator(f"[data-field={field}]").nth(place).select_option(value)
        self.until(f"barenet.version > {version}")
        self.rest()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--js-flags=--expose-gc"]
        options += ["--enable-precise-memory-info"]
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield started
        started.close()


@pytest.fixture(scope="module")
def served(request) -> Iterator[Any]:
    """A server whose networks learn in a process of their own, as for a user."""
    with request.getfixturevalue("run_live_server")() as running:
        yield running


@pytest.fixture
def tab(browser, served) -> Iterator[Callable[..., Tab]]:
    """Open pages; at the end none of them may have had an error."""
    opened: list[Tab] = []
    contexts: list[Any] = []

    def make(hash: str = "", width: int = 1440, height: int = 900, **options: Any) -> Tab:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        opened.append(Tab(context, served.address + hash))
        return opened[-1]

    yield make
    faults = [fault for each in opened for fault in each.faults]
    for context in contexts:
        context.close()
    assert faults == []


def test_it_learns_a_circle(tab):
    page = tab()
    page.page.click("#play")
    page.until("Math.min(...barenet.lanes[0].header.newest.slice(3)) >= 0.99")
    assert page.value("document.querySelector('#play').getAttribute('aria-label')") == "Pause"
    page.until("parseFloat(document.querySelector('.score').textContent) >= 99")


def test_a_step_is_an_epoch_and_reset_keeps_the_initial_weights(tab):
    page = tab()
    first = page.parameters()
    for epoch in (1, 2):
        page.page.click("#step")
        page.until(f"barenet.lanes[0].header.epoch === {epoch} && !barenet.playing")
    assert page.parameters() != first
    page.page.click("#reset")
    page.until("barenet.lanes[0].header.epoch === 0")
    assert page.parameters() == first


def test_a_weight_that_is_changed_changes_the_picture(tab):
    page = tab()
    before, picture = page.parameters(), page.picture()
    page.page.locator(".column").nth(3).locator(".neuron").first.click()
    field = page.page.locator("#neuron table.weights input").first
    field.fill("5")
    field.press("Enter")
    page.until("barenet.lanes[0].frame.weights[22] === 5")
    page.page.locator("#neuron .close").click()
    assert page.picture() != picture
    after = page.parameters()
    assert after == [*before[:22], 5, *before[23:]]


def test_a_link_under_the_pointer_tells_its_weight(tab):
    page = tab()
    place = page.value(
        "(() => { const [link] = barenet.lanes[0].network.links.links;"
        " const home = document.querySelector('.layers-row').getBoundingClientRect();"
        " return [home.left + (link.from.x + link.to.x) / 2,"
        " home.top + (link.from.y + link.to.y) / 2]; })()"
    )
    page.page.mouse.move(*place)
    page.until("!document.querySelector('#tip').hidden")
    weight = page.parameters()[0]
    assert f"{abs(weight):.3f}" in page.page.inner_text("#tip")
    page.page.mouse.click(*place)
    page.until("document.querySelector('#neuron').open")
    assert page.page.inner_text("#neuron-title") == "Layer 1, neuron 1"


def test_a_neuron_under_the_pointer_is_shown_large(tab):
    page = tab()
    picture = page.picture()
    neuron = page.page.locator(".column").nth(1).locator(".neuron").first
    neuron.hover()
    page.until("document.querySelector('.output .title').textContent === 'Layer 1, neuron 1'")
    assert page.picture() != picture
    page.page.mouse.move(5, 5)
    page.until("document.querySelector('.output .title').textContent === 'Output'")
    page.page.locator(".map").hover(position={"x": 100, "y": 100})
    assert re.fullmatch(r"\(.+\): [01], \d+ %", page.page.inner_text(".output .value"))


def test_an_address_makes_the_same_network_again(tab):
    page = tab("#data=moons&net.hidden=3~3&net.activations=relu~tanh&net.seed=7&pace=0&noise=0.2")
    page.page.click("#play")
    page.until("barenet.lanes[0].header.epoch > 20")
    page.page.click("#play")
    page.until("!barenet.playing")
    page.page.click("#share")
    epoch = page.header("epoch")
    hash = page.until("location.hash.includes('epoch=') && location.hash")
    other = tab(hash)
    other.until(f"barenet.lanes[0].header.epoch === {epoch} && !barenet.playing")
    assert other.parameters() == page.parameters()
    assert other.value("barenet.state") == page.value("barenet.state")


def test_a_table_of_ones_own(tab, tmp_path):
    path = tmp_path / "my <b>flowers.csv"
    numbers = [(i % 3 + i / 97, (i % 3) ** 2 - i / 89) for i in range(90)]
    rows = [f"n{i},{a:.3f},{b:.3f},{i},{'abc'[i % 3]}" for i, (a, b) in enumerate(numbers)]
    path.write_text("\n".join(["name,height,width,weight,kind", *rows]) + "\n")
    page = tab()
    page.page.click("#own summary")
    page.page.set_input_files("#csv", str(path))
    page.until("barenet.facts.classes?.length === 3")
    assert page.value("barenet.facts.axes") == ["height", "width"]
    assert page.page.locator("#described").inner_text().startswith("my <b>flowers.csv:")
    page.page.select_option("#axis-y", "weight")
    page.until("barenet.facts.axes[1] === 'weight'")
    page.page.select_option("#target", "height")
    page.until("barenet.facts.task === 'regression'")
    page.page.check("#all-columns")
    page.until("barenet.facts.n_inputs === 2")
    page.page.click("#step")
    page.until("barenet.lanes[0].header.epoch === 1")


def test_a_table_that_cannot_be_read_is_told_of(tab, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,2\n3\n")
    page = tab()
    page.page.click("#own summary")
    page.page.set_input_files("#csv", str(path))
    page.until("document.querySelector('#notice').textContent.includes('bad.csv')")
    page.faults.clear()  # the browser tells of the status, too


def test_it_diverges_in_words_and_recovers(tab):
    page = tab("#data=plane&net.optimizer=sgd&net.learning_rate=10&pace=0")
    page.page.click("#play")
    words = page.until("document.querySelector('.words').textContent")
    page.until("barenet.lanes[0].header.failed")
    assert "diverged" in words and "learning rate" in words
    assert "NaN" not in page.page.inner_text("main")
    page.page.click("#reset")
    page.until("barenet.lanes[0].header.epoch === 0")
    page.choose("learning_rate", "0.03")
    page.page.click("#play")
    page.until("barenet.lanes[0].header.newest[4] > 0.9")
    assert page.value("document.querySelector('.words').hidden")


def test_a_page_that_loses_the_line_finds_its_network_again(tab, served):
    page = tab("#pace=0")
    page.page.click("#play")
    page.until("barenet.lanes[0].header.epoch > 50")
    page.page.click("#play")
    page.until("!barenet.playing")
    session, before = page.value("barenet.session"), page.parameters()
    drawn = page.value("barenet.frames.drawn")
    page.value("barenet.line.socket.close()")
    page.until("barenet.line.lost === 1 && barenet.line.socket.readyState === 1")
    page.until(f"barenet.frames.drawn > {drawn}")
    assert page.value("barenet.session") == session
    assert page.parameters() == before


def test_back_in_time_and_on_from_there(tab):
    page = tab("#pace=0")
    page.page.click("#play")
    page.until("barenet.lanes[0].header.epoch > 300")
    page.page.click("#play")
    page.until("!barenet.playing && barenet.kept.length > 20")
    last, kept = page.header("epoch"), page.value("barenet.kept")
    page.page.locator("#scrub").fill("10")
    page.until(f"barenet.lanes[0].header.epoch === {kept[10]}")
    assert page.value("barenet.lanes[0].curve.rows.at(-1)[0]") <= kept[10] < last
    page.page.click("#step")
    page.until(f"barenet.lanes[0].header.epoch === {kept[10] + 1}")


def test_layers_and_neurons_come_and_go(tab):
    page = tab()
    more, fewer = page.page.locator("[data-action=more]"), page.page.locator("[data-action=fewer]")
    for count in (3, 4, 5, 6):
        more.click()
        page.until(f"barenet.state.designs[0].hidden.length === {count}")
    for count in (5, 4, 3, 2, 1, 0):
        fewer.click()
        page.until(f"barenet.state.designs[0].hidden.length === {count}")
    assert fewer.is_disabled()
    assert "linear" in page.page.inner_text(".count")
    more.click()
    page.until("barenet.state.designs[0].hidden.length === 1")
    page.page.get_by_label("One neuron more in layer 1").click()
    page.until("barenet.state.designs[0].hidden[0] === 5")
    page.page.get_by_label("One neuron less in layer 1").click()
    page.until("barenet.state.designs[0].hidden[0] === 4")
    page.page.get_by_label("Neurons in layer 1").fill("64")
    page.page.get_by_label("Neurons in layer 1").press("Enter")
    page.until("barenet.lanes[0].facts.layout[0].n_out === 64")
    page.page.get_by_label("Activation of layer 1").select_option("relu")
    page.until("barenet.state.designs[0].activations[0] === 'relu'")


def test_inputs_are_chosen(tab):
    page = tab()
    page.page.get_by_label("Input x₁²").click()
    page.until("barenet.facts.features.join() === 'x1,x2,x1^2'")
    page.page.get_by_label("Input x₂", exact=True).click()
    page.until("barenet.facts.features.join() === 'x1,x1^2'")
    assert page.value("barenet.lanes[0].facts.layout[0].n_in") == 2


def test_every_choice_is_taken_over(tab):
    page = tab()
    for field, value in (
        ("optimizer", "momentum"),
        ("learning_rate", "0.1"),
        ("loss", "squared_error"),
        ("penalty", "l1"),
        ("penalty", "l2"),
        ("penalty_rate", "0.01"),
        ("batch_size", "0"),
        ("activations", "relu"),
        ("optimizer", "lbfgs"),
    ):
        page.choose(field, value)
        said = page.value(f"barenet.state.designs[0].{field}")
        assert str(said[0] if isinstance(said, list) else said) == value
        epoch = page.header("epoch")
        page.page.click("#step")
        page.until(f"barenet.lanes[0].header.epoch === {epoch + 1}")
        assert not page.header("failed")


def test_more_choices_are_behind_a_word(tab):
    page = tab()
    page.page.click(".more summary")
    page.choose("schedule", "cosine")
    page.choose("dropout", "0.2")
    version = page.value("barenet.version")
    page.page.check("[data-field=batch_norm]")
    page.until(f"barenet.version > {version}")
    page.page.fill("[data-field=stop_epoch]", "7")
    page.page.keyboard.press("Tab")
    page.until("barenet.state.designs[0].stop_epoch === 7")
    seed = page.value("barenet.state.designs[0].seed")
    page.page.click("[data-action=weights]")
    page.until(f"barenet.state.designs[0].seed === {seed + 1}")
    page.page.click("#play")
    page.until("barenet.lanes[0].header.epoch === 7 && !barenet.playing")
    assert "as you asked" in page.header("words")


def test_two_networks_side_by_side_on_the_same_data(tab):
    page = tab()
    page.page.click("#compare")
    page.until("barenet.lanes.length === 2 && barenet.lanes[1].frame")
    page.choose("optimizer", "sgd", place=1)
    page.page.click("#step")
    page.until("barenet.lanes.every((lane) => lane.header.epoch === 1)")
    assert page.parameters(0) != page.parameters(1)
    boxes = [box.bounding_box() for box in page.page.locator(".lane").all()]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
    page.page.click("#compare")
    page.until("barenet.lanes.length === 1")


def test_the_step_just_taken_is_explained(tab):
    page = tab()
    page.page.click("#step")
    page.until("barenet.lanes[0].header.explained")
    page.page.locator(".column").nth(1).locator(".neuron").first.click()
    page.page.get_by_text("Explain the step just taken").click()
    page.until("document.querySelector('#neuron .steps')")
    told = page.page.inner_text("#neuron .told")
    assert "The network says" in told and "reference engine" in told


def test_what_can_be_taken_away(tab, tmp_path):
    page = tab()
    page.page.click("#step")
    page.until("barenet.lanes[0].header.epoch === 1")
    page.page.click("[data-action=export]")
    page.until("document.querySelector('#export').open")
    assert page.page.inner_text("#command").startswith("barenet train circles")
    assert "barenet.train(" in page.page.inner_text("#code")
    with page.page.expect_download() as download:
        page.page.click("#model")
    path = tmp_path / "model.safetensors"
    download.value.save_as(path)
    network = Predictor.load(path).network
    assert network.parameters.tolist() == pytest.approx(page.parameters())


def test_test_points_and_sharp_answers(tab):
    page = tab()
    picture = page.picture()
    page.page.check("[data-view=tests]")
    with_tests = page.picture()
    page.page.check("[data-view=discrete]")
    assert len({picture, with_tests, page.picture()}) == 3
    assert "tests=true" in page.value("location.hash")
    assert "discrete=true" in page.value("location.hash")


def test_every_set_can_be_chosen(tab):
    page = tab()
    for name in ("xor", "gaussians", "spirals", "moons", "digits", "plane", "hills", "sine"):
        page.page.click(f"[data-name={name}]")
        page.until(f"barenet.state.scene.data === '{name}'")
        page.rest()
        page.page.click("#step")
        page.until("barenet.lanes[0].header.epoch === 1")
        assert page.value("barenet.scene.values.length") > 50
        matrix = page.page.locator(".confused")
        assert matrix.is_visible() == (name not in ("plane", "hills", "sine"))
    page.page.get_by_label("Other data sets").select_option("iris")
    page.until("barenet.facts.name === 'iris'")


def test_noise_points_and_share(tab):
    page = tab()
    page.page.locator("#noise").fill("0.2")
    page.until("barenet.state.scene.noise === 0.2")
    page.page.locator("#samples").fill("100")
    page.until("barenet.facts.rows[0] + barenet.facts.rows[1] === 100")
    page.page.locator("#test-share").fill("20")
    page.until("barenet.facts.rows.join() === '80,20'")
    place = page.value("barenet.scene.places[0]")
    page.page.click("#regenerate")
    page.until("barenet.state.scene.data_seed === 1")
    page.until(f"barenet.scene.places[0] !== {place!r}")


def test_the_keys(tab):
    page = tab()
    page.page.keyboard.press(".")
    page.until("barenet.lanes[0].header.epoch === 1")
    page.page.keyboard.press(" ")
    page.until("barenet.playing")
    page.page.keyboard.press(" ")
    page.until("!barenet.playing")
    page.page.keyboard.press("r")
    page.until("barenet.lanes[0].header.epoch === 0")


def test_everything_has_a_name_for_who_cannot_see(tab):
    page = tab("#networks=2")
    nameless = page.value(
        "[...document.querySelectorAll('button, select, input, a, [role=img]')]"
        ".filter((each) => !(each.getAttribute('aria-label') || each.labels?.length"
        " || each.textContent.trim() || each.title)).map((each) => each.outerHTML)"
    )
    assert nameless == []
    assert page.value("document.documentElement.lang") == "en"
    assert page.value("document.querySelectorAll('h1').length") == 1
    page.page.click("#step")
    page.until("barenet.lanes[0].header.epoch === 1")
    page.value("barenet.announce()")
    assert "Epoch 1: training loss" in page.page.inner_text("#live")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1440])
def test_nothing_sticks_out(tab, scheme, width):
    """At a phone's width, a tablet's and a desk's; the text is readable on its ground."""
    page = tab("#data=digits&net.hidden=16", width=width, height=844, color_scheme=scheme)
    assert page.value("document.documentElement.scrollWidth") <= width
    for selector in ("body", ".hint", ".text", ".field"):
        assert contrast(page, selector) >= 4.5
    if PICTURES:
        page.page.screenshot(path=f"{PICTURES}/{scheme}-{width}.png", full_page=True)


def contrast(page: Tab, selector: str) -> float:
    """WCAG 2's ratio of a text's lightness and that of the panel that it stands on."""
    colours = page.value(
        f"[getComputedStyle(document.querySelector('main {selector}') ?? document.body).color,"
        " getComputedStyle(document.querySelector('.panel')).backgroundColor]"
    )
    lights = sorted(lightness(colour) for colour in colours)
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def lightness(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_theme_is_turned(tab):
    page = tab(color_scheme="light")
    before = page.picture()
    page.page.click("#theme")
    assert page.value("document.documentElement.dataset.theme") == "dark"
    assert page.picture() != before


def test_pictures_a_second_and_epochs_a_second(tab, served, capsys):
    """Figures for the reader; what is asserted holds on a busy machine, too."""
    page = tab()
    page.page.click("#play")
    page.until("barenet.lanes[0].header.epoch > 5")
    drawn, start = page.value("barenet.frames.drawn"), time.monotonic()
    time.sleep(1)
    pictures = (page.value("barenet.frames.drawn") - drawn) / (time.monotonic() - start)
    fast = tab("#pace=0")
    session = served.sessions.open[fast.value("barenet.session")]
    fast.page.click("#play")
    fast.until("barenet.lanes[0].header.speed > 0")
    watched = rate(session)
    fast.page.close()
    session.order("play")
    time.sleep(0.5)
    alone = rate(session)
    with capsys.disabled():
        print(
            f"\nplayground: {pictures:.0f} pictures a second at 30 epochs a second; "
            f"{watched:,.0f} epochs a second with the page open, {alone:,.0f} without"
        )
    assert pictures > 5
    assert fast.faults == []


def rate(session: Any, seconds: float = 1.0) -> float:
    """Epochs in a second."""
    epoch, start = session.lanes[0].latest.epoch, time.monotonic()
    time.sleep(seconds)
    return (session.lanes[0].latest.epoch - epoch) / (time.monotonic() - start)


def memory(page: Tab) -> float:
    """MiB that the page holds for good: the least of some, as a picture may be on its way."""
    sizes = []
    for _ in range(8):
        page.value("window.gc()")
        sizes.append(page.value("performance.memory.usedJSHeapSize") / 2**20)
        time.sleep(0.05)
    return min(sizes)


def test_a_page_that_is_left_open_does_not_grow(tab, served):
    """Thousands of epochs and hundreds of pictures: all that is kept is bounded."""
    page = tab("#pace=0&net.batch_size=0")
    page.page.click("#play")
    page.until("barenet.lanes[0].header.epoch > 5000 && barenet.frames.drawn > 50")
    before, drawn = memory(page), page.value("barenet.frames.drawn")
    page.until(f"barenet.lanes[0].header.epoch > 10000 && barenet.frames.drawn > {drawn + 250}")
    grown = memory(page) - before
    session = served.sessions.open[page.value("barenet.session")]
    assert len(session.lanes[0].trace.kept) <= session.lanes[0].trace.most
    assert page.value("barenet.lanes[0].curve.rows.length") <= 1001
    page.page.click("#play")
    page.until("!barenet.playing")
    assert len(session.lanes[0].latest.kept) <= 512
    assert grown < 1.5, "250 pictures of 10 kB are more"


def test_a_model_is_opened(tab, tmp_path):
    page = tab()
    path = tmp_path / "mine.safetensors"
    train = ["train", "moons", "--epochs", "2", "--no-plots", "--out", str(tmp_path / "run")]
    assert main(train) == 0
    (tmp_path / "run" / "model.safetensors").rename(path)
    page.page.click("#opened summary")
    page.page.set_input_files("#model-file", str(path))
    page.until("barenet.facts.name === 'moons' && barenet.lanes[0].frame")
    expected = Predictor.load(path).network.parameters
    page.until("barenet.state.designs[0].hidden.join() === '1'")
    assert page.parameters() == pytest.approx(expected.tolist(), rel=1e-6)
    path.write_bytes(b"no model")
    page.page.set_input_files("#model-file", str(path))
    page.until("document.querySelector('#notice').textContent.includes('the model')")
    page.faults.clear()  # the browser tells of the status, too
