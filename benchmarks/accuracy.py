"""Accuracy: how long each peer learns until it reads 95 and 97 % of the test digits."""

import contextlib
from collections.abc import Iterator
from typing import Any

from benchmarks.child import Child, PeerError
from benchmarks.rows import make_rows
from benchmarks.suite import Suite
from benchmarks.turns import candidates
from benchmarks.works import WORKS, Work

__all__ = ["TARGETS", "accuracy"]

#: Shares of the test rows, and the epochs after which a peer that has not got there is stopped.
TARGETS, MAX_EPOCHS = (0.95, 0.97), 20


def accuracy(suite: Suite, threads: dict[str, str]) -> list[dict[str, Any]]:
    """Train in turns, an epoch each, on the clock; test after each, off the clock.

    Parameters
    ----------
    suite : Suite
        With which engine.
    threads : dict of str to str
        Each peer's better choice of threads, where it is known.

    Returns
    -------
    list of dict
        "peer", "threads" and "epochs", of which each has its "seconds" and "accuracy".
    """
    work = next(work for work in WORKS if work.name == "mnist-256")
    rows = make_rows(work)
    if rows.origin != "MNIST":
        suite.leave_out(
            "The time to an accuracy is left out: it needs MNIST, its four IDX files in a folder "
            "that BARENET_DATA names"
        )
        return []
    suite.say("accuracy: learning to read")
    path = rows.save(suite.folder / "accuracy.npz")
    with contextlib.ExitStack() as stack:
        children = [
            stack.enter_context(Child(peer, choice))
            for peer, choice in candidates(suite.peers, work)
            if choice == threads.get(peer.name, "all")
        ]
        return _learn(suite, children, work, str(path))


def _learn(suite: Suite, children: list[Child], work: Work, path: str) -> list[dict[str, Any]]:
    """Compile on a network that is thrown away, then go round and round."""
    curves: dict[Child, list[dict[str, Any]]] = {child: [] for child in children}
    for child in children:
        with _leaving_out(suite, curves, child):
            child.ask("prepare", work=work.to_dict(), rows=path, engine=suite.engine)
            child.ask("first")
            child.ask("reset")
    for _ in range(MAX_EPOCHS):
        for child, epochs in list(curves.items()):
            if not epochs or max(epoch["accuracy"] for epoch in epochs) < TARGETS[-1]:
                with _leaving_out(suite, curves, child):
                    epochs.append(child.ask("advance"))
    return [
        {"peer": child.peer.name, "threads": child.threads, "epochs": epochs}
        for child, epochs in curves.items()
    ]


@contextlib.contextmanager
def _leaving_out(suite: Suite, curves: dict[Child, Any], child: Child) -> Iterator[None]:
    """Whoever fails is out."""
    try:
        yield
    except PeerError as error:
        del curves[child]
        suite.leave_out(f"{child.peer.name}'s time to an accuracy is left out: {error}")
