"""Spare engine: the engine of a thread's last network, for the next network of the thread.

Networks that differ only in their numbers need the same programs of the compiled engine, and making
an engine takes longer than some epochs of a small network.
"""

from barenet.engines import Engine, Job


class SpareEngine:
    """Keeps the engine of the network that a thread has trained last."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        #: The argument `engine` that it was chosen by.
        self._name: object = None

    def take(self, name: object, job: Job) -> Engine | None:
        """Return the engine for another job, if there is one that can take it; else close it."""
        engine = self._engine
        self._engine = None
        if engine is None:
            return None
        if name == self._name and engine.take_job(job):
            return engine
        engine.close()
        return None

    def keep(self, name: object, engine: Engine) -> None:
        """Keep an engine whose job is finished."""
        self._name = name
        self._engine = engine

    def close(self) -> None:
        """Close the engine, if there is one."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
