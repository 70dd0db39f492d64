"""``barenet importance``: which columns a trained network needs, by shuffling each of them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

from barenet.cli.console import emit, emit_json, emit_table, log, progress_bar
from barenet.cli.evaluate import Rows, select_rows
from barenet.cli.flags import NAMED, OUTPUT, Json, integer
from barenet.cli.run_settings import NO_FILE_OPTIONS, FileOptions
from barenet.cli.scores import HEADINGS
from barenet.cli.trained_model import load_trained
from barenet.data.dataset import Dataset
from barenet.files.predictor import Predictor
from barenet.insight.permutation_importance import Importance, permutation_importance

__all__ = ["MOST_ROWS", "REPEATS", "importance", "measure"]

#: Columns in the table; programs get all.
MOST_COLUMNS = 25
#: Letters of the longest bar, and of the longest name.
BAR, NAME = 24, 30
#: How often a column is shuffled, and rows that it is shuffled in, unless said otherwise.
REPEATS, MOST_ROWS = 10, 5_000

Count = Annotated[int, Parameter(group=OUTPUT, converter=integer)]


def importance(
    model: Path,
    data: Annotated[str, Parameter(show_default=False), NAMED] = "",
    /,
    *,
    repeats: Count = REPEATS,
    most_rows: Count = MOST_ROWS,
    rows: Annotated[Rows | None, Parameter(group=OUTPUT)] = None,
    file: FileOptions = NO_FILE_OPTIONS,
    json: Json = False,
) -> int:
    """Measure how much a trained network depends on each column.

    Permutation importance: each column of the table is shuffled by itself, and the decrease of the
    score is printed (accuracy for classes, R² for numbers). The test rows are used where they are
    known. Of two columns with the same information, neither appears important, as the network can
    do without either.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a file; by default what the run was trained on.
    repeats : int
        How often each column is shuffled.
    most_rows : int
        Maximum number of rows to use; many columns, such as pixels, take long.
    rows : {"test", "training", "all"}
        Which rows; by default the test rows, if there are any.
    json : bool
        Print JSON, for programs.

    Returns
    -------
    int
        The exit status.
    """
    trained = load_trained(model)
    trained.check_single_output()
    if min(repeats, most_rows) < 1:
        name, value = ("repeats", repeats) if repeats < 1 else ("most_rows", most_rows)
        raise ValueError(f"{name}: expected a whole number of 1 or more, got {value}")
    selection = select_rows(trained, trained.data_or_default(data), file, rows)
    dataset, description = take(selection.rows, most_rows), selection.description
    result = measure(trained.predictor, dataset, repeats)
    if json:
        rows_told = {"rows": dataset.n_samples, "evaluated_on": description}
        emit_json(
            {"model": str(trained.path), "dataset": dataset.name, **rows_told, **_plain(result)}
        )
        return 0
    what = f"{dataset.n_samples:,} {description.removeprefix('all ')}"
    log(
        f"{HEADINGS[result.metric]} {result.score:.4f} on {what}; each column shuffled {repeats}×\n"
    )
    _show(result)
    return 0


def take(rows: Dataset, most: int) -> Dataset:
    """Take some rows by chance, if there are more."""
    if rows.n_samples <= most:
        return rows
    return rows.take(np.sort(np.random.default_rng(0).permutation(rows.n_samples)[:most]))


def measure(predictor: Predictor, rows: Dataset, repeats: int = REPEATS) -> Importance:
    """Shuffle the columns, with a progress bar on a terminal."""
    bar = functools.partial(progress_bar, label="shuffling")
    return permutation_importance(predictor, rows.X, rows.y, n_repeats=repeats, progress=bar)


def _plain(result: Importance) -> dict[str, Any]:
    """Collect the figures for programs, the most important column first."""
    return {
        "metric": result.metric,
        "score": result.score,
        "repeats": result.drops.shape[1],
        "columns": [
            {"name": result.names[at], "mean": result.mean[at], "std": result.std[at]}
            for at in result.order
        ],
    }


def _show(result: Importance) -> None:
    """Print a bar for each column."""
    mean, std, order = result.mean, result.std, result.order[:MOST_COLUMNS]
    most = max(float(mean.max()), 1e-12)
    emit_table(
        ["column", f" {HEADINGS[result.metric]} lost", ""],
        [
            [
                _shorten(result.names[at]),
                f"{mean[at]:7.4f} ± {std[at]:.4f}",
                _bar(max(mean[at], 0.0) / most),
            ]
            for at in order
        ],
    )
    if (more := len(mean) - len(order)) > 0:
        emit(f"(and {more:,} columns that matter less; --json has them all)")


def _bar(share: float) -> str:
    """Draw a bar, to an eighth of a letter."""
    eighths = round(share * BAR * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _shorten(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"
