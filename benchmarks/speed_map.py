"""The map: by which factor barenet is faster than the best peer, over sizes from tiny to huge.

Four panels: training steps with SGD and with Adam by width and batch size, predictions by width and
rows, and whole fits by solver and rows.
"""

import itertools
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.child import Crew
from benchmarks.markdown import significant, table
from benchmarks.suite import Part, Suite
from benchmarks.turns import Pace, compare, fastest, ratio
from benchmarks.works import Work

__all__ = ["PANELS", "PART", "Panel", "figures", "ratios", "summary"]

WIDTHS = (16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096)
BATCHES = (1, 8, 32, 128, 256, 1_024, 4_096)
ROWS = tuple(10**power for power in range(7))
FIT_ROWS = (50, 200, 1_000, 5_000, 10_000, 100_000, 1_000_000)

#: The pace of a cell: the best peer and barenet take more turns than the others.
PACE = Pace(rounds=3, turn=0.06, near=1.3, slow=8.0, patience=90.0)
QUICK = Pace(rounds=1, turn=0.04, near=1.3, slow=2.0, patience=60.0)


def step(optimizer: str, batch_size: int, width: int) -> Work:
    """An epoch of 64-width-width-10, of as many steps as take peers about a quarter of a second.

    A step is estimated by its operations, the memory that its weights move, and some overhead.
    """
    weights = 64 * width + width * width + 10 * width
    passes = 10 if optimizer == "adam" else 6
    seconds = max(20e-6, 6 * batch_size * weights / 2e11, passes * 4 * weights / 1e10)
    n_steps = max(2, min(500, int(0.25 / seconds), 2**18 // batch_size))
    return Work(
        name=f"{optimizer}, width {width:,}, batch size {batch_size:,}",
        data="random",
        sizes=(64, width, width, 10),
        n_rows=n_steps * batch_size,
        batch_size=batch_size,
        optimizer=optimizer,
        task="steps",
    )


def prediction(n_rows: int, width: int) -> Work:
    """The probabilities of a classifier 64-width-10."""
    return Work(
        name=f"prediction, width {width:,}, {n_rows:,} rows",
        data="random",
        sizes=(64, width, 10),
        n_rows=n_rows,
        batch_size=200,
        task="predict_proba",
    )


def fit(optimizer: str, n_rows: int) -> Work:
    """A fit of 20-100-3 with the default settings; 200 epochs, fewer of many rows."""
    return Work(
        name=f"fit, {optimizer}, {n_rows:,} rows",
        data="random",
        sizes=(20, 100, 3),
        n_rows=n_rows,
        batch_size=200,
        optimizer=optimizer,
        task="fit",
        epochs=max(2, min(200, 2_000_000 // n_rows)),
    )


@dataclass(frozen=True)
class Panel:
    """A grid of works.

    Attributes
    ----------
    title : str
        A heading.
    across, down : str
        What the columns and the rows are.
    columns, rows : tuple
        Their values.
    few : tuple of tuple
        The columns and rows of a quick run.
    work : callable
        Makes the work of a row's and a column's value.
    """

    title: str
    across: str
    down: str
    columns: tuple[Any, ...]
    rows: tuple[Any, ...]
    few: tuple[tuple[Any, ...], tuple[Any, ...]]
    work: Callable[[Any, Any], Work]


PANELS: dict[str, Panel] = {
    **{
        optimizer: Panel(
            title=f"A training step with {name}",
            across="width of two hidden layers",
            down="batch size",
            columns=WIDTHS,
            rows=BATCHES,
            few=((16, 128, 1_024), (1, 32, 1_024)),
            work=lambda batch, width, optimizer=optimizer: step(optimizer, batch, width),
        )
        for optimizer, name in (("sgd", "SGD"), ("adam", "Adam"))
    },
    "predict": Panel(
        title="Probabilities (predict_proba)",
        across="width of the hidden layer",
        down="rows",
        columns=WIDTHS,
        rows=ROWS,
        few=((16, 128, 1_024), (1, 1_000, 100_000)),
        work=prediction,
    ),
    "fit": Panel(
        title="A whole fit (MLPClassifier)",
        across="rows",
        down="solver",
        columns=FIT_ROWS,
        rows=("sgd", "adam"),
        few=((50, 1_000), ("adam",)),
        work=fit,
    ),
}


def measure(suite: Suite) -> dict[str, Any]:
    """Measure all cells.

    Parameters
    ----------
    suite : Suite
        How thoroughly, and with which engine.

    Returns
    -------
    dict
        By the names of `PANELS`: "columns", "rows", and "cells", the seconds by library, row by
        row.
    """
    found = {}
    with Crew() as crew:
        for name, panel in PANELS.items():
            columns, rows = panel.few if suite.quick else (panel.columns, panel.rows)
            works = list(itertools.starmap(panel.work, itertools.product(rows, columns)))
            cells = []
            for number, work in enumerate(works, 1):
                suite.say(f"map: {work.name} ({number} of {len(works)})")
                cells.append(_seconds(suite, crew, work))
            found[name] = {
                "columns": columns,
                "rows": rows,
                "cells": [cells[i : i + len(columns)] for i in range(0, len(cells), len(columns))],
            }
    return found


def _seconds(suite: Suite, crew: Crew, work: Work) -> dict[str, float]:
    pace = QUICK if suite.quick else PACE
    measured = compare(suite, work, pace, crew, saved=False)["measured"]
    return {name: one.seconds for name, one in fastest(measured).items()}


def ratios(results: dict[str, Any]) -> list[tuple[str, str, float]]:
    """List the name of each cell, its best peer, and the ratio of its time to barenet's."""
    found = []
    for name, grid in results.items():
        for row, line in zip(grid["rows"], grid["cells"], strict=True):
            for column, seconds in zip(grid["columns"], line, strict=True):
                if pair := ratio(seconds):
                    found.append((PANELS[name].work(row, column).name, *pair))
    return found


def report(results: dict[str, Any]) -> str:
    """Write a table for each panel.

    Parameters
    ----------
    results : dict
        From `measure`.

    Returns
    -------
    str
        Markdown.
    """
    letters = "The letter is the best peer: J for JAX, P for PyTorch, S for scikit-learn."
    blocks = ["## The map in figures", f"Time of the best peer over barenet's. {letters}"]
    for name, grid in results.items():
        panel = PANELS[name]
        header = (f"{panel.down} ↓, {panel.across.split()[0]} →", *map(_shown, grid["columns"]))
        lines = [
            (_shown(row), *map(_cell, line))
            for row, line in zip(grid["rows"], grid["cells"], strict=True)
        ]
        blocks += [f"### {panel.title}", table(header, lines)]
    return "\n\n".join(blocks)


def summary(results: dict[str, Any]) -> str:
    """Sum up all cells in a line: the smallest, the median, and those below 1.1."""
    found = ratios(results)
    if not found:
        return "No peer is installed, so there are no ratios."
    name, peer, least = min(found, key=lambda cell: cell[2])
    below = sum(value < 1.1 for _, _, value in found)
    middle = statistics.median(value for _, _, value in found)
    return (
        f"Of {len(found)} cells, the smallest is **{significant(least)} ×** ({name}; {peer}), the "
        f"median is **{significant(middle)} ×**, and {below or 'none'} "
        f"{'is' if below <= 1 else 'are'} below 1.1 ×."
    )


def _cell(seconds: dict[str, float]) -> str:
    pair = ratio(seconds)
    return f"{significant(pair[1])} {pair[0][0].upper()}" if pair else "–"


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def figures(results: dict[str, Any]) -> dict[str, float]:
    """The smallest ratio of each panel, and the median of all."""
    found = {}
    for name, grid in results.items():
        values = [value for _, _, value in ratios({name: grid})]
        if values:
            found[f"map, {name}, smallest"] = min(values)
    everything = [value for _, _, value in ratios(results)]
    return found | ({"map, median": statistics.median(everything)} if everything else {})


PART = Part(measure, report, figures)
