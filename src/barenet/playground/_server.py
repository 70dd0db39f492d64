"""The server: the app on a port of this machine."""

import asyncio
import errno
import secrets
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from threadpoolctl import threadpool_limits

from barenet.errors import BarenetError
from barenet.playground._app import make_app
from barenet.playground._sessions import Sessions
from barenet.playground._wire_format import MAX_MESSAGE_BYTES

#: The loopback interface: no other machine reaches it.
HOST = "127.0.0.1"


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
        #: The address with the secret token, which gives access to the playground.
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


#: Messages are small, a page that does not answer is disconnected, and nothing is logged.
SETTINGS: dict[str, Any] = {
    "http": "h11",
    "ws": "websockets-sansio",
    "loop": "asyncio",
    "ws_max_size": MAX_MESSAGE_BYTES,
    "ws_ping_interval": 10.0,
    "ws_ping_timeout": 10.0,
    "ws_per_message_deflate": False,
    "h11_max_incomplete_event_size": 16 * 1024,
    "timeout_keep_alive": 10,
    "timeout_graceful_shutdown": 2,
    "proxy_headers": False,
    "server_header": False,
    "access_log": False,
    "log_config": None,
    "log_level": "critical",
    "lifespan": "on",
}
