"""Sessions: all that are played, no more than a few, and none for long after its page has left."""

from __future__ import annotations

import asyncio

from barenet.playground.file_store import FileStore
from barenet.playground.page_state import PageState
from barenet.playground.session import Session
from barenet.playground.trainer import Trainer

__all__ = ["MOST_SESSIONS", "Sessions"]

MOST_SESSIONS = 40
#: Seconds that a session waits for its page to come back, and until it stops learning meanwhile.
PATIENCE, PAUSE = 120.0, 5.0


class Sessions:
    """Sessions by their keys."""

    def __init__(self, trainer: Trainer, store: FileStore, start: PageState) -> None:
        self.trainer, self.store, self.start = trainer, store, start
        self.open: dict[str, Session] = {}

    async def find(self, key: str, state: PageState | None) -> Session:
        """Find a page's session, or open one."""
        if key in self.open:
            return self.open[key]
        session = Session(self.trainer, self.store)
        await session.configure(self.start if state is None else state)
        self._make_room()
        self.open[session.key] = session
        return session

    async def tidy(self) -> None:
        """Look around every second, until cancelled."""
        while True:
            await asyncio.sleep(1)
            now = asyncio.get_running_loop().time()
            for session in [each for each in self.open.values() if not each.watchers]:
                if now - session.left_at > PATIENCE:
                    self._drop(session)
                elif now - session.left_at > PAUSE and session.playing:
                    session.command("pause")

    def close(self) -> None:
        """End all."""
        for session in list(self.open.values()):
            self._drop(session)

    def _make_room(self) -> None:
        """Drop who was left longest ago."""
        left = sorted(
            (each for each in self.open.values() if not each.watchers),
            key=lambda session: session.left_at,
        )
        for session in left[: max(len(self.open) - MOST_SESSIONS + 1, 0)]:
            self._drop(session)

    def _drop(self, session: Session) -> None:
        session.close()
        self.open.pop(session.key, None)
