"""One connected page: its messages, and the pictures that it is sent.

A picture is sent when the page has drawn the one before; the states of the network in between are
skipped. So a slow page gets fewer pictures, and no queue grows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from barenet._registry import lookup
from barenet.errors import ArgumentError, BarenetError
from barenet.playground._data_view import point_arrays
from barenet.playground._edits import LARGEST_WEIGHT, MAX_EDITS, WeightEdit
from barenet.playground._export_panel import export
from barenet.playground._network_view import NetworkView
from barenet.playground._neuron_view import neuron_view
from barenet.playground._page_state import MAX_EPOCHS, MAX_LAYERS, PageState
from barenet.playground._sessions import Session, Sessions
from barenet.playground._update_explanation import explain_update
from barenet.playground._wire_format import decode, pack, read_json, restricted

__all__ = ["Client"]

#: Seconds that a page may take to read a message.
TIMEOUT = 10.0
#: Seconds between two pictures: 32 a second at most.
PICTURE_SECONDS = 1 / 32
#: Pictures sent and not yet drawn: one that the page draws, one on its way.
MAX_UNDRAWN = 2
#: Messages in the queue from which on a page is disconnected.
MAX_QUEUE = 64

#: Exceptions of a lost connection.
DISCONNECTED = (WebSocketDisconnect, RuntimeError, TimeoutError, OSError)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message of the page; its type decides which of the fields are used."""

    type: str = ""
    session: str = ""
    state: PageState | None = None
    #: Index of the network.
    network: int = restricted(0, ge=0, le=1)
    epoch: int = restricted(0, ge=0, le=MAX_EPOCHS)
    layer: int = restricted(0, ge=0, le=MAX_LAYERS)
    neuron: int = restricted(0, ge=0)
    #: Row of a weight; −1 for the bias.
    row: int = restricted(0, ge=-1)
    column: int = restricted(0, ge=0)
    value: float = restricted(0.0, ge=-LARGEST_WEIGHT, le=LARGEST_WEIGHT)
    edits: tuple[WeightEdit, ...] = restricted((), max_items=MAX_EDITS)


class Client:
    """The connection to a page."""

    def __init__(self, socket: WebSocket, sessions: Sessions) -> None:
        self.socket, self.sessions = socket, sessions
        self._session: Session | None = None
        self.queue: deque[dict[str, Any]] = deque()
        self.news = asyncio.Event()
        self.undrawn = 0
        #: Versions that were sent, and the part of each network's curve.
        self.sent_version = self.sent_state = self.sent_data = -1
        self.cursors: dict[object, tuple[int, float]] = {}

    async def serve(self) -> None:
        """Send and receive until the connection ends."""
        sender = asyncio.create_task(self._send())
        receiver = asyncio.create_task(self._receive())
        try:
            await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if self._session is not None:
                self._session.leave(self)
            for task in (sender, receiver):
                task.cancel()
            for task in (sender, receiver):
                with contextlib.suppress(asyncio.CancelledError, *DISCONNECTED):
                    await task
            with contextlib.suppress(*DISCONNECTED):
                await self.socket.close()

    def reply(self, **message: Any) -> None:
        """Queue a message; a page that lets the queue fill is disconnected."""
        self.queue.append(message)
        self.news.set()

    async def _receive(self) -> None:
        """Read messages; an invalid one is answered with an error and changes nothing."""
        while len(self.queue) < MAX_QUEUE:
            try:
                text = await self.socket.receive_text()
            except KeyError:
                self.reply(type="error", message="message: expected text, got bytes")
                continue
            except WebSocketDisconnect:
                return
            try:
                await self._handle(decode(Message, read_json(text), "message"))
            except (ValueError, ArithmeticError, MemoryError, OSError, BarenetError) as error:
                self.reply(type="error", message=str(error))

    async def _handle(self, message: Message) -> None:
        await lookup(HANDLERS, message.type, "type")(self, message)

    @property
    def session(self) -> Session:
        """The session of the page."""
        if self._session is None:
            raise ArgumentError("expected as the first message", argument="hello")
        return self._session

    def _view(self, message: Message) -> NetworkView:
        views = self.session.views
        if message.network >= len(views):
            raise ArgumentError(f"there is no network {message.network}", argument="network")
        return views[message.network]

    async def _hello(self, message: Message) -> None:
        """Join a session, or open a new one."""
        session = await self.sessions.find(message.session, message.state)
        if self._session is not None:
            self._session.leave(self)
        self._session = session
        self.sent_version = self.sent_state = self.sent_data = -1
        self.undrawn = 0
        session.watch(self, self.news.set)
        self.news.set()

    async def _configure(self, message: Message) -> None:
        if message.state is None:
            raise ArgumentError("missing", argument="state")
        await self.session.configure(message.state)

    async def _command(self, message: Message) -> None:
        self.session.send(message.type)

    async def _go_to(self, message: Message) -> None:
        self.session.send(message.type, message.epoch)

    async def _edit(self, message: Message) -> None:
        self._view(message).edit(message.layer, message.row, message.column, message.value)

    async def _recover(self, message: Message) -> None:
        self._view(message).send("recover")

    async def _plan(self, message: Message) -> None:
        self._view(message).plan(message.edits)

    async def _drawn(self, message: Message) -> None:
        self.undrawn = max(self.undrawn - 1, 0)
        self.news.set()

    async def _export(self, message: Message) -> None:
        self.reply(type="export", **export(self.session.state.data, self._view(message)))

    async def _view_neuron(self, message: Message) -> None:
        self.reply(type="neuron", **await self._describe(neuron_view, message))

    async def _explain(self, message: Message) -> None:
        self.reply(type="explanation", **await self._describe(explain_update, message))

    async def _describe(self, describe: Any, message: Message) -> dict[str, Any]:
        view = self._view(message)
        found = await asyncio.to_thread(describe, view, message.layer, message.neuron)
        return {"network": message.network, **found}

    async def _send(self) -> None:
        """Send everything new, as long as the page keeps up."""
        while True:
            await self.news.wait()
            self.news.clear()
            try:
                await self._send_news()
            except DISCONNECTED:
                raise
            except Exception as error:  # noqa: BLE001 - without an answer the page waits for ever
                self.reply(type="error", message=str(error) or type(error).__name__)

    async def _send_news(self) -> None:
        """Send the queue, then changed settings, then a picture."""
        while self.queue:
            await self._put(json.dumps(self.queue.popleft(), allow_nan=False))
        session = self._session
        if session is None or session.prepared is None:
            return
        if session.state_version != self.sent_state:
            await self._send_state(session)
        if session.version != self.sent_version and self.undrawn < MAX_UNDRAWN:
            started, worked = time.perf_counter(), time.process_time()
            await self._send_picture(session)
            left = PICTURE_SECONDS - (time.perf_counter() - started)
            # Drawing takes half of a core at most: the rest is the training's.
            await asyncio.sleep(max(left, time.process_time() - worked))

    async def _send_state(self, session: Session) -> None:
        """Send the settings, and the data if they have changed."""
        self.sent_state, self.sent_version = session.state_version, -1
        self.cursors = {view: self.cursors.get(view, (-1, -1)) for view in session.views}
        is_new = session.data_version != self.sent_data
        self.sent_data = session.data_version
        state, prepared = json.dumps(session.describe(), allow_nan=False), session.prepared
        arrays = point_arrays(prepared) if is_new and prepared is not None else None
        await self._put(state)
        if arrays is not None:
            await self._put(pack({"type": "points"}, arrays))

    async def _send_picture(self, session: Session) -> None:
        """Draw all networks, and send them in one message."""
        self.sent_version = session.version
        headers: list[dict[str, Any]] = []
        arrays: dict[str, Any] = {}
        for index, view in enumerate(list(session.views)):
            report = view.latest
            header = view.header(self.cursors.get(view, (-1, -1)))
            newest = view.curve.newest.epoch if view.curve.newest else -1
            self.cursors[view] = (view.curve.version, newest)
            drawn, pictures = await asyncio.to_thread(view.draw, report)
            headers.append({**header, **drawn})
            arrays |= {f"{index}.{name}": array for name, array in pictures.items()}
        self.undrawn += 1
        frame = {"type": "frame", "version": self.sent_state, "networks": headers}
        await self._put(pack(frame, arrays))

    async def _put(self, message: str | bytes) -> None:
        """Send one message, or give up on a page that does not read."""
        async with asyncio.timeout(TIMEOUT):
            if isinstance(message, str):
                await self.socket.send_text(message)
            else:
                await self.socket.send_bytes(message)


HANDLERS: dict[str, Any] = {
    "hello": Client._hello,
    "configure": Client._configure,
    **dict.fromkeys(("play", "pause", "step", "batch", "reset", "swap"), Client._command),
    **dict.fromkeys(("run_to", "scrub"), Client._go_to),
    "recover": Client._recover,
    "edit": Client._edit,
    "plan": Client._plan,
    "drawn": Client._drawn,
    "export": Client._export,
    "view_neuron": Client._view_neuron,
    "explain": Client._explain,
}
