"""The process in which all networks of the page are trained, so that drawing never slows them.

Commands go to it through a pipe and reports come back. It ends with the server, however that ends;
if it ends before, another one is started.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from barenet import Network, train
from barenet.errors import BarenetError
from barenet.model._network import Snapshot
from barenet.playground._problems import TRAINER_ENDED, Problem
from barenet.playground._threaded_training import ThreadedTraining
from barenet.playground._trainer_messages import ProgressReport, TrainingTask, WeightPath

#: Seconds to wait for the process at the end.
TIMEOUT = 0.5
#: Seconds before another process is started: before the first one, and at most.
PAUSE, LONGEST_PAUSE = 0.25, 10.0

Listener = Callable[[ProgressReport | None], None]


class Trainer:
    """The server's end of the pipe."""

    def __init__(self, process: bool = True) -> None:
        self.listeners: dict[int, Listener] = {}
        self.paths: dict[int, Future[WeightPath]] = {}
        self.closing = threading.Event()
        self.next_key = 0
        self.process = process
        self.sending = threading.Lock()
        self._start()
        self.reader = threading.Thread(target=self._listen, name="trainer reports", daemon=True)
        self.reader.start()

    def begin(self, task: TrainingTask, pace: float, listener: Listener) -> int:
        """Start a training, which waits for its first command, and return its key.

        The listener is called with None when the process has ended: the training must begin again.
        """
        key, self.next_key = self.next_key, self.next_key + 1
        self.listeners[key] = listener
        self.send(key, "begin", (task, pace))
        return key

    def request_path(self, key: int) -> Future[WeightPath]:
        """Request the weights that a training has kept; fails if the process ends."""
        answer = self.paths.setdefault(key, Future())
        self._send((key, "path", None))
        return answer

    def send(self, key: int, action: str, value: Any = None) -> None:
        """Send a command to a training."""
        if action == "close":
            self.listeners.pop(key, None)
        self._send((key, action, value))

    def close(self) -> None:
        """End the process."""
        self.closing.set()
        self._send(None)  # it closes its end of the pipe, which ends the reports
        self.worker.join(TIMEOUT)
        if self.worker.is_alive() and hasattr(self.worker, "terminate"):
            self.worker.terminate()  # compiling kernels can't be interrupted
            self.worker.join()

    def _start(self) -> None:
        """Start the process, with a pipe of its own."""
        self.connection, theirs = multiprocessing.Pipe()
        spawn = multiprocessing.get_context("spawn")
        kind: Any = spawn.Process if self.process else threading.Thread
        self.worker = kind(target=serve, args=(theirs, self.process), name="trainer", daemon=True)
        self.worker.start()
        if self.process:
            theirs.close()

    def _send(self, message: tuple[int, str, Any] | None) -> None:
        with self.sending, contextlib.suppress(OSError, ValueError):
            self.connection.send(message)

    def _listen(self) -> None:
        """Pass each report to its listener, until `close`; None if the process ends before."""
        pause = PAUSE
        while True:
            with contextlib.suppress(EOFError, OSError):
                while True:
                    self._pass_on(*self.connection.recv())
            self.closing.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            with self.sending:
                if self.closing.is_set():
                    return
                listeners, self.listeners = self.listeners, {}
                paths, self.paths = self.paths, {}
                self._start()
            for future in paths.values():
                future.set_exception(BarenetError(TRAINER_ENDED.message))
            for listener in listeners.values():
                listener(None)

    def _pass_on(self, key: int, report: ProgressReport | WeightPath) -> None:
        if isinstance(report, WeightPath):
            if (future := self.paths.pop(key, None)) is not None:
                future.set_result(report)
        elif (listener := self.listeners.get(key)) is not None:
            listener(report)


def serve(connection: Connection[Any, Any], own_process: bool) -> None:
    """Execute the commands from a pipe; the body of the process."""
    if own_process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        warnings.simplefilter("ignore")  # the page reports the problems of a training itself
        threading.Thread(target=_warm_up, daemon=True).start()
    trainings: dict[int, ThreadedTraining] = {}
    lock = threading.Lock()

    def answer(key: int, message: ProgressReport | WeightPath) -> None:
        with lock, contextlib.suppress(OSError, ValueError):
            connection.send((key, message))

    with contextlib.suppress(EOFError, OSError):
        while (message := connection.recv()) is not None:
            key, action, value = message
            if action == "begin":
                task, pace = value
                try:
                    trainings[key] = ThreadedTraining(task, partial(answer, key), pace)
                except Exception as error:  # noqa: BLE001 - no training ends the others
                    problem = Problem.of("refused", error=error)
                    answer(key, ProgressReport(snapshot=Snapshot.of(task.network), problem=problem))
                else:
                    threading.Thread(target=trainings[key].work, daemon=True).start()
            elif action == "path" and key in trainings:
                answer(key, WeightPath.of(trainings[key].timeline))
            elif key in trainings:
                trainings[key].send(action, value)
                if action == "close":
                    del trainings[key]
    for training in trainings.values():
        training.send("close")
    connection.close()


def _warm_up() -> None:
    """Compile the kernels, so that the first step on the page does not wait for them."""
    network = Network.dense([2, 2, 1], output="sigmoid")
    X, y = np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1])
    train(network, X, y, epochs=1, batch_size=2, test_data=(X, y), metrics="accuracy")
