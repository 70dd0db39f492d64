"""Training of a task's model on each fold, from the encoding of the columns on."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from barenet._metrics import score_text
from barenet.datasets._dataset import Dataset
from barenet.errors import caller_stacklevel
from barenet.files._predictor import Predictor
from barenet.model._array_dataset import predictions_of
from barenet.population._cross_validation import Fold
from barenet.settings._run_defaults import table_defaults
from barenet.settings._task_settings import TaskSettings
from barenet.tasks._cross_validation_result import CrossValidationResult
from barenet.tasks._fit import EnsembleFit, Fit, prepare_ensemble, prepare_network
from barenet.tasks._measurement import Scored
from barenet.tasks._split_rows import SplitRows
from barenet.training._callbacks import Callback
from barenet.training._progress import ShowLine, live_line

if TYPE_CHECKING:
    from barenet._extras import Client


@dataclass(eq=False)
class FoldTraining:
    """Trains a model for each fold, one after the other, and scores it on the fold's test rows."""

    dataset: Dataset
    settings: TaskSettings
    folds: Sequence[Fold]
    #: The outputs and scores of the finished folds.
    scored: list[Scored] = field(default_factory=list, init=False)
    #: The model of the last finished fold.
    predictor: Predictor = field(init=False)

    def run(
        self,
        callbacks: Sequence[Callback] = (),
        *,
        threads: int | None = None,
        client: "Client | None" = None,
        progress: bool | None = None,
    ) -> CrossValidationResult:
        """Train and score; after Ctrl-C, keep the finished folds."""
        try:
            with live_line(progress, width=12) as show_line:
                for number, fold in enumerate(self.folds, 1):
                    fit = self._prepare(fold, threads)
                    if number == 1:
                        fit.warn_of_columns(self.dataset, "Task.cross_validate")
                    show_epoch = self._show_within(number, show_line)
                    trained, _ = fit.run(
                        callbacks, threads=threads, client=client, show_epoch=show_epoch
                    )
                    self._score(trained)
                    self._show_scores(number, show_line)
        except KeyboardInterrupt:
            n_finished = len(self.scored)
            if not n_finished:
                raise
            text = f"interrupted; the scores are those of {n_finished} of {len(self.folds)} folds"
            warnings.warn(text, stacklevel=caller_stacklevel())
        return self._result()

    def _split(self, fold: Fold) -> SplitRows:
        """The rows of a fold, as a training set and a test set."""
        train, test = fold
        dataset = self.dataset
        if not dataset.defaults and dataset.image_shape is None:  # as for a table of these rows
            dataset = replace(dataset, defaults=table_defaults(len(train)).set_fields())
        return SplitRows(dataset=dataset, training=dataset.take(train), test=dataset.take(test))

    def _prepare(self, fold: Fold, threads: int | None) -> Fit:
        """Fit the encoding to the training rows of a fold, and make the networks."""
        split = self._split(fold)
        if self.settings.is_ensemble:
            return prepare_ensemble(split, self.settings, threads=threads, progress=False)
        return prepare_network(split, self.settings)

    def _score(self, trained: Fit) -> None:
        """Keep the outputs and scores of a model, but not its rows."""
        # After Ctrl-C, a network raises the exception, but an ensemble keeps its best epoch.
        if isinstance(trained, EnsembleFit) and trained.ensemble_training.is_interrupted:
            raise KeyboardInterrupt
        measurement = trained.measurements()["held_out"]
        scored = measurement.scored
        self.predictor = trained.predictor
        self.scored.append(scored)

    def _show_within(self, number: int, show_line: ShowLine | None) -> ShowLine | None:
        """Return a function that shows an epoch of a fold as a part of all epochs."""
        if show_line is None:
            return None
        n_folds = len(self.folds)

        def show(epoch: int, n_epochs: int, text: str, _number: int) -> None:
            n_done = (number - 1) * n_epochs + epoch
            show_line(n_done, n_folds * n_epochs, f"fold {number}/{n_folds}  {text}", 0)

        return show

    def _show_scores(self, number: int, show_line: ShowLine | None) -> None:
        """Show the main score of a finished fold."""
        if show_line is None:
            return
        n_folds = len(self.folds)
        scores = self.scored[-1].scores
        metric = self._metric
        text = f"fold {number}/{n_folds}  {metric} {score_text(metric, scores[metric])}"
        show_line(number, n_folds, text, number)

    @property
    def _metric(self) -> str:
        """The main metric, which follows the loss."""
        names = [*self.scored[0].scores]
        return names[1]

    def _result(self) -> CrossValidationResult:
        """Collect the scores of the finished folds, and average the outputs of each row."""
        scores = {}
        for name in self.scored[0].scores:
            scores[name] = np.array([scored.scores[name] for scored in self.scored])
        folds = list(self.folds)[: len(self.scored)]
        n_rows = self.dataset.n_samples
        n_outputs = self.scored[0].outputs.shape[1]
        sums = np.zeros((n_rows, n_outputs))
        n_tests = np.zeros((n_rows, 1))
        for (_, test), scored in zip(folds, self.scored, strict=True):
            sums[test] += scored.outputs
            n_tests[test] += 1
        is_tested = n_tests[:, 0] > 0
        outputs = np.full((n_rows, n_outputs), np.nan)
        outputs[is_tested] = sums[is_tested] / n_tests[is_tested]
        labels = self.predictor.labels
        probabilities = None
        if labels is None:
            predictions = outputs[:, 0]
        else:
            probabilities = outputs
            predictions = predictions_of(np.where(is_tested[:, np.newaxis], outputs, 0), labels)
            if not is_tested.all():
                predictions = predictions.astype(object)
                predictions[~is_tested] = None
        return CrossValidationResult(
            scores=scores,
            metric=self._metric,
            predictions=predictions,
            probabilities=probabilities,
            classes=labels,
            folds=folds,
            rows=self.dataset.numbers,
            target_name=self.dataset.target_name,
        )
