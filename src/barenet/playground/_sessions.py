"""Sessions: the networks of one page each, which outlive a lost connection for a while."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from barenet.playground._data_view import describe_data
from barenet.playground._file_store import FileStore
from barenet.playground._network_view import NetworkView
from barenet.playground._page_state import NetworkSettings, PageState
from barenet.playground._prepared_data import PreparedData
from barenet.playground._progress_report import ProgressReport
from barenet.playground._run_setup import with_valid_loss
from barenet.playground._trainer import Trainer

__all__ = ["Session", "Sessions"]

MAX_SESSIONS = 40
#: Seconds without a page until a session is closed, and until its training is paused.
CLOSE_AFTER, PAUSE_AFTER = 120.0, 5.0


class Session:
    """One network or two on the same data, and the pages that show them."""

    def __init__(self, trainer: Trainer, store: FileStore) -> None:
        self.trainer, self.store = trainer, store
        self.key = secrets.token_urlsafe(9)
        self.state = PageState()
        self.prepared: PreparedData | None = None
        self.views: list[NetworkView] = []
        #: The pages, each with a function to call after every change.
        self.watchers: dict[object, Callable[[], None]] = {}
        #: Versions of everything that is drawn, of the settings, and of the data.
        self.version = self.state_version = self.data_version = 0
        self.configuring = asyncio.Lock()
        self.loop = asyncio.get_running_loop()
        self.left_at = self.loop.time()

    async def configure(self, state: PageState) -> None:
        """Change the settings; if they are invalid, nothing changes."""
        async with self.configuring:
            prepared = self.prepared
            if prepared is None or state.data != self.state.data:
                prepared = await asyncio.to_thread(self.store.prepare, state.data)
                networks = tuple(with_valid_loss(each, prepared) for each in state.networks)
                state = replace(state, networks=networks)
            new_data = prepared is not self.prepared
            views: list[tuple[NetworkView, NetworkSettings | None]] = []
            for index, settings in enumerate(state.networks):
                old = self.views[index] if index < len(self.views) else None
                if old and not new_data and settings.has_same_architecture(old.settings):
                    old.check(settings)
                    views.append((old, settings))
                else:
                    new = await asyncio.to_thread(NetworkView, settings, prepared, self.trainer)
                    views.append((new, None))
            self._apply(state, prepared, views)

    def _apply(
        self,
        state: PageState,
        prepared: PreparedData,
        views: list[tuple[NetworkView, NetworkSettings | None]],
    ) -> None:
        """Apply settings that have been checked: new views, and old ones with new settings."""
        playing = self.playing
        for view in self.views:
            if view not in [each for each, _ in views]:
                view.close()
        self.data_version += prepared is not self.prepared
        self.prepared, self.views = prepared, [view for view, _ in views]
        for view, settings in views:
            if settings is None:
                view.start(state.pace, self._listener(view))
                if playing:
                    view.send("play")
            elif settings != view.settings:
                view.configure(settings)
        if state.pace != self.state.pace:
            self.send("pace", state.pace)
        self.state = state
        self.state_version += 1
        self.notify()

    def send(self, action: str, value: Any = None) -> None:
        """Send a command to all networks."""
        for view in self.views:
            view.send(action, value)

    @property
    def playing(self) -> bool:
        """Whether a network is being trained."""
        return any(view.playing for view in self.views)

    def watch(self, page: object, wake: Callable[[], None]) -> None:
        """Call a function after every change."""
        self.watchers[page] = wake

    def leave(self, page: object) -> None:
        """Forget a page; without any, the training is paused."""
        self.watchers.pop(page, None)
        self.left_at = self.loop.time()

    def notify(self) -> None:
        """Notify every page of a change."""
        self.version += 1
        for wake in list(self.watchers.values()):
            wake()

    def close(self) -> None:
        """End the trainings."""
        for view in self.views:
            view.close()
        self.views = []

    def describe(self) -> dict[str, Any]:
        """Describe the settings, the data and the networks."""
        assert self.prepared is not None
        return {
            "type": "state",
            "session": self.key,
            "state": asdict(self.state),
            "version": self.state_version,
            "data": describe_data(self.prepared),
            "networks": [view.describe() for view in self.views],
        }

    def _listener(self, view: NetworkView) -> Callable[[ProgressReport | None], None]:
        """Pass reports from the trainer's thread to the event loop."""

        def receive(report: ProgressReport | None) -> None:
            if view in self.views:
                view.receive(report)
                self.notify()

        def listen(report: ProgressReport | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self.loop.call_soon_threadsafe(receive, report)

        return listen


class Sessions:
    """The open sessions by key."""

    def __init__(self, trainer: Trainer, store: FileStore, start: PageState) -> None:
        self.trainer, self.store, self.start = trainer, store, start
        self.open: dict[str, Session] = {}

    async def find(self, key: str, state: PageState | None) -> Session:
        """Find the session of a page, or open a new one."""
        if key in self.open:
            return self.open[key]
        session = Session(self.trainer, self.store)
        await session.configure(state or self.start)
        self._make_room()
        self.open[session.key] = session
        return session

    async def tidy(self) -> None:
        """Pause and close sessions without a page, until cancelled."""
        while True:
            await asyncio.sleep(1)
            now = asyncio.get_running_loop().time()
            for session in self._left():
                if now - session.left_at > CLOSE_AFTER:
                    self._close(session)
                elif now - session.left_at > PAUSE_AFTER and session.playing:
                    session.send("pause")

    def close(self) -> None:
        """Close all sessions."""
        for session in list(self.open.values()):
            self._close(session)

    def _left(self) -> list[Session]:
        """The sessions without a page, in the order in which they were left."""
        left = [each for each in self.open.values() if not each.watchers]
        return sorted(left, key=lambda session: session.left_at)

    def _make_room(self) -> None:
        for session in self._left()[: max(len(self.open) - MAX_SESSIONS + 1, 0)]:
            self._close(session)

    def _close(self, session: Session) -> None:
        session.close()
        self.open.pop(session.key, None)
