"""A report page about a model, with its sections in order of importance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from numpy.typing import NDArray

from barenet import plots
from barenet._display import Cell, write_table as _table, write_text as _text
from barenet._messages import count_of, printable
from barenet._metrics import METRICS, is_maximized, score_text, weighted_mean
from barenet.datasets._target_kind import TargetKind
from barenet.engines._threads import available_threads
from barenet.files._model_card import ModelCard
from barenet.insight._permutation_importance import Importance
from barenet.insight._web_page import write_page
from barenet.insight.contributions._explainer import Explainer
from barenet.insight.contributions._output_names import describe_outputs_of_rows
from barenet.insight.plots._column_effects import shorten
from barenet.insight.plots._saving import inline_panels, inline_svg
from barenet.model._array_dataset import predicted_classes
from barenet.model._ensemble import Ensemble
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._out_of_fold import OF_ONE, OUT_OF_FOLD, UNDIVIDED
from barenet.settings._task_settings import HEADER
from barenet.storage._atomic_write import write_atomically
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.frames._frame import Frame
from barenet.tables.frames._to_frame import as_frame
from barenet.tasks import _pictures as pictures
from barenet.tasks._column_lines import ColumnLines
from barenet.tasks._description import describe_columns, describe_origin
from barenet.tasks._measurement import Measurement
from barenet.tasks._pictures import REPEATS, draw, sample_rows
from barenet.training._history import History

#: Maximum number of classes in a confusion matrix.
MAX_CLASSES = 20

#: Limits of the shuffling: values of all columns together, and minimum and maximum rows.
MAX_SHUFFLED = 4_000_000
SHUFFLED_ROWS = (100, 5_000)
#: Number of the worst rows that are shown, and maximum number of their columns.
N_WORST = 10
MAX_VALUES = 20
#: Number of reasons of a prediction, and number of rows that it is compared with.
N_REASONS = 3
BACKGROUND_ROWS = 100
#: Maximum number of dots in a figure.
MAX_DOTS = 1_000


class Report:
    """The report of a model on the test set or, without one, on the training set."""

    def __init__(self, measured: Measurement, history: History | None, lines: ColumnLines) -> None:
        self.predictor = measured.predictor
        #: How the columns are read.
        self.lines = lines
        self.history = history
        self.settings = (self.predictor.card or ModelCard()).settings
        #: The network on the test rows or, if there are none, on the training rows.
        self.measured = measured
        self.outputs = measured.scored.outputs
        #: The network on the training rows, if they are not the measured rows.
        self.training: Measurement | None = None
        if measured.fitted_to is not None and measured.fitted_to is not measured.rows:
            self.training = replace(measured, rows=measured.fitted_to)
        self.rows = replace(measured.rows, name="")  # omits titles from the figures
        lowest, highest = SHUFFLED_ROWS
        n_affordable = MAX_SHUFFLED // (REPEATS * self.rows.n_features)
        n_rows = np.clip(n_affordable, lowest, highest)
        #: The rows that are used for shuffling.
        self.sample = sample_rows(self.rows, int(n_rows))

    @cached_property
    def importance(self) -> Importance:
        """The permutation importance of the columns."""
        return pictures.measure_importance(self.predictor, self.sample)

    def write(self, path: Path) -> None:
        """Write the page."""
        sections = {
            "In short": self._scores(),
            "Errors": self._errors(),
            "Columns that matter": self._importance(),
            "Rows that are predicted worst": self._worst_rows(),
            "Training": self._training(),
            "Columns": self._columns(),
            "Data and settings": self._repeated(),
        }
        target = printable(self.predictor.target_name)
        title = f"{target}, predicted from {printable(self.predictor.dataset)}"
        body = f"<h1>{escape(title)}</h1>\n"
        for heading, parts in sections.items():
            body += f"<section>\n<h2>{heading}</h2>\n{''.join(parts)}</section>\n"
        style = Path(__file__).with_name("report.css").read_text("utf-8")
        page = write_page(f"barenet report: {title}", body, style)
        write_atomically(path, page.encode("utf-8", "replace"))

    def _scores(self) -> Iterator[str]:
        """Write the scores beside the baselines, and whether a simpler model would do."""
        measured = self.measured
        model = measured.title
        if measured.n_seen == 0:
            which = " that it was not trained on"
        elif measured.n_seen == self.rows.n_samples:
            which = " that it was trained on: expect less on new ones"
        else:
            number = "perhaps some" if measured.n_seen is None else f"{measured.n_seen:,}"
            which = f", {number} of which it was trained on"
        name = measured.compared_by
        score = f"{measured.compared_title} is {score_text(name, measured.scores[name])}"
        rows = count_of(self.rows.n_samples, "row")
        if measured.rows.name != self.predictor.dataset:
            rows += f" of {measured.rows.name}"
        yield _text(f"The {model}'s {score} on {rows}{which}.")
        card = self.predictor.card or ModelCard()
        out_of_fold = card.scores.get(OUT_OF_FOLD)
        if self.training is not None or not out_of_fold:
            for verdict in measured.verdicts():
                yield _text(verdict)
        else:
            usual = TargetKind.of(self.predictor.classes).metric
            score = _score_sentence(usual, out_of_fold)
            yield _text(f"On the rows that its networks left out, its {score}.")
        leak = measured.leak()
        if leak:
            yield _text(leak)
        lines = {model: measured.scores}
        for baseline, scored in measured.baselines.items():
            lines[baseline.title] = scored.scores
        if self.training is not None:
            lines[f"{model}, on its training rows"] = self.training.scores
        names = [name for name in measured.scores if name in METRICS]
        yield _score_table(lines, names)

    def _errors(self) -> Iterator[str]:
        """Write the confusion matrix and calibration, or the predictions and residuals."""
        predictor = self.predictor
        rows = self.rows
        outputs = self.outputs
        figures = ""
        if predictor.classes is None:
            errors = np.abs(rows.y - outputs[:, 0])
            half, nine_in_ten = np.quantile(
                errors, [0.5, 0.9], weights=rows.weight, method="inverted_cdf"
            )
            text = f"Half of the errors are below {half:.4g}, nine in ten below {nine_in_ten:.4g}."
            few = sample_rows(rows, MAX_DOTS)
            figures = inline_svg(draw("fit", predictor, few), "fit")
            figures += inline_panels(draw("residuals", predictor, few), "residuals")
        else:
            predicted = predicted_classes(outputs, predictor.threshold)
            probabilities = np.take_along_axis(outputs, predicted[:, np.newaxis], axis=1)
            confidence = weighted_mean(probabilities, rows.weight)
            accuracy = self.measured.scores["accuracy"]
            text = f"The predicted class has a mean probability of {confidence:.1%}, and is right "
            text += f"in {accuracy:.1%}."
            if self.settings.get("class_weight"):
                text += " The class weights of the training raise the probability of rare classes."
            if len(predictor.classes) <= MAX_CLASSES:
                figures = self._confusion_table(predictor.classes)
            figures += inline_svg(draw("calibration", predictor, rows), "calibration")
        yield _text(text) + _figures(figures)

    def _confusion_table(self, classes: Sequence[str]) -> str:
        """Write the confusion matrix, with a bar for the fraction of each class."""
        lines: list[list[Cell]] = []
        for name, counts in zip(classes, self.measured.confusion_matrix(), strict=True):
            total = max(counts.sum(), 1)
            cells: list[Cell] = [name]
            cells.extend((f"{count:,}", count / total) for count in counts)
            lines.append(cells)
        return _table(["actual ↓ predicted →", *classes], lines, "matrix")

    def _importance(self) -> Iterator[str]:
        """Write the permutation importance of the columns, and the partial dependence on some."""
        sample = self.sample
        n_rows = sample.n_samples
        n_columns = count_of(len(self.predictor.feature_names), "column")
        text = f"Each of {n_columns} is shuffled {REPEATS}× on {n_rows:,} of "
        text += f"{self.rows.n_samples:,} rows."
        if self.predictor.image_shape is not None:
            yield _text(text)
            yield _figures(inline_svg(draw("importance", self.predictor, sample), "importance"))
        else:
            heading, drops = pictures.drops_of(self.importance)
            shown = f"The first {len(drops)} by {heading}, mean ± standard deviation:"
            yield _text(f"{text} {shown}")
            lines: list[list[Cell]] = []
            for name, drop, share in drops:
                lines.append([name, drop.strip(), ("", share)])
            yield _table(["column", heading, ""], lines, "importance")
            dependence = pictures.draw_dependence(self.predictor, sample, self.importance)
            label = dependence.axes[0].get_ylabel().replace("\\$", "$")
            few = f"{min(n_rows, pictures.N_ROWS):,} of these rows"
            yield _text(f"The {label} over {few}, if all of them had the same value in a column:")
            for axes in dependence.axes:
                axes.set_ylabel("")
            yield _figures(inline_panels(dependence, "partial dependence"))

    def _worst_rows(self) -> Iterator[str]:
        """Write the rows with the largest errors, with their values or as images."""
        predictor = self.predictor
        rows = self.rows
        outputs = self.outputs
        if predictor.classes is None:
            last_heading = "error"
            errors = rows.y - outputs[:, 0]
            columns = [rows.y, outputs[:, 0], errors]
            worst = np.argsort(-np.abs(errors), kind="stable")[:N_WORST]
        else:
            last_heading = "p (actual)"
            names = np.array(predictor.classes)
            p = np.take_along_axis(outputs, rows.y[:, np.newaxis], axis=1)[:, 0]
            predicted = predicted_classes(outputs, predictor.threshold)
            columns = [names[rows.y], names[predicted], p]
            worst = np.argsort(p, kind="stable")[:N_WORST]
        if predictor.image_shape is not None:
            yield _figures(inline_panels(draw("digits", predictor, rows.take(worst)), "images"))
            return
        importance = self.importance
        shown = [importance.names[column] for column in importance.order[:MAX_VALUES]]
        X = rows.X
        if not isinstance(X, Frame):
            X = as_frame(X, rows.feature_names)
        columns.insert(0, rows.numbers)
        reasons = self._reasons(worst)
        lines = []
        for row, reasons_of_row in zip(worst, reasons, strict=True):
            line = [_value(column[row]) for column in columns]
            values = [_value(X[name][row]) for name in shown]
            lines.append([*line, reasons_of_row, *values])
        text = (
            "The first row of the data, below a header, is row 0. The reasons are the columns that "
        )
        explained = describe_outputs_of_rows(
            predictor.classes, predictor.target_name, "probability"
        )
        text += f"contribute most to {printable(explained)}, compared with the mean of "
        yield _text(f"{text}{count_of(len(self._background), 'row')}{self._which_background}.")
        headings = ["row", "actual", "predicted", last_heading, "reasons"]
        yield _table([*headings, *shown], lines, "rows")

    @cached_property
    def _background(self) -> Any:
        """The rows that predictions are compared with: kept ones, or else some training rows."""
        if self.predictor.background is not None:
            return self.predictor.background
        rows = self.training.rows if self.training is not None else self.rows
        return sample_rows(rows, BACKGROUND_ROWS).X

    @property
    def _which_background(self) -> str:
        """Describe the background rows, after their number."""
        if self.predictor.background is not None:
            return " that the model keeps"
        if self.training is not None:
            return " of the training"
        return " of these"

    def _reasons(self, worst: NDArray[np.intp]) -> list[str]:
        """Write the largest contributions to the predictions of some rows."""
        n_threads = available_threads(None)
        explainer = Explainer.of(self.predictor, self._background, n_threads=n_threads)
        texts = []
        for explained in explainer.reasons(self.rows.X[worst], N_REASONS):
            parts = []
            for reason in explained.reasons:
                name = shorten(reason.column)
                parts.append(f"{name} {shorten(reason.value)}: {reason.contribution:+.3g}")
            texts.append("; ".join(parts))
        return texts

    def _training(self) -> Iterator[str]:
        """Write the gain from each part of an ensemble, and the learning curves, if known."""
        card = self.predictor.card or ModelCard()
        network = self.predictor.network
        if isinstance(network, Ensemble) and card.log and OUT_OF_FOLD in card.scores:
            last = card.scores[OUT_OF_FOLD]
            yield _text(
                f"{len(network.networks)} networks were trained for {card.log.n_epochs} epochs, "
                "each without a part of the rows. After some of the epochs, the averages of "
                "their weights predicted the rows that they had left out. Those after epoch "
                f"{card.log.selected_epoch} did best, and are the ensemble. The scores on the "
                "rows left out, part by part:"
            )
            lines = {"one network": card.scores[OF_ONE]}
            together = f"the mean of the {EnsembleRecipe.repeats} that left the same row out"
            lines[together] = card.scores.get(UNDIVIDED, last)  # the same without a temperature
            temperature = last.get("temperature", 1)
            if temperature != 1:
                lines[f"at temperature {temperature:g} of the probabilities"] = last
            metrics = [name for name in last if name in METRICS]
            yield _score_table(lines, metrics)
        if self.history is not None:
            curves = plots.plot_history(self.history)
            yield _figures(inline_panels(curves, "learning curves"))

    def _columns(self) -> Iterator[str]:
        """Write how each column is read, and its encoding."""
        encoding = self.predictor.preprocessing
        descriptions = describe_columns(encoding)
        if not isinstance(encoding, TableEncoding) or descriptions is None:
            yield _text(f"All are numbers; scaling: {self.predictor.description()['scaling']}.")
            return
        yield self.lines.to_table()
        encoded = [
            [str(cell) for cell in description.values()]
            for description in descriptions
            if description["inputs"]
        ]
        yield _text("The networks take these inputs of each column:")
        yield _table(["column", "kind", "inputs", "encoding"], encoded, "columns")

    def _repeated(self) -> Iterator[str]:
        """Write the origin of the model, and its settings as a run file."""
        yield _table([], describe_origin(self.predictor))
        if "data" not in self.settings:  # the rows came from memory
            return
        yield _text("With these settings in settings.toml beside the data, the run is repeated by")
        yield "<pre>barenet train --config settings.toml</pre>\n"
        settings = HEADER + tomli_w.dumps(self.settings)
        yield f"<pre>{escape(settings)}</pre>\n"


def _figures(figures: str) -> str:
    return f'<div class="figures">{figures}</div>\n'


def _value(value: Any) -> str:
    """Format a value of a column."""
    text = str(value)
    if isinstance(value, np.floating):
        text = f"{value:.5g}"
    if text in ("", "nan", "NaT"):
        return "missing"
    return shorten(text.removesuffix("T00:00:00.000000"))


def _score_table(lines: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> str:
    """Write a table of scores, with a bar for the first score."""
    first = names[0]
    rows: list[list[Cell]] = []
    for title, scores in lines.items():
        share = scores[first] if is_maximized(first) else 0.0
        cells: list[Cell] = [title, (score_text(first, scores[first]), share)]
        cells.extend(score_text(name, scores[name]) for name in names[1:])
        rows.append(cells)
    headings = [METRICS[name].title for name in names]
    return _table(["", *headings], rows)


def _score_sentence(name: str, scores: Mapping[str, float]) -> str:
    """Write a score as a clause, such as AUC is 0.9123."""
    return f"{METRICS[name].title} is {score_text(name, scores[name])}"
