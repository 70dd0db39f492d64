"""Blocks: the time of a step on the workers of a cluster, and its model.

    python -m benchmarks.blocks

It times a step on 1, 2 and 4 workers, and an exchange that computes next to nothing, keeps the
shortest times of six rounds, and fits a model to the exchanges.
"""

import argparse
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from barenet import Network
from barenet.distributed._cluster import open_client
from benchmarks.machine import machine
from benchmarks.markdown import table, time as shown
from benchmarks.results import FOLDER
from benchmarks.worker_steps import BATCH, NETWORKS, PARTITIONS, seconds_of

__all__ = ["draw", "fit", "main", "predicted", "report", "steps"]

#: The numbers of workers that are measured, and those of the model.
WORKERS, ALL_WORKERS = (1, 2, 4), (1, 2, 4, 8, 16, 32, 64)
#: Rounds over all networks and numbers of workers; other work on the machine comes and goes.
ROUNDS = 6


def steps(say: Any = print) -> list[dict[str, Any]]:
    """The shortest times of all rounds: only times of one run are compared."""
    return fastest(*(measure(say) for _ in range(ROUNDS)))


def measure(say: Any) -> list[dict[str, Any]]:
    """Time a step and an exchange of each network on each number of workers."""
    found = []
    for count in WORKERS:
        with open_client(count, None) as client:
            for name, sizes in NETWORKS.items():
                n_steps = 8 if name == "mnist-1024" else 20
                entry: dict[str, Any] = {"network": name, "workers": count}
                entry["parameters"] = Network.dense(sizes).n_parameters
                entry["exchange"] = seconds_of(client, sizes, PARTITIONS, 20)
                entry["step"] = seconds_of(client, sizes, BATCH, n_steps)
                found.append(entry)
                say(entry)
    return found


def fastest(*runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The shortest times of several rounds."""
    shortest = [{name: min(one[name] for one in both) for name in ("exchange", "step")}
                for both in zip(*runs, strict=True)]  # fmt: skip
    return [{**one, **times} for one, times in zip(runs[0], shortest, strict=True)]


def fit(measured: Sequence[dict[str, Any]]) -> list[float]:
    """Fit the seconds of an exchange: a constant, and the factors of `_terms`."""
    from scipy.optimize import nnls

    terms = [_terms(one["workers"], one["parameters"]) for one in measured]
    seconds = np.array([one["exchange"] for one in measured])
    # Relative errors count, since the exchanges differ by factors.
    return nnls(np.array(terms) / seconds[:, None], np.ones(len(measured)))[0].tolist()


def _terms(workers: int, numbers: int) -> list[float]:
    """The calls, the step of the optimizer, the sums on a worker, and the bytes."""
    return [1.0, workers, numbers, numbers / workers, workers * numbers]


def predicted(model: Sequence[float], compute: float, parameters: int, workers: int) -> float:
    """Seconds of a step: the rows of a batch, divided among the workers, and an exchange."""
    exchange = float(np.dot(model, _terms(workers, parameters)))
    return compute / workers + exchange


def report(found: dict[str, Any]) -> str:
    """Write the tables."""
    lines = []
    for one in found["steps"]:
        alone = next(each for each in found["steps"] if each["network"] == one["network"])
        ratio = f"{alone['step'] / one['step']:.2f}"
        seconds = shown(one["step"]), shown(one["exchange"])
        lines.append((one["network"], f"{one['workers']}", *seconds, ratio))
    header = ("network", "workers", "a step", "an exchange alone", "speed-up")
    about = f"Batches of {BATCH:,} rows, {PARTITIONS} partitions, Adam"
    about = f"{about}; {found['machine']}, {found['date']}."
    return f"{table(header, lines)}\n\n{about}\n"


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw the speed-up that the model predicts for each network."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    model, figure = fit(found["steps"]), Figure(figsize=(5, 3.4), layout="constrained")
    axis = figure.subplots()
    axis.plot(ALL_WORKERS, ALL_WORKERS, ":", color="gray", label="ideal")
    for name in NETWORKS:
        own = [one for one in found["steps"] if one["network"] == name]
        size, compute = own[0]["parameters"], own[0]["step"] - own[0]["exchange"]
        alone = predicted(model, compute, size, 1)
        times = [predicted(model, compute, size, n) for n in ALL_WORKERS]
        [line] = axis.plot(ALL_WORKERS, [alone / each for each in times], label=name)
        counts = [one["workers"] for one in own]
        ratios = [own[0]["step"] / one["step"] for one in own]
        axis.plot(counts, ratios, "o", color=line.get_color(), markersize=4)
    axis.set(xscale="log", yscale="log", xlabel="workers", ylabel="speed-up")
    axis.set_xticks(ALL_WORKERS, map(str, ALL_WORKERS))
    axis.set_yticks(ALL_WORKERS, map(str, ALL_WORKERS))
    axis.minorticks_off()
    axis.legend(frameon=False)
    with mpl.rc_context({"svg.hashsalt": "barenet", "svg.fonttype": "path"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write `blocks.json`, `blocks.md` and `blocks.svg` to the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blocks", description=__doc__)
    parser.add_argument("--output", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    measured_on = machine()
    found = {
        "date": date.today().isoformat(),
        "steps": steps(),
        "machine": f"{measured_on['processor']}, {measured_on['cores']} cores",
    }
    (options.output / "blocks.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (options.output / "blocks.md").write_text(report(found), "utf-8")
    draw(found, options.output / "blocks.svg")


if __name__ == "__main__":
    main()
