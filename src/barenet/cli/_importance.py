"""``barenet importance``: how much the score of a network depends on each column."""

from pathlib import Path
from typing import Any

from barenet._constraints import check_count
from barenet._metrics import Name, score_text
from barenet.cli._console import emit, emit_json, emit_table, log
from barenet.cli._flags import Data, FileOptions, Integer, Off
from barenet.cli._score_tables import choose_metric
from barenet.cli._text_graphics import bar
from barenet.cli._trained_model import load_trained, select_rows
from barenet.insight._permutation_importance import Importance
from barenet.tasks._measurement import metric_title
from barenet.tasks._pictures import MAX_ROWS, REPEATS, drops_of, measure_importance, sample_rows


def importance(
    model: Path,
    data: Data = "",
    /,
    *,
    repeats: Integer = REPEATS,
    max_rows: Integer = MAX_ROWS,
    metric: Name | None = None,
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Measure how much a trained network depends on each column.

    Permutation importance: each column of the table is shuffled separately, and the decrease of the
    score is printed, or the increase of an error. The test rows are used if they are known. If two
    columns contain the same information, neither appears important, because the network can do
    without either of them.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a file; by default the training data.
    repeats : int
        Number of times that each column is shuffled.
    max_rows : int
        Maximum number of rows to use; many columns, such as pixels, take a long time.
    metric : str
        The score; by default that of the training.
    json : bool
        Print JSON, for programs.
    """
    trained = load_trained(model, single_output=True)
    check_count(repeats, "repeats")
    check_count(max_rows, "max_rows")
    selection = select_rows(trained, data, file)
    sample = sample_rows(selection.rows, max_rows)
    main = choose_metric(metric or trained.settings.config.metric, sample)
    result = measure_importance(trained.predictor, sample, repeats, main)
    if json:
        document = {
            "model": str(trained.path),
            "dataset": sample.name,
            "rows": sample.n_samples,
            "evaluated_on": f"{selection.subset} rows",
            **_document(result, repeats),
        }
        emit_json(document)
        return
    subset = "" if selection.subset == "all" else f"{selection.subset} "
    _emit(result, f"on {sample.n_samples:,} {subset}rows; each column shuffled {repeats}×")


def _document(result: Importance, repeats: int) -> dict[str, Any]:
    """Return the columns as JSON data, the most important first."""
    columns = []
    for index in result.order:
        mean = result.mean[index]
        std = result.std[index]
        columns.append({"name": result.names[index], "mean": mean, "std": std})
    return {"metric": result.metric, "score": result.score, "repeats": repeats, "columns": columns}


def _emit(result: Importance, how: str) -> None:
    """Print a bar for each column."""
    heading, lines = drops_of(result)
    title = metric_title(result.metric)
    score = score_text(result.metric, result.score)
    log(f"{title} {score} {how}\n")
    bars = [[name, drop, bar(share)] for name, drop, share in lines]
    emit_table(["column", f" {heading}", ""], bars)
    n_more = len(result.names) - len(lines)
    if n_more > 0:
        emit(f"(and {n_more:,} columns that matter less; --json has them all)")
