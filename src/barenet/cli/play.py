"""``barenet play``: a local page where a network of this library learns while one looks on."""

from __future__ import annotations

import sys
import threading
import webbrowser
from contextlib import closing
from typing import Annotated

from cyclopts import Parameter

from barenet.cli.console import say, show
from barenet.cli.flags import DATA, OUTPUT
from barenet.extras import require

__all__ = ["PORT", "play"]

#: Where the page is, if nobody says.
PORT = 8421


def play(
    data: Annotated[str, Parameter(show_default=False, group=DATA)] = "",
    /,
    *,
    target: Annotated[str, Parameter(show_default=False, group=DATA)] = "",
    port: Annotated[int, Parameter(group=OUTPUT)] = PORT,
    browser: Annotated[bool, Parameter(group=OUTPUT, show_default=False)] = True,
) -> int:
    """Watch a network learn, on a page of this machine.

    The page's address is printed, and opened in the browser. It holds a secret, and no other
    machine reaches it: who has the address may play. Ctrl-C ends it.

    Parameters
    ----------
    data : str
        What to start with: a named data set, a .csv file, a model file or the folder of a run.
        By default circles.
    target : str
        The column of a .csv file that is to be predicted, by default the last one.
    port : int
        Where the page is; 0 for any port that is free.
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
    from barenet.playground.server import Server, listen
    from barenet.playground.sessions import Sessions
    from barenet.playground.start import begin_with
    from barenet.playground.tables import Tables
    from barenet.playground.trainer import Trainer

    def ready(address: str) -> None:
        show(address)
        sys.stdout.flush()
        say("Who has this address may play. Ctrl-C ends it.")
        if browser:  # in a thread, as a browser in the terminal waits for its reader
            threading.Thread(target=_open, args=(address,), name="browser", daemon=True).start()

    with closing(Tables()) as tables:
        start = begin_with(data, target, tables)
        with listen(port) as line:
            sessions = Sessions(Trainer(), tables, start.state, start.network)
            server = Server(sessions, line, ready)
            server.start()
    return 0 if server.signal is None else 128 + server.signal


def _open(address: str) -> None:
    """Open the page, or say that nothing was found to open it with."""
    if not webbrowser.open(address):
        say("no browser could be opened: open the address yourself")
