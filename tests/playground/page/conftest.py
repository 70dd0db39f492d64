"""The page in a real browser.

The tests run where Chromium is found; BARENET_CHROMIUM sets its path.
"""

import base64
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from barenet.playground._page_files import PAGE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM = os.environ.get("BARENET_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)

#: The folder of the repository, in which its tools run.
ROOT = Path(__file__).parents[3]

SECONDS = 60.0

#: The first line of an exception that has ended a task of the worker's event loop.
UNHANDLED = "Unhandled exception in event loop"

#: A script in the page; `header` and `settings` are those of the first network.
SCRIPT = """() => {
  const { panels, state, data } = window.barenet ?? {};
  const header = panels?.[0]?.header, settings = state?.networks?.[0];
  return (%s);
}"""


#: The texts show the newest message (while it plays, they follow a few times a second).
WRITTEN = "!window.barenet?.latest || panels.some((panel) => panel.header?.playing)"


#: No change of settings is under way, and the newest picture is drawn.
RESTS = """!barenet.awaits && !barenet.waiting && !barenet.pending.length
  && !barenet.latest && barenet.frames.version === barenet.version"""

#: What observes sizes is told in a frame; a font is requested by the first frame that needs it.
LAID_OUT = """async () => {
  await new Promise(requestAnimationFrame);
  await document.fonts.ready;
  await new Promise(requestAnimationFrame);
}"""

#: Its network is drawn; without a server, that of Python and not a recording.
OPEN = """window.barenet?.frames.drawn > 0 && (barenet.line.ready ?? true)
  && barenet.frames.version === barenet.version"""

#: Whether the pages are static files, without a server.
IS_SITE = bool(os.environ.get("BARENET_SITE"))
#: The settings of a new page, at whose start no recording plays.
START = "#data=circles" if IS_SITE else ""

#: Changes the address of a page that is to be reloaded, and forgets where it was scrolled to.
REPLACE = """address => {
  history.scrollRestoration = "manual";
  history.replaceState(null, "", address);
  history.replaceState = () => {}; // a picture that arrives before the reload writes no address
}"""

#: Keeps the frames of the browser, until they are released.
KEEP_FRAMES = """(() => {
  const [ask, cancel] = [requestAnimationFrame, cancelAnimationFrame];
  const kept = new Map();
  window.requestAnimationFrame = (act) => kept.set(kept.size + 1, act).size;
  window.cancelAnimationFrame = (key) => kept.delete(key);
  window.release = () => {
    Object.assign(window, { requestAnimationFrame: ask, cancelAnimationFrame: cancel });
    kept.forEach((act) => act(performance.now()));
  };
})()"""

#: A page for axe-core: without its policy, which forbids scripts that are not its own.
UNGUARDED = {"bypass_csp": True, "reduced_motion": "reduce"}
#: The rules of axe-core: in the dark, only colours differ.
LIGHT = {"resultTypes": ["violations"]}
DARK = {**LIGHT, "runOnly": ["color-contrast"]}

#: The preferences of a user that a page can see.
MEDIA = {"color_scheme": "light", "reduced_motion": "no-preference"}


def numbers(text: str) -> list[float]:
    """All numbers of a text, as the page writes them."""
    found = re.findall(r"−?\d+\.?\d*(?:e−?\d+)?", text)
    return [float(each.replace("−", "-")) for each in found]


class Tab:
    """The page in a browser."""

    def __init__(self, new_page: Callable[[], Any], address: str, opened: str = OPEN) -> None:
        self.faults: list[str] = []
        self._traces = False
        self.new_page = new_page
        self._start()
        self.open(address, opened)

    def _start(self) -> None:
        """Make a new page: the first, or one in the place of a page that the browser closed."""
        self.page = self.new_page()
        self.find, self.labelled = self.page.locator, self.page.get_by_label
        self.key, self.upload = self.page.keyboard.press, self.page.set_input_files
        self.click, self.fill, self.check = self.page.click, self.page.fill, self.page.check
        self.select = self.page.select_option
        self.page.on("pageerror", lambda error: self.faults.append(error.stack or str(error)))
        self.page.on("console", self._listen)

    def reopened(self) -> "Tab":
        """Give this tab, with a new page if the browser closed the last one."""
        if self.page.is_closed():
            self._start()
        return self

    def open(self, address: str, opened: str = OPEN) -> None:
        self.address = address
        self.reopened()
        if self.page.url.partition("#")[0] == address.partition("#")[0]:
            # Another hash alone would not load the page again; a page that is reloaded stays in
            # its process of the browser, which takes a while to start.
            self.page.evaluate(REPLACE, address)
            self.page.reload()
        else:
            self.page.goto(address)
        self.until(opened)
        self.frame()

    def visit(self, hash: str) -> None:
        """Load the page anew, with other settings in its address."""
        self.open(self.address.partition("#")[0] + hash)

    def _listen(self, message: Any) -> None:
        # The browser reports a line that is cut; the page does so in its own words.
        is_error = message.type == "error" and "WebSocket" not in message.text
        # Python in the worker writes a trace, line by line, as warnings.
        is_trace = message.type == "warning" and UNHANDLED in message.text
        self._traces = is_trace or (self._traces and message.type == "warning")
        if is_error or self._traces:
            self.faults.append(message.text)

    def value(self, script: str) -> Any:
        return self.page.evaluate(SCRIPT % script)

    def until(self, script: str) -> Any:
        """Wait for a condition and its picture; the page's policy forbids the browser to do it."""
        value = self._wait(lambda: self.value(script), lambda: script)
        self._wait(lambda: self.value(WRITTEN), lambda: "the newest message is drawn")
        return value

    def until_text(self, selector: str, words: str) -> None:
        def shown() -> str:
            return (self.page.text_content(selector) or "").replace("\xa0", " ")

        self._wait(lambda: words in shown(), lambda: f"{words!r} in {shown()!r}")

    def _wait(self, condition: Callable[[], Any], words: Callable[[], str]) -> Any:
        end = time.monotonic() + SECONDS
        while not (value := condition()):
            if time.monotonic() > end:
                shown = [self.page.text_content("#notice"), *self.faults]
                pytest.fail(f"waited in vain for {SECONDS} s: {words()} ({shown})")
            time.sleep(0.03)
        return value

    def rest(self) -> None:
        """Wait until the last change of settings is answered and drawn, and laid out."""
        self.until(RESTS)
        self.frame()

    def frame(self) -> None:
        """Wait until the page is laid out, in its own letters, and has followed its sizes."""
        self.page.evaluate(LAID_OUT)

    def resize(self, width: int, height: int) -> None:
        """Give the window another size, and wait until the page has followed it."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.frame()

    def step(self, *epochs: int) -> None:
        """Train for single epochs, and wait for each."""
        for epoch in epochs:
            self.click("#step")
            self.until(f"header.epoch === {epoch} && !barenet.playing")

    def play(self, condition: str) -> None:
        self.click("#play")
        self.until(condition)

    def pause(self) -> None:
        self.until("barenet.playing")  # else the button would be pressed to play
        self.play("!barenet.playing")

    def text(self, selector: str) -> str:
        """The text of an element, with plain spaces."""
        return self.page.inner_text(selector).replace("\xa0", " ")

    def press(self, name: str, **options: Any) -> None:
        self.page.get_by_role("button", name=name, **options).click()

    def to_step(self, number: int) -> None:
        """Show a step of the lesson; the last one for a large number."""
        self.until("barenet.lessons.lesson && barenet.lessons.started")
        last = self.value("barenet.lessons.lesson.steps.length")
        self.value(f"barenet.lessons.go({min(number, last) - 1})")
        self.until("!barenet.awaits && barenet.lessons.started")
        self.rest()

    def leave_course(self) -> None:
        if not self.value("document.querySelector('.contents').open"):
            self.click(".contents summary")
        self.press("Leave the course")

    def use(self, name: str) -> None:
        """Choose a data set that has a picture."""
        self.click(f"[data-name={name}]")
        self.until(f"data.name === '{name}'")
        self.rest()

    def download(self, folder: Path) -> Path:
        """Save the network as a model file."""
        with self.page.expect_download() as download:
            self.click("#model")
        path = folder / "model.safetensors"
        download.value.save_as(path)
        return path

    def header(self, name: str) -> Any:
        return self.value(f"header.{name}")

    def picture(self) -> bytes:
        """The content of the canvas of the output."""
        self.rest()
        url = self.value("document.querySelector('.map').toDataURL()")
        return base64.b64decode(url.partition(",")[2])

    def parameters(self, place: int = 0) -> list[float]:
        self.rest()
        return self.value(f"[...panels[{place}].frame.weights]")

    def choose(self, field: str, value: str, place: int = 0) -> None:
        version = self.value("barenet.version")
        control = self.find(f"[data-field={field}]").nth(place)
        if not control.is_visible():
            self.find(".more summary").nth(place).click()
        control.select_option(value)
        self.until(f"barenet.version > {version}")
        self.rest()

    def open_neuron(self, column: int, place: int = 0) -> dict[str, Any]:
        """Click a neuron, and return the answer of the server."""
        self.find(".column").nth(column).locator(".neuron").nth(place).click()
        answer = self.until("barenet.neuron.isOpen && barenet.neuron.answer")
        self.frame()  # the network has less room beside it
        return answer

    def close_neuron(self) -> None:
        self.click("#side .close")

    def change_weight(self, value: str) -> None:
        """Change the first number of the open neuron, and close it."""
        field = self.find("#neuron table.weights input.decimal").first
        field.fill(value)
        field.press("Enter")
        self.close_neuron()

    def slide(self, row: int, value: float) -> dict[str, Any]:
        """Move a slider of the open neuron, and wait for its new picture."""
        self.find("#neuron input[type=range]").nth(row).evaluate(
            "(slider, v) => { slider.value = v; slider.dispatchEvent(new Event('input')); }", value
        )
        answer = f"[...barenet.neuron.answer.weights, barenet.neuron.answer.bias].at({row})"
        self.until(f"Math.abs({answer} - {value}) < 1e-6")
        return self.value("barenet.neuron.answer")

    def portrait(self) -> str:
        return self.value("document.querySelector('.portrait').toDataURL()")


class Browser:
    """Chromium, which is started again if it has ended by itself, as it does once in many runs."""

    def __init__(self, launch: Callable[[], Any]) -> None:
        self.launch, self.process = launch, launch()

    def _running(self) -> Any:
        if not self.process.is_connected():
            self.process = self.launch()
        return self.process

    def new_context(self, **options: Any) -> Any:
        return self._running().new_context(**options)

    def new_page(self, **options: Any) -> Any:
        """Open a page in a context of its own, which ends with it."""
        return self._running().new_page(**options)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run a test once more whose browser has ended; any other failure stands, without --reruns.

    The report counts these tests as rerun.
    """
    if config.getoption("reruns"):
        return  # a marker would have priority
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["TargetClosedError"]))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium is found: install one, or name it by BARENET_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--js-flags=--expose-gc"]
        options += ["--enable-precise-memory-info"]
        launch = partial(playwright.chromium.launch, executable_path=CHROMIUM, args=options)
        yield (started := Browser(launch))
        started.process.close()


@pytest.fixture(scope="session")
def live_server(run_server) -> Iterator[Any]:
    """A server whose networks are trained in a separate process, as for a user."""
    if IS_SITE:
        pytest.skip("BARENET_SITE: it needs a server, which static files have not")
    with run_server(process=True) as served:
        yield served


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(handler: Any) -> Iterator[str]:
    """Serve files on a free port, and give the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def written_once(tmp_path_factory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Write a folder once for all workers of a run; returns its path."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # the folder of the run, in which each worker has one of its own

    def write(name: str, write_files: Callable[[Path], None]) -> Path:
        folder = shared / f"shared-{name}"
        with FileLock(shared / f"{name}.lock"):
            if not folder.exists():
                unfinished = tmp_path_factory.mktemp(name)
                write_files(unfinished)
                unfinished.rename(folder)
        return folder

    return write


def write_site(folder: Path) -> None:
    """Write the static files into play/, with the runtime of BARENET_PYODIDE beside them."""
    command = [sys.executable, "-m", "tools.static_site", str(folder / "play")]
    command += ["--documentation", "../"]
    runtime = str(Path(os.environ["BARENET_PYODIDE"]).resolve())
    subprocess.run([*command, "--runtime", runtime], check=True, cwd=ROOT)
    for module in PAGE.rglob("*.js"):  # some tests import one; a site has them in main.js alone
        copied = folder / "play" / module.relative_to(PAGE)
        if not copied.exists():
            copied.parent.mkdir(exist_ok=True)
            shutil.copy(module, copied)


@pytest.fixture(scope="session")
def site_folder(written_once) -> Path:
    """The static files in play/, which all workers share."""
    if "BARENET_PYODIDE" not in os.environ:
        pytest.skip("BARENET_PYODIDE does not name a folder with Pyodide")
    return written_once("site", write_site)


@pytest.fixture(scope="session")
def site(site_folder) -> Iterator[str]:
    """The address of the static files."""
    with serving(partial(QuietHandler, directory=site_folder)) as address:
        yield f"{address}play/"


@pytest.fixture(scope="session")
def home(request) -> str:
    """The address of the page: of a server, or with BARENET_SITE=1 of the static files."""
    if IS_SITE:
        return request.getfixturevalue("site")
    return request.getfixturevalue("live_server").address


@pytest.fixture(scope="session")
def shared_tab(browser, home) -> Tab:
    """The page of most tests, which saves a new one for each."""
    return Tab(browser.new_page, home)


@pytest.fixture
def tab(browser, home, shared_tab) -> Iterator[Callable[..., Tab]]:
    """Open pages, the first of them in the shared tab; none of them may have an error."""
    opened: list[Tab] = []

    def make(hash: str = START, width: int = 1440, height: int = 900, **options: Any) -> Tab:
        viewport = {"width": width, "height": height}
        media = {name: options.pop(name, value) for name, value in MEDIA.items()}
        if opened or options:
            new_page = partial(browser.new_page, viewport=viewport, **media, **options)
            opened.append(Tab(new_page, home + hash))
        else:
            opened.append(shared_tab.reopened())
            shared_tab.page.set_viewport_size(viewport)
            shared_tab.page.emulate_media(**media)
            shared_tab.open(home + hash)
        return opened[-1]

    yield make
    faults = [fault for each in opened for fault in each.faults]
    shared_tab.faults.clear()
    for each in opened:
        if not each.page.is_closed():
            each.value("(barenet.line.send('pause'), localStorage.clear())")
    for each in opened:
        if each is not shared_tab:
            each.page.close()
    assert faults == []


@pytest.fixture
def violations() -> Callable[[Any], str]:
    """Check a page in both themes, and return a report that is empty if all is well."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check(page: Any) -> str:
        found = []
        for scheme, options in (("light", LIGHT), ("dark", DARK)):
            page.emulate_media(color_scheme=scheme)
            results = axe.run(page, options=options)
            found += [results.generate_report()] if results.violations_count else []
        page.emulate_media(color_scheme="light")
        return "\n".join(found)

    return check
