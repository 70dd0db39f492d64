"""Sessions: all that are played, no more than a few, and none for long after its page has left."""

from __future__ import annotations

import asyncio

from barenet.model.network import Network
from barenet.playground.session import Session
from barenet.playground.state import State
from barenet.playground.tables import Tables
from barenet.playground.trainer import Trainer

__all__ = ["MOST_SESSIONS", "Sessions"]

MOST_SESSIONS = 40
#: Seconds that a session waits for its page to come back, and until it stops learning meanwhile.
PATIENCE, PAUSE = 120.0, 5.0


class Sessions:
    """Sessions by their keys.

    Parameters
    ----------
    trainer : Trainer
        Where all networks learn.
    tables : Tables
        The tables that there are.
    start : State
        What a page starts with that does not say.
    network : Network, optional
        The first network of that start, where it exists already.
    """

    def __init__(
        self, trainer: Trainer, tables: Tables, start: State, network: Network | None = None
    ) -> None:
        self.trainer, self.tables = trainer, tables
        self.start, self.network = start, network
        self.open: dict[str, Session] = {}

    async def find(self, key: str, state: State | None) -> Session:
        """Find a page's session, or open one.

        Parameters
        ----------
        key : str
            What the page knows it by; empty for a new one.
        state : State, optional
            What a new one should be.

        Returns
        -------
        Session
            Ready to be watched.

        Raises
        ------
        ValueError
            If the state cannot be.
        """
        if key in self.open:
            return self.open[key]
        session = Session(self.trainer, self.tables)
        state = self.start if state is None else state
        await session.configure(state, self._given(state))
        self._make_room()
        self.open[session.key] = session
        return session

    def _given(self, state: State) -> Network | None:
        """The network that there was at the start, where a page asks for it, or for it again."""
        same = state.scene == self.start.scene and state.designs[0] == self.start.designs[0]
        return self.network.copy() if self.network is not None and same else None

    async def tidy(self) -> None:
        """Look around every second, until cancelled."""
        while True:
            await asyncio.sleep(1)
            now = asyncio.get_running_loop().time()
            for session in [each for each in self.open.values() if not each.watchers]:
                if now - session.left_at > PATIENCE:
                    self._drop(session)
                elif now - session.left_at > PAUSE and session.playing:
                    session.order("pause")

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
