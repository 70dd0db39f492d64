"""The routes of the server: the page's files, its socket, uploads, and models to download."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from barenet.files._model_io import save
from barenet.playground._catalog import catalog
from barenet.playground._client import Client
from barenet.playground._file_store import MAX_UPLOAD_BYTES
from barenet.playground._page_files import page_files
from barenet.playground._page_state import DataSettings, PageState
from barenet.playground._run_setup import make_predictor
from barenet.playground._security import SecurityMiddleware, reject
from barenet.playground._sessions import Sessions

__all__ = ["MAX_CLIENTS", "make_app"]

MAX_CLIENTS = 32
#: Seconds that an upload may take.
TIMEOUT = 10.0


class App:
    """The routes and their common state."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.files = page_files()
        self.catalog = json.dumps(catalog())
        self.clients = 0

    async def file(self, request: Request) -> Response:
        """Send a file of the page."""
        found = self.files.get(request.path_params["path"])
        return _not_found() if found is None else Response(found[0], media_type=found[1])

    async def choices(self, request: Request) -> Response:
        """Send the catalog."""
        return Response(self.catalog, media_type="application/json")

    async def table(self, request: Request) -> Response:
        """Receive a CSV file."""
        content = await _receive(request)
        if isinstance(content, Response):
            return content
        name = request.query_params.get("name", "table.csv")[:80]
        store = self.sessions.store
        try:
            key = await asyncio.to_thread(store.upload_table, name, content)
        except (ValueError, ImportError) as error:
            return JSONResponse({"message": str(error)}, 422)
        columns = list(store.table(key).numeric)
        return JSONResponse({"key": key, "name": name, "columns": columns})

    async def open(self, request: Request) -> Response:
        """Receive a model file, and show its network in a session."""
        session = self.sessions.open.get(request.path_params["session"])
        if session is None:
            return _not_found()
        content = await _receive(request)
        if isinstance(content, Response):
            return content
        try:
            state = await asyncio.to_thread(self._open, content, session.state.data)
            await session.configure(replace(state, pace=session.state.pace))
        except (ValueError, OSError) as error:
            return JSONResponse({"message": str(error)}, 422)
        return JSONResponse({"message": "The model is open."})

    def _open(self, content: bytes, data: DataSettings) -> PageState:
        """Open a model, with the table of the page if it belongs to the model."""
        store = self.sessions.store
        rows = next((key for key in (data.source, data.rows) if key in store.tables), "")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            path.write_bytes(content)
            try:
                return store.open_model(path, rows)
            except ValueError as error:
                raise ValueError(str(error).replace(str(path), "the model")) from None

    async def model(self, request: Request) -> Response:
        """Send a network as a model file."""
        session = self.sessions.open.get(request.path_params["session"])
        network = request.path_params["network"]
        if session is None or network >= len(session.views):
            return _not_found()
        view = session.views[network]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            save(make_predictor(view.current(), view.prepared), path)
            content = path.read_bytes()
        disposition = {"Content-Disposition": 'attachment; filename="model.safetensors"'}
        return Response(content, media_type="application/octet-stream", headers=disposition)

    async def socket(self, socket: WebSocket) -> None:
        """Serve a page, unless there are too many."""
        if self.clients >= MAX_CLIENTS:
            reason = f"{MAX_CLIENTS} pages are open already; close one."
            await reject(socket.scope, socket._receive, socket._send, 503, reason)
            return
        self.clients += 1
        try:
            await socket.accept()
            await Client(socket, self.sessions).serve()
        finally:
            self.clients -= 1

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Tidy the sessions while the server runs, and close them at the end."""
        tidy = asyncio.create_task(self.sessions.tidy())
        try:
            yield
        finally:
            tidy.cancel()
            self.sessions.close()
            self.sessions.trainer.close()


def make_app(sessions: Sessions, token: str, hosts: set[str]) -> SecurityMiddleware:
    """Combine the routes behind the security checks."""
    app = App(sessions)
    routes = [
        Route("/catalog.json", app.choices),
        Route("/table", app.table, methods=["POST"]),
        Route("/open/{session}", app.open, methods=["POST"]),
        Route("/model/{session}/{network:int}", app.model),
        WebSocketRoute("/socket", app.socket),
        Route("/{path:path}", app.file),
    ]
    return SecurityMiddleware(Starlette(routes=routes, lifespan=app.lifespan), token, hosts)


def _not_found() -> Response:
    return PlainTextResponse("There is nothing here.\n", 404)


async def _receive(request: Request) -> bytes | Response:
    """Receive a file, or answer one that is too large or too slow."""
    content = bytearray()
    try:
        async with asyncio.timeout(TIMEOUT):
            async for chunk in request.stream():
                content += chunk
                if len(content) > MAX_UPLOAD_BYTES:
                    limit = f"{MAX_UPLOAD_BYTES // 2**20} MiB"
                    return JSONResponse({"message": f"the file is larger than {limit}"}, 413)
    except (TimeoutError, ClientDisconnect):
        return PlainTextResponse("the file took too long to arrive\n", 408)
    return bytes(content)
