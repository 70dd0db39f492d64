"""``barenet play``: a local page where a network of this library learns while one looks on."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
import webbrowser
from contextlib import ExitStack, closing
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl, quote, urlencode

from cyclopts import Parameter

from barenet.cli.console import emit, log
from barenet.cli.flags import DATA, NAMED, OUTPUT
from barenet.cli.run_settings import NO_FILE_OPTIONS
from barenet.cli.trained_model import TrainedModel, load_trained
from barenet.data.run_config import RunConfig
from barenet.errors import brief
from barenet.extras import require

if TYPE_CHECKING:
    from barenet.playground.file_store import FileStore
    from barenet.playground.page_state import PageState
    from barenet.playground.security import SecurityMiddleware

__all__ = ["PORT", "play"]

#: Where the page is, if nobody says.
PORT = 8421

#: What stands in an address after the # as it is, beside letters, digits and - . _ ~ (RFC 3986).
IN_A_FRAGMENT = "!$&'()*+,;=:@/?%"

NO_BROWSER = "no browser could be opened: open the address yourself"

#: The file that the browser opens: all users can read its command line, and the address is secret.
REDIRECT = """<!doctype html><meta charset="utf-8"><title>barenet playground</title>
<meta http-equiv="refresh" content="0;url={address}"><a href="{address}">Open the playground</a>
"""


def play(
    data: Annotated[str, Parameter(show_default=False, group=DATA), NAMED] = "",
    rows: Annotated[str, Parameter(show_default=False, group=DATA), NAMED] = "",
    /,
    *,
    target: Annotated[str, Parameter(show_default=False, group=DATA)] = "",
    header: Annotated[bool | None, Parameter(show_default=False, group=DATA)] = None,
    port: Annotated[int, Parameter(group=OUTPUT)] = PORT,
    browser: Annotated[bool, Parameter(group=OUTPUT, show_default=False)] = True,
) -> int:
    """Watch a network learn, on a page in the browser.

    The page's address is printed, and opened in the browser. It contains a secret, and other
    machines cannot reach it: anyone with this address can use the playground. Ctrl-C ends it.

    Parameters
    ----------
    data : str
        A named data set, a .csv file, a model file or the folder of a run; or, in quotes, the #
        and the settings that the page's Share has copied. By default circles.
    rows : str
        With a model: the .csv file that it was trained on, where its run does not tell. Without
        it, the model is seen and cannot learn. With a .csv file: its settings, as Share copies
        them.
    target : str
        The column of a .csv file to predict, by default the last one without names or free text.
    header : bool
        Whether the first line of a .csv file names its columns; if not, they are x1, x2 and so on.
    port : int
        Port of the page; 0 for any port that is free.
    browser : bool
        Open the page in the browser.

    Returns
    -------
    int
        The exit status: 130 or 143 after a signal.
    """
    if not 0 <= port <= 65535:
        raise ValueError(f"port: expected 0 to 65535, got {port}")
    for module in ("starlette", "uvicorn", "websockets"):
        require(module, extra="play", purpose="the playground")
    from barenet.playground.file_store import FileStore, is_csv
    from barenet.playground.server import Server, listen
    from barenet.playground.sessions import Sessions
    from barenet.playground.trainer import Trainer

    data, settings = ("", _fragment(data)) if data.startswith("#") else (data, "")
    if is_csv(data) and rows.startswith("#"):
        rows, settings = "", _fragment(rows)

    def ready(address: str) -> None:
        address += settings
        emit(address)
        sys.stdout.flush()
        log("Anyone with this address can use the playground. Ctrl-C ends it.")
        if browser:
            _browse(address, server.security, at_the_end)

    with closing(FileStore()) as store, ExitStack() as at_the_end:
        start = _start(data, rows, target, store, header)
        if data and settings:
            settings = _of_table(settings, start.data.source)
        with listen(port) as line:
            server = Server(Sessions(Trainer(), store, start), line, ready)
            server.start()
    return 0 if server.signal is None else 128 + server.signal


def _fragment(settings: str) -> str:
    """Write settings as the end of an address; what is encoded already stays."""
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in settings):
        raise ValueError(f"data: expected # and the settings of a page, got {brief(settings)}")
    settings = re.sub("%(?![0-9A-Fa-f]{2})", "%25", settings)
    return "#" + quote(settings[1:], safe=IN_A_FRAGMENT, errors="surrogateescape")


def _of_table(settings: str, key: str) -> str:
    """Let settings be of a table that another page has called otherwise."""
    return "#" + urlencode({**dict(parse_qsl(settings[1:], keep_blank_values=True)), "data": key})


def _start(
    data: str, rows: str, target: str, store: FileStore, header: bool | None = None
) -> PageState:
    """Open the data or the model to start with; a run names the rows of its model."""
    path = Path(data)
    if not data or not (path.suffix == ".safetensors" or path.is_dir()):
        if rows:
            raise ValueError("rows: they go with a model; give one file of rows alone")
        return store.initial_state(data, target, header)
    if target:
        raise ValueError("target: a model knows its own")
    trained = load_trained(path)
    config = trained.settings.config if trained.settings else RunConfig()
    if header is None and trained.settings:
        header = trained.settings.file.header
    return store.initial_model_state(trained.path, rows or _rows_of(trained), config, header)


def _rows_of(trained: TrainedModel) -> str:
    """Find the table that a model has learned from: where its run has it, or what is called so."""
    from barenet.playground.file_store import is_csv

    data = trained.settings.data if trained.settings else ""
    if not (is_csv(data) and Path(data).is_file()):
        return ""
    if Path(data).is_absolute() or _has_learned_from(trained, data):
        return data
    log(f"{data} here is not what the model has learned from; to take it, name it after the model")
    return ""


def _has_learned_from(trained: TrainedModel, data: str) -> bool:
    """Tell if a file has the rows of the training, of which a card knows the name alone."""
    try:
        return trained.is_training_data(data, trained.load(data, NO_FILE_OPTIONS)) is True
    except (OSError, ValueError):
        return False


def _browse(address: str, security: SecurityMiddleware, at_the_end: ExitStack) -> None:
    """Open the page in the browser by a file, which is removed at the end."""
    try:
        path = _write_redirect(address)
    except OSError:
        log(NO_BROWSER)
        return
    at_the_end.callback(path.unlink, missing_ok=True)
    security.expects_redirect = True
    # In a thread, as a browser in the terminal waits for its reader.
    threading.Thread(target=_open, args=(path,), name="browser", daemon=True).start()


def _write_redirect(address: str) -> Path:
    """Write a file that leads to the address, for this user alone to read (mode 0600)."""
    home = Path.home()
    # A browser installed as a snap has a private /tmp, and cannot read hidden folders of the user.
    folder = home if (home / "snap").is_dir() and os.access(home, os.W_OK) else None
    number, name = tempfile.mkstemp(prefix="barenet-playground-", suffix=".html", dir=folder)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(REDIRECT.format(address=escape(address)))
    return Path(name)


def _open(path: Path) -> None:
    """Open the page, or print that no browser was found."""
    if not webbrowser.open(path.as_uri()):
        log(NO_BROWSER)
