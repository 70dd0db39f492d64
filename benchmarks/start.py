"""Start: the time of imports and of the first fit, each in a process of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.markdown import table, time as shown
from benchmarks.peers import PEERS, Peer
from benchmarks.rows import Rows, make_rows
from benchmarks.suite import Part, Suite
from benchmarks.works import Work

__all__ = ["PART", "figures", "report"]

#: The network that is fitted first, for one epoch.
FIRST = Work(name="first-fit", data="digits", sizes=(64, 32, 10), n_rows=1_437, batch_size=32)


def measure(suite: Suite) -> dict[str, Any]:
    """Measure imports and first fits.

    Parameters
    ----------
    suite : Suite
        How often, and with which engine.

    Returns
    -------
    dict
        "import": seconds of a process that imports, by library, and of a bare one. "fit": for each
        peer, "process", from its start to its end, and the "fit" alone; for barenet, "ever" is the
        very first on a machine.
    """
    path = make_rows(FIRST).save(suite.folder / "first-fit.npz")
    suite.say("start: importing")
    imports = {}
    for library in dict.fromkeys(["python", *(peer.library for peer in suite.peers)]):
        code = "pass" if library == "python" else f"import {library}"
        if runs := _repeat(suite, 3 if suite.quick else 7, "-c", code):
            imports[library] = min(run["process"] for run in runs)
    fits = {}
    for peer in suite.peers:
        if not peer.works and peer.does(FIRST):
            suite.say(f"start: {peer.name}'s first fit")
            fits[peer.name] = _fit(suite, peer, path)
    return {"import": imports, "fit": {name: fit for name, fit in fits.items() if fit}}


def _fit(suite: Suite, peer: Peer, path: Path) -> dict[str, Any] | None:
    """Fit in process after process; the first finds no compiled code of barenet's anywhere."""
    command = ("-m", "benchmarks.start", peer.name, str(path), suite.engine)
    runs = _repeat(suite, 3 if suite.quick else 5, *command)
    if not runs:
        return None
    fits = [{"fit": float(run["printed"]), "process": run["process"]} for run in runs]
    best = min(fits[1:], key=lambda one: one["fit"])
    return {**best, "ever": fits[0]} if peer.library == "barenet" else best


def _repeat(suite: Suite, times: int, *arguments: str) -> list[dict[str, Any]]:
    """Run Python again and again, timed from start to end; nothing is left of it if it fails."""
    runs = []
    for _ in range(times):
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=Path(__file__).parents[1],
            env={
                **os.environ,
                "NUMBA_CACHE_DIR": str(suite.folder / "numba"),
                "PYTHONDONTWRITEBYTECODE": "",
            },  # bytecode is kept, as for a user
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
            what = arguments[1] if arguments[0] == "-c" else f"{arguments[2]}'s first fit"
            suite.leave_out(f"{what} is left out: {reason}")
            return []
        runs.append({"process": time.perf_counter() - begun, "printed": done.stdout})
    return runs


def report(results: dict[str, Any]) -> str:
    """Write the tables.

    Parameters
    ----------
    results : dict
        From `measure`.

    Returns
    -------
    str
        Markdown.
    """
    imports = [
        ("nothing (Python itself)" if name == "python" else f"`import {name}`", shown(seconds))
        for name, seconds in results["import"].items()
    ]
    fits = [(name, shown(f["fit"]), shown(f["process"])) for name, f in results["fit"].items()]
    if ever := results["fit"].get("barenet", {}).get("ever"):
        fits.insert(0, ("barenet, first ever", shown(ever["fit"]), shown(ever["process"])))
    return "\n\n".join(
        [
            "## Start",
            table(("a process that imports", "takes"), imports),
            table(("first fit in a process", "the fit alone", "the whole process"), fits),
        ]
    )


def figures(results: dict[str, Any]) -> dict[str, float]:
    """The seconds of barenet's import and first fits."""
    found = {"import": results["import"].get("barenet")}
    if fit := results["fit"].get("barenet"):
        found |= {"first fit ever": fit["ever"]["fit"], "first fit in a process": fit["fit"]}
    return {f"start, {name}": value for name, value in found.items() if value is not None}


PART = Part(measure, report, figures)


def main(peer: str, path: str, engine: str) -> None:
    """Fit, and print the seconds of it."""
    job = PEERS[peer].job(FIRST, Rows.load(path), engine)
    begun = time.perf_counter()
    job.run(1)
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
