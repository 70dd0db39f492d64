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

import uvicorn
from threadpoolctl import threadpool_limits
from uvicorn.protocols.http.h11_impl import H11Protocol

from barenet.errors import BarenetError
from barenet.playground.app import make_app
from barenet.playground.reading import MOST_BYTES
from barenet.playground.sessions import Sessions

__all__ = ["HOST", "Server", "listen"]

#: The loopback interface: no other machine reaches it.
HOST = "127.0.0.1"
#: Seconds for a request's first lines to arrive.
PATIENCE = 10.0


def listen(port: int) -> socket.socket:
    """Take a port.

    Parameters
    ----------
    port : int
        Which one; 0 for any that is free.

    Returns
    -------
    socket.socket
        Bound to the loopback interface.

    Raises
    ------
    BarenetError
        If it is taken, or not allowed.
    """
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

    Parameters
    ----------
    sessions : Sessions
        All that is played.
    line : socket.socket
        From `listen`.
    ready : callable
        Called with the address once the server answers.

    Attributes
    ----------
    address : str
        With the token: who has it may play.
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
        super().__init__(uvicorn.Config(make_app(sessions, token, hosts), **SETTINGS))

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
    """HTTP that waits for the first lines of a request, and not for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.deadline = self.loop.call_later(PATIENCE, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self.deadline.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        upgraded = self.transport.get_protocol() is not self
        if self.cycle is None and not upgraded:
            self.transport.close()


#: Messages are small, a page that does not answer is let go, and nothing is logged.
SETTINGS: dict[str, Any] = {
    "http": PatientProtocol,
    "ws": "websockets-sansio",
    "loop": "asyncio",
    "ws_max_size": MOST_BYTES,
    "ws_ping_interval": 10.0,
    "ws_ping_timeout": 10.0,
    "ws_per_message_deflate": False,
    "h11_max_incomplete_event_size": 16 * 1024,
    "timeout_keep_alive": 10,
    "timeout_graceful_shutdown": 2,
    "limit_concurrency": 200,
    "proxy_headers": False,
    "server_header": False,
    "access_log": False,
    "log_config": None,
    "log_level": "critical",
    "lifespan": "on",
}
