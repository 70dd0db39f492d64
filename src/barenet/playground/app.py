"""App: what the server answers to the page: its files, a socket, tables in and models out."""

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

from barenet.playground.catalog import catalog
from barenet.playground.client import Client
from barenet.playground.page_state import DataSettings
from barenet.playground.page_files import page_files
from barenet.playground.page_state import PageState
from barenet.playground.run_setup import predictor
from barenet.playground.security import SecurityMiddleware, reject
from barenet.playground.sessions import Sessions
from barenet.playground.tables import MOST_TABLE_BYTES

__all__ = ["MOST_CLIENTS", "make_app"]

MOST_CLIENTS = 32
#: Seconds that a table may take to arrive.
PATIENCE = 10.0


class App:
    """The routes, and what they share."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.files = page_files()
        self.catalog = json.dumps(catalog())
        self.clients = 0

    async def file(self, request: Request) -> Response:
        """Answer with a file of the page, if there is one of exactly that path."""
        found = self.files.get(request.path_params["path"])
        return _missing() if found is None else Response(found[0], media_type=found[1])

    async def choices(self, request: Request) -> Response:
        """Answer with what can be chosen."""
        return Response(self.catalog, media_type="application/json")

    async def table(self, request: Request) -> Response:
        """Take a CSV file."""
        content = await _received(request)
        if isinstance(content, Response):
            return content
        name = request.query_params.get("name", "table.csv")[:80]
        tables = self.sessions.store.tables
        try:
            key = await asyncio.to_thread(tables.add, name, content)
        except (ValueError, ImportError) as error:
            return JSONResponse({"words": str(error)}, 422)
        return JSONResponse({"key": key, "name": name, "columns": tables.columns(key)})

    async def open(self, request: Request) -> Response:
        """Take a model file, and put its network on the page of a session."""
        session = self.sessions.open.get(request.path_params["session"])
        if session is None:
            return _missing()
        content = await _received(request)
        if isinstance(content, Response):
            return content
        try:
            state = await asyncio.to_thread(self._opened, content, session.state.data)
            await session.configure(replace(state, pace=session.state.pace))
        except (ValueError, OSError) as error:
            return JSONResponse({"words": str(error)}, 422)
        return JSONResponse({"words": "The model is open."})

    def _opened(self, content: bytes, data: DataSettings) -> PageState:
        """Read a model file that was sent; the table on the page may be the one that it knows."""
        store = self.sessions.store
        rows = next(
            (key for key in (data.source, data.rows) if key in store.tables), ""
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            path.write_bytes(content)
            try:
                return store.open_model(path, rows)
            except ValueError as error:
                raise ValueError(str(error).replace(str(path), "the model")) from None

    async def model(self, request: Request) -> Response:
        """Give a network as a model file."""
        session = self.sessions.open.get(request.path_params["session"])
        place = request.path_params["place"]
        if session is None or place >= len(session.views):
            return _missing()
        view = session.views[place]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            predictor(view.current(), view.prepared).save(path)
            content = path.read_bytes()
        name = 'attachment; filename="model.safetensors"'
        return Response(
            content, media_type="application/octet-stream", headers={"Content-Disposition": name}
        )

    async def socket(self, socket: WebSocket) -> None:
        """Talk to a page, if there are not too many."""
        if self.clients >= MOST_CLIENTS:
            scope, receive, send = socket.scope, socket._receive, socket._send
            words = f"{MOST_CLIENTS} pages are open already; close one."
            await reject(scope, receive, send, 503, words)
            return
        self.clients += 1
        try:
            await socket.accept()
            await Client(socket, self.sessions).serve()
        finally:
            self.clients -= 1

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Look after the sessions while the server runs."""
        tidy = asyncio.create_task(self.sessions.tidy())
        try:
            yield
        finally:
            tidy.cancel()
            self.sessions.close()
            self.sessions.trainer.close()


def make_app(sessions: Sessions, token: str, hosts: set[str]) -> SecurityMiddleware:
    """Put the routes behind the gate."""
    app = App(sessions)
    routes = [
        Route("/catalog.json", app.choices),
        Route("/table", app.table, methods=["POST"]),
        Route("/open/{session}", app.open, methods=["POST"]),
        Route("/model/{session}/{place:int}", app.model),
        WebSocketRoute("/socket", app.socket),
        Route("/{path:path}", app.file),
    ]
    return SecurityMiddleware(Starlette(routes=routes, lifespan=app.lifespan), token, hosts)


def _missing() -> Response:
    return PlainTextResponse("There is nothing here.\n", 404)


async def _received(request: Request) -> bytes | Response:
    """Read what was sent; what is too much or too slow is answered at once."""
    try:
        async with asyncio.timeout(PATIENCE):
            content = await _body(request)
    except (TimeoutError, ClientDisconnect):
        return PlainTextResponse("the file took too long to arrive\n", 408)
    if content is None:
        most = f"{MOST_TABLE_BYTES // 2**20} MiB"
        return JSONResponse({"words": f"the file is larger than {most}"}, 413)
    return content


async def _body(request: Request) -> bytes | None:
    """Read what was sent, or None if it is too much."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_TABLE_BYTES:
            return None
    return bytes(content)
