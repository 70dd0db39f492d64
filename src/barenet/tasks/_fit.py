"""A fit: a network or an ensemble with all settings decided, ready to be trained on a task."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from barenet._train import train
from barenet.data._dataset import Dataset
from barenet.data._rare_categories import THRESHOLDS
from barenet.data._target import class_weights
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.model._array_dataset import one_hot
from barenet.population._ensemble_training import EnsembleTraining
from barenet.tasks._measurement import Measurement, network_arrays
from barenet.tasks._split_rows import SplitRows
from barenet.tasks._task_settings import TaskSettings
from barenet.training._callbacks import Callback, EarlyStopping
from barenet.training._history import History


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """A predictor about to be trained, with its rows and all settings."""

    settings: TaskSettings
    rows: SplitRows
    #: The rows to train on; a sample of them in a stream.
    training: Dataset
    #: Decides when to stop, or when the learning rate is reduced.
    validation: Dataset | None = None
    #: The network with its encoding and its card.
    predictor: Predictor

    @property
    def test(self) -> Dataset | None:
        """The test set."""
        return self.rows.test

    @property
    def n_rows(self) -> Mapping[str, int]:
        """The numbers of rows by their use, as on the card of the model."""
        return (self.predictor.card or ModelCard()).rows

    @property
    def metric(self) -> str:
        """The main metric."""
        return self.rows.main_metric(self.settings.config)

    @property
    def measured_training(self) -> str:
        """The key of the scores of training rows: of a sample if not all are in memory."""
        stream, n_samples = self.rows.stream, self.training.n_samples
        return "training" if stream is None or stream.n_rows == n_samples else "sampled_training"

    def measurements(self, *, baselines: bool = False) -> dict[str, Measurement]:
        """The predictor on the test set, if there is one, and on the training set."""
        fitted_to = self.rows.training if baselines else None
        parts = {"held_out": self.test, self.measured_training: self.training}
        loss = self.settings.config.loss
        return {
            name: Measurement(self.predictor, rows, self.metric, loss, fitted_to)
            for name, rows in parts.items()
            if rows is not None
        }

    @abstractmethod
    def run(
        self, callbacks: Sequence[Callback] = (), *, progress: bool | None = False, **options: Any
    ) -> tuple[Self, History]:
        """Train, with more options of `train`; return the trained fit and its history."""


class NetworkFit(Fit):
    """One network."""

    @property
    def patience(self) -> list[EarlyStopping]:
        """Early stopping, if the settings have it, by the loss or the metric that is given."""
        config = self.settings.config
        monitor = f"validation_{config.metric or 'loss'}"
        return [EarlyStopping(monitor, patience=config.patience)] if config.patience else []

    def arguments(self) -> dict[str, Any]:
        """Arguments of `train` from the settings, without the network and callbacks."""
        X, y, sample_weight = self.rows.stream, None, None
        if X is None:
            X, y, sample_weight = self._targets_of(self.training)
        usual = "accuracy" if self.training.classes else "r2"
        return {
            "X": X,
            "y": y,
            "sample_weight": sample_weight,
            "validation_data": self.validation and self._targets_of(self.validation),
            "test_data": self.test and network_arrays(self.predictor, self.test),
            "metrics": tuple(dict.fromkeys([self.metric, usual])),
            **self.settings.config.train_arguments(),
        }

    def run(
        self, callbacks: Sequence[Callback] = (), *, progress: bool | None = False, **options: Any
    ) -> tuple[Self, History]:
        options |= {"callbacks": [*self.patience, *callbacks], "progress": progress}
        return self, train(self.predictor.first_network, **self.arguments() | options)

    def _targets_of(self, rows: Dataset) -> tuple[Any, Any, Any]:
        """Inputs, targets and sample weights, with class weights and label smoothing applied."""
        X, y = network_arrays(self.predictor, rows)
        config, sample_weight = self.settings.config, None
        if config.class_weight:
            sample_weight = class_weights(config.class_weight, self.training)[rows.y]
        if config.label_smoothing:
            network, n_classes = self.predictor.network, len(rows.classes or ())
            n_ways = 2 if network.output_activation.name == "sigmoid" else n_classes
            y = one_hot(y, n_classes, np.float64)[:, -network.sizes[-1] :]
            y = y * (1 - config.label_smoothing) + config.label_smoothing / n_ways
        return X, y, sample_weight


@dataclass(frozen=True, eq=False, kw_only=True)
class EnsembleFit(Fit):
    """The networks of an ensemble."""

    ensemble_training: EnsembleTraining
    #: A sentence on which categories are merged.
    note: str = ""

    def run(
        self, callbacks: Sequence[Callback] = (), *, progress: bool | None = False, **options: Any
    ) -> tuple[Self, History]:
        training = self.ensemble_training
        history = training.run(callbacks=tuple(callbacks), progress=progress, **options)
        best = training.best
        assert best is not None
        card = replace(self.predictor.card or ModelCard(), scores=best.scores)
        trained: dict[str, Any] = {
            "network": training.ensemble(),
            "residuals": best.residuals,
            "card": card,
        }
        return replace(self, predictor=replace(self.predictor, **trained)), history


def note_on_rare(given: float | None, chosen: float | None) -> str:
    """Describe how small categories are merged, if that was chosen and is not the default."""
    if chosen in (given, THRESHOLDS[0]):
        return ""
    merged = f"of less than {100 * chosen:g} % of the rows are" if chosen else "are not"
    return f"categories {merged} merged, chosen by the error on rows that are left out\n\n"
