"""``barenet report``: a page about a run, whose sections come in the order of their importance."""

import contextlib
import re
import webbrowser
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tomli_w
from cyclopts import Parameter
from numpy.typing import NDArray

from barenet._extras import require
from barenet._metrics import MAXIMIZED, main_metric
from barenet.cli._console import emit
from barenet.cli._flags import Data, Off, Out
from barenet.cli._importance import MAX_ROWS, REPEATS, measure_importance, sample_rows
from barenet.cli._info import describe_columns, describe_origin
from barenet.cli._output_file import check_overwritable, output_path
from barenet.cli._plot import read_curves
from barenet.cli._run_folder import REPORT
from barenet.cli._run_plots import draw
from barenet.cli._run_settings import HEADER, NO_FILE_OPTIONS, FileOptions, RunSettings
from barenet.cli._scores import MAX_CLASSES, Measurement, metric_title, score_text
from barenet.cli._trained_model import TrainedModel, load_trained
from barenet.data._dataset import Dataset
from barenet.data._frame import Frame
from barenet.data._to_frame import as_frame
from barenet.errors import ArgumentError, DataError, printable
from barenet.files._atomic import write_atomically
from barenet.files._predictor import Predictor
from barenet.insight._permutation_importance import Importance
from barenet.insight._web_page import write_page
from barenet.insight.plots._column_importance import shorten
from barenet.insight.plots._inline_svg import inline_panels, inline_svg
from barenet.plots import plot_history

#: The start of a report, by which a file is recognized.
REPORT_MARK = re.compile(rb"\A<!doctype html>.*?<title>barenet report: ", re.DOTALL)

#: Shuffled rows of all columns together, of which images have many.
MAX_SHUFFLED = 4_000_000
#: Rows that are predicted worst, and their values; dots of a figure.
N_WORST, MAX_VALUES, MAX_DOTS = 10, 20, 1_000

#: A cell of a table: a text, perhaps with a share from 0 to 1 that colours the cell.
Cell = str | tuple[str, float]


def report(
    run: Path,
    data: Data = "",
    /,
    *,
    out: Out = None,
    open_page: Annotated[Off, Parameter(name="--open")] = False,
    file: FileOptions = NO_FILE_OPTIONS,
) -> None:
    """Write a page about a run for a browser or a printer, and print the name of its file.

    Its scores beside those of a linear model, its errors, calibration, the importance of the
    columns and the partial dependence on them, the rows that are predicted worst, learning curves,
    columns and settings. The rows of the test set are used, if there is one. The page is a single
    file, which needs no network.

    Parameters
    ----------
    run : Path
        The folder of a run, or a model file.
    data : str
        The training data, if they have been moved.
    out : str
        The file, or a folder for it. By default report.html, beside the model. An earlier report
        is replaced, any other file is not.
    open_page : bool
        Open the page in the browser.
    """
    trained = load_trained(run, single_output=True)
    require("matplotlib.figure", extra="plot", purpose="a report")
    with output_path(out or str(trained.path.parent), REPORT) as path:
        check_overwritable(path, REPORT_MARK, "a report")
        page = _write(trained, trained.data_or_default(data), file)
        write_atomically(path, page.encode("utf-8", "replace"))
    emit(str(path))
    if open_page:
        webbrowser.open(path.resolve().as_uri())


def _write(trained: TrainedModel, data: str, file: FileOptions) -> str:
    """Measure the network on its test rows, if there are any, and write the page."""
    predictor, dataset = trained.predictor, trained.load(data, file)
    if trained.settings is None or not trained.is_training_data(data, dataset):
        problem = f"{data} is not the training data of {trained.path}, or has changed since"
        remedy = "name the training data after the run; `barenet evaluate` takes other rows"
        raise ArgumentError(problem, argument="data", remedy=remedy)
    dataset = replace(dataset, name="")  # as the figures of the page have no titles
    places = replace(dataset, X=np.arange(dataset.n_samples)[:, np.newaxis])
    numbers = [part.X[:, 0] for part in trained.split(places) if part is not None]
    training, rows = dataset.take(numbers[0]), dataset.take(numbers[-1])

    metric = main_metric(trained.config.metric, rows.y, predictor.classes).name
    loss = trained.config.loss
    measured = Measurement(predictor, rows, metric, loss, training)
    most = max(MAX_SHUFFLED // (REPEATS * dataset.n_features), 100)
    sample = sample_rows(rows, min(most, MAX_ROWS))
    importance = measure_importance(predictor, sample)
    seen = Measurement(predictor, training, metric, loss)
    sections = {
        "In short": _scores(measured, seen, is_test=len(numbers) > 1),
        "Errors": _errors(measured),
        "Columns that matter": _importance(predictor, sample),
        "Rows that are predicted worst": _worst_rows(measured, numbers[-1], importance),
        "Learning curves": _learning_curves(trained.path),
        "Columns": _columns(predictor),
        "Data and settings": _settings(predictor, trained.settings),
    }
    title = f"{printable(predictor.target_name)}, predicted from {printable(predictor.dataset)}"
    body = f"<h1>{escape(title)}</h1>\n" + "".join(
        f"<section>\n<h2>{heading}</h2>\n{''.join(parts)}</section>\n"
        for heading, parts in sections.items()
    )
    style = files("barenet.cli").joinpath("report.css").read_text("utf-8")
    return write_page(f"barenet report: {title}", body, style)


def _scores(measured: Measurement, training: Measurement, is_test: bool) -> Iterator[str]:
    """The scores beside those of the baselines, and whether a simpler model would do."""
    first, *_ = names = [name for name in measured.scores if name != "loss"]
    seen = "it was not trained on" if is_test else "it was trained on: expect less on new ones"
    score = f"The network's {metric_title(first)} is {score_text(first, measured.scores[first])}"
    yield _text(f"{score} on {measured.rows.n_samples:,} rows that {seen}.")
    yield from map(_text, measured.verdicts())
    lines = {"network": measured.scores}
    lines |= {baseline.title: each.scores for baseline, each in measured.baselines.items()}
    if is_test:
        lines |= {"network, on its training rows": training.scores}
    rows: list[list[Cell]] = []
    for title, scores in lines.items():
        share = scores[first] if first in MAXIMIZED else 0.0
        texts = [score_text(name, scores[name]) for name in names]
        rows.append([title, (texts[0], share), *texts[1:]])
    yield _table(["", *(metric_title(name) for name in names)], rows)


def _errors(measured: Measurement) -> Iterator[str]:
    """The confusion matrix and the calibration, or the predictions over the targets."""
    predictor, rows, outputs = measured.predictor, measured.rows, measured.network.outputs
    if predictor.classes is None:
        sizes = np.quantile(np.abs(rows.y - outputs[:, 0]), [0.5, 0.9])
        yield _text("Half of the errors are below {:.4g}, nine in ten below {:.4g}.".format(*sizes))
        yield inline_svg(draw("fit", predictor, sample_rows(rows, MAX_DOTS)), "fit")
        return
    sure, right = outputs.max(axis=1).mean(), measured.scores["accuracy"]
    yield _text(
        f"The predicted class has a mean probability of {sure:.1%}, and is right in {right:.1%}."
    )
    figure = inline_svg(draw("calibration", predictor, rows), "calibration")
    matrix = ""
    if len(predictor.classes) <= MAX_CLASSES:
        lines: list[list[Cell]] = []
        for name, counts in zip(predictor.classes, measured.confusion_matrix(), strict=True):
            lines.append([name, *((f"{n:,}", n / max(counts.sum(), 1)) for n in counts)])
        matrix = _table(["actual ↓ predicted →", *predictor.classes], lines, "matrix")
    yield f'<div class="figures">{matrix}{figure}</div>\n'


def _importance(predictor: Predictor, sample: Dataset) -> Iterator[str]:
    """The permutation importance of the columns, and the partial dependence on some."""
    figure = inline_svg(draw("importance", predictor, sample), "importance")
    yield f'<div class="scroll">{figure}</div>\n'
    if predictor.image_shape is None:
        dependence = draw("dependence", predictor, sample)
        label = dependence.axes[0].get_ylabel().replace("\\$", "$")
        yield _text(f"The {label}, if all rows had the same value in a column:")
        for axes in dependence.axes:
            axes.set_ylabel("")
        yield f'<div class="figures">{inline_panels(dependence, "partial dependence")}</div>\n'


def _worst_rows(
    measured: Measurement, numbers: NDArray[np.int64], importance: Importance
) -> Iterator[str]:
    """The rows with the largest errors, with their values or as pictures."""
    predictor, rows, outputs = measured.predictor, measured.rows, measured.network.outputs
    if predictor.classes is None:
        last, parts = "error", [rows.y, outputs[:, 0], rows.y - outputs[:, 0]]
        worst = np.argsort(-np.abs(parts[-1]), kind="stable")[:N_WORST]
    else:
        last, names = "p (actual)", np.array(predictor.classes)
        p = np.take_along_axis(outputs, rows.y[:, np.newaxis], axis=1)[:, 0]
        parts = [names[rows.y], names[outputs.argmax(axis=1)], p]
        worst = np.argsort(p, kind="stable")[:N_WORST]
    if predictor.image_shape is not None:
        panels = inline_panels(draw("digits", predictor, rows.take(worst)), "images")
        yield f'<div class="figures">{panels}</div>\n'
        return
    shown = [importance.names[at] for at in importance.order[:MAX_VALUES]]
    X = rows.X if isinstance(rows.X, Frame) else as_frame(rows.X, rows.feature_names)
    columns = [numbers, *parts, *(X[name] for name in shown)]
    lines = [[_value(each[at]) for each in columns] for at in worst]
    yield _table(["row", "actual", "predicted", last, *shown], lines, "rows")


def _learning_curves(path: Path) -> Iterator[str]:
    """The learning curves, if they were saved."""
    with contextlib.suppress(FileNotFoundError, DataError):
        panels = inline_panels(plot_history(read_curves(path)), "learning curves")
        yield f'<div class="figures">{panels}</div>\n'


def _columns(predictor: Predictor) -> Iterator[str]:
    """The encoding of each column."""
    if columns := describe_columns(predictor.preprocessing):
        lines = [[str(cell) for cell in each.values()] for each in columns]
        yield _table(["column", "kind", "inputs", "encoding"], lines, "columns")
    else:
        yield _text(f"All are numbers; scaling: {predictor.description()['scaling']}.")


def _settings(predictor: Predictor, settings: RunSettings) -> Iterator[str]:
    """The origin of the model, and its settings as a run file."""
    yield _table([], describe_origin(predictor))
    yield _text("With these settings in settings.toml beside the data, the run is repeated by")
    yield "<pre>barenet train --config settings.toml</pre>\n"
    yield f"<pre>{escape(HEADER + tomli_w.dumps(settings.card_fields()))}</pre>\n"


def _text(text: str) -> str:
    return f"<p>{escape(text)}</p>\n"


def _value(value: Any) -> str:
    """Write a value of a column."""
    text = f"{value:.5g}" if isinstance(value, np.floating) else str(value)
    return shorten(text.removesuffix("T00:00:00.000000"))


def _table(headings: Iterable[str], rows: Iterable[Sequence[Cell]], kind: str = "") -> str:
    """Write a table of a kind that the style knows."""
    head = "".join(f"<th>{_plain(each)}</th>" for each in headings)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    table = f'<table class="{kind}"><thead><tr>{head}</tr></thead>\n{body}</table>'
    return f'<div class="scroll">{table}</div>\n'


def _cell(cell: Cell) -> str:
    text, share = (cell, None) if isinstance(cell, str) else cell
    style = "" if share is None else f' style="--share: {max(share, 0.0):.3f}"'
    return f"<td{style}>{_plain(text)}</td>"


def _plain(text: str) -> str:
    """Escape a text, control characters included."""
    return escape(printable(text)) if text else ""
