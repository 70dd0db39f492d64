"""The trainer in a separate process, so that drawing never slows down the training.

A pipe passes commands to the process. The process ends when the server ends, for any reason; if it
ends earlier, another one is started.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import warnings
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from barenet import Network, train
from barenet.errors import BarenetError
from barenet.playground.trainer._interactive_training import InteractiveTraining
from barenet.playground.trainer._problems import TRAINER_ENDED
from barenet.playground.trainer._trainer import Command, Trainer, Trainings
from barenet.playground.trainer._trainer_messages import ProgressReport, WeightPath

#: Seconds to wait for the process to end.
TIMEOUT = 0.5
#: Seconds before another process is started: the initial pause, and the maximum.
PAUSE = 0.25
LONGEST_PAUSE = 10.0


class ProcessTrainer(Trainer):
    """The server's end of the pipe to the process."""

    def __init__(self, process: bool = True) -> None:
        super().__init__()
        self.closing = threading.Event()
        self.process = process
        self.sending = threading.Lock()
        self._start()
        self.reader = threading.Thread(target=self._listen, name="trainer reports", daemon=True)
        self.reader.start()

    def close(self) -> None:
        """End the process."""
        self.closing.set()
        self._send(None)  # closes the other end of the pipe, which ends the reports
        self.worker.join(TIMEOUT)
        if self.worker.is_alive() and hasattr(self.worker, "terminate"):
            self.worker.terminate()  # compiling kernels can't be interrupted otherwise
            self.worker.join()

    def _start(self) -> None:
        """Start the process, with a new pipe."""
        self.connection, theirs = multiprocessing.Pipe()
        spawn = multiprocessing.get_context("spawn")
        make_worker: Any = threading.Thread
        if self.process:
            make_worker = spawn.Process
        arguments = (theirs, self.process)
        self.worker = make_worker(target=serve, args=arguments, name="trainer", daemon=True)
        self.worker.start()
        if self.process:
            theirs.close()

    def _send(self, command: Command | None) -> None:
        with self.sending, contextlib.suppress(OSError, ValueError):
            self.connection.send(command)

    def _listen(self) -> None:
        """Pass each report to its listener until `close`, or None if the process ends earlier."""
        pause = PAUSE
        while True:
            with contextlib.suppress(EOFError, OSError):
                while True:
                    key, report = self.connection.recv()
                    self._pass_on(key, report)
            self.closing.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            with self.sending:
                if self.closing.is_set():
                    return
                listeners = self.listeners
                paths = self.paths
                self.listeners = {}
                self.paths = {}
                self._start()
            for future in paths.values():
                future.set_exception(BarenetError(TRAINER_ENDED.message))
            for listener in listeners.values():
                listener(None)


def serve(connection: Connection[Any, Any], own_process: bool) -> None:
    """Execute the commands from a pipe; this is the target of the process."""
    if own_process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        warnings.simplefilter("ignore")  # the page itself reports problems in training
        threading.Thread(target=_warm_up, daemon=True).start()
    lock = threading.Lock()

    def answer(key: int, message: ProgressReport | WeightPath) -> None:
        with lock, contextlib.suppress(OSError, ValueError):
            connection.send((key, message))

    trainings = Trainings(_start_training, answer)
    with contextlib.suppress(EOFError, OSError):
        command = connection.recv()
        while command is not None:
            trainings.follow(command)
            command = connection.recv()
    for training in trainings.values():
        training.send("close")
    connection.close()


def _start_training(*arguments: Any) -> InteractiveTraining:
    """Start a training in a separate thread."""
    training = InteractiveTraining(*arguments)
    threading.Thread(target=training.work, daemon=True).start()
    return training


def _warm_up() -> None:
    """Compile the kernels, so that the first step on the page does not have to wait."""
    network = Network.dense([2, 2, 1], output="sigmoid")
    X = np.zeros((4, 2), np.float32)
    y = np.array([0, 1, 0, 1])
    train(network, X, y, epochs=1, batch_size=2, test_data=(X, y), metrics="accuracy")
