"""Client: one page on the line, which is never sent more than it takes.

A picture goes out when the one before it has been shown; what the network was in between is
skipped. So a page that is slow sees fewer pictures, and nothing piles up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from typing import Any, ClassVar

from starlette.websockets import WebSocket, WebSocketDisconnect

from barenet.constraints import check_number
from barenet.errors import BarenetError
from barenet.options import check_number
from barenet.playground.export_panel import export
from barenet.playground.wire_format import check_choice, check_text, read_json
from barenet.playground.neuron_view import neuron_view
from barenet.playground.page_state import PageState
from barenet.playground.session import Session
from barenet.playground.sessions import Sessions
from barenet.playground.update_explanation import explain_update
from barenet.playground.wire_format import pack

__all__ = ["Client"]

#: Seconds that a page may take to read a message.
PATIENCE = 10.0
#: Seconds between two pictures: 32 a second at most.
PICTURE_SECONDS = 1 / 32
#: Pictures on their way: one being drawn by the page, one on the line.
MOST_UNSHOWN = 2
MOST_TEXTS = 64


class Client:
    """A page, from its first word to its last."""

    def __init__(self, socket: WebSocket, sessions: Sessions) -> None:
        self.socket, self.sessions = socket, sessions
        self.session: Session | None = None
        self.texts: deque[dict[str, Any]] = deque()
        self.news = asyncio.Event()
        self.unshown = 0
        self.shown_version = self.shown_state = self.shown_scene = -1
        self.cursors: dict[object, tuple[int, float]] = {}

    async def serve(self) -> None:
        """Talk until one of the two leaves."""
        sender = asyncio.create_task(self._send())
        receiver = asyncio.create_task(self._receive())
        try:
            await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if self.session is not None:
                self.session.leave(self)
            for task in (sender, receiver):
                task.cancel()
            for task in (sender, receiver):
                with contextlib.suppress(asyncio.CancelledError, *LOST):
                    await task
            with contextlib.suppress(*LOST):
                await self.socket.close()

    def say(self, **message: Any) -> None:
        """Put a message into the queue; a page that lets it fill is let go."""
        self.texts.append(message)
        self.news.set()

    async def _receive(self) -> None:
        """Read messages; what is wrong with one is told, and changes nothing."""
        while len(self.texts) < MOST_TEXTS:
            try:
                text = await self.socket.receive_text()
            except KeyError:
                self.say(type="error", words="message: expected text, got bytes")
                continue
            except WebSocketDisconnect:
                return
            try:
                message = read_json(text)
                await self._obey(message)
            except (ValueError, ArithmeticError, MemoryError, OSError, BarenetError) as error:
                self.say(type="error", words=str(error))

    async def _obey(self, message: dict[str, Any]) -> None:
        """Do what a message says."""
        kind = check_choice(message.get("type"), tuple(self.MESSAGES), "type")
        if self.session is None and kind != "hello":
            raise ValueError("hello: it comes first")
        await self.MESSAGES[kind](self, message)

    async def _hello(self, message: dict[str, Any]) -> None:
        said = message.get("state")
        state = None if said is None else PageState.read(said)
        key = check_text(message.get("session", ""), "session")
        session = await self.sessions.find(key, state)
        if self.session is not None:
            self.session.leave(self)
        self.session = session
        self.shown_version = self.shown_state = self.shown_scene = -1
        self.unshown = 0
        session.watch(self, self.news.set)
        self.news.set()

    async def _configure(self, message: dict[str, Any]) -> None:
        await self._own.configure(PageState.read(message.get("state")))

    async def _order(self, message: dict[str, Any]) -> None:
        self._own.command(message["type"])

    async def _go_to(self, message: dict[str, Any]) -> None:
        epoch = check_number(message.get("epoch"), "epoch", least=0, most=10**7, whole=True)
        self._own.command(message["type"], epoch)

    async def _edit(self, message: dict[str, Any]) -> None:
        view = self._own.views[self._place(message)]
        layer, row, column = (_whole(message.get(n), n) for n in ("layer", "row", "column"))
        view.edit(layer, row, column, message.get("value"))

    async def _recover(self, message: dict[str, Any]) -> None:
        self._own.views[self._place(message)].command("recover")

    async def _plan(self, message: dict[str, Any]) -> None:
        self._own.views[self._place(message)].plan(message.get("edits"))

    async def _shown(self, message: dict[str, Any]) -> None:
        self.unshown = max(self.unshown - 1, 0)
        self.news.set()

    async def _export(self, message: dict[str, Any]) -> None:
        view = self._own.views[self._place(message)]
        self.say(type="export", **export(self._own.state.data, view, self._own.store))

    async def _explain(self, message: dict[str, Any]) -> None:
        self.say(type="explanation", **await self._about(explain_update, message))

    async def _portray(self, message: dict[str, Any]) -> None:
        self.say(type="portrait", **await self._about(neuron_view, message))

    async def _about(self, tell: Any, message: dict[str, Any]) -> dict[str, Any]:
        """Tell of one neuron."""
        place = self._place(message)
        layer, neuron = (_whole(message.get(name), name) for name in ("layer", "neuron"))
        told = await asyncio.to_thread(tell, self._own.views[place], layer, neuron)
        return {"network": place, **told}

    @property
    def _own(self) -> Session:
        assert self.session is not None
        return self.session

    def _place(self, message: dict[str, Any]) -> int:
        place = _whole(message.get("network", 0), "network")
        if not 0 <= place < len(self._own.views):
            raise ValueError(f"network: there is no network {place}")
        return place

    #: What a page can say.
    MESSAGES: ClassVar[dict[str, Any]] = {
        "hello": _hello,
        "configure": _configure,
        "play": _order,
        "pause": _order,
        "step": _order,
        "batch": _order,
        "reset": _order,
        "swap": _order,
        "recover": _recover,
        "run_to": _go_to,
        "scrub": _go_to,
        "edit": _edit,
        "plan": _plan,
        "shown": _shown,
        "export": _export,
        "explain": _explain,
        "portray": _portray,
    }

    async def _send(self) -> None:
        """Send what is new, as long as the page keeps up."""
        while True:
            await self.news.wait()
            self.news.clear()
            try:
                await self._send_news()
            except LOST:
                raise
            except Exception as error:  # noqa: BLE001 - a page that hears nothing waits for ever
                self.say(type="error", words=str(error) or type(error).__name__)

    async def _send_news(self) -> None:
        """Send words, then what has been changed, then a picture."""
        while self.texts:
            await self._put(json.dumps(self.texts.popleft(), allow_nan=False))
        session = self.session
        if session is None or session.prepared is None:
            return
        if session.state_version != self.shown_state:
            await self._send_state(session)
        if session.version != self.shown_version and self.unshown < MOST_UNSHOWN:
            started, worked = time.perf_counter(), time.process_time()
            await self._send_picture(session)
            left = PICTURE_SECONDS - (time.perf_counter() - started)
            # What is much to draw has half of a core at most: the rest is the training's.
            await asyncio.sleep(max(left, time.process_time() - worked))

    async def _send_state(self, session: Session) -> None:
        """Send what has been changed, and the data where they are others."""
        self.shown_state, self.shown_version = session.state_version, -1
        self.cursors = {view: self.cursors.get(view, (-1, -1)) for view in session.views}
        new_scene, self.shown_scene = (
            session.scene_version != self.shown_scene,
            session.scene_version,
        )
        described = json.dumps(session.describe(), allow_nan=False)
        arrays = session.scene_arrays() if new_scene else None
        await self._put(described)
        if arrays is not None:
            await self._put(pack({"type": "scene"}, arrays))

    async def _send_picture(self, session: Session) -> None:
        """Draw all networks as they are now, and send them in one message."""
        self.shown_version = session.version
        headers: list[dict[str, Any]] = []
        arrays: dict[str, Any] = {}
        for place, view in enumerate(list(session.views)):
            progress = view.latest
            header = view.header(self.cursors.get(view, (-1, -1)))
            newest = view.curve.newest.epoch if view.curve.newest else -1
            self.cursors[view] = (view.curve.version, newest)
            more, pictures = await asyncio.to_thread(view.draw, progress)
            headers.append({**header, **more})
            arrays |= {f"{place}.{name}": array for name, array in pictures.items()}
        self.unshown += 1
        frame = {"type": "frame", "version": self.shown_state, "networks": headers}
        await self._put(pack(frame, arrays))

    async def _put(self, message: str | bytes) -> None:
        """Send one message, or give up on who does not read."""
        async with asyncio.timeout(PATIENCE):
            if isinstance(message, str):
                await self.socket.send_text(message)
            else:
                await self.socket.send_bytes(message)


#: What a line that is lost raises.
LOST = (WebSocketDisconnect, RuntimeError, TimeoutError, OSError)


def _whole(value: Any, name: str) -> int:
    return int(check_number(value, name, ge=-1, le=10**6, integer=True))
