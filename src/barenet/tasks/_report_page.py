"""A page about a model, whose sections come in the order of their importance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from barenet import plots
from barenet._display import Cell, write_table as _table, write_text as _text
from barenet._metrics import METRICS, is_maximized, score_text
from barenet.data._frame import Frame
from barenet.data._to_frame import as_frame
from barenet.engines import Ensemble
from barenet.errors import count_of, printable
from barenet.files._atomic import write_atomically
from barenet.files._model_card import ModelCard
from barenet.insight._permutation_importance import Importance
from barenet.insight._web_page import write_page
from barenet.insight.plots._column_effects import shorten
from barenet.insight.plots._saving import inline_panels, inline_svg
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._out_of_fold import OF_ONE, OUT_OF_FOLD, UNDIVIDED
from barenet.tasks import _pictures as pictures
from barenet.tasks._description import describe_columns, describe_origin
from barenet.tasks._measurement import Measurement
from barenet.tasks._pictures import REPEATS, draw, sample_rows
from barenet.tasks._task_settings import HEADER
from barenet.training._history import History

#: Maximum number of classes in a confusion matrix.
MAX_CLASSES = 20

#: Limits of the shuffles: values of all columns together, and the least and most rows.
MAX_SHUFFLED, SHUFFLED_ROWS = 4_000_000, (100, 5_000)
#: Maximum numbers of worst rows, of columns shown, and of dots in a figure.
N_WORST, MAX_VALUES, MAX_DOTS = 10, 20, 1_000


class Report:
    """The report of a model on the test set, or on the training set without one."""

    def __init__(self, measured: Measurement, history: History | None) -> None:
        self.predictor, self.history = measured.predictor, history
        self.settings = (self.predictor.card or ModelCard()).settings
        #: The network on the test rows, if there are any, else on those of the training.
        self.measured, self.outputs = measured, measured.network.outputs
        seen = measured.fitted_to
        self.training = [replace(measured, rows=seen)] if seen and seen is not measured.rows else []
        self.rows = replace(measured.rows, name="")  # as the page's figures have no titles
        most = np.clip(MAX_SHUFFLED // (REPEATS * self.rows.n_features), *SHUFFLED_ROWS)
        #: The rows whose columns are shuffled.
        self.sample = sample_rows(self.rows, int(most))

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
        names = self.predictor.target_name, self.predictor.dataset
        title = "{}, predicted from {}".format(*map(printable, names))
        body = f"<h1>{escape(title)}</h1>\n" + "".join(
            f"<section>\n<h2>{heading}</h2>\n{''.join(parts)}</section>\n"
            for heading, parts in sections.items()
        )
        style = Path(__file__).with_name("report.css").read_text("utf-8")
        page = write_page(f"barenet report: {title}", body, style)
        write_atomically(path, page.encode("utf-8", "replace"))

    def _scores(self) -> Iterator[str]:
        """The scores beside those of the baselines, and whether a simpler model would do."""
        measured, training = self.measured, self.training
        names = [name for name in measured.scores if name in METRICS]
        seen = "it was not trained on" if training else "it was trained on: expect less on new ones"
        model, card = measured.title, self.predictor.card or ModelCard()
        name, n_rows = measured.compared_by, count_of(self.rows.n_samples, "row")
        score = f"{METRICS[name].title} is {score_text(name, measured.scores[name])}"
        yield _text(f"The {model}'s {score} on {n_rows}{measured.which or f' that {seen}'}.")
        name, left = "accuracy" if self.predictor.classes else "r2", card.scores.get(OUT_OF_FOLD)
        if training or not left:
            yield from map(_text, measured.verdicts())
        else:
            score = f"{METRICS[name].title} is {score_text(name, left[name])}"
            yield _text(f"On the rows that its networks left out, its {score}.")
        leak = measured.leak()
        if leak:
            yield _text(leak)
        lines = {model: measured.scores}
        lines |= {baseline.title: each.scores for baseline, each in measured.baselines.items()}
        lines |= {f"{model}, on its training rows": each.scores for each in training}
        yield _score_table(lines, names)

    def _errors(self) -> Iterator[str]:
        """The confusion matrix and the calibration, or the predictions and the residuals."""
        predictor, rows, outputs, figures = self.predictor, self.rows, self.outputs, ""
        if predictor.classes is None:
            sizes = np.quantile(np.abs(rows.y - outputs[:, 0]), [0.5, 0.9])
            text = "Half of the errors are below {:.4g}, nine in ten below {:.4g}.".format(*sizes)
            few = sample_rows(rows, MAX_DOTS)
            figures = inline_svg(draw("fit", predictor, few), "fit")
            figures += inline_panels(draw("residuals", predictor, few), "residuals")
        else:
            sure, right = outputs.max(axis=1).mean(), self.measured.scores["accuracy"]
            text = f"The predicted class has a mean probability of {sure:.1%}, and is right in "
            text += f"{right:.1%}."
            if self.settings.get("class_weight"):
                text += " The class weights of the training raise the probability of rare classes."
            if len(predictor.classes) <= MAX_CLASSES:
                counts = zip(predictor.classes, self.measured.confusion_matrix(), strict=True)
                lines: list[list[Cell]] = [
                    [name, *((f"{n:,}", n / max(row.sum(), 1)) for n in row)]
                    for name, row in counts
                ]
                figures = _table(["actual ↓ predicted →", *predictor.classes], lines, "matrix")
            figures += inline_svg(draw("calibration", predictor, rows), "calibration")
        yield _text(text) + _figures(figures)

    def _importance(self) -> Iterator[str]:
        """The permutation importance of the columns, and the partial dependence on some."""
        sample, n_rows = self.sample, self.sample.n_samples
        columns, of = count_of(len(self.predictor.feature_names), "column"), self.rows.n_samples
        text = f"Each of {columns} is shuffled {REPEATS}× on {n_rows:,} of {of:,} rows."
        if self.predictor.image_shape is not None:
            yield _text(text)
            yield _figures(inline_svg(draw("importance", self.predictor, sample), "importance"))
        else:
            heading, drops = pictures.drops_of(self.importance)
            shown = f"The first {len(drops)} by {heading}, mean ± standard deviation:"
            yield _text(f"{text} {shown}")
            lines: list[list[Cell]] = [[name, drop.strip(), ("", x)] for name, drop, x in drops]
            yield _table(["column", heading, ""], lines, "importance")
            dependence = pictures.draw_dependence(self.predictor, sample, self.importance)
            label = dependence.axes[0].get_ylabel().replace("\\$", "$")
            few = f"{min(n_rows, pictures.N_ROWS):,} of these rows"
            yield _text(f"The {label} over {few}, if all of them had the same value in a column:")
            for axes in dependence.axes:
                axes.set_ylabel("")
            yield _figures(inline_panels(dependence, "partial dependence"))

    def _worst_rows(self) -> Iterator[str]:
        """The rows with the largest errors, with their values or as pictures."""
        predictor, rows, outputs = self.predictor, self.rows, self.outputs
        if predictor.classes is None:
            last, parts = "error", [rows.y, outputs[:, 0], rows.y - outputs[:, 0]]
            worst = np.argsort(-np.abs(parts[-1]), kind="stable")[:N_WORST]
        else:
            last, names = "p (actual)", np.array(predictor.classes)
            p = np.take_along_axis(outputs, rows.y[:, np.newaxis], axis=1)[:, 0]
            parts = [names[rows.y], names[outputs.argmax(axis=1)], p]
            worst = np.argsort(p, kind="stable")[:N_WORST]
        if predictor.image_shape is not None:
            yield _figures(inline_panels(draw("digits", predictor, rows.take(worst)), "images"))
            return
        shown = [self.importance.names[at] for at in self.importance.order[:MAX_VALUES]]
        X = rows.X if isinstance(rows.X, Frame) else as_frame(rows.X, rows.feature_names)
        columns = [rows.numbers + 1, *parts, *(X[name] for name in shown)]
        lines = [[_value(each[at]) for each in columns] for at in worst]
        yield _text("Row 1 is the first row of the data, below a header.")
        yield _table(["row", "actual", "predicted", last, *shown], lines, "rows")

    def _training(self) -> Iterator[str]:
        """The gain by each part of an ensemble, and the learning curves, if they are known."""
        card, network = self.predictor.card or ModelCard(), self.predictor.network
        if isinstance(network, Ensemble) and card.log and OUT_OF_FOLD in card.scores:
            n, last = len(network.networks), card.scores[OUT_OF_FOLD]
            yield _text(
                f"{n} networks were trained for {card.log.n_epochs} epochs, each without a part of "
                "the rows. After some of the epochs, the averages of their weights predicted the "
                f"rows that they had left out. Those after epoch {card.log.selected_epoch} did "
                "best, and are the ensemble. The scores on the rows left out, part by part:"
            )
            together = f"the mean of the {EnsembleRecipe.repeats} that left the same row out"
            lines = {"one network": card.scores[OF_ONE], together: card.scores.get(UNDIVIDED, last)}
            if last.get("temperature", 1) != 1:
                lines[f"at temperature {last['temperature']:g} of the probabilities"] = last
            yield _score_table(lines, [name for name in last if name in METRICS])
        if self.history is not None:
            curves = plots.plot_history(self.history)
            yield _figures(inline_panels(curves, "learning curves"))

    def _columns(self) -> Iterator[str]:
        """The encoding of each column."""
        if columns := describe_columns(self.predictor.preprocessing):
            lines = [[str(cell) for cell in each.values()] for each in columns]
            yield _table(["column", "kind", "inputs", "encoding"], lines, "columns")
        else:
            yield _text(f"All are numbers; scaling: {self.predictor.description()['scaling']}.")

    def _repeated(self) -> Iterator[str]:
        """The origin of the model, and its settings as a run file."""
        yield _table([], describe_origin(self.predictor))
        if "data" not in self.settings:  # the rows were in memory
            return
        yield _text("With these settings in settings.toml beside the data, the run is repeated by")
        yield "<pre>barenet train --config settings.toml</pre>\n"
        settings = HEADER + tomli_w.dumps(self.settings)
        yield f"<pre>{escape(settings)}</pre>\n"


def _figures(figures: str) -> str:
    return f'<div class="figures">{figures}</div>\n'


def _value(value: Any) -> str:
    """Write a value of a column."""
    text = f"{value:.5g}" if isinstance(value, np.floating) else str(value)
    text = "missing" if text in ("", "nan", "NaT") else text
    return shorten(text.removesuffix("T00:00:00.000000"))


def _score_table(lines: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> str:
    """Write a table of scores, with a bar for the first one."""
    rows: list[list[Cell]] = []
    for title, scores in lines.items():
        first, *others = (score_text(name, scores[name]) for name in names)
        rows.append([title, (first, scores[names[0]] * is_maximized(names[0])), *others])
    return _table(["", *(METRICS[name].title for name in names)], rows)
