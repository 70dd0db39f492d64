"""``barenet export``: write a trained network as a file that predicts without barenet."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from barenet import export as write, load
from barenet.cli._console import emit, emit_json, log
from barenet.cli._flags import Data, FileOptions, Off, Out
from barenet.cli._output_file import output_path
from barenet.cli._trained_model import TrainedModel, load_trained
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError
from barenet.files._model_path import MODEL, model_file
from barenet.files.exports._exporting import SUFFIXES, Number
from barenet.tables.frames._frame import Samples

Format = Annotated[str | None, Parameter(choices=tuple(SUFFIXES))]


def export(
    model: Path,
    /,
    *,
    to: Format = None,
    out: Out = None,
    arithmetic: Number = "float32",
    calibration: Data = "",
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Write a trained network as a file that predicts without barenet.

    - onnx: for ONNX Runtime and similar runtimes
    - c: C99 and a header, for microcontrollers and everything else
    - python: a file that needs only NumPy
    - json: the parameters as numbers, for any language
    - schema: a JSON Schema of the records that the network takes

    The file includes the preprocessing of raw rows and the names of the classes.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    to : str
        The format; by default from the suffix of --out.
    out : str
        The file, or a folder for it, which is created if its name ends with /. By default, the file
        is beside the model, named after it or its run.
    arithmetic : {"float32", "int8"}
        For c: int8 computes the layers in integers, with weights and activations of 8 bits, in a
        quarter of the memory. It
        requires a single network of dense layers with elementwise activations.
    calibration : str
        For --arithmetic int8: rows like the training rows (a named data set, a file or an address),
        whose activations determine the range of each layer. By default the training rows. Integers
        are compared with floats on the test rows of the training data, or on all of its rows, if
        these data are found.
    json : bool
        Print JSON, for programs.
    """
    path = model_file(model)
    name = path.stem
    if path.name == MODEL:  # the file is named after the folder of the run
        name = path.resolve().parent.name or name
    trained = load(path)
    rows = None
    others = None
    if arithmetic == "int8" or calibration:
        rows, others = calibration_rows(load_trained(path), calibration, file)
    if arithmetic != "int8":
        others = None  # only integers are compared with floats
    if out is None:
        out = str(path.parent)
    with output_path(out, name, [path]) as target:
        done = write(
            trained,
            target,
            to,
            arithmetic=arithmetic,
            calibration=rows,
            comparison=others,
        )
    log(f"{done.n_bytes / 1000:,.1f} kB")
    names = [str(written) for written in done.files]
    if json:
        document: dict[str, Any] = {
            "model": str(path),
            "to": done.to,
            "files": names,
            "bytes": done.n_bytes,
            "arithmetic": None,
        }
        if done.to == "c":
            document["arithmetic"] = arithmetic
        emit_json(document)
        return
    for name in names:
        emit(name)


def calibration_rows(
    trained: TrainedModel, data: str, file: FileOptions
) -> tuple[Samples, Samples | None]:
    """Return the rows that calibrate integers, and others to compare integers with floats."""
    source = trained.data_or_default(data, "name rows like those")
    if data:
        rows = first_rows(trained, source, file)
        try:
            training_data = trained.data_or_default("")
            training, test = training_and_test_rows(trained, training_data, FileOptions())
        except (ArgumentError, OSError):  # the training data are missing or have changed
            return rows, None
        return (rows, training.X) if test is None else (rows, test.X)
    try:
        training, test = training_and_test_rows(trained, source, file)
    except ArgumentError:  # such as rows without targets, which are useless here
        return first_rows(trained, source, file), None
    return (training.X, None) if test is None else (training.X, test.X)


def first_rows(trained: TrainedModel, source: str, file: FileOptions) -> Samples:
    """Return the rows of a source, or of its first block."""
    return next(trained.load_features(source, file, at_once=False, rejected=None)).X


def training_and_test_rows(
    trained: TrainedModel, source: str, file: FileOptions
) -> tuple[Dataset, Dataset | None]:
    """Return the training rows, or a sample of them, and the test rows of the training data."""
    stream = trained.open_stream(source, file)
    if stream is not None:
        return stream.sample, stream.test
    dataset = trained.load(source, file)
    return trained.split(dataset) if trained.is_training_data(source, dataset) else (dataset, None)
