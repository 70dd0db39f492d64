"""Joint calls: the calls of many networks, each trained in a thread, as one call of a program.

A call waits until every thread that takes part waits, too, or has ended. So loops, callbacks, early
stopping and checkpoints are those of a single network, and only the arithmetic is shared.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from barenet.engines.jax._device_rows import DeviceRows
    from barenet.engines.jax._program_calls import ProgramCall


class _Waiting:
    """A call that waits for its result."""

    def __init__(self, call: ProgramCall, width: int) -> None:
        self.call = call
        self.width = width
        self.result: Any = None
        self.error: BaseException | None = None
        self.is_done = threading.Event()


class JointCalls:
    """Collects the calls of the threads that take part, and computes equal ones together."""

    def __init__(self) -> None:
        #: Held by the thread that works, and passed on while it waits for a result. Only one thread
        #: can execute Python at a time, and many that compete for it take twice as long.
        self.turn = threading.RLock()
        #: Number of networks of each group, for which a program has places.
        self.widths: Counter[Hashable] = Counter()
        #: Number of threads that take part, and have not ended.
        self.n_threads = 0
        self.members: set[int] = set()
        self.waiting: list[_Waiting] = []
        self.rows_by_dtype: dict[str, DeviceRows] = {}

    def begin(self, n_threads: int) -> None:
        """Expect this number of threads."""
        with self.turn:
            self.n_threads = n_threads

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Take part with this thread."""
        with self.turn:
            self.members.add(threading.get_ident())
            try:
                yield
            finally:
                self.members.discard(threading.get_ident())
                self.leave()

    def leave(self) -> None:
        """Expect one thread less."""
        with self.turn:
            self.n_threads -= 1
            self._compute_if_all_wait()

    @property
    def has_joined(self) -> bool:
        """Whether this thread takes part."""
        return threading.get_ident() in self.members

    def device_rows(self, dtype: np.dtype[Any]) -> DeviceRows:
        """Return the data sets on the device, which all networks of a dtype share."""
        from barenet.engines.jax._device_rows import DeviceRows

        with self.turn:
            if dtype.name not in self.rows_by_dtype:
                self.rows_by_dtype[dtype.name] = DeviceRows(dtype)
            return self.rows_by_dtype[dtype.name]

    def compute(self, call: ProgramCall, group: Hashable) -> Any:
        """Compute the result of a call, together with those of other threads.

        The networks of a group get the same pace, from which they choose the length of their next
        chunk, so that equal chunks end together.
        """
        waiting = _Waiting(call, self.widths[group])
        self.waiting.append(waiting)
        self._compute_if_all_wait()
        self.turn.release()
        try:
            waiting.is_done.wait()
        finally:
            self.turn.acquire()
        if waiting.error is not None:
            raise waiting.error
        return waiting.result

    def _compute_if_all_wait(self) -> None:
        """Compute all calls, if every thread that takes part waits for one."""
        if not self.waiting or len(self.waiting) < self.n_threads:
            return
        groups: dict[Hashable, list[_Waiting]] = {}
        for waiting in self.waiting:
            key = (waiting.width, waiting.call.key)
            groups.setdefault(key, []).append(waiting)
        self.waiting = []
        for members in groups.values():
            _compute_group(members)


def _compute_group(members: list[_Waiting]) -> None:
    """Compute the calls of a group and release their threads; each of them raises an error."""
    from barenet.engines.jax import _jax_library as library
    from barenet.engines.jax._program_calls import compute, compute_together

    width = members[0].width
    try:
        with library.wide_types():
            if width <= 1:
                results = [compute(waiting.call) for waiting in members]
            else:
                calls = [waiting.call for waiting in members]
                results = compute_together(calls, max(width, len(calls)))
        for waiting, result in zip(members, results, strict=True):
            waiting.result = result
    except BaseException as error:  # noqa: BLE001  # each thread raises it
        for waiting in members:
            waiting.error = error
    for waiting in members:
        waiting.is_done.set()
