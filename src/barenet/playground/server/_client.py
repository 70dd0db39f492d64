"""A connected page: its messages, and the pictures that are sent to it.

A picture is sent once the page has drawn the previous one; the network's states in between are
skipped. So a slow page gets fewer pictures, and no queue grows.
"""

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.playground.data._prepared_data import PreparedData
from barenet.playground.server._sessions import Session, Sessions
from barenet.playground.state._address import read_address
from barenet.playground.state._default_settings import choose, restore
from barenet.playground.state._page_state import Message, PageState
from barenet.playground.state._wire_format import decode, pack
from barenet.playground.trainer._trainer_messages import ProgressReport
from barenet.playground.views._backward_pass import backward_pass
from barenet.playground.views._digits import convert_drawing, list_cell, test_image
from barenet.playground.views._export_panel import export
from barenet.playground.views._hidden_space import hidden_space
from barenet.playground.views._landscape import landscape
from barenet.playground.views._network_view import NetworkView, point_arrays
from barenet.playground.views._neuron_panel import neuron_view
from barenet.playground.views._probe import probe

#: Seconds between two pictures, for at most 32 per second.
PICTURE_SECONDS = 1 / 32
#: Maximum number of pictures that are sent but not drawn: one being drawn, and one on its way.
MAX_UNDRAWN = 2
#: Number of messages in the queue at which a page is disconnected.
MAX_QUEUE = 64

#: Exceptions that indicate a lost connection.
DISCONNECTED = (RuntimeError, TimeoutError, OSError)


class Connection(Protocol):
    """A connection to a page; if it is lost, its methods raise one of `DISCONNECTED`."""

    async def receive(self) -> str | None:
        """Wait for a message from the page; return None if it has closed the connection."""

    async def send(self, message: str | bytes) -> None:
        """Send a message to the page."""

    async def close(self) -> None:
        """Close the connection."""


class Client:
    """A connected page."""

    def __init__(self, connection: Connection, sessions: Sessions) -> None:
        self.connection = connection
        self.sessions = sessions
        #: The session of the page, and the previous one, to which it returns after a course.
        self._session: Session | None = None
        self._before: Session | None = None
        self.queue: deque[dict[str, Any]] = deque()
        self.news = asyncio.Event()
        #: Number of pictures that are sent but not drawn, and the earliest time of the next one.
        self.undrawn = 0
        self.next_picture = 0.0
        #: Number of the last request for other settings that is done or refused.
        self.answered = 0
        #: Tasks for replies that take time.
        self.slow: set[asyncio.Task[None]] = set()
        #: Versions and data that were sent, and the last sent epoch of each version of a curve.
        self.sent_version = -1
        self.sent_state = -1
        self.sent_data: PreparedData | None = None
        self.sent_epochs: dict[int, float] = {}

    async def serve(self) -> None:
        """Send and receive messages until the connection ends."""
        sender = asyncio.create_task(self._send())
        receiver = asyncio.create_task(self._receive())
        tasks = [sender, receiver]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for session in (self._session, self._before):
                if session is not None:
                    session.leave(self)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(*DISCONNECTED):
                await self.connection.close()

    def reply(self, **message: Any) -> None:
        """Queue a message, or disconnect a page that lets the queue fill up."""
        self.queue.append(message)
        self.news.set()

    def reply_error(self, error: Exception) -> None:
        """Queue an error, even an unexpected one, as the page would wait forever for a reply."""
        message = str(error) or type(error).__name__
        self.reply(type="error", message=message)

    async def _receive(self) -> None:
        """Read messages; an invalid message gets an error as its reply, and changes nothing."""
        while len(self.queue) < MAX_QUEUE:
            received = await self.connection.receive()
            if received is None:
                return
            message = None
            try:
                message = decode(Message, json.loads(received), "message")
                action = lookup(ACTIONS, message.type, "type")
                coroutine = action(self, message)
                if coroutine is not None:
                    await coroutine
            except Exception as error:  # noqa: BLE001
                self.reply_error(error)
            if message is not None and message.request:
                self.answered = message.request

    @property
    def session(self) -> Session:
        """The session of the page."""
        if self._session is None:
            raise ArgumentError("expected as the first message", argument="hello")
        return self._session

    def view(self, message: Message) -> NetworkView:
        """Return the network that a message refers to."""
        views = self.session.views
        if message.network >= len(views):
            raise ArgumentError(f"there is no network {message.network}", argument="network")
        return views[message.network]

    async def join(self, message: Message) -> None:
        """Join a session, or open a new one."""
        state = None
        if message.address or message.state is not None:
            state = self.state_of(message)
        session = await self.sessions.find(message.session, state)
        if session is not self._session:
            if self._before not in (None, session):
                self._before.leave(self)
            self._before = self._session
            self._session = session
        # Everything is sent to the page again.
        self.sent_version = -1
        self.sent_state = -1
        self.sent_data = None
        self.undrawn = 0
        session.watchers[self] = self.news.set
        self.news.set()

    async def configure(self, message: Message) -> None:
        """Change the settings of the session."""
        await self.session.configure(self.state_of(message))

    async def choose_data(self, message: Message) -> None:
        """Choose other data, with the settings that suit them."""
        await self.session.configure(choose(self.session.state, message.source))

    async def restore_defaults(self, message: Message) -> None:
        """Restore the default settings of the data: for a model, its own network."""
        state = self.session.state
        usual = self.sessions.store.defaults_for(state.data.source, len(state.networks))
        await self.session.configure(restore(state, usual))

    def state_of(self, message: Message) -> PageState:
        """Return the settings in a message, which are an object or an address."""
        if message.address:
            defaults_for = self.sessions.store.defaults_for
            return read_address(message.address, is_own=True, defaults_for=defaults_for)
        return decode(PageState, message.state, "state")

    def count_drawn(self) -> None:
        """Count a picture as drawn by the page."""
        self.undrawn = max(self.undrawn - 1, 0)
        self.news.set()

    async def describe(self, message: Message, function: Any, *arguments: Any) -> None:
        """Reply with a description of a network, with the same type as the message."""
        view = self.view(message)
        description = await asyncio.to_thread(function, view, *arguments)
        self.reply(type=message.type, network=message.network, **description)

    async def check_lesson(self, message: Message) -> None:
        """Reply with the conditions of a lesson on the network."""
        course = self.sessions.find_course(message.course)
        lesson = lookup(course, message.lesson, "lesson")
        await self.describe(message, lesson.evaluate)

    async def probe_row(self, message: Message) -> None:
        """Reply with the passes of a row, of the pixels of an image, or of a place on the plane."""
        place = message.pixels or message.place
        await self.describe(message, probe, message.row, place)

    async def play_row(self, message: Message) -> None:
        """Reply with every term of the passes of a row, of an image, or of a place."""
        place = message.pixels or message.place
        await self.describe(message, backward_pass, message.row, place)

    async def describe_later(self, *arguments: Any) -> None:
        """Reply with a description that takes time, unless two are already in progress."""

        async def answer() -> None:
            try:
                await self.describe(*arguments)
            except Exception as error:  # noqa: BLE001
                self.reply_error(error)

        if len(self.slow) < 2:
            task = asyncio.create_task(answer())
            self.slow.add(task)
            task.add_done_callback(self.slow.discard)

    async def _send(self) -> None:
        """Send everything that is new, as fast as the page keeps up."""
        while True:
            await self.news.wait()
            self.news.clear()
            try:
                await self._send_news()
            except DISCONNECTED:
                raise
            except Exception as error:  # noqa: BLE001
                self.reply_error(error)

    async def _send_news(self) -> None:
        """Send the queued messages, then changed settings, and then a picture."""
        while self.queue:
            message = self.queue.popleft()
            await self.connection.send(json.dumps(message, allow_nan=False))
        session = self._session
        if session is None or session.prepared is None:
            return
        if session.state_version != self.sent_state:
            await self._send_state(session)
        if not self._has_described(session):
            self.news.set()  # the settings changed while they were sent
        elif session.version != self.sent_version and self.undrawn < MAX_UNDRAWN:
            worked = await self._send_picture(session)
            now = time.perf_counter()
            self.next_picture = max(self.next_picture + PICTURE_SECONDS, now)
            # Drawing uses at most half of a core, and leaves the rest to the training.
            await asyncio.sleep(max(self.next_picture - now, worked))

    def _has_described(self, session: Session) -> bool:
        """Return whether the page has the current settings of its session."""
        return session is self._session and session.state_version == self.sent_state

    async def _send_state(self, session: Session) -> None:
        """Send the settings, and the data if they have changed."""
        self.sent_state = session.state_version
        self.sent_version = -1
        prepared = session.prepared
        description = {**session.describe(), "answered": self.answered}
        await self.connection.send(json.dumps(description, allow_nan=False))
        if prepared is not None and prepared is not self.sent_data:
            self.sent_data = prepared
            await self.connection.send(pack({"type": "points"}, point_arrays(prepared)))

    async def _send_picture(self, session: Session) -> float:
        """Draw all networks, send them in one message, and return the seconds spent on drawing."""
        self.sent_version = session.version
        settings = self.sent_state
        headers: list[dict[str, Any]] = []
        arrays: dict[str, Any] = {}
        sent_before = self.sent_epochs
        self.sent_epochs = {}
        worked = 0.0
        for index, view in enumerate(list(session.views)):
            report = view.latest
            newest = view.curve.newest
            header = view.header(report, sent_before)
            last_epoch: float = -1
            if newest is not None:
                last_epoch = newest.epoch
            self.sent_epochs[view.curve.version] = last_epoch
            drawn = await asyncio.to_thread(_draw, view, report)
            worked += drawn.seconds
            headers.append({**header, **drawn.header})
            for name, array in drawn.arrays.items():
                arrays[f"{index}.{name}"] = array
        self.undrawn += 1
        frame = {"type": "frame", "version": settings, "networks": headers}
        await self.connection.send(pack(frame, arrays))
        return worked


class DrawnNetwork(NamedTuple):
    """The parts of a message with the picture of a network, and the time to draw it."""

    header: dict[str, Any]
    arrays: dict[str, Any]
    #: CPU time.
    seconds: float


def _draw(view: NetworkView, report: ProgressReport) -> DrawnNetwork:
    """Draw a network, and measure the CPU time."""
    started = time.process_time()
    header, arrays = view.draw(report)
    seconds = time.process_time() - started
    return DrawnNetwork(header, arrays, seconds)


#: The function for each type of message; some return a coroutine.
ACTIONS: dict[str, Callable[[Client, Message], Any]] = {
    "hello": Client.join,
    "configure": Client.configure,
    "choose": Client.choose_data,
    "restore": Client.restore_defaults,
    "play": lambda client, message: client.session.send("play"),
    "pause": lambda client, message: client.session.send("pause"),
    "step": lambda client, message: client.session.send("step"),
    "batch": lambda client, message: client.session.send("batch"),
    "reset": lambda client, message: client.session.send("reset"),
    "run_to": lambda client, message: client.session.send("run_to", message.epoch),
    "scrub": lambda client, message: client.session.send("scrub", message.epoch),
    "reach": lambda client, message: client.view(message).send("reach", message.epoch),
    "recover": lambda client, message: client.view(message).send("recover"),
    "edit": lambda client, message: client.view(message).edit(
        message.layer, message.row, message.column, message.value
    ),
    "plan": lambda client, message: client.view(message).plan(message.edits),
    "drawn": lambda client, message: client.count_drawn(),
    "export": lambda client, message: client.describe(message, export, client.session.state.data),
    "convert": lambda client, message: client.describe(message, convert_drawing, message.ink),
    "test_image": lambda client, message: client.describe(message, test_image, message.row),
    "list_cell": lambda client, message: client.describe(
        message, list_cell, message.row, message.column
    ),
    "view_neuron": lambda client, message: client.describe(
        message, neuron_view, message.layer, message.neuron
    ),
    "check": Client.check_lesson,
    "hidden_space": lambda client, message: client.describe(message, hidden_space, message.layer),
    "landscape": lambda client, message: client.describe_later(
        message, landscape, client.session.views[:]
    ),
    "probe": Client.probe_row,
    "backward_pass": Client.play_row,
}
