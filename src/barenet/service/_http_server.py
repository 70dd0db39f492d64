"""An HTTP server: an app on a port of this machine, with deadlines for every request.

uvicorn has no deadline for the first lines of a request, nor for its body, and beyond its limit of
connections it rejects all clients alike. The socket that accepts the connections, and an ASGI app
around the app of the server, add the deadlines, and close the connection that has waited longest,
without using uvicorn's internals.
"""

import asyncio
import errno
import math
import os
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from math import inf
from time import monotonic
from types import FrameType
from typing import Any

import uvicorn
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from threadpoolctl import threadpool_limits

from barenet._interrupts import DEFERRED
from barenet.errors import ArgumentError, BarenetError

#: The loopback interface, which no other machine can reach.
HOST = "127.0.0.1"
#: Seconds for the first lines of a request to arrive, and again for its body.
TIMEOUT = 10.0
#: Seconds between checks of the deadlines.
INTERVAL = 0.1
#: Seconds after a signal in which connections may still send a request.
LAST_REQUEST = 0.2
#: Maximum number of connections, below uvicorn's own limit, beyond which it answers 503.
MAX_CONNECTIONS = 150
#: Signals that end the server; Windows lacks SIGHUP, and other systems SIGBREAK.
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
#: The file descriptors of the standard streams.
STREAMS = (0, 1, 2)


def listen(port: int, host: str = HOST) -> "Listener":
    """Open a socket on a port of an interface, which is loopback by default."""
    if not 0 <= port <= 65535:
        raise ArgumentError.of("port", port, "0 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return Listener(socket.create_server((host, port), family=family, backlog=128))
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


class Connection:
    """An accepted connection, with a deadline while the client must send something."""

    def __init__(self, accepted: socket.socket) -> None:
        self.socket = accepted
        #: The `monotonic` time at which to close it; infinite while it waits for no request.
        self.deadline = inf

    @property
    def is_waiting(self) -> bool:
        """Whether the connection waits for a request, or for the rest of one."""
        return self.deadline < inf

    def wait(self, seconds: float) -> None:
        """Set the deadline."""
        self.deadline = monotonic() + seconds

    def stop_waiting(self) -> None:
        """Clear the deadline, as the request is complete."""
        self.deadline = inf

    def close(self) -> None:
        """Shut down the connection as a client would, which uvicorn then notices."""
        with suppress(OSError):  # the connection is closed already
            self.socket.shutdown(socket.SHUT_RDWR)


class Listener(socket.socket):
    """A listening socket that limits the number of its connections, which have deadlines."""

    def __init__(self, listening: socket.socket) -> None:
        family = listening.family
        socket_type = listening.type
        protocol = listening.proto
        super().__init__(family, socket_type, protocol, fileno=listening.detach())
        #: The open connections by the address and port of the client.
        self.connections: dict[tuple[str, int], Connection] = {}

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection; asyncio's selector loops call this method."""
        accepted, address = super().accept()
        with suppress(OSError):  # the client has closed the connection already
            # Send a body at once, without waiting until the other side has acknowledged the
            # headers.
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._forget_closed()
        self._make_room()
        host, port = address[:2]
        connection = Connection(accepted)
        connection.wait(TIMEOUT)
        self.connections[host, port] = connection
        return accepted, address

    def close_overdue(self) -> None:
        """Close the connections whose deadlines have passed."""
        now = monotonic()
        for client, connection in [*self.connections.items()]:
            if connection.deadline < now:
                self.connections.pop(client).close()

    def _forget_closed(self) -> None:
        """Forget connections whose sockets uvicorn has closed."""
        for client, connection in [*self.connections.items()]:
            if connection.socket.fileno() < 0:
                del self.connections[client]

    def _make_room(self) -> None:
        """Close the connection that has waited longest, if there is no room for another one."""
        if len(self.connections) < MAX_CONNECTIONS:
            return
        longest = min(self.connections, key=lambda client: self.connections[client].deadline)
        if self.connections[longest].is_waiting:
            self.connections.pop(longest).close()


class DeadlineMiddleware:
    """An ASGI app that updates the deadlines of connections around the requests to another app."""

    def __init__(self, app: ASGIApp, listener: Listener, keep_alive: float) -> None:
        self.app = app
        self.listener = listener
        #: Seconds in which a connection may send another request.
        self.keep_alive = keep_alive
        #: Whether each answer closes its connection.
        self.is_ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _has_two_lengths(scope):
            await REFUSED_LENGTHS(scope, receive, send)
            return
        connection = None
        if scope["type"] != "lifespan" and scope["client"] is not None:
            connection = self.listener.connections.get(tuple(scope["client"]))
        if connection is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(connection, scope, receive, send)
        else:  # a WebSocket may be silent
            connection.stop_waiting()
            await self.app(scope, receive, send)

    async def _answer(
        self, connection: Connection, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a request, with a deadline for its body and for the next request."""

        async def receive_body() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                connection.stop_waiting()
            return message

        async def send_answer(message: Message) -> None:
            if message["type"] == "http.response.start" and self.is_ending:
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)
            is_complete = message["type"] == "http.response.body" and not message.get("more_body")
            # A body that the app rejected may still be arriving; it has its own deadline.
            if is_complete and not connection.is_waiting:
                connection.wait(self.keep_alive)

        if _has_body(scope):
            connection.wait(TIMEOUT + 1)  # one second more, as the app answers 408 after TIMEOUT
        else:
            connection.stop_waiting()
        await self.app(scope, receive_body, send_answer)


def _has_body(scope: Scope) -> bool:
    """Return whether a request has a body."""
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _has_two_lengths(scope: Scope) -> bool:
    """Return whether a request has two lengths, the sign of one request that hides another.

    RFC 9112, section 6.1: a server may refuse it, and must close the connection after it.
    """
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers and "content-length" in headers


def names_host(host: str, hosts: Collection[str]) -> bool:
    """Return whether a Host header has one of these names, in any case and with or without a port.

    Examples
    --------
    >>> names_host("LOCALHOST.:8000", ["localhost"]), names_host("a.org", ["localhost"])
    (True, False)
    """
    host = host.lower()
    name, _, _ = host.rpartition(":")  # an address of IPv6 without a port has colons, too
    return host.removesuffix(".") in hosts or name.removesuffix(".") in hosts


#: The answer to a request with two lengths.
REFUSED_LENGTHS = JSONResponse(
    {"error": "Content-Length and Transfer-Encoding: expected one of them, got both"},
    400,
    {"connection": "close"},
)


class HttpServer:
    """A server on an open socket, which runs until a signal; `ready` is called once it answers."""

    def __init__(
        self,
        app: ASGIApp,
        listener: Listener,
        ready: Callable[[], None],
        keep_alive: float = TIMEOUT,
        **settings: Any,
    ) -> None:
        self.listener = listener
        self.ready = ready
        #: Called in the event loop at SIGHUP, unless the terminal is lost; None ends the server.
        self.hangup: Callable[[], None] | None = None
        #: The file descriptors of the terminal that started the server, if any.
        self.terminals = [number for number in STREAMS if os.isatty(number)]
        #: The signal that ended the server.
        self.signal: int | None = None
        self.app = DeadlineMiddleware(app, listener, keep_alive)
        # The deadlines close a connection, and before uvicorn does.
        settings["timeout_keep_alive"] = math.ceil(keep_alive) + 1
        config = uvicorn.Config(self.app, **(SETTINGS | settings))
        self.server = uvicorn.Server(config)
        # The default loop on Windows does not call the listener's method to accept connections.
        self.runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)

    def start(self) -> None:
        """Serve until the end, with one BLAS thread, to leave the other cores for other work."""
        with threadpool_limits(limits=1, user_api="blas"), self.runner:
            self.runner.run(self._serve())

    def stop(self) -> None:
        """Answer the running and arriving requests, and then end; may be called from any thread."""
        self.app.is_ending = True
        loop = self.runner.get_loop()
        loop.call_soon_threadsafe(loop.call_later, LAST_REQUEST, self._exit)

    async def _serve(self) -> None:
        """Serve in the running event loop."""
        with self._restored_signals() as numbers:
            serving = asyncio.create_task(self.server.serve(sockets=[self.listener]))
            while not self.server.started and not serving.done():
                await asyncio.sleep(0.01)
            if self.server.started:
                # uvicorn's own handlers would close connections whose requests are still arriving.
                for number in numbers:
                    signal.signal(number, self._handle_signal)
                self.ready()
                if DEFERRED:
                    self._handle_signal(DEFERRED.pop(), None)
                    DEFERRED.clear()
            while not serving.done():
                self.listener.close_overdue()
                await asyncio.wait([serving], timeout=INTERVAL)
            await serving

    @contextmanager
    def _restored_signals(self) -> Iterator[list[int]]:
        """Yield the signals to handle, only in the main thread, and not SIGHUP under nohup."""
        handlers: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for member in signal.Signals:
                handler = signal.getsignal(member)
                is_ignored = member.name == "SIGHUP" and handler is signal.SIG_IGN
                if member.name in SIGNALS and not is_ignored:
                    handlers[member] = handler
        try:
            yield list(handlers)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _handle_signal(self, number: int, frame: FrameType | None) -> None:
        """Stop at a signal, and leave the exit status to the command; a second signal ends at once.

        A hangup may accompany another signal, so it does not count as the second one. A closed
        terminal sends it, too, which ends the server.
        """
        is_hangup = signal.Signals(number).name == "SIGHUP"
        has_terminal = all(os.isatty(number) for number in self.terminals)
        if is_hangup and self.hangup is not None and has_terminal:
            if self.signal is None:
                self.runner.get_loop().call_soon_threadsafe(self.hangup)
        elif self.signal is None:
            self.signal = number
            self.stop()
        elif not is_hangup:
            self.server.force_exit = True
            self._exit()

    def _exit(self) -> None:
        """End as soon as uvicorn has answered the running requests."""
        self.server.should_exit = True


#: No WebSockets and no logs. Connections are accepted in batches of at most the backlog, and read
#: before the next batch.
SETTINGS: dict[str, Any] = {
    "http": "h11",
    "ws": "none",
    "timeout_graceful_shutdown": 2,
    "limit_concurrency": 300,
    "backlog": 50,
    "proxy_headers": False,
    "server_header": False,
    "access_log": False,
    "log_config": None,
    "log_level": "critical",
    "lifespan": "off",
}
