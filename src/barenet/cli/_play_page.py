"""``barenet play`` without ``--out``: the page, served on this machine until a signal."""

import os
import sys
import tempfile
import threading
import webbrowser
from contextlib import ExitStack, suppress
from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

from barenet.cli._console import emit, log
from barenet.cli._flags import FileOptions
from barenet.cli._trained_model import TrainedModel, load_trained
from barenet.errors import ArgumentError
from barenet.playground.data._file_store import FileStore, is_course, is_csv
from barenet.playground.lessons._lessons import read_course
from barenet.playground.server._security import SecurityMiddleware
from barenet.playground.server._server import Server
from barenet.playground.server._sessions import Sessions
from barenet.playground.state._address import split_address
from barenet.playground.state._page_state import PageState
from barenet.playground.trainer._process_trainer import ProcessTrainer
from barenet.service._http_server import listen

#: The #, and the characters of a fragment besides letters, digits and - . _ ~ (RFC 3986).
FRAGMENT_CHARACTERS = "#!$&'()*+,;=:@/?%"

NO_BROWSER = "no browser could be opened: open the address yourself"

#: The file that the browser opens: all users can read its command line, and the address is secret.
REDIRECT = """<!doctype html><meta charset="utf-8"><title>barenet playground</title>
<meta http-equiv="refresh" content="0;url={address}"><a href="{address}">Open the playground</a>
"""


def serve_page(
    data: str,
    rows: str,
    *,
    target: str,
    header: bool | None,
    port: int,
    opens_browser: bool,
) -> int:
    """Serve the page until a signal, and return the exit status."""
    settings = ""
    if data.startswith("#"):
        settings = data
        data = ""
    if is_csv(data) and rows.startswith("#"):
        settings = rows
        rows = ""
    store = FileStore()
    course = None
    course_file = ""
    if is_course(data):
        if rows and not rows.startswith("#"):
            raise ArgumentError.of("rows", rows, 'settings in quotes, as in "#passed=1.2"')
        course = read_course(Path(data))
        course_file = Path(data).name
        first_lesson = next(iter(course))
        settings = rows or f"#lesson={first_lesson}"
        data = ""
        rows = ""
    with ExitStack() as at_the_end:
        start = _start(data, rows, target, store, header)
        if data and settings:
            words = split_address(settings) | {"data": start.data.source}
            settings = f"#{urlencode(words)}"
        fragment = quote(settings, safe=FRAGMENT_CHARACTERS, errors="surrogateescape")

        def announce(page_address: str) -> None:  # called once the server answers
            address = f"{page_address}{fragment}"
            emit(address)
            sys.stdout.flush()
            log("Anyone with this address can use the playground. Ctrl-C ends it.")
            if opens_browser:
                _browse(address, server.security, at_the_end)

        with listen(port) as listener:
            sessions = Sessions(ProcessTrainer(), store, start, course, course_file)
            server = Server(sessions, listener, announce)
            server.start()
    return 0 if server.signal is None else 128 + server.signal


def _start(
    data: str, rows: str, target: str, store: FileStore, header: bool | None = None
) -> PageState:
    """Open the data or the model to start with; a run names its rows."""
    path = Path(data)
    if not data or not (path.suffix == ".safetensors" or path.is_dir()):
        if rows:
            remedy = "give one file of rows alone"
            raise ArgumentError("they need a model file", argument="rows", remedy=remedy)
        if path.suffix and path.is_file() and not is_csv(data):
            problem = f"the playground opens .csv, .json and model files, and {data} is none"
            raise ArgumentError(problem, argument="data")
        return store.initial_state(data, target, header)
    if target:
        raise ArgumentError("a model has its own target", argument="target", remedy="leave it out")
    trained = load_trained(path)
    settings = trained.settings
    rows = rows or _training_table(trained)
    if header is None:
        header = settings.file.header
    return store.initial_model_state(trained.path, rows, settings.config, header)


def _training_table(trained: TrainedModel) -> str:
    """Find the table that a model was trained on, if it exists."""
    data = trained.settings.data
    if not (is_csv(data) and Path(data).is_file()):
        return ""
    if Path(data).is_absolute():  # known from a run's folder; a card has only the name
        return data
    with suppress(OSError, ValueError):
        if trained.is_training_data(data, trained.load(data, FileOptions())):
            return data
    log(f"{data} here is not the training data of the model; to use it, name it after the model")
    return ""


def _browse(address: str, security: SecurityMiddleware, at_the_end: ExitStack) -> None:
    """Open a file that redirects the browser to the page, and remove it at the end."""
    home = Path.home()
    # A browser installed as a snap has a private /tmp, and cannot read hidden folders of the user.
    folder = None
    if (home / "snap").is_dir() and os.access(home, os.W_OK):
        folder = home
    try:  # The file is readable for this user only (mode 0600).
        number, name = tempfile.mkstemp(prefix="barenet-playground-", suffix=".html", dir=folder)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(REDIRECT.format(address=escape(address)))
    except OSError:
        log(NO_BROWSER)
        return
    path = Path(name)
    at_the_end.callback(path.unlink, missing_ok=True)
    security.expects_redirect = True
    # Use a thread, as a browser in the terminal blocks until it is closed.
    threading.Thread(target=_open, args=(path,), name="browser", daemon=True).start()


def _open(path: Path) -> None:
    """Open the page, or log that no browser was found."""
    if not webbrowser.open(path.as_uri()):
        log(NO_BROWSER)
