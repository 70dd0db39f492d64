"""A function in a process of its own, which is killed when a call takes too long."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

__all__ = ["Limited"]


class Limited:
    """Calls a function in a child process, which keeps its state from call to call.

    Parameters
    ----------
    function : callable
        The function; it must be picklable.
    limit : float
        Seconds that a call may take.
    """

    def __init__(self, function: Callable[..., Any], limit: float) -> None:
        self._function, self._limit = function, limit
        self._process: Any = None
        self._connection: Connection

    def __call__(self, *arguments: Any) -> Any:
        """Call the function.

        Raises
        ------
        TimeoutError
            If the call took longer than the limit; its process was killed.
        RuntimeError
            If the process ended, for instance for lack of memory.
        """
        if self._process is None:
            self._start()
        self._connection.send(arguments)
        try:
            if self._connection.poll(self._limit):
                return self._connection.recv()
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            self.close()
            raise RuntimeError(f"the process ended with code {code}") from None
        self.close()
        raise TimeoutError(f"not finished after {self._limit:g} s")

    def _start(self) -> None:
        """Start a process with fresh memory and threads."""
        context = multiprocessing.get_context("spawn")
        self._connection, end = context.Pipe()
        self._process = context.Process(target=_serve, args=(end, self._function), daemon=True)
        self._process.start()
        end.close()

    def close(self) -> None:
        """Kill the process and those that it started."""
        if self._process is not None:
            with contextlib.suppress(AttributeError, ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _serve(connection: Connection, function: Callable[..., Any]) -> None:
    """Answer calls until the parent is gone; the children of this process are its group."""
    with contextlib.suppress(AttributeError):
        os.setsid()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            connection.send(function(*connection.recv()))


def _end_with_parent() -> None:
    """End this process when its parent was killed, even during a call."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
