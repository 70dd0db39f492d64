"""The playground's server, on a port of this machine, at an address with a secret.

Its routes are the files of the page, its socket, uploads, and model downloads.
"""

import asyncio
import mimetypes
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from barenet.playground._page_files import LANGUAGES, PAGE, bundle
from barenet.playground.data._file_store import MAX_UPLOAD_BYTES
from barenet.playground.server._catalog import catalog, documentation_address
from barenet.playground.server._client import Client
from barenet.playground.server._security import SecurityMiddleware, refusal
from barenet.playground.server._sessions import Session, Sessions
from barenet.playground.state._wire_format import MAX_MESSAGE_BYTES
from barenet.service._http_server import HOST, HttpServer, Listener, receive

MAX_CLIENTS = 32
#: Maximum number of seconds for a page to read a message.
TIMEOUT = 10.0

#: Messages are small, and a page that does not respond is disconnected.
SETTINGS: dict[str, Any] = {
    "ws": "websockets-sansio",
    "ws_max_size": MAX_MESSAGE_BYTES,
    "ws_ping_interval": 10.0,
    "ws_ping_timeout": 10.0,
    "ws_per_message_deflate": False,
    "lifespan": "on",
}

# Windows may map these suffixes to other types, which browsers reject.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/css", ".css")
mimetypes.add_type("font/woff2", ".woff2")


class SocketConnection:
    """A `Connection` to a page over a WebSocket."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket

    async def receive(self) -> str | None:
        received = await self.socket.receive()
        return None if received["type"] == "websocket.disconnect" else received.get("text") or ""

    async def send(self, message: str | bytes) -> None:
        """Send a message, or disconnect a page that does not read it."""
        try:
            async with asyncio.timeout(TIMEOUT):
                if isinstance(message, str):
                    await self.socket.send_text(message)
                else:
                    await self.socket.send_bytes(message)
        except WebSocketDisconnect as error:
            raise ConnectionError("the page has closed the connection") from error

    async def close(self) -> None:
        await self.socket.close()


class App:
    """The routes and their shared state."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.places = asyncio.Semaphore(MAX_CLIENTS)

    async def table(self, request: Request) -> Response:
        """Receive a CSV file."""
        content = await receive(request, MAX_UPLOAD_BYTES)
        name = request.query_params.get("name", "table.csv")
        return JSONResponse(await self.sessions.open_table(name, content))

    async def lessons(self, request: Request) -> Response:
        """Receive a file of lessons."""
        content = await receive(request, MAX_UPLOAD_BYTES)
        name = request.query_params.get("name", "lessons.json")
        return JSONResponse(await self.sessions.open_course(name, content))

    async def open(self, request: Request) -> Response:
        """Receive a model file, and open it in a session."""
        session = self._session(request)
        content = await receive(request, MAX_UPLOAD_BYTES)
        await session.open_model(content)
        return JSONResponse({})

    async def model(self, request: Request) -> Response:
        """Send a network as a model file."""
        session = self._session(request)
        network = request.path_params["network"]
        if network >= len(session.views):
            raise HTTPException(404)
        content = session.model_file(network)
        disposition = {"Content-Disposition": 'attachment; filename="model.safetensors"'}
        return Response(content, media_type="application/octet-stream", headers=disposition)

    async def socket(self, socket: WebSocket) -> None:
        """Serve a page, unless there are too many."""
        if self.places.locked():
            reason = f"{MAX_CLIENTS} pages are open already; close one."
            await socket.send_denial_response(refusal(503, reason))
            return
        async with self.places:
            await socket.accept()
            await Client(SocketConnection(socket), self.sessions).serve()

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Tidy up the sessions while the server runs, and close them at the end."""
        tidy = asyncio.create_task(self.sessions.tidy())
        try:
            yield
        finally:
            tidy.cancel()
            self.sessions.close()

    def _session(self, request: Request) -> Session:
        session = self.sessions.open.get(request.path_params["session"])
        if session is None:
            raise HTTPException(404)
        return session


def make_app(sessions: Sessions, token: str, hosts: set[str]) -> SecurityMiddleware:
    """Combine the routes, and protect them with the security checks."""
    app = App(sessions)
    script = Response(bundle("main.js"), media_type="text/javascript")
    content = catalog(sessions.course, sessions.course_file)
    content["documentation"] = documentation_address()
    choices = JSONResponse(content)
    routes = [
        Route("/table", app.table, methods=["POST"]),
        Route("/lessons", app.lessons, methods=["POST"]),
        Route("/open/{session}", app.open, methods=["POST"]),
        Route("/model/{session}/{network:int}", app.model),
        WebSocketRoute("/socket", app.socket),
        Route("/catalog.json", choices, methods=["GET"]),
        # A single request, instead of one for each module and its imports in turn.
        Route("/main.js", script, methods=["GET"]),
        Mount("/languages", StaticFiles(directory=LANGUAGES)),
        Route("/{path:path}", StaticFiles(directory=PAGE, html=True)),
    ]
    handlers = {
        HTTPException: _explain,
        ValueError: _explain,
        ImportError: _explain,
        OSError: _explain,
    }
    starlette = Starlette(routes=routes, lifespan=app.lifespan, exception_handlers=handlers)
    return SecurityMiddleware(starlette, token, hosts)


async def _explain(request: Request, error: Exception) -> Response:
    """Respond to a request that can't be served, such as one with an unusable file."""
    if isinstance(error, HTTPException):
        return JSONResponse({"message": error.detail}, error.status_code)
    return JSONResponse({"message": str(error)}, 422)


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
