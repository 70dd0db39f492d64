"""A server of the playground, and its clients: a page without a browser, and raw requests."""

import contextlib
import http.client
import json
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from websockets.sync.client import connect

from barenet import Network, Predictor, Scaling, save
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.data._file_store import FileStore
from barenet.playground.data._prepared_data import PreparedData
from barenet.playground.server._server import Server
from barenet.playground.server._sessions import Sessions
from barenet.playground.state._page_state import DataSettings, NetworkSettings, PageState
from barenet.playground.trainer._process_trainer import ProcessTrainer
from barenet.playground.views._network_view import NetworkView
from barenet.service._http_server import listen

SECONDS = 60.0

#: The headers that turn a request into a socket.
UPGRADE = [
    *(("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
]


@contextlib.contextmanager
def running(process: bool = False) -> Iterator[SimpleNamespace]:
    """Run a server in a thread; its networks are trained in threads of this process."""
    addresses: list[str] = []
    line = listen(0)
    sessions = Sessions(ProcessTrainer(process=process), FileStore(), PageState())
    server = Server(sessions, line, addresses.append)
    thread = threading.Thread(target=server.start)
    thread.start()
    try:
        until(lambda: addresses)
        parts = urlsplit(addresses[0])
        host, origin = parts.netloc, f"http://{parts.netloc}"
        yield SimpleNamespace(
            address=addresses[0],
            host=host,
            port=parts.port,
            token=parts.path.strip("/"),
            origin=origin,
            headers=[("Host", host), ("Origin", origin)],
            sessions=sessions,
            server=server,
        )
    finally:
        server.stop()
        thread.join(SECONDS)
        line.close()
        assert not thread.is_alive()


def until(condition: Callable[[], Any]) -> Any:
    """Wait until a condition is true, and return its value."""
    end = time.monotonic() + SECONDS
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)
    return value


def unpack(message: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a message into its header and arrays, as the page does."""
    size = 4 + int.from_bytes(message[:4], "little")
    assert size % 4 == 0, "aligned, as a browser needs it"
    header = json.loads(message[4:size])
    layout = header["arrays"].items()
    assert not any(offset % 4 for _, (_, offset, _) in layout)
    arrays = {
        name: np.frombuffer(message, dtype, count, size + offset)
        for name, (dtype, offset, count) in layout
    }
    return header, arrays


class Page:
    """A page without a browser."""

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

    def send(self, kind: str, **fields: Any) -> None:
        self.line.send(json.dumps({"type": kind, **fields}))

    def edit(self, layer: int, row: int, column: int, value: float) -> None:
        """Change a weight, and wait for it."""
        self.send("edit", layer=layer, row=row, column=column, value=value)
        self.wait_for(lambda network: any(each["value"] == value for each in network["edits"]))

    def run_to(self, epoch: int) -> dict[str, Any]:
        """Train up to an epoch, and wait for it."""
        self.send("run_to", epoch=epoch)
        return self.wait_for(lambda network: network["epoch"] == epoch and not network["playing"])

    def receive(self) -> dict[str, Any]:
        """Receive one message, and store its content."""
        message = self.line.recv(SECONDS)
        if isinstance(message, str):
            message = json.loads(message)
            if message["type"] == "state":
                self.state = message
            return message
        header, arrays = unpack(message)
        if header["type"] == "points":
            self.points = arrays
        else:
            self.frame, self.arrays = header, arrays
            self.send("drawn")
        return header

    def receive_until(self, condition: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Receive messages until one meets a condition."""
        end = time.monotonic() + SECONDS
        while not condition(message := self.receive()):
            assert time.monotonic() < end, "no such message"
        return message

    def ask(self, kind: str, answer: str = "", **fields: Any) -> dict[str, Any]:
        """Send a message, and wait for its answer or an error."""
        self.send(kind, **fields)
        return self.receive_until(lambda message: message["type"] in (answer or kind, "error"))

    def wait_for(self, condition: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Receive messages until the header of the network meets a condition."""

        def is_met(message: dict[str, Any]) -> Any:
            is_new = message["type"] == "frame" and message["version"] == self.state["version"]
            return is_new and condition(message["networks"][0])

        return self.receive_until(is_met)["networks"][0]

    def configure(self, **fields: Any) -> dict[str, Any]:
        """Change settings, and wait for the new state or an error."""
        state = json.loads(json.dumps(self.state["state"]))
        for name, value in fields.items():
            part = state["data"] if name in state["data"] else state["networks"][0]
            (state if name == "pace" else part)[name] = value
        return self.ask("configure", "state", state=state)


@pytest.fixture(autouse=True)
def ignore_runtime_warnings() -> Iterator[None]:
    """Trainings warn in threads of this process; a user's trainer has its own process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[SimpleNamespace]:
    with running() as served:
        yield served


@pytest.fixture
def page(server) -> Iterator[Page]:
    """A page with its own session, at unlimited speed, paused at epoch 0."""
    there = Page(server)
    there.send("hello", state={"pace": 0})
    there.wait_for(lambda network: network["epoch"] == 0)
    yield there
    there.close()


@pytest.fixture
def open_page() -> Iterator[Callable[..., Page]]:
    """Open pages, which are closed at the end."""
    with contextlib.ExitStack() as pages:
        yield lambda *served, **options: pages.enter_context(
            contextlib.closing(Page(*served, **options))
        )


@pytest.fixture(scope="session")
def run_server() -> Callable[..., Any]:
    return running


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., Any]:
    return until


@pytest.fixture
def new_task() -> Callable[..., Any]:
    """Make a task of a trainer from data and settings; returns it and the prepared data."""

    def make(data: DataSettings | None = None, **settings: Any) -> tuple[Any, PreparedData]:
        prepared = prepare_named(data or DataSettings(samples=60))
        chosen = NetworkSettings(**settings)
        return prepared.make_setup(chosen), prepared

    return make


@pytest.fixture(scope="session")
def make_view() -> Callable[..., NetworkView]:
    """Make a network of the page from settings of it and of a named data set; nobody trains it."""
    names = {field.name for field in fields(DataSettings)}

    def make(source: str = "circles", hidden: Any = (4, 2), **changes: Any) -> NetworkView:
        data = {name: changes.pop(name) for name in names & changes.keys()}
        settings = {"hidden": hidden, "activations": ("tanh",) * len(hidden), **changes}
        prepared = prepare_named(DataSettings(source=source, **data))
        return NetworkView(NetworkSettings(**settings), prepared, None)  # type: ignore[arg-type]

    return make


@pytest.fixture
def store() -> FileStore:
    return FileStore()


@pytest.fixture
def saved(tmp_path) -> Callable[..., Path]:
    """Save a regression model of columns a, b and so on, or one with other parts."""

    def make(network: Network, **parts: Any) -> Path:
        n_columns = network.sizes[0]
        scaling = Scaling("standardize", np.arange(1.0, n_columns + 1), np.full(n_columns, 0.5))
        usual = {
            "preprocessing": scaling,
            "classes": None,
            "feature_names": tuple("abc"[:n_columns]),
            "target_name": "y",
            "dataset": "rows.csv",
        }
        path = tmp_path / "model.safetensors"
        save(Predictor(network=network, **{**usual, **parts}), path)
        return path

    return make


@pytest.fixture
def post(server, ask) -> Callable[..., tuple[int, Any]]:
    """Send a file as the page does, and return the status and the JSON of the answer."""

    def send(path: str, body: bytes) -> tuple[int, Any]:
        status, _, answer = ask(f"/{server.token}/{path}", "POST", server.headers, body)
        return status, json.loads(answer)

    return send


@pytest.fixture
def ask(server) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """Send a raw request, and return status, headers and body."""

    def send(
        path: str | None = None,
        method: str = "GET",
        headers: list[tuple[str, str]] | None = None,
        body: bytes = b"",
    ) -> tuple[int, dict[str, str], bytes]:
        path = f"/{server.token}/" if path is None else path
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        with contextlib.closing(line):
            line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in [("Host", server.host)] if headers is None else headers:
                line.putheader(name, value)
            if body:
                line.putheader("Content-Length", len(body))
            line.endheaders(body or None)
            answer = line.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()

    return send


@pytest.fixture
def shake(server, ask) -> Callable[..., int]:
    """Request a socket, and return the status: 101 if it was accepted."""

    def send(host: str | None = None, origin: str | None = "own", path: str | None = None) -> int:
        headers = [("Host", server.host if host is None else host), *UPGRADE]
        if origin is not None:
            headers.append(("Origin", server.origin if origin == "own" else origin))
        return ask(f"/{server.token}/socket" if path is None else path, headers=headers)[0]

    return send
