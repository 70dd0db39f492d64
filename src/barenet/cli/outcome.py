"""What came of a run, told to the person who started it or to a program."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from barenet.cli import report, words
from barenet.cli.comparison import Compared, compare, show_verdict
from barenet.cli.console import emit, emit_json
from barenet.cli.experiment import Experiment
from barenet.cli.provenance import card_settings, finite
from barenet.cli.settings import is_table
from barenet.data.dataset import Dataset
from barenet.data.duplicates import count_duplicates
from barenet.data.encoding import TableEncoding
from barenet.data.scaling import Scaling
from barenet.files.model_card import ModelCard
from barenet.files.predictor import Predictor
from barenet.training.history import History
from barenet.training.measurement import MOST

__all__ = ["Outcome"]

#: Share of the test rows from which on repeated rows are reported.
REPEATED_SHARE = 0.01


@dataclass(frozen=True, eq=False)
class Outcome:
    """A run that is over.

    Attributes
    ----------
    experiment : Experiment
        What was run.
    history : History
        How it went.
    baselines : bool, default=True
        Whether it is compared with a constant and a linear model.
    """

    experiment: Experiment
    history: History
    baselines: bool = True

    @property
    def rows(self) -> Dataset:
        """The rows that the network is judged by."""
        return self.experiment.held_out or self.experiment.training

    @property
    def takes_long(self) -> bool:
        """Whether the scores take longer than somebody who has pressed Ctrl-C would wait."""
        rows = [self.experiment.training, self.experiment.held_out]
        n_rows = sum(each.n_samples for each in rows if each is not None)
        return n_rows * self.experiment.predictor.network.n_parameters > MOST

    def predictor(self, *, scored: bool) -> Predictor:
        """Complete the card of the network."""
        experiment, scores = self.experiment, {}
        if scored:
            scores = {"held_out": finite(self.judged)} if experiment.held_out else {}
            scores["training"] = finite(self.learned)
        card = (experiment.predictor.card or ModelCard()).with_history(self.history)
        settings = card_settings(experiment.settings)
        return replace(experiment.predictor, card=replace(card, settings=settings, scores=scores))

    @cached_property
    def learned(self) -> dict[str, float]:
        """The scores on the training rows."""
        return self._score(self.experiment.training)

    @cached_property
    def judged(self) -> dict[str, float]:
        """The scores on the test rows; where there are none, on the training rows."""
        return self._score(self.rows) if self.experiment.held_out else self.learned

    @cached_property
    def compared(self) -> list[Compared]:
        """The baselines, where they are wanted."""
        if not self.baselines:
            return []
        loss = self.experiment.settings.config.loss
        return compare(self.experiment.predictor, self.experiment.available, self.rows, loss)

    @cached_property
    def repeated(self) -> int:
        """How many of the test rows of a table are among the other rows, too."""
        held_out, settings = self.experiment.held_out, self.experiment.settings
        if held_out is None or not is_table(settings.data):
            return 0
        return count_duplicates(held_out, self.experiment.available)

    def emit(self) -> None:
        """Put out the scores, the confusion matrix, and for images a prediction in words."""
        experiment, predictor = self.experiment, self.experiment.predictor
        report.show_scores(self._lines(), experiment.settings.config.loss or "")
        config = experiment.settings.config
        if config.l1 or config.l2:
            emit("(without the penalty on the weights, which the loss of the epochs includes)")
        show_verdict(self.judged, self.compared)
        self._show_repeated()
        if predictor.classes is None:
            return
        emit()
        report.show_confusion(report.confusion_matrix(predictor, self.rows), predictor.classes)
        if predictor.image_shape is not None:
            shares = predictor.probabilities(self.rows.X[:1])[0]
            guess = words.guess(predictor.classes[shares.argmax()], float(shares.max()))
            emit(f"\n{guess} {words.truth(predictor.classes[self.rows.y[0]])}")
            emit(words.draw_image(self.rows.X[0], predictor.image_shape))

    def emit_json(self, model: str) -> None:
        """Put out everything for programs."""
        experiment, history = self.experiment, self.history
        held_out, validation = experiment.held_out, experiment.validation
        document: dict[str, Any] = {
            "dataset": experiment.training.name,
            "columns": _columns(experiment.predictor.preprocessing),
            "layers": experiment.predictor.network.sizes,
            "engine": history.engine,
            "seed": history.seed,
            "rows": {
                "training": experiment.training.n_samples,
                "validation": validation.n_samples if validation else 0,
                "held_out": held_out.n_samples if held_out else 0,
            },
            "repeated_rows": self.repeated,
            "stopped_because": history.stop_reason,
            "best_epoch": history.best_epoch,
            "history": history.to_dict(),
            "metrics": {
                "evaluated_on": "test rows" if held_out else "training rows",
                **self.judged,
                **{f"train_{name}": value for name, value in self.learned.items()},
            },
            "baselines": {each.baseline.name: each.document(self.judged) for each in self.compared},
            "model": model,
        }
        emit_json(document)

    def _show_repeated(self) -> None:
        """Say so if the score is too good because rows are there twice."""
        n_rows = self.rows.n_samples
        if self.repeated > REPEATED_SHARE * n_rows:
            text = (
                f"{self.repeated:,} of the {n_rows:,} test rows are among the training rows, too, "
                "with the same target: on new rows the scores will be lower."
            )
            emit(f"\n{textwrap.fill(text, 79)}")

    def _lines(self) -> list[tuple[str, str, dict[str, float]]]:
        """What stands in the table of scores."""
        training, held_out = self.experiment.training.n_samples, self.experiment.held_out
        learned = ("network", f"{training:,} training", self.learned)
        judged = "the same" if held_out is None else f"{held_out.n_samples:,} test"
        others = [(each.baseline.title, judged, each.scores) for each in self.compared]
        if held_out is None:
            return [("network", f"{training:,} training, no test rows", self.learned), *others]
        return [("network", judged, self.judged), *others, learned]

    def _score(self, rows: Dataset) -> dict[str, float]:
        return report.score(self.experiment.predictor, rows, self.experiment.settings.config.loss)


def _columns(preprocessing: TableEncoding | Scaling) -> list[dict[str, Any]] | None:
    """What became of a table's columns, for programs; None for rows that are all numbers."""
    if isinstance(preprocessing, Scaling):
        return None
    return [
        {"name": each.name, "kind": each.kind, "inputs": len(each.outputs), "how": each.formula}
        for each in preprocessing.columns
    ]
