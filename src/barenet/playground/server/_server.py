"""The playground's server: its app on a port of this machine, at an address with a secret."""

import secrets
from collections.abc import Callable
from typing import Any

from barenet.playground.server._app import make_app
from barenet.playground.server._sessions import Sessions
from barenet.playground.state._wire_format import MAX_MESSAGE_BYTES
from barenet.service._http_server import HOST, HttpServer, Listener

#: Messages are small, and a page that does not respond is disconnected.
SETTINGS: dict[str, Any] = {
    "ws": "websockets-sansio",
    "ws_max_size": MAX_MESSAGE_BYTES,
    "ws_ping_interval": 10.0,
    "ws_ping_timeout": 10.0,
    "ws_per_message_deflate": False,
    "lifespan": "on",
}


class Server(HttpServer):
    """The server of the playground on an open socket."""

    def __init__(
        self, sessions: Sessions, listener: Listener, ready: Callable[[str], None]
    ) -> None:
        token = secrets.token_urlsafe(18)
        port = listener.getsockname()[1]
        #: Contains the secret token: anyone with this address can use the playground.
        self.address = f"http://{HOST}:{port}/{token}/"
        hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        self.security = make_app(sessions, token, hosts)
        super().__init__(self.security, listener, lambda: ready(self.address), **SETTINGS)
