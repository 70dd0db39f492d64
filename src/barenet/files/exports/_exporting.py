"""Export: a trained network as a file that predicts without barenet, or as its schema.

All files of an export are written or none, and only earlier exports are overwritten.
"""

from __future__ import annotations

import contextlib
import importlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.files._atomic import check_replaceable, write_atomically
from barenet.files.exports._inference_program import program_of

#: The suffix of each format; C also has a header.
SUFFIXES = {
    "onnx": ".onnx", "c": ".c", "python": ".py", "schema": ".schema.json", "json": ".json",
}  # fmt: skip

#: Types of the weights in C, and whether they are rounded.
WEIGHTS = {"float32": False, "int8": True}

Weights = Literal["float32", "int8"]

#: Bytes near the start of an export, and of no other file.
MARK = b"Written by barenet "
MARKS = {".json": b'"format": "barenet"', ".onnx": b"\x12\x07barenet"}  # its second field

#: Bytes of a file that are searched for the mark.
HEAD_BYTES = 4096


@dataclass(frozen=True, eq=False)
class Exported:
    """Result of an export.

    Attributes
    ----------
    to : str
        The format.
    files : tuple of Path
        The files that were written.
    n_bytes : int
        Their total size.

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


def export(
    model: Any, path: str | PathLike[str], to: str | None = None, *, weights: Weights = "float32"
) -> Exported:
    """Write a trained network as a file that predicts without barenet.

    The file includes the preprocessing of raw rows, the scaling of the target and the names of the
    classes.

    Parameters
    ----------
    model : Network, Predictor, MLPClassifier, MLPRegressor or Pipeline
        The trained model. A network has no scaling and no names. `Predictor.from_estimator` lists
        the pipelines and searches that are supported.
    path : str or path
        The file. An existing export is replaced atomically; any other file is refused.
    to : {"onnx", "c", "python", "json", "schema"}, optional
        ``"onnx"``: for ONNX Runtime and similar runtimes; opset 17, IR version 8. ``"c"``: a C99
        file and a header, for microcontrollers. ``"python"``: a file that needs NumPy alone.
        ``"json"``: the numbers, for any other language. ``"schema"``: no network, but a JSON Schema
        (draft 2020-12) of the records that it takes. By default the format follows from the suffix
        of the path: .onnx, .c, .py, .json, .schema.json.
    weights : {"float32", "int8"}, default="float32"
        For C: unchanged, or rounded to 8 bits, in a quarter of the memory. Activations, biases and
        the arithmetic stay float.

    Returns
    -------
    Exported
        The format, the files and their size.

    Raises
    ------
    ValueError
        If the model has parts that cannot be exported, or an argument is wrong; nothing is written.
    MissingExtraError
        If the onnx package is needed and not installed.
    OSError
        If a file cannot be written; existing files are not changed.

    See Also
    --------
    register_onnx_converters : Any pipeline of scikit-learn as ONNX.

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
    program = program_of(model)
    if lookup(WEIGHTS, weights, "weights"):
        program = program.rounded()
        if to != "c":
            problem = f"only C has rounded weights, and this is {to}"
            raise ArgumentError(problem, argument="weights", remedy="use {to}", to="c")
    stem = path.name.removesuffix(SUFFIXES[to])
    # The module of the format is imported when it is needed.
    render = importlib.import_module(f"barenet.files.exports._{to}_file").render
    contents = {path.with_name(stem + end): data for end, data in render(program, stem).items()}
    write_together(contents)
    return Exported(to, tuple(contents), sum(map(len, contents.values())))


def _format(path: Path, to: str | None) -> str:
    """The given format, or that of the suffix."""
    to = to or next((name for name, end in SUFFIXES.items() if path.name.endswith(end)), None)
    if to is None:
        ends = ", ".join(SUFFIXES.values())
        remedy = f"name one of {', '.join(SUFFIXES)}, or end the path with {ends}"
        raise ArgumentError(f"the format does not follow from {path}", argument="to", remedy=remedy)
    lookup(SUFFIXES, to, "to")
    return to


def write_together(contents: dict[Path, bytes]) -> None:
    """Write files, or leave all of them unchanged."""
    before = {path: _content(path) for path in contents}
    try:
        for path, data in contents.items():
            write_atomically(path, data)
    except BaseException:
        with contextlib.suppress(OSError):
            for path, old in before.items():
                if old is None:
                    path.unlink(missing_ok=True)
                else:
                    write_atomically(path, old)
        raise


def _content(path: Path) -> bytes | None:
    """Content of a file that may be replaced; None if there is no file."""
    if not path.exists():
        return None
    check_replaceable(path)
    data = path.read_bytes()
    if data and not is_export(path):
        problem = f"{path} was not written by barenet"
        raise ArgumentError(problem, argument="path", remedy="choose another name")
    return data


def is_export(path: Path) -> bool:
    """Whether a file is an export, by the mark near its start."""
    if path.suffix not in (".h", *SUFFIXES.values()) or not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    return MARK in head or MARKS.get(path.suffix, MARK) in head
