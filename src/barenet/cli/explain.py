"""``barenet explain``: one training step with every number, and the formula that it comes from."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from barenet.cli.console import emit, emit_json
from barenet.cli.experiment import prepare
from barenet.cli.flags import (
    DATA,
    NAMED,
    NETWORK_FIELDS,
    NO_STEP_FLAGS,
    OUTPUT,
    Json,
    StepFlags,
    integer,
)
from barenet.cli.output_file import check_overwritable, is_folder, output_path
from barenet.cli.run_settings import (
    NO_FILE_OPTIONS,
    NO_TABLE_OPTIONS,
    FileOptions,
    RunSettings,
    TableOptions,
)
from barenet.cli.trained_model import load_trained
from barenet.data.dataset import Dataset
from barenet.data.run_config import DEFAULTS, RunConfig
from barenet.data.run_defaults import without_superseded
from barenet.data.scaling import Scaling
from barenet.errors import brief
from barenet.files.atomic import write_atomically
from barenet.files.predictor import Predictor

if TYPE_CHECKING:
    from barenet.insight.explain import Explanation

__all__ = ["explain"]

Notation = Literal["rows", "columns"]
Form = Literal["text", "html", "markdown"]
Rows = Annotated[
    tuple[int, ...],
    Parameter(name=("--row", "--rows"), converter=integer, group=DATA, show_default="0"),
]

#: What the suffix of a file asks for.
FORMS: dict[str, Form] = {".txt": "text", ".html": "html", ".htm": "html", ".md": "markdown"}

#: And the other way round, for a file in a folder.
SUFFIXES = {"text": ".txt", "html": ".html", "markdown": ".md"}

#: Columns of a text that goes to no terminal.
COLUMNS = 80

#: What was done to the inputs, in words.
SCALED = {
    "none": "",
    "standardize": ", standardized",
    "minmax": ", scaled to 0 … 1",
    "robust": ", scaled by quartiles",
    "affine": ", shifted and scaled",
}


def explain(
    what: Annotated[str, NAMED],
    data: Annotated[str, Parameter(show_default=False), NAMED] = "",
    /,
    *,
    row: Rows = (0,),
    target: Annotated[str | None, Parameter(group=DATA)] = None,
    task: Annotated[Literal["classification", "regression"] | None, Parameter(group=DATA)] = None,
    file: FileOptions = NO_FILE_OPTIONS,
    table: TableOptions = NO_TABLE_OPTIONS,
    flags: Annotated[StepFlags, Parameter(name="*")] = NO_STEP_FLAGS,
    neuron: Annotated[str | None, Parameter(group=OUTPUT)] = None,
    notation: Annotated[Notation, Parameter(group=OUTPUT)] = "rows",
    precision: Annotated[int, Parameter(group=OUTPUT, converter=integer)] = 6,
    limit: Annotated[int | None, Parameter(group=OUTPUT, converter=integer)] = None,
    form: Annotated[Form | None, Parameter(name="--format", group=OUTPUT)] = None,
    out: Annotated[str | None, Parameter(group=OUTPUT), NAMED] = None,
    json: Json = False,
) -> int:
    """Show one training step with every number and its formula.

    In the order of a calculation by hand: each layer's sums and outputs, the loss, the
    gradients back through the layers, the update. Each array has its shape beside it, each
    gradient a check by finite differences. The model is not changed. The learning rate is the one
    before any schedule.

    The network is a new one, as `barenet train` would start with on these data, or that of a
    model. A large network is shown by shapes, statistics, and the largest entries.

    Parameters
    ----------
    what : str
        A named data set or a file; or a model: its file, or the folder of its run.
    data : str
        For a model, a named data set or a file; by default what it was trained on.
    row : tuple of int
        The rows of the step, counted from 0.
    target : str
        The column of a table that is to be predicted.
    task : str
        The kind of target, where its values leave it open.
    neuron : str
        Show one neuron's part alone: 2.3 is the third neuron of layer 2.
    notation : str
        Layout of the samples: rows, with Z = X W + b, or columns, with Z = W X + b.
    precision : int
        Significant digits.
    limit : int
        Entries of an array that are all shown; of a larger one, statistics and the largest entries
        are. By default 64, or 4 in a network of more than 32 parameters.
    form : str
        How it is written; by default as the suffix of --out tells, else as text.
    out : str
        The file that it goes to, such as step.txt, step.html or step.md, or a folder for it,
        instead of the terminal. An explanation that is there is replaced, and no other file.
    json : bool
        Print JSON, for programs.

    Returns
    -------
    int
        The exit status.
    """
    if json and (form or out):
        raise ValueError("json: goes without --format and --out")
    _check_suffix(out)
    said = RunConfig(**{name: value for name, value in vars(flags).items() if value is not None})
    said.validate()
    settings = RunSettings(data=what, target=target, task=task, file=file, table=table, config=said)
    step = _of_model(what, data, settings) if _is_model(what) else _of_data(data, settings)
    page = _explain(step, row, _place(neuron), notation, precision, limit)
    if json:
        emit_json(page.to_dict())
    else:
        _put_out(page, form, out)
    return 0


@dataclass(frozen=True)
class _Step:
    """What is explained: a network, rows for it, and how it learns."""

    predictor: Predictor
    rows: Dataset
    config: RunConfig
    is_new: bool


def _is_model(what: str) -> bool:
    """Tell a trained network from data: a folder can be no other."""
    return what.endswith(".safetensors") or bool(what and Path(what).is_dir())


def _of_data(data: str, settings: RunSettings) -> _Step:
    """Build the network that a training would start with."""
    if data:
        raise ValueError(f"data: {settings.data} is no model, so {data} is one too many")
    experiment = prepare(settings)
    return _Step(experiment.predictor, settings.load(), experiment.settings.config, True)


def _of_model(model: str, data: str, settings: RunSettings) -> _Step:
    """Take a trained network, and the settings of its training if they are known."""
    said = settings.config.set_fields() | settings.table.set_fields()
    said |= {"target": settings.target, "task": settings.task}
    for name in (*NETWORK_FIELDS, *vars(settings.table), "target", "task"):
        if said.get(name) is not None:
            raise ValueError(f"{name}: {model} has its own; leave --{name.replace('_', '-')} out")
    trained = load_trained(Path(model))
    trained.check_single_output()
    known = trained.settings
    rows = trained.load(trained.data_or_default(data), settings.file)
    usual = without_superseded(settings.config, known.config if known else RunConfig())
    return _Step(trained.predictor, rows, settings.config.over(usual).over(DEFAULTS), False)


def _explain(
    step: _Step,
    rows: tuple[int, ...],
    neuron: tuple[int, int] | None,
    notation: Notation,
    precision: int,
    limit: int | None,
) -> Explanation:
    """Take the step with these rows."""
    from barenet.cli.notes import note_inputs, note_target
    from barenet.insight.explain import explain as explain_step

    dataset, predictor, config = step.rows, step.predictor, step.config
    for row in rows:
        if not 0 <= row < dataset.n_samples:
            raise ValueError(f"row: expected 0 to {dataset.n_samples - 1:,}, got {row}")
    chosen = list(rows)
    inputs = predictor.inputs(dataset.X[chosen]).astype(predictor.network.dtype)
    page = explain_step(
        predictor.network,
        inputs,
        predictor.targets(dataset.y[chosen]),
        config.loss,
        optimizer=config.make_optimizer(),
        penalty=config.make_penalties(),
        clip=config.make_clipping(),
        seed=config.seed or 0,
        neuron=neuron,
        notation=notation,
        precision=precision,
        limit=limit,
    )
    notes = {
        "A0": note_inputs(predictor, dataset.X[chosen], inputs, precision, limit),
        "Y": note_target(predictor, dataset.y[chosen], precision),
    }
    return dataclasses.replace(page.with_notes(notes), facts=(*_facts(step, rows), *page.facts))


def _facts(step: _Step, rows: tuple[int, ...]) -> Iterator[str]:
    """Say which rows these are, what was done to them, and where the weights come from."""
    where = f"row{'s' * (len(rows) > 1)} {', '.join(map(str, rows))} of {step.rows.name}"
    yield where + _what_was_done(step.predictor, len(rows))
    if step.is_new:
        yield f"new weights, init {step.config.init or 'auto'}"


def _place(neuron: str | None) -> tuple[int, int] | None:
    """Read a layer and a number, both counted from 1."""
    if neuron is None:
        return None
    layer, _, number = neuron.partition(".")
    with contextlib.suppress(ValueError):  # also of digits that are too many
        if layer.isdecimal() and number.isdecimal():
            return int(layer), int(number)
    raise ValueError(
        f"neuron: expected a layer and a number, such as 2.3 for the third neuron of layer 2, "
        f"got {brief(neuron)}"
    )


def _what_was_done(predictor: Predictor, n_rows: int) -> str:
    """Say how raw rows have become what the network takes."""
    if isinstance(predictor.preprocessing, Scaling):
        return SCALED[predictor.preprocessing.name]
    number = len(predictor.input_names)
    become = "becomes" if n_rows == 1 else "become"
    return f", which {become} {number} input{'s' * (number != 1)}"


def _check_suffix(out: str | None) -> None:
    """Refuse a file of another kind; a name without a suffix is that of a text."""
    suffix = "" if out is None or is_folder(out) else Path(out).suffix
    if suffix and suffix.lower() not in FORMS:
        raise ValueError(
            f"out: unknown format {suffix!r} of {out} (choose from {', '.join(FORMS)})"
        )


def _put_out(page: Explanation, form: Form | None, out: str | None) -> None:
    """Write the page to its file, whole or not at all, or to the terminal."""
    form = form or FORMS.get(Path(out or "").suffix.lower(), "text")
    if form == "text":
        here = out is None and sys.stdout.isatty()
        text = page.to_text(shutil.get_terminal_size().columns if here else COLUMNS)
    else:
        text = page.to_html() if form == "html" else page.to_markdown()
    if out is None:
        emit(text.rstrip("\n"))
    else:
        from barenet.insight.explain.training_step import EXPLANATION_MARK

        with output_path(out, f"explanation{SUFFIXES[form]}") as target:
            check_overwritable(target, EXPLANATION_MARK, "explanation")
            write_atomically(target, (text.rstrip("\n") + "\n").encode())
        emit(str(target))
