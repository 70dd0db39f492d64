"""``barenet export``: a trained network as a file that predicts without barenet."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from barenet.cli._console import emit, emit_json, log
from barenet.cli._flags import DATA, Off, Out, complete_name
from barenet.cli._output_file import is_folder, output_path
from barenet.cli._run_settings import NO_FILE_OPTIONS, FileOptions
from barenet.cli._trained_model import MODEL, load_trained, model_file
from barenet.errors import ArgumentError
from barenet.files._model_io import load
from barenet.files.exports import SUFFIXES, export as write
from barenet.files.exports._exporting import WEIGHTS, Weights
from barenet.files.exports._inference_program import Rounding

Format = Annotated[str | None, Parameter(choices=tuple(SUFFIXES))]
WeightFormat = Annotated[Weights, Parameter(choices=tuple(WEIGHTS))]


def export(
    model: Path,
    /,
    *,
    to: Format = None,
    out: Out = None,
    weights: WeightFormat = "float32",
    data: Annotated[str | None, Parameter(group=DATA, completer=complete_name)] = None,
    file: FileOptions = NO_FILE_OPTIONS,
    json: Off = False,
) -> None:
    """Write a trained network as a file that predicts without barenet.

    - onnx: for ONNX Runtime and similar runtimes
    - c: C99 and a header, for microcontrollers and everything else
    - python: a file that needs NumPy alone
    - json: the parameters as numbers, for any language

    The file includes the preprocessing of raw rows and the names of the classes.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    to : str
        The format; by default that of the suffix of --out.
    out : str
        The file, or a folder for it, which is made if its name ends with /. By default beside the
        model, named after it or its run.
    weights : {"float32", "int8"}
        For c: unchanged weights, or weights quantized to 8 bits, in a quarter of the memory.
    data : str
        For int8: a named data set, or a file, on which the effect of the rounding is measured.
    json : bool
        Print JSON, for programs.
    """
    _check_options(to, out, weights, data)
    path = model_file(model)
    if data is None:
        model_or_network, X = load(path), None
    else:
        trained = load_trained(model)
        model_or_network, X = trained.predictor, trained.load(data, file).X
    name = (path.name == MODEL and path.resolve().parent.name) or path.stem
    with output_path(str(path.with_name(name)) if out is None else out, name) as target:
        done = write(model_or_network, target, to, weights=weights, X=X)
    if json:
        emit_json(
            {
                "model": str(path),
                "to": done.to,
                "files": [str(each) for each in done.files],
                "bytes": done.n_bytes,
                "weights": weights if done.to == "c" else None,
                "rounding": done.rounding and done.rounding._asdict(),
            }
        )
        return
    for each in done.files:
        emit(str(each))
    if weights == "int8":
        log(_describe(done.rounding))


def _check_options(to: str | None, out: str | None, weights: str, data: str | None) -> None:
    """Check the options that depend on each other."""
    if to is None and (out is None or is_folder(out)):
        problem = f"name the format, one of {', '.join(SUFFIXES)}"
        raise ArgumentError(problem, argument="to", remedy="such as {to}", to="onnx")
    if data is not None and weights != "int8":
        problem = "rows are used to measure the effect of rounding"
        raise ArgumentError(problem, argument="data", remedy="add {weights}", weights="int8")


def _describe(rounding: Rounding | None) -> str:
    """Describe the effect of rounding the weights."""
    if rounding is None:
        return "the effect of the rounding is not measured; --data names rows to measure it on"
    unchanged = rounding.unchanged_answers
    answers = f", and {unchanged:,} answers stay the same" if unchanged is not None else ""
    return (
        f"on {rounding.rows:,} rows the rounding changes an output by "
        f"{rounding.largest_change:.3g} at most{answers}"
    )
