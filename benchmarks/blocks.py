"""Blocks: the time of a step on the workers of a cluster, its model, and what local steps cost.

    python -m benchmarks.blocks --only steps
    python -m benchmarks.blocks --only accuracy

`steps` times a step with exact gradients on 1, 2 and 4 workers, and an exchange that computes next
to nothing, keeps the shortest times of six rounds, and fits a model to the exchanges. `accuracy`
trains on MNIST with local steps.
"""

import argparse
import json
import os
import statistics
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from barenet import Network, load_dataset, train
from barenet.distributed import DaskRows
from barenet.distributed._cluster import open_client
from benchmarks.machine import machine
from benchmarks.markdown import table, time as shown
from benchmarks.results import FOLDER
from benchmarks.worker_steps import BATCH, NETWORKS, PARTITIONS, seconds_of

__all__ = ["accuracy", "draw", "fit", "main", "predicted", "report", "steps"]

#: The numbers of workers that are measured, and those of the model.
WORKERS, ALL_WORKERS = (1, 2, 4), (1, 2, 4, 8, 16, 32, 64)
#: Rounds over all networks and numbers of workers; other work on the machine comes and goes.
ROUNDS = 6
#: Local steps, of the picture and of the accuracies; vectors that Adam exchanges with them.
LOCAL, LOCAL_STEPS, VECTORS = 8, (1, 4, 16), 3
#: The network of the accuracies, its epochs, and the rows of a partition in a local step.
SMALL, EPOCHS, LOCAL_ROWS, SEEDS = (784, 64, 10), 6, 128, (0, 1)


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


def predicted(
    model: Sequence[float], compute: float, parameters: int, workers: int, local_steps: int = 1
) -> float:
    """Seconds for the rows of a batch: computed by the workers, and the part of an exchange."""
    vectors = VECTORS if local_steps > 1 else 1
    exchange = float(np.dot(model, _terms(workers, vectors * parameters)))
    return compute / workers + exchange / local_steps


def accuracy(say: Any = print) -> list[dict[str, Any]]:
    """Train on MNIST with some numbers of local steps, each with as many rows in a step."""
    import dask.array as da

    data, test = load_dataset("mnist", data_dir=os.environ["BARENET_DATA"]).split(10_000 / 70_000)
    assert test is not None
    X, y = (data.X / 255).astype(np.float32), data.y
    X_test, found = (test.X / 255).astype(np.float32), list[dict[str, Any]]()
    with open_client(2, None) as client:
        for local_steps in LOCAL_STEPS:
            batch_size, scores, losses = PARTITIONS * LOCAL_ROWS * local_steps, [], []
            for seed in SEEDS:
                rows = DaskRows(da.from_array(X, chunks=(7_500, -1)), client, local_steps)
                network = Network.dense(SMALL, output="softmax", seed=seed)
                options = {"epochs": EPOCHS, "seed": seed, "optimizer": "adam:learning_rate=0.003"}
                history = train(network, rows, y, batch_size=batch_size, **options)
                scores.append(float((network.predict(X_test).argmax(axis=1) == test.y).mean()))
                losses.append(history.loss[-1])
            exchanges = -(-len(X) // batch_size)
            entry = {"local_steps": local_steps, "batch_size": batch_size, "exchanges": exchanges}
            entry |= {"accuracy": statistics.mean(scores), "loss": statistics.mean(losses)}
            found.append(entry)
            say(entry)
    return found


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
    text = f"{table(header, lines)}\n\n{about}\n"
    if "accuracy" in found:
        header = ("local steps", "batch size", "exchanges in an epoch", "loss", "test accuracy")
        lines = [
            (
                f"{one['local_steps']}",
                f"{one['batch_size']:,}",
                f"{one['exchanges']}",
                f"{one['loss']:.3f}",
                f"{one['accuracy']:.2%}",
            )
            for one in found["accuracy"]
        ]
        sizes = "-".join(map(str, SMALL))
        text += f"\n<!-- local steps -->\n\n{table(header, lines)}\n\n{sizes} on MNIST, {EPOCHS} "
        text += f"epochs, the mean of {len(SEEDS)} seeds, 10,000 rows held out. A step has "
        text += f"{LOCAL_ROWS} rows of each of {PARTITIONS} partitions.\n"
    return text


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw the speed-up that the model predicts for each network."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    model, figure = fit(found["steps"]), Figure(figsize=(9, 3.4), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for local_steps, axis in zip((1, LOCAL), axes, strict=True):
        axis.plot(ALL_WORKERS, ALL_WORKERS, ":", color="gray", label="ideal")
        for name in NETWORKS:
            own = [one for one in found["steps"] if one["network"] == name]
            size, compute = own[0]["parameters"], own[0]["step"] - own[0]["exchange"]
            alone = predicted(model, compute, size, 1)
            times = [predicted(model, compute, size, n, local_steps) for n in ALL_WORKERS]
            [line] = axis.plot(ALL_WORKERS, [alone / each for each in times], label=name)
            if local_steps == 1:
                counts = [one["workers"] for one in own]
                ratios = [own[0]["step"] / one["step"] for one in own]
                axis.plot(counts, ratios, "o", color=line.get_color(), markersize=4)
        axis.set(xscale="log", yscale="log", xlabel="workers", xticks=ALL_WORKERS)
        axis.set_xticklabels(map(str, ALL_WORKERS))
        axis.minorticks_off()
        axis.set_title("exact gradients" if local_steps == 1 else f"{local_steps} local steps")
        axis.set_yticks(ALL_WORKERS, map(str, ALL_WORKERS))
    axes[0].set_ylabel("speed-up")
    axes[0].legend(frameon=False)
    with mpl.rc_context({"svg.hashsalt": "barenet", "svg.fonttype": "path"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write `blocks.json`, `blocks.md` and `blocks.svg` to the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blocks", description=__doc__)
    parser.add_argument("--only", choices=("steps", "accuracy"))
    parser.add_argument("--output", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    file = options.output / "blocks.json"
    found = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for name, part in {"steps": steps, "accuracy": accuracy}.items():
        if options.only in (None, name):
            found[name] = part()
    own = machine()
    found |= {"machine": f"{own['processor']}, {own['cores']} cores"}
    found["date"] = date.today().isoformat()
    file.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if "steps" in found:
        (options.output / "blocks.md").write_text(report(found), "utf-8")
        draw(found, options.output / "blocks.svg")


if __name__ == "__main__":
    main()
