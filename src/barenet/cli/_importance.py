"""``barenet importance``: permutation importance of the columns for a trained network."""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from barenet import Dataset, Importance, ModelCard, Predictor, permutation_importance
from barenet._constraints import check_count
from barenet._metrics import MAXIMIZED, Name, main_metric
from barenet.cli._console import emit, emit_json, emit_table, log, progress_bar
from barenet.cli._evaluate import Kind, select_rows
from barenet.cli._flags import Data, Integer, Off
from barenet.cli._run_settings import NO_FILE_OPTIONS, FileOptions
from barenet.cli._scores import choose_metric, metric_title, score_text
from barenet.cli._text_graphics import bar
from barenet.cli._trained_model import load_trained

#: Columns in the table; JSON has all. Characters of the longest name.
MAX_COLUMNS, MAX_NAME = 25, 30
#: Default values of the options.
REPEATS, MAX_ROWS = 10, 5_000


def importance(
    model: Path,
    data: Data = "",
    /,
    *,
    repeats: Integer = REPEATS,
    max_rows: Integer = MAX_ROWS,
    rows: Kind | None = None,
    metric: Name | None = None,
    file: FileOptions = NO_FILE_OPTIONS,
    json: Off = False,
) -> None:
    """Measure how much a trained network depends on each column.

    Permutation importance: each column of the table is shuffled by itself, and the decrease of the
    score is printed, or the increase of an error. The test rows are used where they are known. Of
    two columns with the same information, neither appears important, as the network can do without
    either.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a file; by default the training data.
    repeats : int
        How often each column is shuffled.
    max_rows : int
        Maximum number of rows to use; many columns, such as pixels, take long.
    rows : {"test", "training", "all"}
        Which rows; by default the test rows, if there are any.
    metric : str
        The score; by default that of the training.
    json : bool
        Print JSON, for programs.
    """
    trained = load_trained(model, single_output=True)
    check_count(repeats, "repeats")
    check_count(max_rows, "max_rows")
    selection = select_rows(trained, data, file, rows)
    sample = sample_rows(selection.rows, max_rows)
    main = choose_metric(metric or trained.config.metric, sample)
    result = measure_importance(trained.predictor, sample, repeats, main)
    if json:
        columns = [
            {"name": result.names[at], "mean": result.mean[at], "std": result.std[at]}
            for at in result.order  # the most important column first
        ]
        emit_json(
            {
                "model": str(trained.path),
                "dataset": sample.name,
                "rows": sample.n_samples,
                "evaluated_on": selection.description,
                "metric": result.metric,
                "score": result.score,
                "repeats": repeats,
                "columns": columns,
            }
        )
        return
    rows_used = f"{sample.n_samples:,} {selection.description.removeprefix('all ')}"
    _emit(result, f"on {rows_used}; each column shuffled {repeats}×")


def sample_rows(rows: Dataset, most: int = MAX_ROWS) -> Dataset:
    """Take a random sample of the rows if there are more."""
    if rows.n_samples <= most:
        return rows
    return rows.take(np.sort(np.random.default_rng(0).permutation(rows.n_samples)[:most]))


@functools.lru_cache(maxsize=1)
def measure_importance(
    predictor: Predictor, rows: Dataset, repeats: int = REPEATS, metric: str | None = None
) -> Importance:
    """Shuffle the columns, by default by the metric of the training; the last result is cached."""
    given: Any = metric or (predictor.card or ModelCard()).settings.get("metric")
    metric = main_metric(given, rows.y, predictor.classes).name
    progress = functools.partial(progress_bar, label="shuffling")
    options: dict[str, Any] = {"n_repeats": repeats, "metric": metric}
    return permutation_importance(predictor, rows.X, rows.y, progress=progress, **options)


def _emit(result: Importance, how: str) -> None:
    """Print a bar for each column."""
    title = metric_title(result.metric)
    log(f"{title} {score_text(result.metric, result.score)} {how}\n")
    mean, std, names = result.mean, result.std, result.names
    most, order = max(float(mean.max()), 1e-12), result.order[:MAX_COLUMNS]
    short = [name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…" for name in names]
    lines = [
        [short[at], f"{mean[at]:7.4f} ± {std[at]:.4f}", bar(max(mean[at], 0.0) / most)]
        for at in order
    ]
    change = "lost" if result.metric in MAXIMIZED else "gained"
    emit_table(["column", f" {title} {change}", ""], lines)
    if (more := len(mean) - len(order)) > 0:
        emit(f"(and {more:,} columns that matter less; --json has them all)")
