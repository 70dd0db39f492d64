"""``barenet drift``: measure how far new rows have shifted from the training data."""

from pathlib import Path

from barenet._constraints import check_number
from barenet._messages import some
from barenet.cli._console import emit, emit_json
from barenet.cli._flags import Data, FileOptions, Off, Out
from barenet.cli._output_file import output_path
from barenet.cli._score_tables import ScoreLine, emit_scores
from barenet.cli._trained_model import load_trained
from barenet.errors import BarenetError
from barenet.files._model_card import rows_name
from barenet.tasks._column_drift import drift as compare
from barenet.tasks._seen_rows import files_of


def drift(
    model: Path,
    data: Data,
    /,
    *,
    fail_above: float | None = None,
    out: Out = None,
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Compare the columns of new rows with the training data.

    The output lists the population stability index (PSI) of each column: below 0.1, a column is
    stable; from 0.25 on, it has shifted. It also lists missing values and ranges, in the training
    data and now, and the fraction of unknown categories. The predictions are compared in the same
    way with those of the test rows or, if these were few, of the training rows. If the table
    contains the target, the model's scores then and now follow. A row that cannot be read is an
    error.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run, of a model that was trained on a table.
    data : str
        A .csv, .tsv, .txt or .parquet file; - reads CSV from standard input. The files of a pattern
        such as 'data/*.parquet', Parquet files and CSV files that may exceed the memory are read
        block by block.
    fail_above : float
        Fail after the output if the PSI of any column or of the predictions is larger than this,
        such as 0.25.
    out : str
        Write a page for the browser: the file, or a folder for drift.html. An older file is
        replaced.
    json : bool
        Print JSON, for programs.
    """
    limit = check_number(fail_above, "fail_above", ge=0) if fail_above is not None else None
    trained = load_trained(model, single_output=True)
    result = compare(trained.predictor, trained.open_new_rows(data, file))
    if out is not None:
        inputs = [trained.path, Path(data), *files_of(data)]
        with output_path(out, "drift.html", inputs) as path:
            result.report(path)
    if json:
        emit_json({"model": str(trained.path), "data": data, **vars(result)})
    elif out is not None:
        emit(str(path))
    else:
        emit(str(result))
        lines = [ScoreLine([rows_name(rows)], scores) for rows, scores in result.scores.items()]
        if lines:
            emit()
            emit_scores(("scores on",), lines, "loss")
    shifted = [
        f"{column['name']} ({column['psi']:.3f})"
        for column in result.columns
        if limit is not None and column["psi"] > limit
    ]
    predictions = result.predictions
    if limit is not None and predictions is not None and predictions["psi"] > limit:
        shifted.append(f"the predictions ({predictions['psi']:.3f})")
    if shifted:
        raise BarenetError(f"fail_above: the PSI is above {limit:g} for {some(shifted)}")
