"""The server: the app on a port of this machine, with deadlines for every request."""

import asyncio
import errno
import secrets
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import h11
import uvicorn
from threadpoolctl import threadpool_limits
from uvicorn.protocols.http.h11_impl import H11Protocol

from barenet.errors import BarenetError
from barenet.playground._app import make_app
from barenet.playground._sessions import Sessions
from barenet.playground._wire_format import MAX_MESSAGE_BYTES

#: The loopback interface: no other machine reaches it.
HOST = "127.0.0.1"
#: Seconds for a request's first lines to arrive, and once more for its body.
TIMEOUT = 10.0
#: Connections at a time: below uvicorn's own limit, beyond which it answers 503.
MAX_CONNECTIONS = 150


def listen(port: int) -> socket.socket:
    """Open a socket on a port of the loopback interface."""
    try:
        return socket.create_server((HOST, port), backlog=128)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "is taken" if taken else f"cannot be used ({error.strerror})"
        raise BarenetError(f"port {port} {why}; --port 0 chooses a free one") from None


class Server(uvicorn.Server):
    """A server on an open socket."""

    def __init__(
        self, sessions: Sessions, listener: socket.socket, ready: Callable[[str], None]
    ) -> None:
        token, port = secrets.token_urlsafe(18), listener.getsockname()[1]
        #: With the secret token: anyone with the address can use the playground.
        self.address = f"http://{HOST}:{port}/{token}/"
        self.listener, self.ready = listener, ready
        #: The signal that ended the server.
        self.signal: int | None = None
        hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        self.security = make_app(sessions, token, hosts)
        super().__init__(uvicorn.Config(self.security, **SETTINGS))

    def start(self) -> None:
        """Serve until the end, and draw in one thread: the other cores are for the training."""
        with threadpool_limits(limits=1, user_api="blas"):
            asyncio.run(self.serve(sockets=[self.listener]))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready(self.address)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Shut down at a signal, and leave the exit status to the command."""
        self.force_exit = self.signal is not None
        self.signal, self.should_exit = self.signal or sig, True


class DeadlineProtocol(H11Protocol):
    """HTTP with a deadline for every request, and a bound on the number of connections."""

    #: While it waits for a request, or for the rest of one.
    deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._make_room()
        self._wait(TIMEOUT)

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
        elif self.cycle is not before:  # a second more: the app answers 408 after TIMEOUT
            self._wait(TIMEOUT + 1)
        elif self.deadline is None:
            self._wait(TIMEOUT)

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
        others = [each for each in self.connections if isinstance(each, DeadlineProtocol)]
        waiting = {each: each.deadline.when() for each in others if each.deadline}
        if len(self.connections) > MAX_CONNECTIONS and waiting:
            longest = min(waiting, key=waiting.__getitem__)
            self.connections.discard(longest)
            longest.transport.abort()


#: Messages are small, a page that does not answer is disconnected, and nothing is logged.
#: Connections are accepted in turns of at most the backlog, and read before the next turn.
SETTINGS: dict[str, Any] = {
    "http": DeadlineProtocol,
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
