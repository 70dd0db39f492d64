"""A fit: a network or an ensemble with all settings decided, ready to be trained on a task."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from barenet._registry import lookup
from barenet._train import train
from barenet.datasets._class_weights import class_weights
from barenet.datasets._dataset import Dataset
from barenet.engines import ENGINES, Ensemble, Model
from barenet.errors import ArgumentError, ModelFileError, some
from barenet.files._model_card import ModelCard
from barenet.files._model_io import load, load_predictor
from barenet.files._model_path import model_file
from barenet.files._predictor import Predictor
from barenet.model._arrays import InputArray, one_hot
from barenet.model._network import Network
from barenet.model.layers import Dense
from barenet.optimization._schedules import as_schedule
from barenet.population._ensemble_training import EnsembleTraining, prepare_ensemble_training
from barenet.settings._run_config import DEFAULTS, RunConfig
from barenet.settings._run_defaults import check_target_settings, config_for, resolve_config
from barenet.settings._task_settings import TaskSettings
from barenet.tables._encoding import TableEncoding
from barenet.tables._frame import Frame
from barenet.tables._rare_categories import THRESHOLDS
from barenet.tables._scaling import Scaling
from barenet.tables._table_rows import is_looked_up, table_rows
from barenet.tasks._distillation import rows_for, student_config, targets_of
from barenet.tasks._measurement import Measurement
from barenet.tasks._split_rows import SplitRows, fingerprint_of, split_validation
from barenet.training._callbacks import Callback, EarlyStopping
from barenet.training._history import History

#: Number of periods of rows that are split by time; each fold leaves out whole periods.
N_PERIODS = 32


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

    @classmethod
    def of(
        cls,
        network: Model,
        encoding: TableEncoding | Scaling,
        target_scaling: Scaling | None,
        *,
        rows: SplitRows,
        settings: TaskSettings,
        training: Dataset,
        validation: Dataset | None = None,
        **more: Any,
    ) -> Self:
        """Combine a network with the encoding and a card, which is the same on every machine.

        A subclass takes more parts.
        """
        dataset = rows.dataset
        names = getattr(encoding, "feature_names", dataset.feature_names)
        counts = {"training": training.n_samples}
        if rows.stream is not None:
            counts["training"] = rows.stream.n_rows
        if validation is not None:
            counts["validation"] = validation.n_samples
        if rows.test is not None:
            counts["held_out"] = rows.test.n_samples
        predictor = Predictor(
            network=network,
            preprocessing=encoding,
            target_scaling=target_scaling,
            classes=dataset.classes,
            feature_names=names,
            target_name=dataset.target_name,
            dataset=dataset.name,
            image_shape=dataset.image_shape,
            card=ModelCard(
                settings=settings.card_fields(),  # without paths, times and threads
                data_fingerprint=fingerprint_of(dataset, names),
                rows=counts,
            ),
        )
        return cls(
            settings=settings,
            predictor=predictor,
            rows=rows,
            training=training,
            validation=validation,
            **more,
        )

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
        stream = self.rows.stream
        if stream is None or stream.n_rows == self.training.n_samples:
            return "training"
        return "sampled_training"

    def measurements(self, *, baselines: bool = False) -> dict[str, Measurement]:
        """The predictor on the test set, if there is one, and on the training set."""
        fitted_to = None
        if baselines:
            fitted_to = self.rows.training
        measured = {}
        if self.rows.test is not None:
            measured["held_out"] = Measurement(
                self.predictor, self.rows.test, self.metric, fitted_to
            )
        measured[self.measured_training] = Measurement(
            self.predictor, self.training, self.metric, fitted_to
        )
        return measured

    @abstractmethod
    def run(
        self, callbacks: Sequence[Callback] = (), *, progress: bool | None = False, **options: Any
    ) -> tuple[Self, History]:
        """Train, with more options of `train`; return the trained fit and its history."""


@dataclass(frozen=True, eq=False, kw_only=True)
class NetworkFit(Fit):
    """One network."""

    #: The model whose predictions are learned in place of the targets.
    teacher: Predictor | None = None

    @property
    def patience(self) -> list[EarlyStopping]:
        """Early stopping, if the settings have it, by the loss or the metric that is given."""
        config = self.settings.config
        monitor = f"validation_{config.metric or 'loss'}"
        if not config.patience:
            return []
        return [EarlyStopping(monitor, patience=config.patience)]

    def arguments(self) -> dict[str, Any]:
        """Arguments of `train` from the settings, without the network and callbacks."""
        X: Any = self.rows.stream
        y = None
        sample_weight = None
        if X is None:
            X, y, sample_weight = self._targets_of(self.training)
        usual = "r2"
        if self.training.classes:
            usual = "accuracy"
        arguments = {
            "X": X,
            "y": y,
            "sample_weight": sample_weight,
            "validation_data": self.validation and self._targets_of(self.validation),
            "test_data": self.rows.test and training_arrays(self.predictor, self.rows.test),
            "metrics": tuple(dict.fromkeys([self.metric, usual])),  # each once
        }
        return arguments | self.settings.config.train_arguments()

    def run(
        self, callbacks: Sequence[Callback] = (), *, progress: bool | None = False, **options: Any
    ) -> tuple[Self, History]:
        options |= {"callbacks": [*self.patience, *callbacks], "progress": progress}
        return self, train(self.predictor.first_network, **self.arguments() | options)

    def _targets_of(self, rows: Dataset) -> tuple[Any, Any, Any]:
        """Inputs, targets and sample weights, with class weights and label smoothing applied."""
        X, y = training_arrays(self.predictor, rows)
        if self.teacher is not None:
            y = targets_of(self.teacher, self.predictor, rows)
        config = self.settings.config
        sample_weight = None
        if config.class_weight:
            sample_weight = class_weights(config.class_weight, self.training)[rows.y]
        if config.label_smoothing:
            network = self.predictor.network
            n_classes = len(rows.classes or ())
            n_ways = n_classes
            if network.output_activation.name == "sigmoid":
                n_ways = 2
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
        predictor = replace(
            self.predictor,
            network=training.ensemble(),
            residuals=best.residuals,
            card=replace(self.predictor.card or ModelCard(), scores=best.scores),
        )
        return replace(self, predictor=predictor), history


def prepare_network(
    rows: SplitRows,
    settings: TaskSettings,
    *,
    copy_weights: bool = True,
    teacher: Predictor | None = None,
) -> NetworkFit:
    """Make one network, with new weights or those to start from, and check its settings."""
    if teacher is None and settings.teacher is not None:
        _, teacher = _load("teacher", settings.teacher, load_predictor)
    if teacher is not None:
        settings = replace(settings, config=student_config(settings.config, teacher))
    stream = rows.stream
    settings.config.validate()
    as_schedule(settings.config.schedule)
    lookup(dict.fromkeys([*ENGINES, "auto"]), settings.config.engine or "auto", "engine")
    settings.check_table_options()
    if teacher is not None:
        rows = rows_for(teacher, rows)
        training, validation = split_validation(rows.training, settings.config)
        encoding = teacher.preprocessing
    elif stream is None:
        training, validation, encoding = _encode(rows, settings)
    else:
        training = rows.training
        validation = stream.validation
        encoding = stream.encoding
    config = resolve_config(settings.config, rows.dataset, encoding.n_outputs)
    scaling_name = config.target_scaling or "none"
    scaling = None
    if stream is not None:
        if scaling_name not in ("none", "standardize"):
            raise ArgumentError.of("target_scaling", scaling_name, "standardize or none")
        if scaling_name == "none":
            stream = replace(stream, target_scaling=None)
        rows = replace(rows, stream=stream)
        scaling = stream.target_scaling
    elif scaling_name != "none":
        scaling = Scaling.fit(scaling_name, training.y.reshape(-1, 1))
    network = config.make_network()
    if copy_weights and settings.start_from is not None:
        input_names = getattr(encoding, "output_names", rows.dataset.feature_names)
        _copy_weights(network, settings.start_from, input_names)
    return NetworkFit.of(
        network,
        encoding,
        scaling,
        rows=rows,
        settings=replace(settings, config=config),
        training=training,
        validation=validation,
        teacher=teacher,
    )


def _encode(
    rows: SplitRows, settings: TaskSettings
) -> tuple[Dataset, Dataset | None, TableEncoding | Scaling]:
    """The training and validation rows in memory, and their encoding for one network."""
    config = config_for(settings.config, rows.dataset)
    split: tuple[Any, ...] = (config.patience, config.schedule, config.split_seed)
    if split not in rows.cache:
        rows.cache[split] = split_validation(rows.training, config)
    training, validation = rows.cache[split]
    scale = config.scaling or "none"
    key = (*split, scale, *settings.table_options().items())
    if key not in rows.cache:
        rows.cache[key] = fit_encoding(training, scale, settings)
    return training, validation, rows.cache[key]


def prepare_ensemble(rows: SplitRows, settings: TaskSettings) -> EnsembleFit:
    """Make the networks of an ensemble, and choose how rare categories are merged."""
    settings.config.validate()
    settings.check_table_options()
    training = rows.training
    defaults = RunConfig(
        seed=DEFAULTS.seed, test_size=DEFAULTS.test_size, split_seed=DEFAULTS.split_seed
    )
    config = settings.config.over(defaults)
    check_target_settings(config, rows.dataset)
    weight = None
    if config.class_weight:
        weight = class_weights(config.class_weight, training)[training.y]
    ensemble_training, encoding, scaling = prepare_ensemble_training(
        training.X,
        training.y,
        len(training.classes or ()),
        weight=weight,
        groups=training.groups(N_PERIODS),
        epochs=config.epochs,
        seed=config.seed or 0,
        **settings.table_options(training.feature_names),
    )
    recipe = ensemble_training.recipe
    note = note_on_rare(settings.rare, recipe.rare)
    config = replace(config, epochs=recipe.epochs)
    settings = replace(settings, quick=False, config=config, rare=recipe.rare)
    return EnsembleFit.of(
        Ensemble(ensemble_training.networks),
        encoding,
        scaling,
        rows=rows,
        settings=settings,
        training=training,
        ensemble_training=ensemble_training,
        note=note,
    )


def note_on_rare(given: float | None, chosen: float | None) -> str:
    """Describe how small categories are merged, if that was chosen and is not the default."""
    if chosen in (given, THRESHOLDS[0]):
        return ""
    merged = "are not"
    if chosen:
        merged = f"of less than {100 * chosen:g} % of the rows are"
    return f"categories {merged} merged, chosen by the error on rows that are left out\n\n"


def fit_encoding(
    training: Dataset, scaling: str, settings: TaskSettings
) -> TableEncoding | Scaling:
    """Fit the encoding of a table, or the scaling of a matrix."""
    if not isinstance(training.X, Frame):
        return Scaling.fit(scaling, training.X)
    options = settings.table_options([*training.X.columns])
    return TableEncoding.fit(training.X, numbers=scaling, **options)


def _load(argument: str, path: Path, load: Callable[[Path], Any]) -> tuple[Path, Any]:
    """Load the model that a setting names, and find its file."""
    try:
        file = model_file(path)
        return file, load(file)
    except (FileNotFoundError, ModelFileError) as error:
        raise ArgumentError(str(error), argument=argument) from error


def _copy_weights(network: Network, start_from: Path, input_names: Sequence[str]) -> None:
    """Copy the weights of another model, those of its inputs by their names."""
    path, model = _load("start_from", start_from, load)
    if isinstance(model, Predictor):
        names = model.input_names
        model = model.network
    else:
        names = tuple(input_names)  # a network alone: its inputs are known by position
    if isinstance(model, Ensemble):
        problem = f"{path}: holds several networks, expected one; distill it"
        raise ArgumentError(problem, argument="start_from")
    layers = ", ".join(repr(layer) for layer in network.layers)
    other_layers = ", ".join(repr(layer) for layer in model.layers)
    if layers != other_layers:
        problem = f"the layers of {path} are {other_layers}; those of this run {layers}"
        raise ArgumentError(problem, argument="start_from")
    unknown = [name for name in names if name not in input_names]
    if unknown:
        problem = f"{path} has the inputs {some(unknown)}, which these columns do not have"
        remedy = "name a model of these columns, or leave it out"
        raise ArgumentError(problem, argument="start_from", remedy=remedy)
    network.parameters[:] = model.parameters
    network.statistics[:] = model.statistics
    for layer in network.layers:
        if isinstance(layer, Dense):
            places = [names.index(name) for name in input_names]
            layer.weights[:] = layer.weights[places]
            break  # only the first one has the inputs


def training_arrays(predictor: Predictor, rows: Dataset) -> tuple[InputArray, NDArray[Any]]:
    """Inputs and targets; entries if a first layer looks them up faster than it multiplies."""
    encoding = predictor.preprocessing
    network = predictor.first_network
    y = predictor.targets(rows.y)
    if isinstance(encoding, TableEncoding) and is_looked_up(encoding, network):
        return table_rows(encoding, rows.X, network.dtype), y
    return encoding.transform(rows.X, network.dtype), y
