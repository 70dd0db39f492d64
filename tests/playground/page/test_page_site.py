"""The page of static files, whose Python runs in a worker of the browser, without a server."""

import base64
import hashlib
import json
import os
import shutil
import zipfile
from functools import partial
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from tools.static_site import RUNTIME

from barenet import load, train
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._page_state import PageState
from barenet.playground.state._wire_format import decode

from .conftest import QuietHandler, Tab, serving

pytestmark = [pytest.mark.integration, pytest.mark.pyodide]

DOCS = Path(__file__).parents[3] / "docs"

#: The page shows a recording, and Python is still loading.
WHILE_LOADING = "window.barenet?.frames.drawn > 0"


@pytest.fixture(scope="module")
def own_tab(browser, site):
    """A page that reaches nothing but the static files."""
    requests = []

    def follow(route):
        requests.append(route.request.url)
        if route.request.url.startswith(site):
            route.continue_()
        else:
            route.abort()

    def new_page():
        context = browser.new_context()
        context.route("**", follow)
        return context.new_page()

    tab = Tab(new_page, f"{site}#data=circles")
    yield tab
    assert tab.faults == []
    assert [url for url in requests if not url.startswith((site, "blob:", "data:"))] == []
    tab.page.context.close()


def train_on(tab):
    """Train for one more epoch, and wait for it."""
    tab.step(tab.header("epoch") + 1)


@pytest.mark.parametrize("name", ["sine", pytest.param("digits", marks=pytest.mark.slow)])
def test_it_has_the_numbers_of_the_library(own_tab, name):
    """Those of the reference engine on this machine, but for the last bits of its functions."""
    own_tab.visit(f"#data={name}&net.seed=3")
    own_tab.step(1, 2, 3)
    state = decode(PageState, own_tab.value("state"), "state")
    [settings], prepared = state.networks, prepare_named(state.data)
    task = prepared.make_setup(settings)
    X, y = task.training
    arguments = settings.run_config(len(X)).train_arguments()
    train(task.network, X, y, **{**arguments, "epochs": 3, "engine": "reference"})
    found, expected = own_tab.parameters(), task.network.parameters
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_it_plays_and_pauses(own_tab):
    own_tab.visit("#data=xor")
    epoch = own_tab.header("epoch")
    own_tab.play(f"header.epoch > {epoch + 20}")
    own_tab.pause()
    train_on(own_tab)


def test_a_passed_lesson_links_to_the_documentation_beside_the_page(browser, site):
    tab = Tab(browser.new_page, f"{site}#lesson=digits&step=9", WHILE_LOADING)
    tab.until_text("#lesson .place", "Lesson 11 of 12")
    tab.value("barenet.tools.find((tool) => tool.lessons).pass()")
    link = tab.page.get_by_role("link", name="tutorial on digits")
    assert link.evaluate("({ href }) => href") == site.replace("play/", "tutorials/digits.html")
    tab.page.close()


def test_a_table_and_a_model_are_opened_and_saved(own_tab, tmp_path):
    path = tmp_path / "flowers.csv"
    path.write_text(
        "a;b;kind\n" + "".join(f"{n % 17},5;{n * n % 23};{'xy'[n % 2]}\n" for n in range(99))
    )
    own_tab.visit("#data=moons")
    own_tab.upload("#csv", path)
    own_tab.until("data.name === 'flowers.csv' && panels[0].frame")
    own_tab.step(1, 2)
    parameters = own_tab.parameters()
    own_tab.click("[data-action=export]")
    own_tab.until("document.querySelector('#export').open")
    saved = own_tab.download(tmp_path)
    assert load(saved).network.parameters.tolist() == pytest.approx(parameters)
    assert load(saved).classes == ("x", "y")
    own_tab.click("#export .close")
    own_tab.step(3)  # to other weights
    own_tab.upload("#model-file", saved)
    own_tab.until("state.data.source.startsWith('model:')")
    assert own_tab.parameters() == pytest.approx(parameters)


def test_a_file_that_cannot_be_used_is_refused_in_one_line(own_tab, tmp_path):
    path = tmp_path / "given.csv"
    own_tab.visit("#data=moons")
    for field, content, words in (
        ("#csv", b"a,b\n1\n", "expected 2 values, as in the first line, got 1"),
        ("#csv", b"1" * (20 * 2**20 + 1), "the file is larger than 20 MiB"),
        ("#model-file", b"PAR1" + bytes(100), "not a model file, or a damaged one"),
        ("#lesson-file", b"{}", "title: missing"),
    ):
        path.write_bytes(content)
        own_tab.upload(field, path)
        own_tab.until_text("#notice", words)
    train_on(own_tab)


def test_a_full_memory_is_one_line_and_ends_nothing(own_tab, tmp_path):
    path = tmp_path / "long.csv"
    path.write_bytes(b"a,b,c,d\n" + b"1,2,3,4\n" * (5 * 2**19 - 1))
    own_tab.visit("#data=moons")
    own_tab.upload("#csv", path)
    own_tab.until_text("#notice", "more than the 500 MB allowed; open fewer rows or columns of it")
    train_on(own_tab)


LESSON = {
    "title": "Mine",
    "state": "data=xor",
    "text": ["Try."],
    "check": [{"measure": "epoch", "at_least": 2}],
}
COURSE = [LESSON, LESSON | {"title": "Next"}]


def test_lessons_of_ones_own_by_file_and_by_link(own_tab, site, tmp_path):
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps(COURSE))
    own_tab.visit("#data=moons")
    own_tab.upload("#lesson-file", path)
    own_tab.until_text("#lesson-title", "Mine")
    own_tab.step(1, 2)
    own_tab.until("document.querySelector('#lesson').classList.contains('passed')")
    assert copied_progress(own_tab) == f"{site}?lessons=lesson.json#passed=1"
    own_tab.leave_course()
    address = site + link_to(COURSE) + "#passed=2.3"
    page = Tab(own_tab.page.context.new_page, address)
    page.until_text("#notice", "1 of 2 lessons passed: 2.")
    page.value("location.hash = 'lesson=1'")
    page.until_text("#lesson-title", "Mine")
    page.until("state.data.source === 'xor'")
    page.page.close()
    assert page.faults == []


def copied_progress(tab):
    """The link that a learner copies."""
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.value("barenet.lessons.shareProgress()")
    tab.until_text("#notice", "Your progress is copied")
    return tab.page.evaluate("() => navigator.clipboard.readText()")


def link_to(lesson):
    return f"?lessons=data:application/json,{quote(quote(json.dumps(lesson)))}"


def test_lessons_that_cannot_be_loaded_are_one_line(own_tab, site):
    page = Tab(own_tab.page.context.new_page, site + link_to({}), "window.barenet?.line")
    page.until_text("#notice", "title: missing; every lesson needs it")
    page.until("header")  # the notice may come before the first picture
    page.step(1)
    for query, words in (
        (
            "?lessons=nowhere.json#passed=1",
            "nowhere.json cannot be loaded (404): check the address.",
        ),
        (
            "?lesson=mine.json",
            "This address contains ?lesson=…; to open lessons, use ?lessons=FILE",
        ),
    ):
        page.open(site + query, "window.barenet?.line")
        page.until_text("#notice", words)
        assert copied_progress(page).startswith(f"{site}#passed=")  # and what tests before passed
    page.page.close()


def test_a_corrected_lesson_is_loaded_anew(browser, site, site_folder):
    """A browser keeps files for as long as they have been unchanged before, by a tenth."""
    path = site_folder / "play/corrected.json"
    path.write_text(json.dumps(LESSON | {"title": "Mistaken"}))
    os.utime(path, (0, 0))
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}style.css")  # a page of the site, which reads the lesson
    assert page.evaluate("() => fetch('corrected.json').then((it) => it.json())")
    path.write_text(json.dumps(LESSON | {"title": "Corrected"}))
    tab = Tab(context.new_page, f"{site}?lessons=corrected.json")
    tab.until_text("#lesson-title", "Corrected")
    context.close()
    path.unlink()


def test_a_worker_that_ends_is_started_again_with_the_same_settings_and_files(own_tab, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n" + "".join(f"{n},{n * n % 23}\n" for n in range(40)))
    own_tab.visit("#data=xor")
    own_tab.upload("#csv", path)
    own_tab.until("data.name === 'mine.csv' && panels[0].frame")
    own_tab.choose("learning_rate", "0.1")
    own_tab.step(1, 2, 3)
    own_tab.click("#compare")
    own_tab.until("panels[1]?.header && panels[1].frame")
    own_tab.step(4)
    parameters = own_tab.parameters()
    own_tab.value("barenet.line.fail('out of memory')")
    own_tab.until_text("#notice", "Python has stopped: out of memory.")
    upload = "barenet.line.upload('table?name=late.csv', new File(['a,b'], 'late.csv'))"
    assert "Python has stopped" in own_tab.value(f"{upload}.then(({{ message }}) => message)")
    own_tab.press("Start Python again")
    own_tab.until("barenet.line.ready && !barenet.arrival && header.epoch === 4")
    own_tab.until("panels[1].header.epoch === 1")
    assert own_tab.value("[data.name, settings.learning_rate]") == ["mine.csv", 0.1]
    assert own_tab.parameters() == parameters
    own_tab.click("#compare")
    own_tab.until("panels.length === 1")


def test_another_worker_keeps_a_weight_that_was_changed_before_training(own_tab):
    own_tab.visit("#data=gaussians&net.hidden=")
    own_tab.value("panels[0].network.acts.open(0, 0)")
    own_tab.change_weight("0.75")
    own_tab.until("header.edits.length === 1 && panels[0].frame.weights[0] === 0.75")
    own_tab.value("barenet.line.fail('out of memory')")
    own_tab.press("Start Python again")
    own_tab.until("barenet.line.ready && !barenet.arrival")
    assert own_tab.value("[header.epoch, header.edits.length, panels[0].frame.weights[0]]") == [
        0,
        1,
        0.75,
    ]


def test_a_recording_plays_while_python_is_loading(browser, site):
    """Then the network is trained up to where the recording has come, and goes on."""
    tab = Tab(browser.new_page, site, "window.barenet?.frames.drawn > 3 && !barenet.line.ready")
    shown = tab.header("epoch")
    assert shown > 0
    assert "Loading Python" in tab.text("#notice") or "Starting Python" in tab.text("#notice")
    tab.click("#play")  # which waits for Python
    tab.until(f"barenet.line.ready && header.epoch > {shown + 100}")
    tab.page.context.close()
    assert tab.faults == []


def test_data_and_a_setting_that_are_chosen_while_python_is_loading_are_both_taken(browser, site):
    tab = Tab(browser.new_page, site, "window.barenet?.frames.drawn > 3 && !barenet.line.ready")
    tab.click("[data-name=xor]")
    tab.select("[data-field=optimizer]", "sgd")
    tab.until("barenet.line.ready && settings.optimizer === 'sgd'")
    tab.rest()
    assert tab.value("[state.data.source, settings.optimizer]") == ["xor", "sgd"]
    tab.page.context.close()
    assert tab.faults == []


def test_a_lesson_that_is_chosen_while_python_is_loading_begins_with_its_own_network(browser, site):
    tab = Tab(browser.new_page, site, "window.barenet?.frames.drawn > 3 && !barenet.line.ready")
    tab.click("#course")
    tab.until("barenet.line.ready && !document.querySelector('#lesson').hidden")
    found = tab.value("[state.data.source, settings.hidden.length, header.epoch]")
    assert found == ["gaussians", 0, 0]
    tab.page.context.close()
    assert tab.faults == []


#: Keep the first two weights of each picture from now on, in a global.
KEEP_WEIGHTS = """() => {
    window.shownWeights = [];
    const keep = () => {
        const [first, second] = window.barenet.panels[0].frame.weights;
        const written = `${first.toFixed(3)} ${second.toFixed(3)}`;
        if (!window.shownWeights.includes(written)) window.shownWeights.push(written);
        requestAnimationFrame(keep);
    };
    keep();
}"""


def test_a_lesson_has_its_own_weights_while_python_is_loading_and_afterwards(browser, site):
    opened = "window.barenet?.frames.drawn > 0 && !barenet.line.ready"
    tab = Tab(browser.new_page, f"{site}#lesson=one-neuron", opened)
    tab.page.evaluate(KEEP_WEIGHTS)
    tab.until("barenet.line.ready && barenet.frames.version === barenet.version")
    tab.until("header.edits.length === 2")
    assert tab.value("window.shownWeights") == ["0.900 -0.500"]
    tab.to_step(9)
    tab.until_text("#lesson .conditions", "now 76.4 %")
    tab.page.context.close()
    assert tab.faults == []


#: The line that the page has all that it needs without internet.
READY = "#offline"
#: The line in English, which is the longest.
LONGEST = "Ready to use without internet"
#: Erases a file of the copy for use without internet.
ERASE = """async () => {
  const [name] = (await caches.keys()).filter((each) => each.startsWith("barenet play"));
  const cache = await caches.open(name);
  await cache.delete("barenet.zip");
}"""
#: The controls of the header, and the cards, on which the line lies.
COVERED = """(() => {
  const box = (element) => element.getBoundingClientRect();
  const line = box(document.querySelector("#offline"));
  const others = document.querySelectorAll("header button, header select, header input, .panel");
  return [...others].filter((other) => other.checkVisibility()).filter((other) => {
    const { left, right, top, bottom } = box(other);
    return left < line.right && line.left < right && top < line.bottom && line.top < bottom;
  }).map(({ id, className }) => `${id} ${className}`);
})()"""


def test_it_works_offline_after_the_first_visit_and_states_so(browser, site):
    context = browser.new_context()
    tab = Tab(context.new_page, f"{site}?lang=de#data=xor")
    tab.until_text(READY, "Ohne Internet nutzbar")
    assert tab.find(READY).get_attribute("role") == "status", "it is read aloud"
    for width in (320, 620, 981, 1440):
        tab.value(
            "document.querySelector('#offline').textContent = 'Ready to use without internet'"
        )
        tab.resize(width, 800)
        assert tab.value(COVERED) == [], width
    context.set_offline(True)
    tab.visit("#data=moons")
    tab.until_text(READY, "Ohne Internet nutzbar")
    assert tab.text("#course") == "Kurs", "its language is kept, too"
    tab.step(1)
    context.set_offline(False)
    tab.page.evaluate(ERASE)
    tab.visit("#data=xor")
    tab.page.evaluate("() => barenet.line.keeping")
    assert tab.text(READY) == "", "a file is lacking"
    context.close()
    assert tab.faults == []


class IncompleteSite(QuietHandler):
    """A server that lacks a file which the service worker is to keep."""

    def do_GET(self):  # noqa: N802
        if self.path.endswith("openings/data=moons.bin"):
            self.send_error(404)
        else:
            super().do_GET()


#: The last state of a service worker that cannot keep its files.
LAST_STATE = """async () => {
  const { installing: worker } = await navigator.serviceWorker.register("offline.js");
  await new Promise((resolve) => {
    worker.onstatechange = () => resolve();
  });
  return worker.state;
}"""


@pytest.mark.slow
def test_without_a_recording_python_starts_and_no_file_is_kept(browser, site_folder):
    with serving(partial(IncompleteSite, directory=site_folder)) as address:
        tab = Tab(browser.new_page, f"{address}play/#data=moons")
        assert tab.page.evaluate(LAST_STATE) == "redundant"
        tab.frame()
        assert tab.text(READY) == ""
        tab.page.close()


def test_nothing_of_a_visitor_is_sent(browser, site, site_folder, tmp_path):
    """A lesson, a table and the progress: the page only requests files, without a cookie."""
    context = browser.new_context()
    requests = []
    context.on("request", lambda request: requests.append(request))  # noqa: PLW0108
    tab = Tab(context.new_page, f"{site}#lesson=one-neuron")
    tab.to_step(9)
    tab.until("barenet.neuron.answer")
    tab.slide(0, 1)
    tab.slide(1, 1)
    tab.until_text("#lesson .result", "Passed!")
    tab.click(".contents summary")
    tab.press("Copy my progress")
    path = tmp_path / "pupils.csv"
    path.write_text(
        "a,b,kind\n" + "".join(f"{n % 17},{n * n % 13},{'xy'[n % 2]}\n" for n in range(99))
    )
    tab.leave_course()
    tab.upload("#csv", path)
    tab.until("data.name === 'pupils.csv' && panels[0].frame")
    tab.step(1)
    addresses = {request.url.partition("#")[0] for request in requests}
    for address in addresses:
        if not address.startswith("blob:"):
            name = address.removeprefix(site)
            assert (site_folder / "play" / name).exists(), address
    assert {(request.method, request.post_data) for request in requests} == {("GET", None)}
    assert context.cookies() == []
    context.close()


@pytest.mark.slow
def test_lessons_of_an_address_open_offline_after_a_visit(browser, site, site_folder):
    path = site_folder / "play/kept.json"
    path.write_text(json.dumps(LESSON))
    context = browser.new_context()
    tab = Tab(context.new_page, f"{site}?lessons=kept.json")
    tab.until_text("#lesson-title", "Mine")
    tab.page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    path.unlink()
    context.set_offline(True)
    tab.page.goto("about:blank")
    tab.open(f"{site}?lessons=kept.json", "window.barenet?.line")
    tab.until_text("#lesson-title", "Mine")
    context.close()


class OtherSite(QuietHandler):
    """A server whose files every site may use, as those of a delivery network."""

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


@pytest.mark.parametrize("damaged", [False, True])
def test_the_runtime_of_a_delivery_network_is_checked(browser, site_folder, tmp_path, damaged):
    source = Path(os.environ["BARENET_PYODIDE"])
    folders = tmp_path / "site", tmp_path / "network"
    shutil.copytree(site_folder / "play", folders[0], ignore=shutil.ignore_patterns("runtime"))
    shutil.copytree(source, folders[1])
    handlers = partial(QuietHandler, directory=folders[0]), partial(OtherSite, directory=folders[1])
    with serving(handlers[0]) as site, serving(handlers[1]) as network:
        content = json.loads((folders[0] / "catalog.json").read_text())
        start = {**content["worker"]["start"], **RUNTIME}
        assert start["address"].startswith("https://") and start["numpy"]["integrity"]
        start["address"] = network
        start["numpy"] = numpy_of(network, source)
        content["worker"]["start"] = start
        (folders[0] / "catalog.json").write_text(json.dumps(content))
        if damaged:
            path = folders[1] / "python_stdlib.zip"
            path.chmod(0o600)
            path.write_bytes(path.read_bytes()[:-1] + b"?")
        context = browser.new_context()
        tab = Tab(context.new_page, f"{site}#data=xor", "window.barenet?.frames.drawn > 0")
        if damaged:
            tab.until_text("#notice", f"{network}python_stdlib.zip cannot be loaded.")
            tab.until_text("#notice", "allow it, or put the files of Python beside the page")
        else:
            tab.until("barenet.line.ready")
            tab.step(1)
        context.close()


def numpy_of(network, source):
    """The entry of NumPy in another network, whose copy has a digest of its own."""
    wheel = RUNTIME["numpy"]["address"].rpartition("/")[2]
    digest = base64.b64encode(hashlib.sha256((source / wheel).read_bytes()).digest()).decode()
    return {**RUNTIME["numpy"], "address": network + wheel, "integrity": f"sha256-{digest}"}


def test_the_name_of_the_page_leads_to_the_first_page_of_the_site(own_tab):
    link = own_tab.page.get_by_role("link", name="barenet", exact=True)
    assert link.get_attribute("href") == "../"


def test_the_library_in_the_browser_has_no_catalogues(site_folder):
    """Only the page needs them, and loads the one of its language."""
    with zipfile.ZipFile(site_folder / "play/barenet.zip") as archive:
        names = archive.namelist()
    assert "barenet/playground/lessons/06-xor.json" in names
    assert not [name for name in names if "/languages/" in name]


def test_it_fits_a_phone_and_writes_nothing_to_the_console(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    messages = []
    context.on("console", lambda message: messages.append(message.text))
    tab = Tab(context.new_page, f"{site}#lesson=one-neuron")
    assert tab.find("#lesson-title").is_visible()
    assert tab.value("document.documentElement.scrollWidth") <= 390
    tab.leave_course()
    tab.until("document.querySelector('#lesson').hidden")
    train_on(tab)
    context.close()
    assert messages == []


DOCUMENTATION = """<!doctype html><html data-content_root="./"><script src="playground.js"></script>
<div style="width: 800px"><img src="images/playground.png" alt="The playground">
<div class="highlight-bash"><pre>barenet play "#data=xor&amp;net.hidden=3"</pre></div>
<p><img src="images/lesson-xor.png" alt="A lesson"></p>
<div class="highlight-bash"><pre>barenet play "#lesson=xor"</pre></div>
</div></html>"""


def test_the_playground_is_live_within_the_documentation(browser, site, site_folder):
    shutil.copy(DOCS / "_static/playground.js", site_folder)
    (site_folder / "page.html").write_text(DOCUMENTATION)
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.replace("play/", "page.html"))
    page.wait_for_selector("iframe")
    embedded = page.frame_locator("iframe").first
    embedded.locator("canvas.map").wait_for()
    frame = page.frames[1]
    wait = partial(page.wait_for_function, timeout=60_000)
    wait("frames[0].barenet?.frames.drawn > 3")
    assert frame.evaluate("barenet.line.worker === undefined"), "Python waits for a touch"
    place = frame.evaluate("""() => {
      const { x, y, width, height } = document.querySelector("#play").getBoundingClientRect();
      return [(x + width / 2) / innerWidth, y + height / 2, innerWidth];
    }""")
    box = page.locator("iframe").first.bounding_box()  # smaller than it is drawn
    page.mouse.click(
        box["x"] + place[0] * box["width"], box["y"] + place[1] * box["width"] / place[2]
    )
    wait("frames[0].barenet.line.ready && frames[0].barenet.panels[0].header.epoch > 100")
    page.get_by_role("button", name="Play it here").first.click()
    wait("frames[1]?.barenet && frames[1].location.hash.includes('net.hidden=3')")
    page.frames[2].locator("body").press("Tab")  # a key begins, too
    wait("frames[1].barenet.line.worker !== undefined")
    page.get_by_role("img", name="A lesson").click()  # is replaced
    wait("frames[2]?.document.querySelector('#lesson-title')?.textContent === 'How many neurons?'")
    assert page.locator("img").count() == 0
    context.close()
