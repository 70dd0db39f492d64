"""``barenet explain``: show one training step with every number.

Notes on its arrays show the values of the table that they were computed from.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from barenet import Predictor, TableEncoding, explain as explain_step
from barenet.cli._console import emit
from barenet.cli._flags import (
    DATA,
    STEP_FIELDS,
    Data,
    DataOptions,
    Integer,
    Integers,
    Out,
    StepFlags,
)
from barenet.cli._output_file import is_folder, output_path
from barenet.cli._trained_model import load_trained
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError
from barenet.insight.contributions._written_numbers import shown_column
from barenet.insight.explain import Explanation
from barenet.insight.explain._document import Note
from barenet.insight.explain._number_format import digits
from barenet.model._arrays import FloatArray
from barenet.model._ensemble import Ensemble
from barenet.settings._run_config import DEFAULTS, RunConfig
from barenet.settings._run_defaults import without_superseded
from barenet.settings._task_settings import TaskSettings
from barenet.storage._atomic_write import write_atomically
from barenet.storage._file_io import as_address, is_pattern, name_of
from barenet.storage._working_copy import download
from barenet.streams._stream_source import find_files
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_kinds import CategoryColumn
from barenet.tasks._fit import prepare_network
from barenet.tasks._task import Task

Notation = Literal["rows", "columns"]
Format = Literal["text", "html", "markdown"]
Rows = Annotated[Integers, Parameter(name=("--row", "--rows"), group=DATA, show_default="0")]

#: The formats, by the suffixes of file names; the first suffix is used in a folder.
FORMATS: dict[str, Format] = {".txt": "text", ".html": "html", ".htm": "html", ".md": "markdown"}

#: Maximum number of parameters whose new weights are rounded, and a name for such weights.
MAX_ROUNDED = 32
ROUNDED = "auto rounded to 0.1"

#: Width of a text that is not written to a terminal.
COLUMNS = 80

#: Maximum number of characters of a text.
MAX_CHARACTERS = 40

#: The settings of a training that determine a single step of it.
STEP_SETTINGS = ("loss", "optimizer", "penalty", "clip", "seed")


class Step(NamedTuple):
    """The step to explain: a network, rows for it, and the settings of its training."""

    predictor: Predictor
    dataset: Dataset
    config: RunConfig


def explain(
    source: Data,
    data: Data = "",
    /,
    *,
    row: Rows = (0,),
    options: DataOptions = DataOptions(),
    config: Annotated[StepFlags, Parameter(name="*")] = StepFlags(),
    notation: Notation = "rows",
    precision: Integer = 6,
    limit: Integer | None = None,
    form: Annotated[Format | None, Parameter(name="--format")] = None,
    out: Out = None,
) -> None:
    """Show one training step with every number and its formula.

    The order is that of a calculation by hand: each layer's sums and outputs, the loss, the
    gradients back through the layers, the update. Each array is shown with its shape, and each
    gradient with a check by finite differences. The model is not changed. The learning rate is the
    one before any schedule.

    The network is that of a model, or a new one with the settings of `barenet train`. The weights
    of a small new network are rounded to one decimal, which is easier to follow; --init uses the
    weights that `barenet train` starts with. A large network is shown by shapes, statistics and the
    largest entries.

    Parameters
    ----------
    source : str
        A named data set or a file; or a model: its file, or the folder of its run.
    data : str
        For a model, a named data set or a file; by default the training data.
    row : tuple of int
        The rows of the step, counted from 0.
    target : str
        The column of a table to predict.
    task : str
        The kind of target, if its values are ambiguous.
    notation : str
        Layout of the samples: rows, with Z = X W + b, or columns, with Z = W X + b.
    precision : int
        Significant digits.
    limit : int
        Maximum number of entries of an array that is shown in full; larger arrays are shown by
        statistics and their largest entries. By default 64, or 4 in a network of more than 32
        parameters.
    form : str
        The format; by default that of the suffix of --out, else text.
    out : str
        The file to write, such as step.txt, step.html or step.md, or a folder for it. An older file
        is replaced.
    """
    config.validate()
    address = as_address(source)
    if address and Path(name_of(source)).suffix in ("", ".safetensors"):
        source = str(download(address))
    settings = TaskSettings(**vars(options), data=source, config=config)
    is_model = source.endswith(".safetensors") or (source != "" and Path(source).is_dir())
    form = form or _format_of(out)
    step = _trained_step(data, settings) if is_model else _new_step(data, settings)
    explanation = _explain(
        step,
        row,
        is_new=not is_model,
        precision=precision,
        notation=notation,
        limit=limit,
    )
    _write(explanation, form, out, [Path(source), Path(data)])


def _new_step(data: str, settings: TaskSettings) -> Step:
    """The first step of a training."""
    if data:
        problem = f"{settings.data} is not a model, so it takes no second argument, got {data}"
        raise ArgumentError(problem, argument="data")
    fit = prepare_network(Task.from_settings(settings).rows, settings)
    config = fit.settings.config
    network = fit.predictor.first_network
    if settings.config.init is None and network.n_parameters <= MAX_ROUNDED:
        unrounded = replace(config, init="auto").make_network()
        network.parameters[:] = rounded(unrounded.parameters)
        config = replace(config, init=ROUNDED)
    return Step(fit.predictor, fit.rows.dataset, config)


def rounded(parameters: FloatArray) -> FloatArray:
    """Round parameters to one decimal, and those of less than 0.1 away from 0.

    Examples
    --------
    >>> rounded(np.array([0.567, -0.01, 0.0, 0.12])).tolist()
    [0.6, -0.1, 0.0, 0.1]
    """
    absolute = np.abs(parameters)
    # The result is at least a tenth, except for parameters of 0, whose sign is 0.
    tenths = np.maximum(np.rint(10 * absolute), np.sign(absolute))
    return np.copysign(tenths, parameters) / 10


def _trained_step(data: str, settings: TaskSettings) -> Step:
    """A step of a trained network, with the settings of its training if they are known."""
    model = settings.data
    allowed = {"data", *vars(settings.file), *STEP_FIELDS}
    for name in sorted(settings.set_fields().keys() - allowed):
        raise ArgumentError(f"{model} has its own", argument=name, remedy="leave it out")
    trained = load_trained(Path(model), single_output=True)
    data = trained.data_or_default(data)
    if is_pattern(data):
        data = str(find_files(data)[0])
    dataset = trained.load(data, settings.file)
    original = without_superseded(settings.config, trained.settings.config)
    config = settings.config.over(original).over(DEFAULTS)
    return Step(trained.predictor, dataset, config)


def _explain(
    step: Step,
    row_numbers: tuple[int, ...],
    *,
    is_new: bool,
    precision: int,
    notation: Notation,
    limit: int | None,
) -> Explanation:
    """Explain the step with some rows."""
    predictor = step.predictor
    dataset = step.dataset
    config = step.config
    for row in row_numbers:
        if not 0 <= row < dataset.n_samples:
            raise ArgumentError.of("row", row, f"0 to {dataset.n_samples - 1:,}")
    indices = list(row_numbers)
    X = dataset.X[indices]
    y = dataset.y[indices]
    inputs = predictor.inputs(X).astype(predictor.network.dtype)
    targets = predictor.targets(y)
    arguments = config.train_arguments()
    settings = {name: arguments[name] for name in STEP_SETTINGS if name in arguments}
    explanation = explain_step(
        predictor.first_network,
        inputs,
        targets,
        notation=notation,
        precision=precision,
        limit=limit,
        **settings,
    )
    notes = {
        "A0": note_inputs(predictor, X, inputs, precision, limit),
        "Y": note_target(predictor, y, precision),
    }
    numbers = ", ".join(map(str, row_numbers))
    origin = f"row {numbers} of {dataset.name}"
    if len(row_numbers) > 1:
        origin = f"rows {numbers} of {dataset.name}"
    facts = [origin, f"scaling {predictor.description()['scaling']}"]
    if isinstance(predictor.network, Ensemble):
        facts.append(f"the first of {len(predictor.network.networks)} networks")
    if is_new:
        facts.append(f"new weights, init {config.init or 'auto'}")
    return replace(explanation.with_notes(notes), facts=(*facts, *explanation.facts))


def note_inputs(
    predictor: Predictor, X: Any, inputs: NDArray[Any], precision: int, limit: int | None = None
) -> Note:
    """Name the inputs and, for a single row, the values before the preprocessing."""
    raw: list[str] = []
    if len(X) == 1:
        raw = list(_raw_values(predictor, X, inputs[0], precision))
    return Note.of_inputs(inputs, predictor.input_names, precision, raw, limit)


def note_target(predictor: Predictor, y: NDArray[Any], precision: int) -> Note:
    """Name the class of each row, or write the formula of a scaled target."""
    name = predictor.target_name
    scaling = predictor.target_scaling
    if predictor.classes is not None:
        one_hot = np.eye(len(predictor.classes))[y]
        if predictor.network.n_outputs == 1:  # the probability of the second of two classes
            one_hot = one_hot[:, 1:]
        return Note.of_classes(one_hot, predictor.classes, precision, name)
    if len(y) == 1:
        number = digits(y[0], precision)
        target = f"{name} = {number}"
    else:
        number = "y"
        target = name
    if scaling is None or scaling.name == "none":
        return Note((target,))
    sign = "+" if scaling.offset[0] < 0 else "-"
    center = digits(abs(scaling.offset[0]), precision)
    unit = digits(1 / scaling.factor[0], precision)
    return Note((f"{target} → ({number} {sign} {center}) / {unit}",))


def _raw_values(
    predictor: Predictor, X: Any, inputs: NDArray[Any], precision: int
) -> Iterator[str]:
    """Return the value behind each input; empty if the input's name already contains it."""
    encoding = predictor.preprocessing
    if not isinstance(encoding, TableEncoding):
        for number in X[0]:
            yield digits(number, precision)
        return
    frame = encoding.frame_of(X)
    index = 0  # the column of the input
    for column in encoding.used:
        value = _format(shown_column(frame, column.name)[0], encoding.missing, precision)
        for name in column.inputs:
            if _has_value(column, name, inputs[index]):
                yield value
            else:
                yield ""
            index += 1
    for _ in range(encoding.n_pairs):  # their names contain both categories
        yield ""


def _has_value(column: Column, name: str, number: float) -> bool:
    """Return whether an input is computed from the value itself, and its name lacks the value."""
    if isinstance(column, CategoryColumn):
        return bool(column.rare and number == 1 and name == f"{column.name} rare")
    return name == column.name


def _format(value: Any, missing: tuple[str, ...], precision: int) -> str:
    """Write a value of a table."""
    if isinstance(value, np.floating):
        return "missing" if np.isnan(value) else digits(value, precision)
    text = str(value).strip().removesuffix(".000000").removesuffix("T00:00:00")
    if text in (*missing, "NaT"):
        return "missing"
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[:MAX_CHARACTERS]}…"


def _format_of(out: str | None) -> Format:
    """Return the format for the suffix of a file, which is text without a suffix."""
    suffix = ""
    if out is not None and not is_folder(out):
        suffix = Path(out).suffix
    if suffix and suffix.lower() not in FORMATS:
        problem = f"unknown format {suffix!r} of {out} (choose from {', '.join(FORMATS)})"
        raise ArgumentError(problem, argument="out")
    return FORMATS.get(suffix.lower(), "text")


def _write(explanation: Explanation, form: Format, out: str | None, inputs: Sequence[Path]) -> None:
    """Write an explanation to a file, or print it."""
    if form == "html":
        text = explanation.to_html()
    elif form == "markdown":
        text = explanation.to_markdown()
    elif out is None and sys.stdout.isatty():
        text = explanation.to_text(shutil.get_terminal_size().columns)
    else:
        text = explanation.to_text(COLUMNS)
    text = text.rstrip("\n")
    if out is None:
        emit(text)
        return
    suffixes = [suffix for suffix, format_name in FORMATS.items() if format_name == form]
    with output_path(out, f"explanation{suffixes[0]}", inputs) as path:
        write_atomically(path, f"{text}\n".encode())
    emit(str(path))
