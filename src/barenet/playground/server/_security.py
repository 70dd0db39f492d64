"""The security checks of the server, which precede all of its routes.

Any website in a browser can send requests to this machine. The address therefore contains a secret
token, and the Host and Origin headers must be the server's own; other requests get 403.
"""

import secrets
from collections.abc import Collection, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

#: Headers of every response.
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

#: Methods that change nothing. Browsers omit Origin from such requests by the page to its own
#: server, and when the user opens an address; Sec-Fetch-Site indicates the origin instead.
SAFE_METHODS = ("GET", "HEAD")
#: Accepted values of Sec-Fetch-Site: navigation by the user, and requests of the page itself. Old
#: browsers do not send it.
OWN_SITES = ("none", "same-origin")


class SecurityMiddleware:
    """Rejects requests without the token, to other hosts and from other sites."""

    def __init__(self, app: ASGIApp, token: str, hosts: set[str]) -> None:
        self.app = app
        self.token = token
        self.hosts = hosts
        #: Whether a local file, which is another site, may redirect to the page once.
        self.expects_redirect = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        reason = self.rejection(scope)
        if reason is not None:
            await reject(scope, receive, send, 403, reason)
            return
        _, _, path = scope["path"][1:].partition("/")  # the path after the token
        inner = {**scope, "path": f"/{path}", "root_path": ""}
        await self.app(inner, receive, _with_headers(send))

    def rejection(self, scope: Scope) -> str | None:
        """Return the reason to reject a request, or None if it is accepted."""
        headers = Headers(scope=scope)
        hosts = [host.lower() for host in headers.getlist("host")]
        if not _is_one_of(hosts, self.hosts):
            return "Host: this server accepts requests to its own address only."
        origins = headers.getlist("origin")
        own_origins = {f"http://{host}" for host in self.hosts}
        has_origin = len(origins) > 0
        needs_origin = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if (needs_origin or has_origin) and not _is_one_of(origins, own_origins):
            return "Origin: only the server's own page may send this request."
        token, _, _ = scope["path"][1:].partition("/")
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return "Token: use the address that `barenet play` has printed."
        sites = headers.getlist("sec-fetch-site")
        is_own_site = not sites or _is_one_of(sites, OWN_SITES)
        if not is_own_site and not self._is_redirect(scope, headers):
            return "Sec-Fetch-Site: open the address yourself; other pages may not link to it."
        return None

    def _is_redirect(self, scope: Scope, headers: Headers) -> bool:
        """Return whether a request is the expected redirect, which is accepted once."""
        is_cross_site = headers.getlist("sec-fetch-site") == ["cross-site"]
        navigates = headers.getlist("sec-fetch-mode") == ["navigate"]
        is_for_document = headers.getlist("sec-fetch-dest") == ["document"]
        opens_page = is_cross_site and navigates and is_for_document
        is_to_page = scope["path"] == f"/{self.token}/"
        if not self.expects_redirect or not opens_page or not is_to_page:
            return False
        self.expects_redirect = False
        return True


def _is_one_of(values: list[str], accepted: Collection[str]) -> bool:
    """Return whether a header is sent once, with an accepted value."""
    return len(values) == 1 and values[0] in accepted


def refusal(status: int, reason: str) -> PlainTextResponse:
    """Make a response with a status and a reason, over HTTP or instead of a socket."""
    return PlainTextResponse(f"{reason}\n", status, headers=dict(HEADERS))


async def reject(scope: Scope, receive: Receive, send: Send, status: int, reason: str) -> None:
    """Respond with a status and a reason."""
    response = refusal(status, reason)
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(response)
    else:
        await response(scope, receive, send)


def _with_headers(send: Send) -> Send:
    """Set `HEADERS` in every response."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return send_with_headers
