"""The trainer of all networks on the page, which receives commands and sends reports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from barenet.model._network import Snapshot
from barenet.playground.trainer._interactive_training import InteractiveTraining
from barenet.playground.trainer._problems import Problem
from barenet.playground.trainer._trainer_messages import ProgressReport, TrainingSetup, WeightPath

Listener = Callable[[ProgressReport | None], None]


class Command(NamedTuple):
    """A command for a training."""

    #: The key of the training.
    key: int
    action: str
    #: The argument of the action; None if it has none.
    value: Any


class Trainer(ABC):
    """The interface of a trainer to the sessions."""

    def __init__(self) -> None:
        self.listeners: dict[int, Listener] = {}
        self.paths: dict[int, Future[WeightPath]] = {}
        self.next_key = 0

    def begin(self, setup: TrainingSetup, pace: float, listener: Listener) -> int:
        """Start a training that waits for its first command, and return its key.

        The listener is called with None if the trainer has failed; the training must then start
        again.
        """
        key = self.next_key
        self.next_key += 1
        self.listeners[key] = listener
        self.send(key, "begin", (setup, pace))
        return key

    def request_path(self, key: int) -> Future[WeightPath]:
        """Request the weights that a training has saved; the future fails if the trainer fails."""
        answer = self.paths.setdefault(key, Future())
        self._send(Command(key, "path", None))
        return answer

    def send(self, key: int, action: str, value: Any = None) -> None:
        """Send a command to a training."""
        if action == "close":
            self.listeners.pop(key, None)
        self._send(Command(key, action, value))

    @abstractmethod
    def close(self) -> None:
        """End all trainings."""

    @abstractmethod
    def _send(self, command: Command) -> None:
        """Pass a command to the trainings."""

    def _pass_on(self, key: int, report: ProgressReport | WeightPath) -> None:
        """Pass a report to its listener."""
        if isinstance(report, WeightPath):
            future = self.paths.pop(key, None)
            if future is not None:
                future.set_result(report)
        else:
            listener = self.listeners.get(key)
            if listener is not None:
                listener(report)


class Trainings(dict[int, InteractiveTraining]):
    """The trainings by their keys, which execute commands."""

    def __init__(
        self,
        make: Callable[..., InteractiveTraining],
        answer: Callable[[int, ProgressReport | WeightPath], None],
    ) -> None:
        super().__init__()
        self.make = make
        self.answer = answer

    def follow(self, command: Command) -> None:
        """Execute a command; a command for a closed training does nothing."""
        key = command.key
        if command.action == "begin":
            setup, pace = command.value
            self._begin(key, setup, pace)
        elif command.action == "path" and key in self:
            path = WeightPath.of(self[key].timeline)
            self.answer(key, path)
        elif key in self:
            self[key].send(command.action, command.value)
            if command.action == "close":
                del self[key]

    def _begin(self, key: int, setup: TrainingSetup, pace: float) -> None:
        def report(progress: ProgressReport) -> None:
            self.answer(key, progress)

        try:
            self[key] = self.make(setup, report, pace)
        except Exception as error:  # noqa: BLE001 - no training may end the others
            problem = Problem.of("refused", str(error))
            snapshot = Snapshot.of(setup.network)
            self.answer(key, ProgressReport(snapshot=snapshot, problem=problem))
