"""``barenet export``: a trained network as a file that predicts without barenet."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from barenet import Dataset, Ensemble, export as write, load
from barenet.cli._console import emit, emit_json, log
from barenet.cli._flags import Data, Off, Out
from barenet.cli._output_file import output_path
from barenet.cli._run_settings import FileOptions
from barenet.cli._trained_model import TrainedModel, load_trained
from barenet.data._frame import Samples
from barenet.errors import ArgumentError
from barenet.files._model_path import MODEL, model_file
from barenet.files.exports._exporting import SUFFIXES, Number

Format = Annotated[str | None, Parameter(choices=tuple(SUFFIXES))]


def export(
    model: Path,
    /,
    *,
    to: Format = None,
    out: Out = None,
    weights: Number = "float32",
    arithmetic: Number = "float32",
    calibration: Data = "",
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Write a trained network as a file that predicts without barenet.

    - onnx: for ONNX Runtime and similar runtimes
    - c: C99 and a header, for microcontrollers and everything else
    - python: a file that needs NumPy alone
    - json: the parameters as numbers, for any language
    - schema: a JSON Schema of the records that the network takes

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
        For c: unchanged weights, or weights quantized to 8 bits, in a quarter of the memory. All
        other numbers and the arithmetic stay float.
    arithmetic : {"float32", "int8"}
        For c: int8 computes the layers in integers, with weights and activations of 8 bits. It is
        for one network of dense layers with elementwise activations.
    calibration : str
        For --arithmetic int8: rows like those of the training, a named data set, a file or
        an address, whose activations determine the range of each layer. By default the training
        rows. Integers are compared with floats on the test rows of the training data, or on all of
        them, if these are found.
    json : bool
        Print JSON, for programs.
    """
    path = model_file(model)
    name = (path.name == MODEL and path.resolve().parent.name) or path.stem
    trained = load(path)
    rows = None
    others = None
    if arithmetic == "int8" or calibration:
        rows, others = calibration_rows(load_trained(path), calibration, file)
    with output_path(str(path.with_name(name)) if out is None else out, name) as target:
        done = write(
            trained,
            target,
            to,
            weights=weights,
            arithmetic=arithmetic,
            calibration=rows,
            comparison=others if arithmetic == "int8" else None,
        )
    if done.to == "c" and isinstance(getattr(trained, "network", trained), Ensemble):
        log("`barenet distill` trains one network that is nearly as accurate, and much smaller")
    if json:
        document = {
            "model": str(path),
            "to": done.to,
            "files": [str(each) for each in done.files],
            "bytes": done.n_bytes,
            "weights": max(weights, arithmetic) if done.to == "c" else None,
            "arithmetic": arithmetic if done.to == "c" else None,
        }
        emit_json(document)
        return
    for each in done.files:
        emit(str(each))


def calibration_rows(
    trained: TrainedModel, data: str, file: FileOptions
) -> tuple[Samples, Samples | None]:
    """The rows that calibrate integers, and others on which these are compared with floats."""
    source = trained.data_or_default(data, "name rows like those")
    if data:
        rows = first_rows(trained, source, file)
        try:
            known = trained.data_or_default("")
            training, test = training_and_test_rows(trained, known, FileOptions())
        except (ArgumentError, OSError):  # the training data are not here any more, or are others
            return rows, None
        return rows, training.X if test is None else test.X
    try:
        training, test = training_and_test_rows(trained, source, file)
    except ArgumentError:  # such as rows without targets, which are of no use here
        return first_rows(trained, source, file), None
    return training.X, None if test is None else test.X


def first_rows(trained: TrainedModel, source: str, file: FileOptions) -> Samples:
    """The rows of a source, or of its first block."""
    rows, _ = next(trained.load_features(source, file, at_once=False, rejected=None))
    return rows


def training_and_test_rows(
    trained: TrainedModel, source: str, file: FileOptions
) -> tuple[Dataset, Dataset | None]:
    """The training rows, or a sample of them, and the test rows of the data of the training."""
    stream = trained.open_stream(source, file)
    if stream is not None:
        return stream.sample, stream.test
    dataset = trained.load(source, file)
    if trained.is_training_data(source, dataset):
        return trained.split(dataset)
    return dataset, None
