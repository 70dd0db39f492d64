"""Export of a trained network to a file that predicts without barenet, or of its schema.

All files of an export are complete before the first one is replaced. Only exports are replaced.
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
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._quantization import with_integer_layers
from barenet.storage._atomic_write import check_replaceable, open_atomically
from barenet.storage._file_io import as_address
from barenet.storage._working_copy import download, working_copy

#: The suffix of each format; C also has a header.
SUFFIXES = {
    "onnx": ".onnx", "c": ".c", "python": ".py", "schema": ".schema.json", "json": ".json",
}  # fmt: skip

#: Types of the arithmetic in C, and whether each is an integer type.
NUMBERS = {"float32": False, "int8": True}

Number = Literal["float32", "int8"]

#: Bytes near the start of every export, and of no other file.
MARK = b"Written by barenet "
MARKS = {".json": b'"format": "barenet"', ".onnx": b"\x12\x07barenet"}  # its second field

#: Number of bytes that are searched for the mark.
HEAD_BYTES = 4096


@dataclass(frozen=True, eq=False)
class Exported:
    """Result of an export.

    Attributes
    ----------
    to : str
        The format.
    files : tuple of Path or str
        The written files. Files at an address are text, such as ``"s3://bucket/net.c"``.
    n_bytes : int
        Total size of the files in bytes.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from barenet import Network, export
    >>> export(Network.dense([2, 1]), pathlib.Path(tempfile.mkdtemp()) / "tiny.json").to
    'json'
    """

    to: str
    files: tuple[Path | str, ...]
    n_bytes: int


def export(
    model: Any,
    path: str | PathLike[str],
    to: str | None = None,
    *,
    arithmetic: Number = "float32",
    calibration: Any = None,
    comparison: Any = None,
) -> Exported:
    """Write a trained network as a file that predicts without barenet.

    The file includes the preprocessing of raw rows, the scaling of the target and the names of the
    classes.

    Parameters
    ----------
    model : Network, Predictor, MLPClassifier, MLPRegressor or Pipeline
        The trained model. A network has no scaling and no names. `Predictor.from_estimator` lists
        the supported pipelines and searches.
    path : str or path
        The file. An existing export is replaced atomically; any other existing file is an error.
    to : {"onnx", "c", "python", "json", "schema"}, optional
        ``"onnx"``: for ONNX Runtime and similar runtimes; opset 17, IR version 8. ``"c"``: a C99
        file and a header, for microcontrollers. ``"python"``: a file that only needs NumPy.
        ``"json"``: the numbers, for any other language. ``"schema"``: a JSON Schema (draft 2020-12)
        of the records that the model takes, without the network. By default, the suffix of the path
        determines the format: .onnx, .c, .py, .json, .schema.json.
    arithmetic : {"float32", "int8"}, default="float32"
        For C: ``"int8"`` computes the layers in integers, with 8-bit weights and activations, and
        32-bit sums; the weights take a quarter of the memory. It supports a single network of dense
        layers, batch norms and elementwise activations.
    calibration : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping, optional
        Raw rows for ``arithmetic="int8"``, such as training rows, whose activations determine the
        range of each layer. A few hundred are best; fewer than 30 cause a warning.
    comparison : array-like, Frame, DataFrame or mapping, optional
        Raw rows for ``arithmetic="int8"`` that are not calibration rows, such as test rows. A
        warning is issued if integer arithmetic changes their predictions. By default, the
        calibration rows are used, which underestimates the change.

    Returns
    -------
    Exported
        The format, the files and their size.

    Raises
    ------
    ValueError
        If the model has parts that can't be exported, or an argument is invalid; nothing is
        written.
    MissingExtraError
        If the onnx package is needed but not installed.
    OSError
        If a file can't be written; existing files are left unchanged.

    Warns
    -----
    UserWarning
        If a C file of several networks has more than 256 KiB of constants, or its inputs have more
        digits than a float.

    See Also
    --------

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from barenet import Network, export
    >>> folder = Path(tempfile.mkdtemp())
    >>> network = Network.dense([2, 3, 1], hidden="tanh")
    >>> [Path(file).name for file in export(network, folder / "tiny.c").files]
    ['tiny.c', 'tiny.h']
    """
    path = Path(path)
    to = _format(path, to)
    program = program_of(model)
    is_integer = lookup(NUMBERS, arithmetic, "arithmetic")
    if is_integer and to != "c":
        problem = f"only C has integers of 8 bits, and this is {to}"
        raise ArgumentError(problem, argument="arithmetic", remedy="use {to}", to="c")
    _check_rows(arithmetic, calibration, comparison)
    if is_integer:
        program = with_integer_layers(program, model, calibration, comparison)
    stem = path.name.removesuffix(SUFFIXES[to])
    # Import the module of the format only when it is needed.
    render = importlib.import_module(f"barenet.files.exports._{to}_file").render
    contents: dict[Path, bytes] = {}
    for suffix, data in render(program, stem).items():
        contents[path.with_name(stem + suffix)] = data
    write_together(contents)
    files: list[Path | str] = []
    n_bytes = 0
    for file, data in contents.items():
        files.append(as_address(file) or file)
        n_bytes += len(data)
    return Exported(to, tuple(files), n_bytes)


def _check_rows(arithmetic: Number, calibration: Any, comparison: Any) -> None:
    """Check that there are rows for integer arithmetic, and none for others."""
    has_calibration = calibration is not None
    needs_calibration = NUMBERS[arithmetic]
    if has_calibration != needs_calibration:
        problem = "expected rows for int8 arithmetic, and for it alone"
        raise ArgumentError(problem, argument="calibration")
    if comparison is not None and not needs_calibration:
        raise ArgumentError("these rows are for int8 arithmetic alone", argument="comparison")


def _format(path: Path, to: str | None) -> str:
    """Return the given format, or the format of the suffix."""
    by_suffix = None
    for name, suffix in SUFFIXES.items():
        if path.name.endswith(suffix):
            by_suffix = name
            break
    if to is None:
        to = by_suffix
    if to is None:
        ends = ", ".join(SUFFIXES.values())
        remedy = f"name one of {', '.join(SUFFIXES)}, or end the path with {ends}"
        raise ArgumentError(f"the format does not follow from {path}", argument="to", remedy=remedy)
    lookup(SUFFIXES, to, "to")
    if by_suffix not in (None, to):
        problem = f"{path.name} has the suffix of {by_suffix}, and this is {to}"
        remedy = f"use {{to}}, or end the path with {SUFFIXES[to]}"
        raise ArgumentError(problem, argument="path", remedy=remedy, to=by_suffix)
    return to


def write_together(contents: dict[Path, bytes]) -> None:
    """Write files, replacing older ones only when all are complete."""
    for path in contents:
        old = download(path)
        if old == path:
            copy = working_copy(old)  # such as the header of a C file
            if copy:
                copy.fetch(old)
        check_replaceable(old)
        if old.exists() and old.stat().st_size and not is_export(old):
            problem = f"{path} was not written by barenet"
            raise ArgumentError(problem, argument="path", remedy="choose another name")
    with contextlib.ExitStack() as files:
        for path, data in contents.items():
            files.enter_context(open_atomically(path)).write(data)


def is_export(path: Path) -> bool:
    """Return whether a file is an export, by the mark near its start."""
    if path.suffix not in (".h", *SUFFIXES.values()) or not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    mark_of_format = MARKS.get(path.suffix, MARK)
    return MARK in head or mark_of_format in head
