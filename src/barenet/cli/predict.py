"""``barenet predict``: what a trained network says of rows."""

from __future__ import annotations

import csv
import sys
from itertools import repeat
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from barenet.cli import words
from barenet.cli.console import show, show_json
from barenet.cli.flags import NAMED, OUTPUT, Json
from barenet.cli.kept import read_kept
from barenet.cli.numbers import whole
from barenet.cli.settings import AS_USUAL, FileOptions, is_table
from barenet.cli.trained import Trained, load_trained
from barenet.data.frame import Samples
from barenet.data.tabular import read_features
from barenet.files.predictor import Predictor
from barenet.model.arrays import FloatArray

__all__ = ["predict"]


def predict(
    model: Path,
    data: Annotated[str, NAMED],
    /,
    *,
    row: Annotated[int | None, Parameter(group=OUTPUT, converter=whole)] = None,
    keep: Annotated[tuple[str, ...], Parameter(group=OUTPUT, show_default=False)] = (),
    file: FileOptions = AS_USUAL,
    json: Json = False,
) -> int:
    """Print what a trained network says of rows, as CSV.

    For classes there is a column with the class and one with the probability of each; for numbers
    one column. The columns of a table are found by their names; others are ignored, and there
    need be no column with the truth.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - is a table in CSV from
        standard input.
    keep : tuple of str
        Columns of the table to print before the predictions, such as a key.
    row : int
        Print one row only, counted from 0; an image is described in words and drawn.
    json : bool
        Print JSON, for programs.

    Returns
    -------
    int
        The exit status.
    """
    trained = load_trained(model)
    X, kept = _rows(trained, data, file), read_kept(trained, data, keep, file)
    if row is not None:
        if not 0 <= row < len(X):
            raise ValueError(f"row: expected 0 to {len(X) - 1:,}, got {row}")
        X = X[row : row + 1]
        kept = {name: values[row : row + 1] for name, values in kept.items()}
    predictor = trained.predictor
    if json:
        told = {"model": str(trained.path), "target": predictor.target_name}
        show_json(told | ({"kept": kept} if keep else {}) | _said(predictor, X))
    elif row is not None and predictor.image_shape and predictor.classes and not keep:
        _describe(predictor, X)
    else:
        _print_csv(predictor, X, kept)
    return 0


def _rows(trained: Trained, data: str, file: FileOptions) -> Samples:
    """Read the features."""
    if not is_table(data):
        return trained.samples(data, file).X
    options = trained.file_options(data, file)
    for of_others in ("data_dir", "drop_missing_target"):
        options.pop(of_others, None)
    options |= {"frame": trained.predictor.takes_frames, "categories": trained.categories}
    return read_features(data, trained.predictor.feature_names, **options)


def _said(predictor: Predictor, X: Samples) -> dict[str, Any]:
    """Collect the predictions for programs."""
    if predictor.classes is None:
        return {"predictions": predictor.predict(X).tolist()}
    names, shares = _named(predictor, X)
    return {
        "predictions": names.tolist(),
        "classes": predictor.classes,
        "probabilities": shares.tolist(),
    }


def _print_csv(predictor: Predictor, X: Samples, kept: dict[str, list[str]]) -> None:
    """Print a row for each row, what is kept first; numbers with all digits that they have."""
    if predictor.classes is not None:
        header = ["prediction", *(f"probability_{name}" for name in predictor.classes)]
        names, shares = _named(predictor, X)
        columns = np.hstack([names.reshape(-1, 1), shares.astype(str)])
    else:
        columns = predictor.predict(X).reshape(len(X), -1)
        header = ["prediction"]
        if columns.shape[1] > 1:
            header = [f"prediction_{number}" for number in range(1, columns.shape[1] + 1)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*kept, *header])
    before = zip(*kept.values(), strict=True) if kept else repeat(())
    writer.writerows([*a, *b] for a, b in zip(before, columns.astype(str).tolist(), strict=False))


def _named(predictor: Predictor, X: Samples) -> tuple[NDArray[Any], FloatArray]:
    """The most probable class of each row, by its name, and how probable all are."""
    shares = predictor.probabilities(X)
    return np.array(predictor.classes)[shares.argmax(axis=1)], shares


def _describe(predictor: Predictor, X: Samples) -> None:
    """Say what an image is, and draw it."""
    assert predictor.classes is not None and predictor.image_shape is not None
    shares = predictor.probabilities(X)[0]
    show(words.guess(predictor.classes[shares.argmax()], float(shares.max())))
    show(words.draw_image(X[0], predictor.image_shape))
