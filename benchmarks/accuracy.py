"""Accuracy: the time of training until 95 and 97 % of the test digits are classified correctly."""

import contextlib
from typing import Any

from benchmarks.child import Child, PeerError
from benchmarks.markdown import table, time
from benchmarks.rows import make_rows
from benchmarks.suite import Part, Suite
from benchmarks.works import WORKS

__all__ = ["PART", "measure"]

#: Fractions of the test rows, and the epochs after which a library is stopped.
TARGETS, MAX_EPOCHS = (0.95, 0.97), 20


def measure(suite: Suite) -> list[dict[str, Any]]:
    """Train in turns, an epoch each, on the clock; test after each, off the clock.

    Parameters
    ----------
    suite : Suite
        With which engine.

    Returns
    -------
    list of dict
        "peer" and "epochs", each with its "seconds" and "accuracy".
    """
    work = next(work for work in WORKS if work.name == "mnist-256")
    rows = make_rows(work)
    if rows.origin != "MNIST":
        suite.leave_out(
            "The time to an accuracy is left out: it needs MNIST, its four IDX files in the folder "
            "BARENET_DATA"
        )
        return []
    suite.say("accuracy: 784-256-128-10 on MNIST")
    path = str(rows.save(suite.folder / "rows.npz"))
    with contextlib.ExitStack() as stack:
        curves: dict[Child, list[dict[str, Any]]] = {}
        for peer in suite.peers:
            if peer.does(work):
                child = stack.enter_context(Child(peer, "all"))
                with _leaving_out(suite, child):
                    child.ask("prepare", work=work.to_dict(), rows=path, engine=suite.engine)
                    child.ask("turn", times=1)  # compiles
                    child.ask("reset")
                    curves[child] = []
        return _train(suite, curves)


def _train(suite: Suite, curves: dict[Child, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Go round and round until all have reached the last target."""
    for _ in range(MAX_EPOCHS):
        for child, epochs in list(curves.items()):
            if not epochs or max(epoch["accuracy"] for epoch in epochs) < TARGETS[-1]:
                with _leaving_out(suite, child, curves):
                    epochs.append(child.ask("advance"))
    return [{"peer": child.peer.name, "epochs": epochs} for child, epochs in curves.items()]


@contextlib.contextmanager
def _leaving_out(suite: Suite, child: Child, curves: dict[Child, Any] | None = None) -> Any:
    """Leave out a library that fails."""
    try:
        yield
    except PeerError as error:
        (curves or {}).pop(child, None)
        suite.leave_out(f"{child.peer.name}'s time to an accuracy is left out: {error}")


def report(results: list[dict[str, Any]]) -> str:
    """Write the table.

    Parameters
    ----------
    results : list of dict
        From `measure`.

    Returns
    -------
    str
        Markdown; empty without results.
    """
    if not results:
        return ""
    header = (
        "library",
        *(f"to {target:.0%}" for target in TARGETS),
        "an epoch",
        "epochs",
        "reached",
    )
    lines = [_row(one["peer"], one["epochs"]) for one in results]
    return (
        "## Time to an accuracy on MNIST\n\n"
        "784-256-128-10, Adam, batches of 128; compiling and testing are off the clock.\n\n"
        + table(header, sorted(lines, key=lambda row: row[0] != "barenet"))
    )


def _row(peer: str, epochs: list[dict[str, float]]) -> tuple[str, ...]:
    reached = [_time_to(target, epochs) for target in TARGETS]
    mean = sum(epoch["seconds"] for epoch in epochs) / len(epochs)
    best = max(epoch["accuracy"] for epoch in epochs)
    return (peer, *map(time, reached), time(mean), str(len(epochs)), f"{best:.2%}")


def _time_to(target: float, epochs: list[dict[str, float]]) -> float | None:
    spent = 0.0
    for epoch in epochs:
        spent += epoch["seconds"]
        if epoch["accuracy"] >= target:
            return spent
    return None


PART = Part(measure, report)
