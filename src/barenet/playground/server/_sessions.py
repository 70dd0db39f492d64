"""Sessions: the networks of a page, which are kept for a while if the connection is lost."""

import asyncio
import contextlib
import hashlib
import secrets
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import Any

from barenet._registry import lookup
from barenet.files._model_io import save
from barenet.playground.data._file_store import FileStore
from barenet.playground.data._prepared_data import PreparedData
from barenet.playground.lessons._lessons import Course, built_in_course, parse_course
from barenet.playground.state import _network_layout as layout
from barenet.playground.state._address import write_address
from barenet.playground.state._default_settings import changes
from barenet.playground.state._page_state import LOSSES, DataSettings, NetworkSettings, PageState
from barenet.playground.trainer._trainer import Trainer
from barenet.playground.trainer._trainer_messages import ProgressReport
from barenet.playground.views._network_view import NetworkView

MAX_SESSIONS = 40
#: Maximum number of courses that pages have opened; more replace the oldest.
MAX_COURSES = 40
#: Versions of settings, unique so that a picture is never attributed to another session.
STATE_VERSIONS = count(1)
#: Seconds without a page after which a session is closed, and after which training is paused.
CLOSE_AFTER = 120.0
PAUSE_AFTER = 5.0


class Session:
    """One or two networks on the same data, and the pages that show them."""

    def __init__(self, trainer: Trainer, store: FileStore) -> None:
        self.trainer = trainer
        self.store = store
        self.key = secrets.token_urlsafe(9)
        self.state = PageState()
        self.prepared: PreparedData | None = None
        self.views: list[NetworkView] = []
        #: The pages, each with a function to call after every change.
        self.watchers: dict[object, Callable[[], None]] = {}
        #: Versions of everything that is drawn, and of the settings.
        self.version = 0
        self.state_version = 0
        self.configuring = asyncio.Lock()
        self.loop = asyncio.get_running_loop()
        self.left_at = self.loop.time()

    async def configure(self, state: PageState) -> None:
        """Change the settings; if they are invalid, nothing changes."""
        async with self.configuring:
            prepared = await self._prepare(state.data)
            networks = _with_losses_of(prepared.dataset.task, state.networks)
            views = await self._make_views(networks, prepared)
            playing = self.playing
            for view in set(self.views) - set(views):
                view.close()
            self.prepared = prepared
            self.views = views
            for view, settings in zip(views, networks, strict=True):
                view.update_data(prepared)
                if view.key is None:
                    view.start(state.pace, self._listener(view))
                    if playing:
                        view.send("play")
                elif settings != view.settings:
                    view.configure(settings)
            if state.pace != self.state.pace:
                self.send("pace", state.pace)
            self.state = replace(state, networks=tuple(networks))
            self.state_version = next(STATE_VERSIONS)
            self.notify()

    async def _prepare(self, data: DataSettings) -> PreparedData:
        """Prepare data, or take the present ones if they are the same or differ in the slice."""
        present = self.state.data
        if self.prepared is None or data != replace(present, fixed=data.fixed):
            return await asyncio.to_thread(self.store.prepare, data)
        if data.fixed != present.fixed:
            return self.prepared.with_fixed(data.fixed)
        return self.prepared

    async def _make_views(
        self, networks: Sequence[NetworkSettings], prepared: PreparedData
    ) -> list[NetworkView]:
        """Make a view of each network, or take the present one if it can continue."""
        present = list(self.views)
        views = []
        for index, settings in enumerate(networks):
            view = present[index] if index < len(present) else None
            if view is None or not view.accepts(settings, prepared):
                view = await asyncio.to_thread(NetworkView, settings, prepared, self.trainer)
            views.append(view)
        return views

    async def open_model(self, content: bytes) -> None:
        """Show the network of a model file."""
        state = await asyncio.to_thread(self.store.upload_model, content, self.state.data)
        await self.configure(replace(state, pace=self.state.pace))

    def model_file(self, network: int) -> bytes:
        """Write the current state of a network as the content of a model file."""
        view = self.views[network]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            save(view.prepared.predictor(view.current()), path)
            return path.read_bytes()

    def send(self, action: str, value: Any = None) -> None:
        """Send a command to all networks."""
        for view in self.views:
            view.send(action, value)

    @property
    def playing(self) -> bool:
        """Whether any network is being trained."""
        return any(view.playing for view in self.views)

    def leave(self, page: object) -> None:
        """Forget a page; a session without pages is paused after a while, and closed later."""
        self.watchers.pop(page, None)
        self.left_at = self.loop.time()

    def notify(self) -> None:
        """Notify every page of a change."""
        self.version += 1
        for wake in list(self.watchers.values()):
            wake()

    def close(self) -> None:
        """End the training of all networks."""
        for view in self.views:
            view.close()
        self.views = []

    def describe(self) -> dict[str, Any]:
        """Describe the settings, the data and the networks."""
        assert self.prepared is not None
        networks = []
        for view in self.views:
            description = layout.describe(view.network, view.prepared.max_drawn)
            description["replaces_model"] = view.prepared.replaces_model(view.settings)
            networks.append(description)
        usual = self.store.defaults_for(self.state.data.source, len(self.state.networks))
        return {
            "type": "state",
            "session": self.key,
            "state": asdict(self.state),
            "address": write_address(self.state, usual),
            "changed": changes(self.state),
            "version": self.state_version,
            "data": self.prepared.describe(),
            "networks": networks,
        }

    def _listener(self, view: NetworkView) -> Callable[[ProgressReport | None], None]:
        """Make a function that passes reports from the trainer's thread to the event loop."""

        def receive(report: ProgressReport | None) -> None:
            if view in self.views:
                view.receive(report)
                if report is None:
                    view.start(self.state.pace, self._listener(view))
                self.notify()

        def listen(report: ProgressReport | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop may be closed
                self.loop.call_soon_threadsafe(receive, report)

        return listen


def _with_losses_of(task: str, networks: Sequence[NetworkSettings]) -> list[NetworkSettings]:
    """Replace a loss of another task by the default."""
    adapted = []
    for network in networks:
        if network.loss not in LOSSES[task]:
            network = replace(network, loss="")
        adapted.append(network)
    return adapted


class Sessions:
    """The open sessions by key."""

    def __init__(
        self,
        trainer: Trainer,
        store: FileStore,
        start: PageState,
        course: Course | None = None,
        course_file: str = "",
    ) -> None:
        self.trainer = trainer
        self.store = store
        self.start = start
        self.course_file = course_file
        if course is None:
            course = built_in_course()
        #: The lessons that the pages offer, which are those of the playground by default.
        self.course = course
        #: The courses that pages have opened, by key; each is for the pages that opened it.
        self.opened_courses: dict[str, Course] = {}
        self.open: dict[str, Session] = {}

    async def find(self, key: str, state: PageState | None) -> Session:
        """Find the session of a page, or open a new one."""
        if key in self.open:
            return self.open[key]
        session = Session(self.trainer, self.store)
        await session.configure(state or self.start)
        # Leave room for the new session.
        n_too_many = max(len(self.open) - MAX_SESSIONS + 1, 0)
        for unwatched in self._unwatched()[:n_too_many]:
            self._close(unwatched)
        self.open[session.key] = session
        return session

    async def open_table(self, name: str, content: bytes) -> dict[str, Any]:
        """Keep a CSV file, and return its key."""
        key = await asyncio.to_thread(self.store.upload_table, name[:80], content)
        return {"key": key}

    async def open_course(self, name: str, content: bytes) -> dict[str, Any]:
        """Keep a course for a page, and return its key and its lessons.

        The key is a hash of the content, so that a page can open the file again.
        """
        course = await asyncio.to_thread(parse_course, content, name[:80])
        key = hashlib.sha256(content).hexdigest()
        self.opened_courses.pop(key, None)
        self.opened_courses[key] = course
        if len(self.opened_courses) > MAX_COURSES:
            oldest = next(iter(self.opened_courses))
            del self.opened_courses[oldest]
        return {"key": key, "lessons": [lesson.describe() for lesson in course.values()]}

    def find_course(self, key: str) -> Course:
        """Return the course that a page has opened; without a key, that of all pages."""
        return lookup(self.opened_courses, key, "course") if key else self.course

    async def tidy(self) -> None:
        """Pause and close sessions without a page, until cancelled."""
        while True:
            await asyncio.sleep(1)
            now = asyncio.get_running_loop().time()
            for session in self._unwatched():
                if now - session.left_at > CLOSE_AFTER:
                    self._close(session)
                elif now - session.left_at > PAUSE_AFTER and session.playing:
                    session.send("pause")

    def close(self) -> None:
        """Close all sessions, and the trainer."""
        for session in list(self.open.values()):
            self._close(session)
        self.trainer.close()

    def _unwatched(self) -> list[Session]:
        """Return the sessions without a page, in the order in which the pages left."""
        unwatched = [session for session in self.open.values() if not session.watchers]
        return sorted(unwatched, key=lambda session: session.left_at)

    def _close(self, session: Session) -> None:
        session.close()
        self.open.pop(session.key, None)
