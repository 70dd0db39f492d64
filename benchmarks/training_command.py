"""The command `barenet train`: its time, and the share of it that the linear baseline takes."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.markdown import table, time as shown
from benchmarks.suite import Part, Suite

__all__ = ["PART", "figures", "report"]

COMMAND = "from barenet.__main__ import main; raise SystemExit(main())"
#: The options of each variant.
VARIANTS = {"with baselines": (), "without": ("--no-baselines",)}


def measure(suite: Suite) -> dict[str, dict[str, float]]:
    """Train on MNIST, or on digits without it, with and without the baselines, in turns.

    Parameters
    ----------
    suite : Suite
        How often.

    Returns
    -------
    dict
        By the names of `VARIANTS`, "process": the seconds of the whole command, and "training": of
        its training; "data" is the name of the data set.
    """
    folder = os.environ.get("BARENET_DATA")
    data = "mnist" if folder and Path(folder, "mnist").exists() else "digits"
    found: dict[str, Any] = {"data": data}
    for _ in range(1 if suite.quick else 3):
        for name, options in VARIANTS.items():
            suite.say(f"command: barenet train {data} --epochs 3, {name}")
            answer = _train(suite, data, options)
            if answer is None:
                return {}
            found[name] = min(found.get(name, answer), answer, key=lambda one: one["process"])
    return found


def _train(suite: Suite, data: str, options: tuple[str, ...]) -> dict[str, float] | None:
    """Run the command in an empty folder; None if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, "train", data, "--epochs", "3", "--json",
             "--no-plots", *options],
            cwd=folder, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        seconds = time.perf_counter() - begun
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        suite.leave_out(f"barenet train is left out: {reason}")
        return None
    return {"process": seconds, "training": sum(json.loads(done.stdout)["history"]["seconds"])}


def report(results: dict[str, Any]) -> str:
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
    header = (f"barenet train {results['data']} --epochs 3", "the whole command", "training")
    lines = [
        (name, shown(results[name]["process"]), shown(results[name]["training"]))
        for name in VARIANTS
    ]
    share = figures(results)["command, baseline / training"]
    verdict = (
        f"So the baselines take {share:.0%} of the time of the training."
        if share
        else "So the baselines take less time than two runs differ by."
    )
    return f"## The command\n\n{table(header, lines)}\n\n{verdict}"


def figures(results: dict[str, Any]) -> dict[str, float]:
    """The time of the baselines, by which the command is longer, over that of the training."""
    if not results:
        return {}
    rest = [results[name]["process"] - results[name]["training"] for name in VARIANTS]
    training = min(results[name]["training"] for name in VARIANTS)
    share = max(0.0, rest[0] - rest[1]) / training
    return {"command, baseline / training": share}


PART = Part(measure, report, figures)
