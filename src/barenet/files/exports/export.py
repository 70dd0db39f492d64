"""Export: a trained network as a file that needs no barenet to predict."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.files.exports.program import Program, program_of
from barenet.files.exports.quantization import Rounding, measure_rounding, round_weights
from barenet.files.exports.writing import write_together
from barenet.model.validation import check_inputs
from barenet.registry import lookup

__all__ = ["EXPORTS", "SUFFIXES", "Exported", "export"]

#: The module that writes each format, imported when it is asked for.
EXPORTS = {
    "onnx": "barenet.files.exports.onnx_file",
    "c": "barenet.files.exports.c_file",
    "python": "barenet.files.exports.python_file",
    "json": "barenet.files.exports.json_file",
}

#: The suffix of a format's file; C has a header besides.
SUFFIXES = {"onnx": ".onnx", "c": ".c", "python": ".py", "json": ".json"}

#: How a C file may hold the weights.
WEIGHTS = {"float32": False, "int8": True}

Weights = Literal["float32", "int8"]


@dataclass(frozen=True, eq=False)
class Exported:
    """What came of an export.

    Attributes
    ----------
    to : str
        The format.
    files : tuple of Path
        What was written.
    n_bytes : int
        Their size, together.
    rounding : Rounding, optional
        What int8 weights do to the answers, where rows were given to measure it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from barenet import Network, export
    >>> export(Network.dense([2, 1]), pathlib.Path(tempfile.mkdtemp()) / "tiny.json").to
    'json'
    """

    to: str
    files: tuple[Path, ...]
    n_bytes: int
    rounding: Rounding | None = None


def export(
    model: Any,
    path: str | PathLike[str],
    to: str | None = None,
    *,
    weights: Weights = "float32",
    X: Any = None,
) -> Exported:
    """Write a trained network as a file that predicts without barenet.

    What is done to raw rows first, and to what the network says, is in it; so are the names of
    the classes.

    Parameters
    ----------
    model : Network, Predictor, MLPClassifier, MLPRegressor or Pipeline
        What was trained. A network alone knows no scaling and no names. A pipeline, or a search,
        is one that `Predictor.from_estimator` takes.
    path : str or path
        Where to. A file that is there is replaced if it is an export, whole or not at all.
    to : {"onnx", "c", "python", "json"}, optional
        ``"onnx"``: for ONNX Runtime and its like; opset 17, IR version 8. ``"c"``: a C99 file and
        a header, for microcontrollers. ``"python"``: a file that needs NumPy alone. ``"json"``:
        the numbers, for everything else. By default what the suffix of the path says: .onnx, .c,
        .py, .json.
    weights : {"float32", "int8"}, default="float32"
        For C: as they are, or rounded to 8 bits each, in a quarter of the memory.
    X : array-like of shape (n_samples, n_inputs), or a table, optional
        For C with int8 weights: raw rows, on which it is measured what the rounding does.

    Returns
    -------
    Exported
        The files, and what was measured.

    Raises
    ------
    ValueError
        If the model has parts that barenet does not know, or an argument is wrong; nothing is
        written.
    MissingExtraError
        If ONNX is asked for and not installed.
    OSError
        If a file can't be written; old ones stay as they were.

    See Also
    --------
    register_onnx_converters : For any pipeline of scikit-learn's, as ONNX.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from barenet import Network, export
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> network = Network.dense([2, 3, 1], hidden="tanh")
    >>> [file.name for file in export(network, folder / "tiny.c").files]
    ['tiny.c', 'tiny.h']
    """
    path = Path(path)
    to = _format(path, to)
    program, rounding = program_of(model), None
    options: dict[str, Any] = {}
    if to != "c" and (weights != "float32" or X is not None):
        raise ArgumentError(
            f"only C has rounded weights, and this is {to}",
            argument="weights" if X is None else "X",
            remedy="use {to}",
            to="c",
        )
    if lookup(WEIGHTS, weights, "weights"):
        exact, program = program, round_weights(program)
        if X is not None:
            rows = _rows(program, X)
            rounding = measure_rounding(exact, program, rows)
            options["rounding"] = rounding
    elif X is not None:
        raise ArgumentError(
            "rows are needed only to measure the rounding of weights",
            argument="X",
            remedy="use {weights}",
            weights="int8",
        )
    stem = path.stem if path.suffix == SUFFIXES[to] else path.name
    render = importlib.import_module(EXPORTS[to]).render
    texts: dict[str, bytes] = render(program, stem, **options)
    contents = {path.with_name(stem + suffix): data for suffix, data in texts.items()}
    write_together(contents)
    return Exported(to, tuple(contents), sum(map(len, contents.values())), rounding)


def _rows(program: Program, X: Any) -> NDArray[Any]:
    """Check raw rows, as numbers."""
    if program.table is not None:
        return program.table.values(X)
    return check_inputs(X, np.dtype(np.float64), program.n_inputs)


def _format(path: Path, to: str | None) -> str:
    """The format that was asked for, or that the suffix tells."""
    if to is not None:
        lookup(EXPORTS, to, "to")
        return to
    for name, suffix in SUFFIXES.items():
        if path.suffix == suffix:
            return name
    known = ", ".join(SUFFIXES.values())
    raise ArgumentError(
        f"the format does not follow from {path}",
        argument="to",
        expected=f"one of {', '.join(SUFFIXES)}",
        remedy=f"name the format, or end the path with one of {known}",
    )
