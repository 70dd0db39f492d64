"""What the tests of the playground share: a server that answers, and what one says to it."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from barenet.playground.file_store import FileStore
from barenet.playground.page_state import PageState
from barenet.playground.server import Server, listen
from barenet.playground.sessions import Sessions
from barenet.playground.trainer import Trainer
from barenet.playground.wire_format import unpack

SECONDS = 60.0


@contextlib.contextmanager
def running(
    start: PageState | None = None, process: bool = False, store: FileStore | None = None
) -> Iterator[SimpleNamespace]:
    """A server of its own thread on a free port; its networks learn in threads of this process."""
    addresses: list[str] = []
    line = listen(0)
    sessions = Sessions(Trainer(process=process), store or FileStore(), start or PageState())
    server = Server(sessions, line, addresses.append)
    thread = threading.Thread(target=server.start)
    thread.start()
    try:
        until(lambda: addresses)
        parts = urlsplit(addresses[0])
        yield SimpleNamespace(
            address=addresses[0],
            host=parts.netloc,
            port=parts.port,
            token=parts.path.strip("/"),
            origin=f"http://{parts.netloc}",
            sessions=sessions,
            server=server,
        )
    finally:
        server.should_exit = True
        thread.join(SECONDS)
        line.close()
        sessions.store.close()
        assert not thread.is_alive()


def until(condition: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """Wait for something to become true, and return it."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)
    return value


class Page:
    """What a page does on the line, without a browser."""

    def __init__(self, server: SimpleNamespace, **options: Any) -> None:
        address = server.address.replace("http:", "ws:") + "socket"
        self.opened = contextlib.ExitStack()
        line = connect(address, origin=server.origin, max_size=None, **options)
        self.line = self.opened.enter_context(line)
        self.state: dict[str, Any] = {}
        self.points: dict[str, Any] = {}
        self.frame: dict[str, Any] = {}
        self.arrays: dict[str, Any] = {}

    def close(self) -> None:
        self.opened.close()

    def say(self, kind: str, **fields: Any) -> None:
        self.line.send(json.dumps({"type": kind, **fields}))

    def hear(self) -> dict[str, Any]:
        """Take one message, and keep what it says."""
        message = self.line.recv(SECONDS)
        if isinstance(message, str):
            told = json.loads(message)
            if told["type"] == "state":
                self.state = told
            return told
        header, arrays = unpack(message)
        if header["type"] == "points":
            self.points = arrays
        else:
            self.frame, self.arrays = header, arrays
            self.say("drawn")
        return header

    def hear_until(self, condition: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Take messages until one is as it should be."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            message = self.hear()
            if condition(message):
                return message
        raise AssertionError("it was not said")

    def see(self, condition: Callable[[dict[str, Any]], Any], place: int = 0) -> dict[str, Any]:
        """Take messages until a network stands as it should."""
        found = self.hear_until(
            lambda told: (
                told["type"] == "frame"
                and told["version"] == self.state["version"]
                and condition(told["networks"][place])
            )
        )
        return found["networks"][place]

    def change(self, **fields: Any) -> dict[str, Any]:
        """Ask for another state, and wait for it."""
        state = json.loads(json.dumps(self.state["state"]))
        for name, value in fields.items():
            part = state["data"] if name in state["data"] else state["networks"][0]
            (state if name == "pace" else part)[name] = value
        self.say("configure", state=state)
        return self.hear_until(lambda told: told["type"] in ("state", "error"))


@pytest.fixture(autouse=True)
def what_learns_may_warn() -> Iterator[None]:
    """In threads of this process nobody catches it; a user's trainer has a process of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[SimpleNamespace]:
    with running() as served:
        yield served


@pytest.fixture
def page(server) -> Iterator[Page]:
    """A page with a session of its own, as fast as it goes, at rest at epoch 0."""
    there = Page(server)
    there.say("hello", state={"pace": 0})
    there.see(lambda network: network["epoch"] == 0)
    yield there
    there.close()


@pytest.fixture
def open_page() -> Callable[..., Page]:
    return Page


@pytest.fixture
def run_server() -> Callable[..., Any]:
    return running


@pytest.fixture(scope="session")
def run_live_server() -> Callable[..., Any]:
    """As for a user: a process for the trainer."""
    return lambda: running(process=True)


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    return until


@pytest.fixture
def ask(server) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """Send bytes as they are, and return status, headers and body."""

    def send(
        path: str | None = None,
        method: str = "GET",
        headers: list[tuple[str, str]] | None = None,
        body: bytes = b"",
    ) -> tuple[int, dict[str, str], bytes]:
        path = f"/{server.token}/" if path is None else path
        headers = [("Host", server.host)] if headers is None else headers
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        lines += [f"Content-Length: {len(body)}", "Connection: close"] if body else []
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as line:
            line.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
            answer = b""
            while b"\r\n\r\n" not in answer and (piece := line.recv(65536)):
                answer += piece
            head, _, rest = answer.partition(b"\r\n\r\n")
            first, *others = head.decode("latin-1").split("\r\n")
            found = {name.lower(): value for name, _, value in (o.partition(": ") for o in others)}
            wanted = int(found.get("content-length", 0))
            while len(rest) < wanted and (piece := line.recv(65536)):
                rest += piece
        return int(first.split()[1]), found, rest

    return send


@pytest.fixture
def shake(server, ask) -> Callable[..., int]:
    """Ask for a socket, and return the status: 101 if it was let in."""

    def send(host: str | None = None, origin: str | None = "own", path: str | None = None) -> int:
        headers = [
            ("Host", server.host if host is None else host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        if origin is not None:
            headers.append(("Origin", server.origin if origin == "own" else origin))
        return ask(f"/{server.token}/socket" if path is None else path, headers=headers)[0]

    return send
