"""The page in a real browser: what a person does, and what is seen of it.

They run where Chromium is found, and say so where it is not: BARENET_CHROMIUM names one elsewhere.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barenet import Network, Scaling, load_predictor, save
from barenet.cli._main import main
from barenet.cli._play import _write_redirect
from barenet.data._datasets import load_dataset
from barenet.files._predictor import Predictor
from barenet.playground._client import MAX_UNDRAWN

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
        self.open(address)

    def open(self, address: str) -> None:
        self.address = address
        self.page.goto("about:blank")  # else another hash would not load the page again
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
        return self.value(f"barenet.panels[{place}].header.{name}")

    def picture(self) -> bytes:
        """What the canvas of the output holds."""
        self.rest()
        url = self.value("document.querySelector('.map').toDataURL()")
        return base64.b64decode(url.partition(",")[2])

    def parameters(self, place: int = 0) -> list[float]:
        self.rest()
        return self.value(f"[...barenet.panels[{place}].frame.weights]")

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


@pytest.fixture(scope="module")
def shared_tab(browser, served) -> Tab:
    """The page of most tests, which saves a new one for each."""
    return Tab(browser.new_context(), served.address)


@pytest.fixture
def tab(browser, served, shared_tab) -> Iterator[Callable[..., Tab]]:
    """Open pages, the first of them in the shared tab; none of them may have an error."""
    opened: list[Tab] = []
    contexts: list[Any] = []

    def make(hash: str = "", width: int = 1440, height: int = 900, **options: Any) -> Tab:
        viewport = {"width": width, "height": height}
        if opened or options:
            contexts.append(browser.new_context(viewport=viewport, **options))
            opened.append(Tab(contexts[-1], served.address + hash))
        else:
            opened.append(shared_tab)
            shared_tab.page.set_viewport_size(viewport)
            shared_tab.open(served.address + hash)
        return opened[-1]

    yield make
    faults = [fault for each in opened for fault in each.faults]
    shared_tab.faults.clear()
    for each in opened:
        if not each.page.is_closed():
            each.value("(barenet.line.send('pause'), localStorage.clear())")
    for context in contexts:
        context.close()
    assert faults == []


def test_a_step_is_an_epoch_and_reset_keeps_the_initial_weights(tab):
    page = tab()
    first = page.parameters()
    for epoch in (1, 2):
        page.page.click("#step")
        page.until(f"barenet.panels[0].header.epoch === {epoch} && !barenet.playing")
    assert page.parameters() != first
    page.page.click("#reset")
    page.until("barenet.panels[0].header.epoch === 0")
    assert page.parameters() == first
    page.page.get_by_role("button", name="New weights").click()
    page.until("barenet.state.networks[0].seed === 1")
    second = page.parameters()
    assert second != first
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 1")
    page.page.get_by_role("button", name="Reset: start again from the same initial weights").click()
    page.until("barenet.panels[0].header.epoch === 0")
    assert page.parameters() == second
    page.page.keyboard.press("n")
    page.until("barenet.state.networks[0].seed === 2")


def test_a_weight_that_is_changed_changes_the_picture(tab):
    page = tab()
    before, picture = page.parameters(), page.picture()
    page.page.locator(".column").nth(3).locator(".neuron").first.click()
    field = page.page.locator("#neuron .weights input[type=number]").first
    field.fill("5")
    field.press("Enter")
    page.until("barenet.panels[0].frame.weights[22] === 5")
    page.page.locator("#neuron .close").click()
    assert page.picture() != picture
    after = page.parameters()
    assert after == [*before[:22], 5, *before[23:]]


def point_at_first_link(page):
    """Move the pointer to the middle of the first link, and return the place."""
    place = page.value(
        "(() => { const [link] = barenet.panels[0].network.links.links;"
        " const home = document.querySelector('.layers-row').getBoundingClientRect();"
        " return [home.left + (link.from.x + link.to.x) / 2,"
        " home.top + (link.from.y + link.to.y) / 2]; })()"
    )
    page.page.mouse.move(*place)
    page.until("!document.querySelector('#tip').hidden")
    return place


def test_a_link_under_the_pointer_tells_its_weight(tab):
    page = tab()
    place = point_at_first_link(page)
    weight = page.parameters()[0]
    assert f"{abs(weight):.3f}" in page.page.inner_text("#tip")
    page.page.mouse.click(*place)
    page.until("document.querySelector('#neuron').open")
    assert page.page.inner_text("#neuron-title") == "Layer 1, neuron 1"
    page.page.locator("#neuron .close").click()
    point_at_first_link(page)
    at, first = page.page.locator("#tip").bounding_box(), page.page.inner_text("#tip")
    page.page.keyboard.press("Space")
    page.until("barenet.panels[0].header.epoch > 20")
    page.page.keyboard.press("Space")
    page.until("!barenet.panels[0].header.playing")
    page.rest()
    told, weight = page.page.inner_text("#tip"), page.parameters()[0]
    assert told != first and f"{abs(weight):.3f}" in told
    assert page.page.locator("#tip").bounding_box()["x"] == at["x"]


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
    page.until("barenet.panels[0].header.epoch > 20")
    page.page.click("#play")
    page.until("!barenet.playing")
    page.page.click("#share")
    epoch = page.header("epoch")
    hash = page.until("location.hash.includes('epoch=') && location.hash")
    other = tab(hash)
    other.until(f"barenet.panels[0].header.epoch === {epoch} && !barenet.playing")
    assert other.parameters() == page.parameters()
    assert other.value("barenet.state") == page.value("barenet.state")


def test_a_weight_changed_by_hand_is_in_the_address(tab):
    page = tab("#pace=0&net.hidden=3&net.activations=tanh")
    page.page.locator(".column").nth(1).locator(".neuron").first.click()
    change(page, "2.5")
    for epoch in (1, 2, 3):
        page.page.click("#step")
        page.until(f"barenet.panels[0].header.epoch === {epoch} && !barenet.playing")
    page.page.locator(".column").nth(1).locator(".neuron").nth(1).click()
    change(page, "-1.25")
    page.until("location.hash.includes('net.edits=0_0_2.5*3_1_-1.25')")
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 4")
    page.page.click("#share")
    hash = page.until("location.hash.includes('epoch=4') && location.hash")
    other = tab(hash)
    other.until("barenet.panels[0].header.epoch === 4 && !barenet.playing")
    assert other.parameters() == page.parameters()
    assert other.value("location.hash").count("net.edits=0_0_2.5*3_1_-1.25") == 1


def test_what_is_shared_is_a_command_without_the_secret(tab, served, tmp_path):
    page = tab("#data=xor&net.hidden=3&pace=0", permissions=["clipboard-read", "clipboard-write"])
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 1")
    page.page.click("#share")
    page.until("document.querySelector('#notice').textContent.includes('A command is copied')")
    copied = page.page.evaluate("() => navigator.clipboard.readText()")
    words = shlex.split(copied)
    assert words[:2] == ["barenet", "play"] and served.token not in copied
    assert words[2] == page.value("location.hash") and words[2].endswith("&epoch=1")
    path = tmp_path / "it's mine.csv"
    path.write_text("a,b,y\n" + "".join(f"{n},{n % 7},{n}\n" for n in range(40)))
    page.page.set_input_files("#csv", str(path))
    page.until("barenet.facts.table && barenet.panels[0].frame")
    page.page.click("#share")
    page.until("document.querySelector('#notice').textContent.includes(\"and it's mine.csv\")")
    words = shlex.split(page.page.evaluate("() => navigator.clipboard.readText()"))
    assert words[:3] == ["barenet", "play", path.name] and words[3] == page.value("location.hash")


def change(page: Tab, value: str) -> None:
    """Change the first number of the neuron that is open, and close it."""
    field = page.page.locator("#neuron table.weights input[type=number]").first
    field.fill(value)
    field.press("Enter")
    page.page.locator("#neuron .close").click()


def test_an_address_of_nonsense_starts_as_if_there_were_none(tab):
    page = tab("#data=nowhere&net.hidden=3~x&net.edits=1_x&rows=table:7")
    page.until("document.querySelector('#notice').textContent.includes('This address cannot')")
    assert page.value("barenet.state.data.source") == "circles"


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
    train, play = page.page.locator("#commands code").all_inner_texts()
    assert shlex.split(train)[1:5] == ["train", path.name, "--target", "kind"]
    assert shlex.split(play) == ["barenet", "play", "runs/my <b>flowers"]
    open_neuron(page, 1)
    assert page.page.locator("#neuron .axis").all_inner_texts() == ["height", "width"]
    said = page.page.inner_text("#neuron .anatomy")
    assert "· height" in said and "weight of width" in said and "x₁" not in said
    page.page.locator("#neuron .close").click()
    assert "width²" in page.page.locator(".feature-name").all_inner_texts()
    page.page.select_option("#axis-y", "weight")
    page.until("barenet.facts.axes[1] === 'weight'")
    page.page.select_option("#target", "height")
    page.until("barenet.facts.task === 'regression'")
    page.page.check("#all-columns")
    page.until("barenet.facts.n_inputs === 2")
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 1")
    open_neuron(page, 1)
    page.page.click("#neuron summary")
    page.until("document.querySelector('.summary li')")
    told = page.page.locator(".summary li .sum").first.inner_text()
    width, weight = map(
        float, re.search(r"\((\S+)\), .+\((\S+)\)$", told.replace("−", "-")).groups()
    )
    assert weight % 1 == 0, "as the table has it, beside what it is scaled"
    assert width == pytest.approx((weight % 3) ** 2 - weight / 89, abs=1e-3)


def test_a_table_that_cannot_be_read_is_told_of(tab, tmp_path):
    path = tmp_path / "bad.csv"
    page = tab()
    page.page.click("#own summary")
    for content, words in (
        (b"a,b\n1,2\n3\n", "bad.csv:3: expected 2 values"),
        (b"a,b\n1,\xff\x00\n", "save it as UTF-8"),
        (b"a,b\nx,y\nz,w\n", "no column of numbers"),
        (b"a" * (20 * 2**20 + 1), "larger than 20 MiB"),
    ):
        path.write_bytes(content)
        page.page.set_input_files("#csv", str(path))
        page.until(f"document.querySelector('#notice').textContent.includes('{words}')")
        assert page.value("barenet.facts.name") == "circles", "what was there stays"
    page.faults.clear()  # the browser tells of the status, too


def test_a_long_table_with_line_breaks_words_and_holes(tab, tmp_path):
    path = tmp_path / "long.csv"
    rows = (f'{n},{n % 17 or ""},"two\nlines",{"ab"[n % 2]}\n' for n in range(100_000))
    path.write_text("first,second,said,kind\n" + "".join(rows))
    page = tab()
    page.page.click("#own summary")
    page.page.set_input_files("#csv", str(path))
    page.until("barenet.facts.table")
    told = page.page.inner_text("#described")
    assert (
        "5,000 of 100,000 rows" in told
        and "without said" in told
        and "missing values filled" in told
    )
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 1")
    page.page.click("[data-action=export]")
    with page.page.expect_download() as download:
        page.page.click("#model")
    model = tmp_path / "model.safetensors"
    download.value.save_as(model)
    page.page.click("#export .close")
    page.page.set_input_files("#model-file", str(model))
    page.until("barenet.facts.rows.join() === '4000,1000' && barenet.facts.required")
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 1 && barenet.panels[0].header.newest")


def test_it_diverges_in_words_and_recovers(tab):
    page = tab("#data=plane&net.optimizer=sgd&net.learning_rate=3&pace=0")
    first = page.parameters()
    page.page.click("#play")
    page.until("barenet.panels[0].header.failed && !document.querySelector('.words').hidden")
    words = page.page.inner_text(".words")
    assert "diverged" in words and "back at epoch 0" in words and "learning rate" in words
    assert "NaN" not in page.page.inner_text("main")
    assert page.parameters() == first, "the last healthy weights"
    page.page.get_by_role("button", name="Continue from the best epoch with the rate 0.3").click()
    page.until("barenet.panels[0].header.newest?.[4] > 0.9")
    assert page.value("barenet.state.networks[0].learning_rate") == pytest.approx(0.3)
    page.until("document.querySelector('.words').hidden")


def test_a_loss_worse_than_that_of_a_constant_model_and_saturation_are_named(tab):
    page = tab("#net.learning_rate=10&pace=0")
    page.page.click("#play")
    words = "document.querySelector('.words').textContent"
    page.until(f"{words}.includes('far worse than that of a constant prediction')")
    page.until(f"{words}.includes('saturated (tanh near −1 or 1)')")
    loss, constant = page.value(
        "[barenet.panels[0].header.newest[1], barenet.panels[0].curve.constant]"
    )
    assert constant == pytest.approx([np.log(2)] * 2, rel=1e-3) and loss > 0.69
    page.choose("learning_rate", "0.01")
    page.page.get_by_role("button", name="New weights", exact=True).click()
    page.until("barenet.state.networks[0].seed === 1 && barenet.playing")
    page.until(
        "barenet.panels[0].header.newest?.[3] > 0.99 && document.querySelector('.words').hidden"
    )


@pytest.mark.parametrize("some", [["xor"], pytest.param(None, marks=pytest.mark.slow)])
def test_two_clicks_learn_every_set_of_classes(tab, record_property, some):
    """Counted in epochs at the page's own speed, so that a loaded machine changes nothing."""
    page = tab()
    names = page.value("barenet.catalog.data.map((entry) => entry.name)")
    assert {"circles", "xor", "gaussians", "spirals", "moons", "digits", "iris"} < set(names)
    for name in names if some is None else some:
        page.open(page.address)
        shown = page.page.locator(f"[data-name={name}]")
        if shown.count():
            shown.click()
        else:
            page.page.get_by_label("Other data sets").select_option(name)
        page.until(f"barenet.facts.name === '{name}'")
        if page.value("barenet.facts.classes") is None:
            continue
        page.page.click("#play")
        started, pace = time.monotonic(), page.value("barenet.state.pace")
        page.until("barenet.panels[0].header.newest?.[4] >= 0.97")
        seconds = time.monotonic() - started
        assert page.header("epoch") <= 5 * pace, name
        page.value("barenet.line.send('run_to', { epoch: 5 * barenet.state.pace })")
        page.until(f"barenet.panels[0].header.epoch === {5 * pace} && !barenet.playing")
        assert page.header("newest")[4] >= 0.97, name
        record_property(f"seconds to 97 %: {name}", round(seconds, 2))


def test_a_data_set_brings_its_settings_and_yours_stay(tab):
    page = tab()
    settings = "barenet.state.networks[0]"
    page.page.click("[data-name=xor]")
    page.until(f"{settings}.hidden.join() === '8' && {settings}.activations.join() === 'relu'")
    assert page.page.locator("#suited").is_visible()
    page.choose("learning_rate", "0.03")
    assert "kept for other data: learning rate." in page.page.inner_text("#changed")
    page.page.click("[data-name=spirals]")
    page.until(f"{settings}.hidden.join() === '10,8'")
    assert page.value(f"[{settings}.learning_rate, barenet.state.pace]") == [0.03, 100]
    page.page.get_by_role("button", name="Use the settings that suit these data").click()
    page.until(f"{settings}.learning_rate === 0.01 && location.hash === '#data=spirals'")
    assert page.page.locator("#changed").is_hidden()
    other = tab("#data=spirals")
    assert other.value("barenet.state") == page.value("barenet.state")


def test_a_training_that_is_stuck_is_told_of_and_helped(tab):
    page = tab("#data=xor&net.hidden=1&net.activations=tanh&pace=0")
    page.page.click("#play")
    page.until("document.querySelector('.words').textContent.startsWith('Stuck: since epoch')")
    page.page.get_by_role("button", name="Start again with new weights").click()
    page.until("barenet.state.networks[0].seed === 1 && barenet.playing")
    page.page.click("#reset")
    page.until("document.querySelector('.words').hidden")


def test_a_page_that_loses_the_line_finds_its_network_again(tab, served):
    page = tab("#pace=0")
    page.page.click("#play")
    page.until("barenet.panels[0].header.epoch > 50")
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
    page.until("barenet.panels[0].header.epoch > 300")
    page.page.click("#play")
    page.until("!barenet.playing && barenet.saved.length > 20")
    last, kept, end = page.header("epoch"), page.value("barenet.saved"), page.parameters()
    page.page.locator("#scrub").fill("10")
    page.until(f"barenet.panels[0].header.epoch === {kept[10]}")
    page.rest()
    shown, place = page.value(
        "(({ rows, place }) => [rows.at(-1)[0], place])(barenet.panels[0].curve)"
    )
    assert (shown, place) == (last, kept[10]), "the curve stays, and the place is marked on it"
    assert f"Back at epoch {kept[10]} of {last:,}" in page.page.inner_text(".paths")
    page.page.click("#step")
    page.until(f"barenet.panels[0].header.epoch === {kept[10] + 1}")
    back = page.page.get_by_role("button", name=f"its end (epoch {last:,})")
    page.until(f"document.querySelector('.paths').innerText.includes('at epoch {kept[10]}')")
    assert page.value("barenet.panels[0].curve.rows.at(-1)[0]") == kept[10] + 1
    assert page.value("barenet.panels[0].curve.other.at(-1)[0]") == last
    new = page.parameters()
    back.click()
    page.until(f"barenet.panels[0].header.epoch === {last}")
    assert page.parameters() == end
    page.page.get_by_role("button", name=f"its end (epoch {kept[10] + 1})").click()
    page.until(f"barenet.panels[0].header.epoch === {kept[10] + 1}")
    assert page.parameters() == new
    page.page.click("#reset")
    page.until("barenet.panels[0].header.epoch === 0")
    page.until("document.querySelector('.paths').hidden && !barenet.panels[0].curve.other.length")


def test_the_curve_has_a_log_scale_values_and_marks(tab):
    page = tab()
    page.page.click("#play")
    page.until("barenet.panels[0].header.epoch > 20")
    page.page.click("#play")
    page.until("!barenet.playing")
    page.rest()
    rows = page.value("barenet.panels[0].curve.rows")
    best = min(rows, key=lambda row: row[2])
    facts = page.page.inner_text(".curve-facts")
    assert facts == f"Lowest test loss: {best[2]:.3f}, at epoch {best[0]}."
    constant = page.value("barenet.panels[0].curve.plot.data[3]")
    assert constant == pytest.approx([np.log(2)] * len(rows), rel=1e-3)
    page.page.locator(".curve .u-over").hover(position={"x": 1, "y": 40})
    page.until("document.querySelector('.curve-facts').textContent.startsWith('Epoch 0: training')")
    assert f"test loss {rows[0][2]:.3f}." in page.page.inner_text(".curve-facts")
    page.page.mouse.move(5, 5)
    page.until("document.querySelector('.curve-facts').textContent.startsWith('Lowest')")
    assert page.value("barenet.panels[0].curve.plot.scales.y.distr") == 1
    page.page.get_by_label("Log scale").check()
    page.until("barenet.panels[0].curve.plot.scales.y.distr === 3 && location.hash === '#log=true'")
    page.page.click("#compare")
    page.until("barenet.panels.length === 2 && barenet.panels[1].frame")
    page.until("barenet.panels[1].curve.compared.length > 20")
    assert page.value("barenet.panels[1].curve.plot.data[5].filter((each) => each !== null).length")
    assert page.page.locator(".key .other-network").nth(1).is_visible()


def test_it_is_told_since_when_it_overfits(tab):
    page = tab("#data=moons&noise=0.4&samples=60&net.hidden=32~32&net.activations=relu~relu&pace=0")
    page.page.click("#play")
    facts = "document.querySelector('.curve-facts').textContent"
    page.until(f"{facts}.startsWith('Overfits since epoch')")
    page.page.click("#play")
    page.until("!barenet.playing")
    page.rest()
    rows = page.value("barenet.panels[0].curve.rows")
    best = min(rows, key=lambda row: row[2])
    assert page.value(facts).startswith(f"Overfits since epoch {best[0]}: the test loss rose from")
    assert rows[-1][2] > 1.1 * best[2] and rows[-1][1] < best[1]
    page.page.click("[data-name=circles]")
    page.until("barenet.facts.name === 'circles'")
    page.page.click("#reset")
    page.page.click("#step")
    page.until(f"{facts}.startsWith('Lowest test loss')")


def test_layers_and_neurons_come_and_go(tab):
    page = tab()
    more, fewer = page.page.locator("[data-action=more]"), page.page.locator("[data-action=fewer]")
    for count in (3, 4, 5, 6):
        more.click()
        page.until(f"barenet.state.networks[0].hidden.length === {count}")
    for count in (5, 4, 3, 2, 1, 0):
        fewer.click()
        page.until(f"barenet.state.networks[0].hidden.length === {count}")
    assert fewer.is_disabled()
    assert "linear" in page.page.inner_text(".count")
    more.click()
    page.until("barenet.state.networks[0].hidden.length === 1")
    page.page.get_by_label("One neuron more in layer 1").click()
    page.until("barenet.state.networks[0].hidden[0] === 5")
    page.page.get_by_label("One neuron less in layer 1").click()
    page.until("barenet.state.networks[0].hidden[0] === 4")
    page.page.get_by_label("Neurons in layer 1").fill("64")
    page.page.get_by_label("Neurons in layer 1").press("Enter")
    page.until("barenet.panels[0].facts.layout[0].n_out === 64")
    page.page.get_by_label("Activation of layer 1").select_option("relu")
    page.until("barenet.state.networks[0].activations[0] === 'relu'")


def test_inputs_are_chosen(tab):
    page = tab()
    names = ["x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"]
    for count, label in enumerate(["x₁²", "x₂²", "x₁x₂", "sin x₁", "sin x₂"], start=3):
        page.page.get_by_label(f"Input {label}", exact=True).click()
        page.until(f"barenet.facts.features.join() === '{','.join(names[:count])}'")
    page.page.get_by_label("Input x₂", exact=True).click()
    page.until("!barenet.facts.features.includes('x2')")
    assert "without x₂. Click it again to take it back in." in page.page.inner_text("#notice")
    assert page.value("barenet.panels[0].facts.layout[0].n_in") == 6


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
        ("activations", "sigmoid"),
        ("activations", "identity"),
        ("activations", "tanh"),
        ("optimizer", "lbfgs"),
    ):
        page.choose(field, value)
        said = page.value(f"barenet.state.networks[0].{field}")
        assert str(said[0] if isinstance(said, list) else said) == value
        epoch = page.header("epoch")
        page.page.click("#step")
        page.until(f"barenet.panels[0].header.epoch === {epoch + 1}")
        assert not page.header("failed")
    for name in page.value("barenet.catalog.optimizers"):
        if page.value("barenet.state.networks[0].optimizer") != name:
            page.choose("optimizer", name)
        epoch = page.header("epoch")
        page.page.click("#step")
        page.until(f"barenet.panels[0].header.epoch === {epoch + 1}")
        assert not page.header("failed"), name


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
    page.until("barenet.state.networks[0].stop_epoch === 7")
    seed = page.value("barenet.state.networks[0].seed")
    page.page.click("[data-action=weights]")
    page.until(f"barenet.state.networks[0].seed === {seed + 1}")
    page.page.click("#play")
    assert not page.page.locator(".more > .fields").is_visible(), "it hides nothing any more"
    page.until("barenet.panels[0].header.epoch === 7 && !barenet.playing")
    assert "as you asked" in page.header("message")
    page.page.click(".more summary")
    page.page.fill("[data-field=stop_loss]", "5")
    page.page.keyboard.press("Tab")
    page.until("barenet.state.networks[0].stop_loss === 5")
    page.page.click("#play")
    page.until("barenet.panels[0].header.message.includes('training loss has reached')")
    assert page.header("newest")[1] <= 5 and not page.header("playing")


def test_epoch_losses_and_their_curve(tab):
    page = tab()
    for epoch in (1, 2, 3):
        page.page.click("#step")
        page.until(f"barenet.panels[0].header.epoch === {epoch} && !barenet.playing")
    page.rest()
    assert page.page.inner_text("#epoch") == "3"
    _, loss, test_loss, *_ = page.header("newest")
    assert page.page.inner_text(".loss") == f"{loss:.3f}"
    assert page.page.inner_text(".test-loss") == f"{test_loss:.3f}"
    page.until("barenet.panels[0].curve.plot?.data[0].length === 4")
    assert page.value("barenet.panels[0].curve.plot.data[2][3]") == test_loss
    page.page.click("#regenerate")
    page.until("barenet.panels[0].curve.plot.data[0].length === 1")


def test_a_batch_and_a_weight_changed_by_hand_move_the_loss_and_its_curve(tab):
    page = tab("#pace=0")
    shown = "document.querySelector('.scores').innerText"
    drawn = "barenet.panels[0].curve.plot.data"
    seen = {page.value(shown)}
    for batch in (1, 2):
        page.page.click("#batch")
        page.until(f"barenet.panels[0].header.batch[0] === {batch}")
        page.rest()
        seen.add(page.value(shown))
        assert page.value(f"{drawn}[0]") == pytest.approx([0, batch / 16])
    assert len(seen) == 3
    open_neuron(page, 1)
    slide(page, 0, 3)
    page.rest()
    assert page.value(shown) not in seen
    loss, test_loss = page.value(f"[1, 2].map((each) => {drawn}[each].at(-1))")
    assert f"{loss:.3f}" in page.value(shown) and f"{test_loss:.3f}" in page.value(shown)
    page.page.locator("#neuron .close").click()
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 1 && !barenet.playing")
    page.rest()
    assert page.value(f"{drawn}[0]") == [0, 1], "an epoch has its own measure"


def test_each_task_has_its_scale_and_its_score(tab):
    page = tab()
    scale = "document.querySelector('.legend').getAttribute('aria-label')"
    assert page.value(scale) == "Colour scale: orange for 0, blue for 1"
    assert page.page.inner_text(".score-name") == "Accuracy"
    page.page.click(".confused summary")
    page.page.click("#step")
    page.until("document.querySelectorAll('.matrix td').length === 4")
    counts = [int(cell) for cell in page.page.locator(".matrix td").all_inner_texts()]
    assert sum(counts) == 250
    page.page.click("[data-name=digits]")
    page.until("document.querySelectorAll('.legend .class').length === 10")
    page.page.click("[data-name=plane]")
    page.until("document.querySelector('.score-name').textContent === 'R²'")
    low, high = page.value("barenet.facts.range")
    assert low < -0.5 < 0.5 < high and "orange for −" in page.value(scale)


def test_links_are_as_wide_and_coloured_as_their_weights(tab):
    page = tab("#net.hidden=1&net.activations=tanh&features=x1")
    widths = {}
    for weight in (4, -4, 0.05):
        page.page.locator(".column").nth(1).locator(".neuron").first.click()
        change(page, str(weight))
        page.until(f"Math.abs(barenet.panels[0].frame.weights[0] - {weight}) < 1e-6")
        page.rest()
        widths[weight] = page.value(COLUMN_OF_A_LINK)
    blue, orange, thin = widths.values()
    assert all(b > r for r, _, b in blue) and all(r > b for r, _, b in orange)
    assert len(blue) == len(orange) > 2 * len(thin) > 0


#: The pixels with ink in them, down through the middle of the first link.
COLUMN_OF_A_LINK = (
    "(() => { const { canvas, links: [link], ratio } = barenet.panels[0].network.links;"
    " const x = Math.round(ratio * (link.from.x + link.to.x) / 2);"
    " const { data } = canvas.getContext('2d').getImageData(x, 0, 1, canvas.height);"
    " const at = (_, y) => [...data.slice(4 * y, 4 * y + 4)];"
    " const rows = Array.from({ length: canvas.height }, at);"
    " const far = (pixel) => pixel.some((each, i) => Math.abs(each - rows[0][i]) > 50);"
    " return rows.filter(far).map((pixel) => pixel.slice(0, 3)); })()"
)


def test_the_page_explains_itself_and_has_things_to_try(tab):
    page = tab()
    assert page.page.locator(".about h3").count() >= 6
    page.page.get_by_text("Three neurons are enough").click()
    page.until("barenet.state.networks[0].hidden.join() === '3' && barenet.playing")
    assert page.value("window.scrollY") == 0, "what was chosen is seen"
    page.page.click("#play")


def test_a_page_of_another_site_gets_nothing(browser, served):
    """It knows the whole address, and its frames, requests and sockets are refused all the same."""
    context = browser.new_context()
    page = context.new_page()
    page.goto("data:text/html,<p>another site</p>")
    asked = page.evaluate(
        "async (address) => { const line = new WebSocket(address.replace('http', 'ws') + 'socket');"
        " const told = await new Promise((done) => { line.onopen = () => done('open');"
        " line.onerror = () => done('refused'); });"
        " const read = await fetch(address).then((answer) => answer.ok, () => 'refused');"
        " const sent = await fetch(address + 'table', { method: 'POST', body: 'a,b' })"
        ".then((answer) => answer.ok, () => 'refused'); return [told, read, sent]; }",
        served.address,
    )
    context.close()
    assert asked == ["refused"] * 3


def test_the_file_that_the_command_opens_leads_to_the_page_once(browser, served):
    """A browser treats a file as another site: the server admits the one that is expected."""
    path = _write_redirect(served.address + "#data=xor")
    served.server.security.expects_redirect = True
    page = browser.new_page()
    try:
        page.goto(path.as_uri())
        page.wait_for_url(served.address + "*")
        page.wait_for_selector("#sets [aria-checked=true][data-name=xor]")
        page.reload()
        page.wait_for_selector("#sets [aria-checked=true][data-name=xor]")
        with page.expect_response(served.address) as answer:
            page.goto(path.as_uri())
        assert answer.value.status == 403
    finally:
        page.close()
        path.unlink()


def test_no_code_but_its_own_runs_on_the_page(tab):
    page = tab()
    page.value(
        "document.body.append(Object.assign(document.createElement('script'),"
        " { textContent: 'window.foreign = true' }))"
    )
    assert page.value("window.foreign === undefined")
    assert any("Content Security Policy" in fault for fault in page.faults)
    page.faults.clear()


def test_two_networks_side_by_side_on_the_same_data(tab):
    page = tab(width=1280, height=720)
    for epoch in (1, 2):
        page.page.click("#step")
        page.until(f"barenet.panels[0].header.epoch === {epoch}")
    page.page.click("#compare")
    page.until("barenet.panels.length === 2 && barenet.panels[1].frame")
    page.choose("optimizer", "sgd", place=1)
    told = page.page.locator(".learning h2")
    assert told.all_inner_texts() == ["Network A epoch 2", "Network B epoch 0"]
    notice = page.page.locator("#notice")
    assert "B begins at epoch 0, Network A continues from 2. Reset" in notice.inner_text()
    notice.click()
    assert notice.is_visible(), "it may be copied from"
    page.page.click("#reset")
    assert not notice.is_visible(), "a press beside it ends it"
    page.until("barenet.panels.every((lane) => lane.header.epoch === 0)")
    page.page.click("#step")
    page.until("barenet.panels.every((lane) => lane.header.epoch === 1)")
    for inviting in (True, False):
        assert page.page.locator(".invitation").first.is_visible() == inviting
        stages = [box.bounding_box()["y"] for box in page.page.locator(".stage").all()]
        assert stages[0] == stages[1], "level, also where they invite"
        if inviting:
            open_neuron(page, 1)
            page.page.locator("#neuron .close").click()
    head, stage = (page.page.locator(f".network {each}").first for each in (".head", ".stage"))
    end = head.bounding_box()["y"] + head.bounding_box()["height"]
    assert stage.bounding_box()["y"] - end < 20, "what is gone leaves no room"
    assert page.parameters(0) != page.parameters(1)
    for width in (1280, 1120):
        page.page.set_viewport_size({"width": width, "height": 720})
        boxes = [box.bounding_box() for box in page.page.locator(".network-panel").all()]
        assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
        assert page.value("document.documentElement.scrollWidth") <= width
        maps = [box.bounding_box() for box in page.page.locator(".map").all()]
        assert all(each["y"] + each["height"] < 720 for each in maps), (
            "both answers are seen at once"
        )
    page.page.click("#compare")
    page.until("barenet.panels.length === 1")
    page.page.set_viewport_size({"width": 768, "height": 720})
    page.page.click("#compare")
    page.until("document.querySelector('#notice').textContent.includes('B stands below Network A')")


def open_neuron(page: Tab, column: int, place: int = 0) -> dict[str, Any]:
    """Click a neuron, and return what the server has told of it."""
    page.page.locator(".column").nth(column).locator(".neuron").nth(place).click()
    return page.until("document.querySelector('#neuron').open && barenet.neuron.answer")


def slide(page: Tab, row: int, value: float) -> dict[str, Any]:
    """Move a slider of the open neuron, and wait for its new portrait."""
    page.page.locator("#neuron input[type=range]").nth(row).evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }",
        value,
    )
    told = f"[...barenet.neuron.answer.weights, barenet.neuron.answer.bias].at({row})"
    page.until(f"Math.abs({told} - {value}) < 1e-6")
    return page.value("barenet.neuron.answer")


def hint(page: Tab) -> str:
    return page.page.inner_text("#neuron .likeness .hint")


def portrait(page: Tab) -> str:
    return page.value("document.querySelector('.portrait').toDataURL()")


def test_a_newcomer_is_told_why_a_neuron_draws_a_line(tab):
    page = tab()
    invitation = page.page.get_by_text("Click a neuron to see how it computes its output.")
    assert invitation.is_visible()
    told = open_neuron(page, 1)
    words = page.page.inner_text("#neuron .why")
    assert "Why it draws a straight line" in words and "shifts the line" in words
    assert "0 is their mean, 1 a standard deviation." in hint(page)
    for value in (*told["weights"], told["bias"]):
        assert f"{abs(value):.2f}" in page.page.inner_text("#neuron .sum")
    ends = [told["line"][place : place + 2] for place in range(0, len(told["line"]), 2)]
    right, down = told["arrow"][2:]
    across = [x * right + y * down for x, y in ends]
    assert max(across) - min(across) < 1e-3, "straight, and the arrow is at a right angle to it"
    page.page.locator("#neuron .close").click()
    assert not invitation.is_visible()
    page.page.reload()
    page.until("window.barenet?.frames.drawn > 0")
    assert not invitation.is_visible(), "the browser remembers"


def test_a_weight_turns_the_line_and_the_bias_shifts_it(tab):
    page = tab()
    first = open_neuron(page, 1)
    pictures = [page.picture(), portrait(page)]
    turned = slide(page, 0, -1.5)
    assert turned["arrow"][2:] != pytest.approx(first["arrow"][2:], abs=0.05)
    assert "−1.50 · x₁" in page.page.inner_text("#neuron .sum")
    assert portrait(page) != pictures[1] and page.picture() != pictures[0]
    shifted = slide(page, 2, 0.6)
    assert shifted["arrow"][2:] == pytest.approx(turned["arrow"][2:], abs=1e-3)
    assert shifted["line"] != turned["line"]
    slide(page, 0, 0.1)
    slide(page, 2, 3.0)
    assert "lies outside" in page.page.inner_text("#neuron .why")
    page.page.get_by_role("button", name="Put back").click()
    page.until(f"barenet.neuron.answer.bias === {first['bias']}")
    page.until(f"barenet.neuron.answer.line.join() === {','.join(map(str, first['line']))!r}")


@pytest.mark.parametrize("weight", [2, -2])
def test_the_arrows_head_is_seen_wherever_it_points(tab, weight):
    page = tab(color_scheme="light")
    open_neuron(page, 1)
    slide(page, 1, 0)
    told = slide(page, 0, weight)
    assert told["arrow"][2] == pytest.approx(weight / 2)
    head = page.value(
        "(() => { const canvas = document.querySelector('.portrait'), [x, y, right, down] ="
        " barenet.neuron.answer.arrow, at = (from, step, side) => Math.round((from + 0.14 * step) *"
        " side) - Math.sign(step); return [...canvas.getContext('2d').getImageData(at(x, right,"
        " canvas.width), at(y, down, canvas.height), 1, 1).data]; })()"
    )
    assert max(head[:3]) < 80, "ink, and no label over it"


def test_on_a_phone_the_picture_stays_above_the_sliders_and_the_answer_inside(tab):
    page = tab(width=360, height=740)
    assert page.value(
        "document.querySelector('.answer').getBoundingClientRect().right <="
        " document.querySelector('.stage').getBoundingClientRect().right"
    )
    open_neuron(page, 1)
    assert page.page.locator("#neuron .axis").all_inner_texts() == ["x₁", "x₂"]
    page.page.locator("#neuron input[type=range]").last.scroll_into_view_if_needed()
    page.value("document.querySelector('#neuron').scrollBy(0, 1000)")
    sheet, picture, slider = (
        page.page.locator(each).last.bounding_box()
        for each in ("#neuron", "#neuron .portrait", "#neuron input[type=range]")
    )
    assert picture["y"] >= sheet["y"] and picture["y"] + picture["height"] < slider["y"]


def test_later_neurons_mix_the_lines_before_them(tab):
    page = tab()
    open_neuron(page, 1)
    page.page.get_by_role("button", name="Next: layer 2").click()
    page.until("barenet.neuron.answer?.layer === 1")
    assert len(page.value("barenet.neuron.answer.before")) == 4
    assert "So far it is almost straight" in page.page.inner_text("#neuron .why")
    page.value("barenet.line.send('run_to', { epoch: 60 })")
    page.until("document.querySelector('#neuron h3').textContent.endsWith('border that bends')")
    assert "drawn thin" in page.page.inner_text("#neuron .why")
    page.page.get_by_role("button", name="Next: the output").click()
    page.until("barenet.neuron.answer?.layer === 2")
    assert "which is the decision boundary" in page.page.inner_text("#neuron .why")
    assert page.page.inner_text("#neuron-title") == "Output y"


def test_the_step_just_taken_is_explained(tab):
    page = tab()
    open_neuron(page, 1)
    page.page.click("#neuron summary")
    assert "Take a step" in page.page.inner_text("#neuron details")
    page.page.get_by_role("button", name="Take one batch").click()
    page.until("document.querySelector('.numbers math')")
    assert page.value("document.querySelector('.summary').offsetHeight") < 600, "seen at once"
    lines = page.page.locator(".summary li").all_inner_texts()
    assert len(lines) == 7 and "batch 1 of 16 in epoch 1, of 16 points" in lines[0]
    x1, x2 = re.findall(r"= (\S+\d)", lines[0])
    summed, z = re.search(r"z = (.+) = (\S+)", lines[1]).groups()
    assert all(x in summed for x in (x1, x2)) and summed.count("·") == 2
    worth = eval(summed.replace("·", "*").replace("−", "-"), {}, {})
    assert worth == pytest.approx(float(z.replace("−", "-")), abs=0.005)
    assert re.search(r"tanh\(\S+\) = ", lines[2]) and lines[6].startswith("Adam takes")
    after = page.page.locator(".moved tr td:last-child").all_inner_texts()
    told = [float(each.replace("−", "-")) for each in after]
    assert told == pytest.approx(page.parameters()[0:12:4], rel=0.01), "the network's own"
    assert not page.page.locator(".numbers").is_visible(), "all points wait to be asked for"
    page.page.locator("#neuron summary").last.click()
    assert page.page.locator(".numbers").is_visible()
    numbers = page.page.inner_text(".numbers")
    assert "batch 1 of 16 in epoch 1" in numbers and "gradients agree" in numbers
    assert page.page.inner_text("#batches") == "+ 1 of 16 batches"
    weights = page.value("document.querySelector('.numbers section:last-of-type').innerText")
    for value in page.parameters()[0:8:4]:
        assert f"{abs(value):.4g}" in weights, "the new weights are those of the network"
    page.page.get_by_role("button", name="Take one epoch").click()
    page.until("document.querySelector('.numbers').innerText.includes('batch 16 of 16 in epoch 1')")
    assert page.page.inner_text("#batches") == ""
    assert page.value(
        "getComputedStyle(document.querySelector('.numbers section')).borderLeftWidth !== '0px'"
    ), "in the style of an explanation"
    page.page.locator("#neuron .close").click()
    page.page.keyboard.press(",")
    page.until("barenet.panels[0].header.batch[0] === 1")
    page.rest()
    assert page.value("barenet.neuron.written") != "1.1", "nothing is asked for that nobody sees"
    page.page.click("#play")
    open_neuron(page, 2)
    page.until("document.querySelector('#neuron details').innerText.includes('It is learning')")
    assert not page.value("document.querySelector('.numbers').childNodes.length")
    page.page.get_by_role("button", name="Pause").last.click()
    page.until("document.querySelector('.numbers math')")


def test_what_is_said_of_a_neuron_is_whole_and_safe(tab):
    """For every activation, first or last, whatever the inputs; and nothing in it can run."""
    page = tab()
    said = page.value(
        "import('./neuron-words.js').then(({ question, sentences, sum }) => {"
        " const all = [];"
        " for (const activation of [...barenet.catalog.activations, 'softmax'])"
        " for (const layer of [0, 1]) for (const last of [false, true]) for (const curve of"
        " [false, true]) for (const curved of [[], ['x₁²']]) for (const line of [[], [0, 0, 1, 1]])"
        " for (const normed of [false, true]) for (const standardized of [false, true]) {"
        " const about = { layer, last, curve, curved, normed, standardized, inputs: ['a', 'b'],"
        " terms: [0, 1], count: 2, name: 'y', classes: ['no', 'yes'] };"
        " const told = { activation, weights: [1, -2], bias: 0, line, positive: 0.5 };"
        " all.push([question(about, told), ...sentences(about, told), sum(about, told)].join(' '));"
        " } return all; })"
    )
    assert len(said) > 200
    said += page.value(
        "import('./step-words.js').then(({ ruleOf, stepLines }) => {"
        " const all = [];"
        " for (const activation of [...barenet.catalog.activations, 'softmax'])"
        " for (const layer of [0, 1]) for (const last of [false, true]) for (const classes of"
        " [null, ['no', 'yes']]) for (const penalty of ['none', 'l1']) for (const rows of [1, 16])"
        " for (const slope of [0, -0.1]) for (const dropout of [0, 0.1])"
        " for (const normed of [false, true]) for (const standardized of [false, true]) {"
        " const about = { activation, layer, last, classes, penalty, dropout, normed, standardized,"
        " index: 0, inputs: ['a', 'b'], terms: [0, 1] };"
        " const told = { rows, slope, inputs: [1, -2], z: 1, output: 0.5, gradient: [1, 2, 3],"
        " before: [1e-7, 2, 3], target: 1, epoch: 3, batch: [1, rows] };"
        " all.push(stepLines(about, told).map(({ words, sum }) => words + ' ' + sum).join(' ')); }"
        " for (const optimizer of [...barenet.catalog.optimizers, 'adam:beta1=0.8', 'mine'])"
        " all.push(ruleOf({ optimizer }, { learning_rate: 0.1 })); return all; })"
    )
    rules = said[-len(page.value("barenet.catalog.optimizers")) - 2 : -1]
    missing = [each for each in rules if "by its gradient:" in each]
    assert not missing, "every optimizer has a sentence in RULES of step-words.js"
    assert not [each for each in said if re.search("undefined|NaN|null|object|  ", each)]
    left = page.value(
        "import('./explained.js').then(({ explained }) => { const place ="
        " document.createElement('div'); place.replaceChildren(...explained("
        '\'<p onclick="x()" style="a" class="b">t<script>x()</script><img src=x>'
        '<math><mi href="javascript:x()">z</mi></math><svg onload=x()></svg></p>\'));'
        " return place.innerHTML; })"
    )
    assert left == '<p class="b">t<math><mi>z</mi></math></p>'
    page.faults.clear()  # the browser tells that its policy has refused it, too


def test_what_can_be_taken_away(tab, tmp_path):
    page = tab()
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 1")
    page.page.click("[data-action=export]")
    page.until("document.querySelector('#export').open")
    assert page.page.inner_text("#command").startswith("barenet train circles")
    assert "barenet.train(" in page.page.inner_text("#code")
    with page.page.expect_download() as download:
        page.page.click("#model")
    path = tmp_path / "model.safetensors"
    download.value.save_as(path)
    network = load_predictor(path).network
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
    box = page.page.locator("[data-view=discrete]")
    assert box.is_visible() and box.is_checked()
    for name in ("plane", "sine"):
        page.page.click(f"[data-name={name}]")
        page.until(f"barenet.facts.name === '{name}'")
        page.rest()
        assert not box.is_visible()
    page.page.click("[data-name=plane]")
    page.until("barenet.facts.name === 'plane'")
    sharp = page.picture()
    page.page.evaluate("barenet.look('discrete', false)")
    assert page.picture() == sharp, "numbers have no borders"


def test_the_confusion_matrix_is_there_at_rest_and_names_its_rows(tab):
    caption = ".matrix caption"
    page = tab("#data=iris")
    page.page.click(".confused summary")
    assert page.page.inner_text(caption) == "45 test rows"
    assert sum(map(int, page.page.locator(".matrix td").all_inner_texts())) == 45
    page = tab("#samples=5000&test_size=0.5")
    page.page.click(".confused summary")
    assert page.page.inner_text(caption) == "2,500 test rows"
    page = tab("#samples=5000&test_size=0.5&net.hidden=200~200&net.activations=tanh~tanh")
    page.page.click(".confused summary")
    assert page.page.inner_text(caption) == "2,000 of 2,500 test rows"


def test_digits_have_every_answer_and_the_pixels_that_vary(tab):
    page = tab("#data=digits")
    assert page.page.locator(".answer").all_inner_texts() == list("0123456789")
    names = page.page.locator(".inputs .feature-name").all_inner_texts()
    assert len(names) == 8 and not [name for name in names if name.startswith("pixel_0")]
    assert page.page.inner_text(".inputs .rest") == "+56 pixels that vary less"
    assert page.page.locator(".inputs .pixel").count() == 8
    spread = load_dataset("digits").X.std(axis=0).reshape(8, 8)
    told = [spread[tuple(map(int, name.split("_")[1:]))] for name in names]
    assert min(told) > np.median(spread)
    link = page.value("barenet.panels[0].network.links.links[0].row")
    page.value(f"barenet.panels[0].network.acts.open(0, 0, {link})")
    page.until("document.querySelector('#neuron').open && barenet.neuron.answer")
    rows = page.page.locator("#neuron .weights th").all_inner_texts()
    assert len(rows) == 65 and not [row for row in rows if "input" in row]
    assert page.value("document.activeElement.ariaLabel") == f"Weight of {names[0]}"
    assert page.page.inner_text("#neuron .sum").count("·") == 8
    assert all(name in page.page.inner_text("#neuron .sum") for name in names)


def test_a_slice_is_named_on_the_picture_and_what_it_holds_is_pale(tab):
    page = tab("#data=iris&features=all")
    words = "A slice: sepal length and sepal width are fixed at their median"
    assert page.page.inner_text(".output .slice") == words
    open_neuron(page, 1)
    assert page.page.inner_text("#neuron .slice") == words
    page.page.locator("#neuron .close").click()
    strongest = page.value(
        "[0, 1, 2, 3].map((input) => Math.max(..."
        "barenet.points.inputs.subarray(576 * input, 576 * (input + 1)).map(Math.abs)))"
    )
    assert min(strongest[2:]) > 100 and max(strongest[:2]) < 64
    page = tab("#data=iris")
    assert not page.page.locator(".output .slice").is_visible(), "the network sees no other column"
    names = page.page.locator(".inputs .feature-name").all_inner_texts()
    assert names[:3] == ["petal length", "petal width", "petal length²"]
    open_neuron(page, 1)
    assert "· petal length" in page.page.inner_text("#neuron .sum")


def test_every_set_can_be_chosen(tab):
    page = tab()
    for name in ("xor", "gaussians", "spirals", "moons", "digits", "plane", "hills", "sine"):
        page.page.click(f"[data-name={name}]")
        page.until(f"barenet.state.data.source === '{name}'")
        page.rest()
        page.page.click("#step")
        page.until("barenet.panels[0].header.epoch === 1")
        assert page.value("barenet.points.values.length") > 50
        matrix = page.page.locator(".confused")
        assert matrix.is_visible() == (name not in ("plane", "hills", "sine"))
        if name == "digits":
            open_neuron(page, 1)
            words = page.page.inner_text("#neuron .slice")
            assert words == "The plane of the first two principal components"
            page.page.locator("#neuron .close").click()
    page.page.get_by_label("Other data sets").select_option("iris")
    page.until("barenet.facts.name === 'iris'")


def test_what_was_chosen_on_purpose_outlives_the_data_and_the_rest_is_as_usual(tab):
    page = tab("#data=sine&noise=0.3&test_size=0.2&features=x1~x2~x1^2&net.loss=huber")
    page.page.click("[data-name=circles]")
    page.until("barenet.state.data.source === 'circles'")
    data, settings = page.value("[barenet.state.data, barenet.state.networks[0]]")
    assert (data["features"], data["test_size"]) == (["x1", "x2", "x1^2"], 0.2)
    assert (data["noise"], settings["loss"]) == (-1, ""), "Huber is of numbers"
    page.page.get_by_label("Other data sets").select_option("iris")
    page.page.check("#all-columns")
    page.until("barenet.facts.n_inputs === 4")
    page.page.click("[data-name=xor]")
    page.until("barenet.facts.name === 'xor' && barenet.facts.inputs.join() === 'x1,x2'")


def test_noise_points_and_share(tab):
    page = tab()
    page.page.locator("#noise").fill("0.2")
    page.until("barenet.state.data.noise === 0.2")
    page.page.locator("#samples").fill("100")
    page.until("barenet.facts.rows[0] + barenet.facts.rows[1] === 100")
    page.page.locator("#test-share").fill("20")
    page.until("barenet.facts.rows.join() === '80,20'")
    place = page.value("barenet.points.positions[0]")
    page.page.click("#regenerate")
    page.until("barenet.state.data.data_seed === 1")
    page.until(f"barenet.points.positions[0] !== {place!r}")


def test_the_keys(tab):
    page = tab()
    page.page.keyboard.press(".")
    page.until("barenet.panels[0].header.epoch === 1")
    page.page.keyboard.press(" ")
    page.until("barenet.playing")
    page.page.keyboard.press(" ")
    page.until("!barenet.playing")
    page.page.keyboard.press("r")
    page.until("barenet.panels[0].header.epoch === 0")
    page.page.click("#batch")
    page.until("barenet.panels[0].header.batch[0] === 1")
    page.page.keyboard.press(" ")
    page.until("barenet.playing && barenet.panels[0].header.epoch > 1")


def test_everything_has_a_name_for_who_cannot_see(tab):
    page = tab("#networks=2&data=digits")
    nameless = page.value(
        "[...document.querySelectorAll('button, select, input, a, [role=img]')]"
        ".filter((each) => !(each.getAttribute('aria-label') || each.labels?.length"
        " || each.textContent.trim() || each.title)).map((each) => each.outerHTML)"
    )
    assert nameless == []
    assert page.value("document.documentElement.lang") == "en"
    assert page.value("document.querySelectorAll('h1').length") == 1
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 1")
    page.value("barenet.announce()")
    assert "Epoch 1: training loss" in page.page.inner_text("#live")
    for summary in page.page.locator(".confused summary").all():
        summary.click()
    names = page.value(
        "[...document.querySelectorAll('section, [role=region]')].map((each) =>"
        " each.getAttribute('aria-label') ?? each.getAttribute('aria-labelledby')).filter(Boolean)"
    )
    assert len(names) == len(set(names)) >= 8
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 2")
    open_neuron(page, 1)
    page.page.click("#neuron details summary")
    page.until("document.querySelector('.numbers').children.length")
    page.value("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    unreached = page.value(
        "[...document.querySelectorAll('*')].filter((each) =>"
        " /auto|scroll/.test(getComputedStyle(each).overflow) && each.checkVisibility() &&"
        " (each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1) &&"
        " each.tabIndex < 0 && !each.querySelector('a, button, input, summary, [tabindex=\"0\"]')"
        ").map((each) => each.className)"
    )
    assert unreached == []


@pytest.mark.parametrize(("width", "height"), [(683, 384), (342, 192)])
def test_a_page_that_is_zoomed_has_room(tab, width, height):
    """At 200 % and 400 % on 1366 × 768: nothing stays in place over the page, and Play is round."""
    page = tab(width=width, height=height)
    assert page.value("document.documentElement.scrollWidth") <= width
    play = page.page.locator("#play").bounding_box()
    assert play["width"] == play["height"]
    if height == 384:
        assert page.value("document.querySelector('.bar').offsetHeight") < 0.3 * height
    page.value("window.scrollTo(0, 700)")
    over = page.value(
        f"[5, {height} - 5].filter((y) => document.elementFromPoint({width} / 2, y)"
        "?.closest('.bar')).length"
    )
    assert over == 0


@pytest.mark.parametrize(("data", "width"), [("moons", 320), ("digits", 390)])
def test_an_explanation_fits_a_phone(browser, tmp_path, data, width):
    assert main(["explain", data, "--rows", "0", "1", "--out", str(tmp_path / "step.html")]) == 0
    page = browser.new_page(viewport={"width": width, "height": 844})
    try:
        page.goto((tmp_path / "step.html").as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        page.close()


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "dark"),
        (1440, "light"),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in [(768, "dark"), (768, "light")]),
    ],
)
def test_nothing_sticks_out(tab, scheme, width):
    """At a phone's width, a tablet's and a desk's; the text is readable on its ground."""
    page = tab("#data=digits&net.hidden=16", width=width, height=844, color_scheme=scheme)
    assert page.value("document.documentElement.scrollWidth") <= width
    for selector in ("body", ".hint", ".text", ".field"):
        assert contrast(page, selector) >= 4.5
    if PICTURES:
        page.page.screenshot(path=f"{PICTURES}/{scheme}-{width}.png", full_page=True)
    open_neuron(page, 1)
    assert page.value(
        "(() => { const sheet = document.querySelector('#neuron'); return sheet.scrollWidth <="
        " sheet.clientWidth && sheet.getBoundingClientRect().bottom <= innerHeight; })()"
    )
    if PICTURES:
        page.page.screenshot(path=f"{PICTURES}/neuron-{scheme}-{width}.png")


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
    apart = page.value(
        "import('./colours.js').then(({ palette }) => [palette.positive, [0, 8, 16].map((shift) =>"
        " (palette.ramp[255] >> shift) & 255)])"
    )
    point, ground = sorted((lightness(str(each)) for each in apart), reverse=True)
    assert (point + 0.05) / (ground + 0.05) > 1.4, "a point stands out where all is sure"
    assert page.picture() != before


@pytest.mark.slow
def test_pictures_a_second_and_epochs_a_second(tab, served, record_property):
    """Figures for the reader; what is asserted holds on a busy machine, too."""
    page = tab()
    page.value(
        "(window.written = 0, new MutationObserver(() => (window.written += 1))"
        ".observe(document.querySelector('#epoch'), { childList: true }))"
    )
    page.page.click("#play")
    page.until("barenet.panels[0].header.epoch > 5")
    pictures = rate(lambda: page.value("barenet.frames.drawn"))
    numbers = rate(lambda: page.value("window.written"))
    page.page.click("#play")
    watched, alone = epochs_a_second(tab("#pace=0"), served)
    record_property(
        "figures",
        f"playground: {pictures:.0f} pictures and {numbers:.0f} numbers a second at "
        f"30 epochs a second; {watched:,.0f} epochs a second with the page open, "
        f"{alone:,.0f} without (medians of 3 turns)",
    )
    assert pictures > 5
    assert numbers <= 12, "a number stays for a tenth of a second"


def epochs_a_second(page: Tab, served: Any) -> tuple[float, float]:
    """How fast a network learns with its page open, and with the line cut, in turns."""
    page.page.click("#play")
    page.until("barenet.panels[0].header.speed > 0")
    session = served.sessions.open[page.value("barenet.session")]
    watched, alone = [], []
    for _ in range(3):
        watched.append(rate(lambda: session.views[0].latest.status.epoch))
        drawn = page.value(
            "(barenet.line.socket.onclose = null, barenet.line.socket.close(),"
            " barenet.frames.drawn)"
        )
        alone.append(rate(lambda: session.views[0].latest.status.epoch))
        page.value("barenet.line.open()")
        page.until(f"barenet.frames.drawn > {drawn}")
    return statistics.median(watched), statistics.median(alone)


def rate(count: Callable[[], int], seconds: float = 1.0) -> float:
    """How much is counted in a second."""
    before, start = count(), time.monotonic()
    time.sleep(seconds)
    return (count() - before) / (time.monotonic() - start)


def test_a_page_that_is_hidden_is_sent_nothing(tab, served, wait_until):
    page = tab("#pace=0")
    page.page.click("#play")
    page.until("barenet.panels[0].header.epoch > 5")
    # As a browser does it: on a page that is hidden nobody is called to draw.
    page.value(
        "(window.call = requestAnimationFrame, window.requestAnimationFrame = (draw) =>"
        " (window.later = draw))"
    )
    received = page.value("barenet.frames.received")
    session = served.sessions.open[page.value("barenet.session")]
    version = session.version
    wait_until(lambda: session.version > version + 20)
    assert page.value("barenet.frames.received") <= received + 2 * MAX_UNDRAWN
    drawn = page.value("barenet.frames.drawn")
    page.value("(window.requestAnimationFrame = window.call, window.later(performance.now()))")
    page.until(f"barenet.frames.drawn > {drawn + 5}")


def memory(page: Tab) -> float:
    """MiB that the page holds for good: the least of some, as a picture may be on its way."""
    sizes = []
    for _ in range(8):
        page.value("window.gc()")
        sizes.append(page.value("performance.memory.usedJSHeapSize") / 2**20)
        time.sleep(0.05)
    return min(sizes)


@pytest.mark.slow
def test_a_page_that_is_left_open_does_not_grow(tab, served):
    """Thousands of epochs and hundreds of pictures: all that is kept is bounded."""
    page = tab("#pace=0&net.batch_size=0")
    page.page.click("#play")
    page.until("barenet.panels[0].header.epoch > 5000 && barenet.frames.drawn > 50")
    before, drawn = memory(page), page.value("barenet.frames.drawn")
    page.until(f"barenet.panels[0].header.epoch > 10000 && barenet.frames.drawn > {drawn + 250}")
    grown = memory(page) - before
    session = served.sessions.open[page.value("barenet.session")]
    assert len(session.views[0].curve.kept) <= session.views[0].curve.most
    assert page.value("barenet.panels[0].curve.rows.length") <= 1001
    page.page.click("#play")
    page.until("!barenet.playing")
    assert len(session.views[0].latest.kept) <= 512
    assert grown < 1.5, "250 pictures of 10 kB are more"


def test_a_model_is_opened(tab, tmp_path):
    page = tab()
    path = tmp_path / "mine.safetensors"
    train = ["train", "moons", "--epochs", "2", "--no-plots", "--out", str(tmp_path / "run")]
    assert main(train) == 0
    (tmp_path / "run" / "model.safetensors").rename(path)
    page.page.click("#opened summary")
    page.page.set_input_files("#model-file", str(path))
    page.until("barenet.facts.name === 'moons' && barenet.panels[0].frame")
    expected = load_predictor(path).network.parameters
    page.until("barenet.state.networks[0].hidden.join() === '1'")
    assert page.parameters() == pytest.approx(expected.tolist(), rel=1e-6)
    assert "The settings of its training are not in the file" in page.page.inner_text("#described")
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 1")
    page.page.click("#reset")
    page.until("barenet.panels[0].header.epoch === 0")
    assert page.parameters() == pytest.approx(expected.tolist(), rel=1e-6)
    path.write_bytes(b"no model")
    page.page.set_input_files("#model-file", str(path))
    page.until("document.querySelector('#notice').textContent.includes('the model')")
    page.faults.clear()  # the browser tells of the status, too


def test_of_a_model_of_several_numbers_each_is_shown(tab, tmp_path):
    path = tmp_path / "two.safetensors"
    save(
        Predictor(
            network=Network.dense([2, 4, 2], seed=1),
            preprocessing=Scaling("standardize", np.zeros(2), np.ones(2)),
            classes=None,
            feature_names=("x0", "x1"),
            target_name="y",
            dataset="",
        ),
        path,
    )
    page = tab()
    page.page.click("#opened summary")
    page.page.set_input_files("#model-file", str(path))
    page.until("barenet.facts.outputs.join() === 'y 1,y 2' && barenet.facts.target === 'y 1'")
    assert "A model that predicts 2 numbers" in page.page.inner_text("#described")
    assert page.page.locator(".feature-name").all_inner_texts() == ["x0", "x₁"]
    first = page.picture()
    page.page.select_option("#target", "y 2")
    page.until("barenet.facts.target === 'y 2'")
    assert page.picture() != first
    assert not page.page.locator("#task").is_visible()
    computed = replace(load_predictor(path), network=Network.dense([2, 1], output="identity"))
    save(replace(computed, feature_names=("height", "x2^2"), dataset="mine.csv"), path)
    page.page.set_input_files("#model-file", str(path))
    page.until("document.querySelector('#described').textContent.includes('no table holds')")


def test_a_model_of_ones_own_table_is_opened_alone_and_with_its_table(tab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = (f"{n % 7},{n % 5},{'rgb'[n % 3]},{n % 2},{'xyz'[n % 3]}\n" for n in range(120))
    (tmp_path / "mine.csv").write_text("a,b,colour,c,kind\n" + "".join(rows))
    said = ["--epochs", "2", "--no-plots", "--no-baselines", "--layers", "6", "4", "3"]
    assert main(["train", "mine.csv", "--target", "kind", "--out", "run", *said]) == 0
    page = tab()
    page.page.click("#opened summary")
    page.page.set_input_files("#model-file", "run/model.safetensors")
    page.until("barenet.facts.name === 'mine.csv' && barenet.panels[0].header.newest === null")
    assert "whose rows are not here" in page.page.inner_text("#described")
    assert page.value("barenet.facts.inputs") == ["a", "b", "colour=b", "colour=g", "colour=r", "c"]
    page.page.locator(".map").hover(position={"x": 100, "y": 100})
    assert re.search(r": [xyz], \d+ %", page.page.inner_text(".output .value"))
    open_neuron(page, 1)
    assert "Inputs are as the model scales them." in hint(page)
    assert "other 4 inputs are fixed at their median" in page.page.inner_text("#neuron .slice")
    page.page.locator("#neuron .close").click()
    page.page.select_option("#axis-y", "c")
    page.until("barenet.facts.axes[1] === 'c'")
    page.page.click("#play")
    page.until("document.querySelector('.words').textContent.includes('choose the table')")
    page.page.click("#own summary")
    page.page.set_input_files("#csv", "mine.csv")
    page.until("barenet.facts.rows.join() === '96,24' && barenet.panels[0].header.newest")
    expected = load_predictor("run/model.safetensors").network.parameters
    assert page.parameters() == pytest.approx(expected.tolist(), rel=1e-6)
    page.page.click("#step")
    page.until("barenet.panels[0].header.epoch === 1")
