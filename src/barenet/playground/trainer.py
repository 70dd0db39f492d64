"""Trainer: the process in which all networks of the page learn, so that drawing never slows them.

Orders come through a pipe and reports go back through it. The process imports what it needs
while the page loads, and ends with the server, however that ends.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from barenet.model.network import Network
from barenet.playground.interactive_training import InteractiveTraining
from barenet.playground.progress_report import Progress
from barenet.playground.run_setup import TrainingTask
from barenet.training.train import train

__all__ = ["Trainer", "serve", "warm_up"]

#: Seconds that the process is waited for at the end.
PATIENCE = 0.5


class Trainer:
    """The server's end of the pipe."""

    def __init__(self, process: bool = True) -> None:
        self.listeners: dict[int, Callable[[Progress | None], None]] = {}
        self.closing = False
        self.next_key = 0
        self.sending = threading.Lock()
        self.connection, theirs = multiprocessing.Pipe()
        self.process: Any = None
        if process:
            context = multiprocessing.get_context("spawn")
            self.process = context.Process(
                target=serve, args=(theirs, True), name="barenet trainer", daemon=True
            )
            self.process.start()
            theirs.close()
        else:
            threading.Thread(target=serve, args=(theirs, False), daemon=True).start()
        self.reader = threading.Thread(target=self._listen, name="trainer reports", daemon=True)
        self.reader.start()

    def begin(
        self, task: TrainingTask, pace: float, listener: Callable[[Progress | None], None]
    ) -> int:
        """Start a training, which waits for its first order."""
        key, self.next_key = self.next_key, self.next_key + 1
        self.listeners[key] = listener
        self._send((key, "begin", (task, pace)))
        return key

    def command(self, key: int, action: str, value: Any = None) -> None:
        """Tell a training what to do."""
        if action == "close":
            self.listeners.pop(key, None)
        self._send((key, action, value))

    def close(self) -> None:
        """End the process."""
        self.closing = True
        self._send(None)  # it closes its end of the pipe, and so the reports end
        if self.process is not None:
            self.process.join(PATIENCE)
            if self.process.is_alive():  # it may be building kernels, which nothing interrupts
                self.process.terminate()
                self.process.join()

    def _send(self, message: tuple[int, str, Any] | None) -> None:
        with self.sending, contextlib.suppress(OSError, ValueError):
            self.connection.send(message)

    def _listen(self) -> None:
        """Hand each report to who wants it, until the pipe is closed."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                key, progress = self.connection.recv()
                if (listener := self.listeners.get(key)) is not None:
                    listener(progress)
        if not self.closing:
            for listener in list(self.listeners.values()):
                listener(None)


def serve(connection: Connection[Any, Any], alone: bool) -> None:
    """Do what comes through the pipe; the body of the process."""
    if alone:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        warnings.simplefilter("ignore")  # what they say is said on the page
        threading.Thread(target=warm_up, daemon=True).start()
    trainings: dict[int, InteractiveTraining] = {}
    lock = threading.Lock()

    def begin(key: int, task: TrainingTask, pace: float) -> None:
        def report(progress: Progress) -> None:
            with lock, contextlib.suppress(OSError, ValueError):
                connection.send((key, progress))

        trainings[key] = InteractiveTraining(task, report, pace)
        threading.Thread(target=trainings[key].work, daemon=True).start()

    with contextlib.suppress(EOFError, OSError):
        while (message := connection.recv()) is not None:
            key, action, value = message
            if action == "begin":
                begin(key, *value)
            elif key in trainings:
                trainings[key].command(action, value)
                if action == "close":
                    del trainings[key]
    for training in trainings.values():
        training.command("close")
    connection.close()


def warm_up() -> None:
    """Make the kernels ready, so that the first step on the page does not wait for them."""
    network = Network.dense([2, 2, 1], output="sigmoid")
    X, y = np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1])
    train(network, X, y, epochs=1, batch_size=2, test_data=(X, y), metrics="accuracy")
