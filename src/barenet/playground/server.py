"""Server: the app on a port of this machine alone, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import h11
import uvicorn
from threadpoolctl import threadpool_limits
from uvicorn.protocols.http.h11_impl import H11Protocol

from barenet.errors import BarenetError
from barenet.playground.app import make_app
from barenet.playground.wire_format import MAX_MESSAGE_BYTES
from barenet.playground.sessions import Sessions

__all__ = ["HOST", "Server", "listen"]

#: The loopback interface: no other machine reaches it.
HOST = "127.0.0.1"
#: Seconds for a request's first lines to arrive, and once more for its body.
PATIENCE = 10.0
#: Connections at a time: below uvicorn's own limit, beyond which it answers 503.
MOST_CONNECTIONS = 150


def listen(port: int) -> socket.socket:
    """Take a port."""
    line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind((HOST, port))
        line.listen(128)
    except OSError as error:
        line.close()
        taken = error.errno == errno.EADDRINUSE
        why = "is taken" if taken else f"cannot be used ({error.strerror})"
        raise BarenetError(f"port {port} {why}; --port 0 takes a free one") from None
    return line


class Server(uvicorn.Server):
    """A server on a line that is open already.

    Attributes
    ----------
    address : str
        With the token: who has it may play.
    gate : Gate
        Decides which requests are answered.
    signal : int, optional
        The signal that ended it.
    """

    def __init__(
        self, sessions: Sessions, line: socket.socket, ready: Callable[[str], None]
    ) -> None:
        token, port = secrets.token_urlsafe(18), line.getsockname()[1]
        self.address = f"http://{HOST}:{port}/{token}/"
        self.line, self.ready = line, ready
        self.signal: int | None = None
        hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        self.gate = make_app(sessions, token, hosts)
        super().__init__(uvicorn.Config(self.gate, **SETTINGS))

    def start(self) -> None:
        """Answer until told to end; it draws in one thread, as other cores are the training's."""
        with threadpool_limits(limits=1, user_api="blas"):
            asyncio.run(self.serve(sockets=[self.line]))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready(self.address)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order at a signal, and leave the exit status to the command."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._take_notice) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _take_notice(self, number: int, frame: FrameType | None) -> None:
        self.force_exit = self.signal is not None
        self.signal, self.should_exit = self.signal or number, True


class PatientProtocol(H11Protocol):
    """HTTP with a deadline for every request, and a bound on the number of connections."""

    deadline: asyncio.TimerHandle | None = None
    #: Start of the wait for a request, or for the rest of one; None while one is answered.
    waiting_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._make_room()
        self._wait(PATIENCE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Continue reading, and set the deadline for the rest: the first lines, or a body."""
        before = self.cycle
        super().handle_events()
        is_upgraded = self.transport.get_protocol() is not self
        if is_upgraded or self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_waiting()
        elif self.cycle is not before:  # a second more: the app answers 408 after PATIENCE
            self._wait(PATIENCE + 1)
        elif self.deadline is None:
            self._wait(PATIENCE)

    def _wait(self, seconds: float) -> None:
        """Replace the deadline."""
        self._stop_waiting()
        self.waiting_since = self.loop.time()
        self.deadline = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        """Clear the deadline: the request is complete, or the connection is closed."""
        if self.deadline is not None:
            self.deadline.cancel()
        self.deadline = self.waiting_since = None

    def _make_room(self) -> None:
        """If there are too many connections, close the one that has waited longest."""
        others = [each for each in self.connections if isinstance(each, PatientProtocol)]
        waiting = [(each.waiting_since, id(each), each) for each in others if each.waiting_since]
        if len(self.connections) > MOST_CONNECTIONS and waiting:
            _, _, longest = min(waiting)
            self.connections.discard(longest)
            longest.transport.abort()


#: Messages are small, a page that does not answer is let go, and nothing is logged. Connections are
#: accepted in turns of at most the backlog: each is read before that many others crowd it out.
SETTINGS: dict[str, Any] = {
    "http": PatientProtocol,
    "ws": "websockets-sansio",
    "loop": "asyncio",
    "ws_max_size": MAX_MESSAGE_BYTES,
    "ws_ping_interval": 10.0,
    "ws_ping_timeout": 10.0,
    "ws_per_message_deflate": False,
    "h11_max_incomplete_event_size": 16 * 1024,
    "timeout_keep_alive": 10,
    "timeout_graceful_shutdown": 2,
    "limit_concurrency": 200,
    "backlog": 50,
    "proxy_headers": False,
    "server_header": False,
    "access_log": False,
    "log_config": None,
    "log_level": "critical",
    "lifespan": "on",
}
