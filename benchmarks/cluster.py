"""A cluster: a population on one worker of Dask and on two, beside threads of one process."""

import time
from contextlib import ExitStack
from typing import Any

from barenet import Network, load_dataset, train_many
from barenet.distributed._cluster import open_client
from benchmarks.markdown import table, time as shown, times
from benchmarks.suite import Part, Suite
from benchmarks.threads import n_cores
from benchmarks.worker_steps import BATCH, NETWORKS as LAYERS, seconds_of

__all__ = ["PART", "figures", "report"]

#: Networks of the population, their layers, and the epochs of each.
NETWORKS, SIZES, EPOCHS = 64, (64, 64, 10), 100
#: The network whose steps are timed; its rows are on the workers.
NETWORK = "mnist-256"
#: The numbers of workers, and of threads, that are compared.
COUNTS = (1, 2)


def measure(suite: Suite) -> dict[str, dict[str, float]]:
    """Train the population on workers and in threads, and one network on workers, in turns.

    Parameters
    ----------
    suite : Suite
        How often.

    Returns
    -------
    dict of str to dict
        "workers" and "threads": seconds by their number, and those of a "step"; empty with fewer
        cores than workers.
    """
    found: dict[str, dict[str, float]] = {"workers": {}, "threads": {}, "step": {}}
    if n_cores() < max(COUNTS):
        suite.leave_out(f"workers are left out: this machine has fewer than {max(COUNTS)} cores")
        return {}
    with ExitStack() as stack:
        clients = {count: stack.enter_context(open_client(count, None)) for count in COUNTS}
        for client in clients.values():
            _train(1, client=client)  # imports and compiles
        for turn in range(1 if suite.quick else 4):
            suite.say(f"cluster: {NETWORKS} networks, turn {turn + 1}")
            for count, client in clients.items():
                places = {"workers": {"client": client}, "threads": {"threads": count}}
                seconds = {name: _train(EPOCHS, **where) for name, where in places.items()}
                seconds["step"] = seconds_of(client, LAYERS[NETWORK], BATCH, 20)
                for name, one in seconds.items():
                    found[name][str(count)] = min(one, found[name].get(str(count), one))
    return found


def _train(epochs: int, **where: Any) -> float:
    """Train the population, and return the seconds."""
    data = load_dataset("digits")
    networks = [Network.dense(SIZES, output="softmax", seed=seed) for seed in range(NETWORKS)]
    begun = time.perf_counter()
    train_many(networks, data.X, data.y, epochs=epochs, seed=[*range(NETWORKS)], **where)
    return time.perf_counter() - begun


def report(results: dict[str, dict[str, float]]) -> str:
    """Write the table.

    Parameters
    ----------
    results : dict
        From `measure`.

    Returns
    -------
    str
        Markdown; empty without results.
    """
    if not results:
        return ""
    header = ("number", "time with workers", "time with threads", f"a step of {NETWORK}")
    lines = [(str(n), *(shown(one[str(n)]) for one in results.values())) for n in COUNTS]
    layers, found = "-".join(map(str, SIZES)), figures(results)
    return (
        f"## Workers of a cluster\n\n{table(header, lines)}\n\n"
        f"{NETWORKS} networks {layers} on digits, {EPOCHS} epochs each; two workers are "
        f"{times(found['cluster, 2 workers'])} as fast as one. A step of {NETWORK} has "
        f"{BATCH:,} rows on workers; on two it is {times(found['cluster, step'])} as fast."
    )


def figures(results: dict[str, dict[str, float]]) -> dict[str, float]:
    """The times on one worker over those on two."""
    if not results:
        return {}
    names = {"cluster, 2 workers": "workers", "cluster, step": "step"}
    one, two = map(str, COUNTS)
    return {name: results[key][one] / results[key][two] for name, key in names.items()}


PART = Part(measure, report, figures)
