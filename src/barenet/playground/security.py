"""Gate: who may talk to the server, decided before anything else of it runs.

A page of any other site can send requests to this machine; so the address holds a secret, and
Host and Origin have to be the server's own. A rebound name, a foreign frame or a guess gets 403.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

__all__ = ["HEADERS", "Gate"]

#: What every answer carries.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

#: Methods that change nothing. Browsers send no Origin with them to the page's own server, nor when
#: somebody opens the address; who asks is then told by Sec-Fetch-Site.
READING = ("GET", "HEAD")
#: Who may ask: nobody but the user, such as by typing the address, or the page itself.
OWN_SITES: tuple[list[str], ...] = ([], ["none"], ["same-origin"])


class SecurityMiddleware:
    """The outermost part of the server.

    Attributes
    ----------
    expects_file : bool
        Whether a file on this machine may lead to the page, once; to a browser, the file is
        another site.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: set[str]) -> None:
        self.app, self.token, self.hosts = app, token, hosts
        self.expects_file = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self.refusal(scope)
        if refusal is not None:
            await reject(scope, receive, send, 403, refusal)
            return
        inner = dict(scope)
        inner["path"] = "/" + scope["path"][1:].partition("/")[2]
        inner["root_path"] = ""
        await self.app(inner, receive, _with_headers(send))

    def refusal(self, scope: Scope) -> str | None:
        """Say why a request is refused."""
        headers = Headers(scope=scope)
        if headers.getlist("host") not in [[host] for host in self.hosts]:
            return "Host: this server answers to its own address alone."
        origins = headers.getlist("origin")
        needed = scope["type"] == "websocket" or scope["method"] not in READING
        if (needed or origins) and origins not in [[f"http://{host}"] for host in self.hosts]:
            return "Origin: only the server's own page may ask this."
        said = scope["path"][1:].partition("/")[0]
        if not secrets.compare_digest(said.encode(), self.token.encode()):
            return "Token: use the address that `barenet play` has printed."
        own = headers.getlist("sec-fetch-site") in OWN_SITES
        if not own and not self._is_from_the_file(scope, headers):
            return "Sec-Fetch-Site: open the address yourself; no other page may ask for this one."
        return None

    def _is_from_the_file(self, scope: Scope, headers: Headers) -> bool:
        """Whether the request comes from the expected file, which is accepted only once."""
        names = ("sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest")
        sent = [headers.getlist(name) for name in names]
        opens = sent == [["cross-site"], ["navigate"], ["document"]]
        is_it = self.expects_file and opens and scope["path"] == f"/{self.token}/"
        self.expects_file = self.expects_file and not is_it
        return is_it


async def reject(scope: Scope, receive: Receive, send: Send, status: int, reason: str) -> None:
    """Answer with a status and a reason, over HTTP or instead of a socket."""
    response = PlainTextResponse(f"{reason}\n", status, headers=dict(HEADERS))
    if scope["type"] == "websocket":
        socket = WebSocket(scope, receive, send)
        await socket.send_denial_response(response)
    else:
        await response(scope, receive, send)


def _with_headers(send: Send) -> Send:
    """Put the headers on whatever is answered."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            names = {name for name, _ in own}
            rest = [pair for pair in message["headers"] if pair[0].lower() not in names]
            message = {**message, "headers": [*rest, *own]}
        await send(message)

    return send_with_headers
