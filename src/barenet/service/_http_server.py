"""A server of HTTP: an app on a port of this machine, with deadlines for every request."""

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import h11
import uvicorn
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp
from threadpoolctl import threadpool_limits
from uvicorn.protocols.http.h11_impl import H11Protocol

from barenet.errors import ArgumentError, BarenetError

#: The loopback interface: no other machine reaches it.
HOST = "127.0.0.1"
#: Seconds for a request's first lines to arrive, and once more for its body.
TIMEOUT = 10.0
#: Seconds in which a connection without a request may still send one after a signal.
LAST_REQUEST = 0.3
#: The header of the last answer on a connection.
CLOSE = (b"connection", b"close")
#: Connections at a time: below uvicorn's own limit, beyond which it answers 503.
MAX_CONNECTIONS = 150


def listen(port: int, host: str = HOST) -> socket.socket:
    """Open a socket on a port of an interface, by default of loopback."""
    if not 0 <= port <= 65535:
        raise ArgumentError.of("port", port, "0 to 65535")
    family = socket.AF_INET
    if ":" in host:
        family = socket.AF_INET6
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        problem = f"of {host} cannot be used ({error.strerror})"
        if error.errno == errno.EADDRINUSE:
            problem = "is taken; --port 0 chooses a free one"
        raise BarenetError(f"port {port} {problem}") from None


async def receive(request: Request, limit: int, name: str = "the file") -> bytes:
    """Receive the body of a request, unless it is too large or too slow."""
    content = bytearray()
    too_large = HTTPException(413, f"{name} is larger than {limit / 2**20:.4g} MiB")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise too_large
    try:
        async with asyncio.timeout(TIMEOUT):
            async for chunk in request.stream():
                content += chunk
                if len(content) > limit:
                    raise too_large
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(408, f"{name} took too long to arrive") from None
    return bytes(content)


class HttpServer(uvicorn.Server):
    """A server on an open socket, until a signal; `ready` is called when it answers."""

    def __init__(
        self, app: ASGIApp, listener: socket.socket, ready: Callable[[], None], **settings: Any
    ) -> None:
        self.listener = listener
        self.ready = ready
        #: The signal that ended the server.
        self.signal: int | None = None
        super().__init__(uvicorn.Config(app, **{**SETTINGS, **settings}))

    def start(self) -> None:
        """Serve until the end, and multiply in one thread: the other cores are for other work."""
        with threadpool_limits(limits=1, user_api="blas"):
            asyncio.run(self.serve(sockets=[self.listener]))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the end of the terminal as the other signals, unless nohup ignores it."""
        hangup = getattr(signal, "SIGHUP", None)  # which Windows lacks
        with super().capture_signals():
            # Signals can be handled in the main thread alone, as uvicorn does.
            is_main_thread = threading.current_thread() is threading.main_thread()
            if hangup is None or not is_main_thread or signal.getsignal(hangup) is signal.SIG_IGN:
                yield
                return
            before = signal.signal(hangup, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(hangup, before)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Shut down at a signal, and leave the exit status to the command; at once at a second one.

        A hangup may come beside another signal, and does not count as a second one.
        """
        is_hangup = signal.Signals(sig).name == "SIGHUP"
        if self.signal is None:
            self.signal = sig
        elif not is_hangup:
            self.force_exit = True
        self.should_exit = True


class DeadlineProtocol(H11Protocol):
    """HTTP with a deadline for every request, and a bound on the number of connections."""

    #: While it waits for a request, or for the rest of one.
    deadline: asyncio.TimerHandle | None = None
    #: Whether the answer to the next request is the last one.
    is_ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # A body is sent at once, not after the other side has acknowledged the headers.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._make_room()
        self._wait(TIMEOUT)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Continue reading, and set the deadline for the rest: the first lines, or a body."""
        before = self.cycle
        super().handle_events()
        if self.is_ending and self.cycle is not before:
            self._end_with_answer()
        is_upgraded = self.transport.get_protocol() is not self
        if is_upgraded or self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_waiting()
        elif self.cycle is not before:  # a second more: the app answers 408 after TIMEOUT
            self._wait(TIMEOUT + 1)
        elif self.deadline is None:
            self._wait(TIMEOUT)

    def shutdown(self) -> None:
        """Answer a request that is running or on its way, and close the connection."""
        self.is_ending = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LAST_REQUEST, self._close_if_idle)
        else:
            self._end_with_answer()
            super().shutdown()

    def _end_with_answer(self) -> None:
        """Have uvicorn close the connection after the answer, as if the request had that header."""
        self.scope["headers"] = [*self.scope["headers"], CLOSE]

    def _close_if_idle(self) -> None:
        if not self.transport.is_closing():
            super().shutdown()

    def _wait(self, seconds: float) -> None:
        """Replace the deadline."""
        self._stop_waiting()
        self.deadline = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        """Clear the deadline: the request is complete, or the connection is closed."""
        if self.deadline is not None:
            self.deadline.cancel()
        self.deadline = None

    def _make_room(self) -> None:
        """If there are too many connections, close the one that has waited longest."""
        waiting: dict[DeadlineProtocol, float] = {}  # the times of their deadlines
        for connection in self.connections:
            if isinstance(connection, DeadlineProtocol) and connection.deadline is not None:
                waiting[connection] = connection.deadline.when()
        if len(self.connections) > MAX_CONNECTIONS and waiting:
            longest = min(waiting, key=waiting.__getitem__)
            self.connections.discard(longest)
            longest.transport.abort()


#: There are no sockets of pages, and nothing is logged.
#: Connections are accepted in turns of at most the backlog, and read before the next turn.
SETTINGS: dict[str, Any] = {
    "http": DeadlineProtocol,
    "ws": "none",
    "loop": "asyncio",
    "timeout_keep_alive": 10,
    "timeout_graceful_shutdown": 2,
    "limit_concurrency": 200,
    "backlog": 50,
    "proxy_headers": False,
    "server_header": False,
    "access_log": False,
    "log_config": None,
    "log_level": "critical",
    "lifespan": "off",
}
