"""An experiment: settings, and the rows and the network made from them, ready to train."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from barenet import Dataset, History, ModelCard, Network, Predictor, Scaling, TableEncoding, one_hot
from barenet._metrics import main_metric
from barenet._registry import lookup
from barenet._train import train
from barenet.cli._run_settings import VALIDATION_SIZE, RunSettings, is_table
from barenet.cli._scores import network_arrays
from barenet.cli._trained_model import fingerprint_of, model_file
from barenet.data._column_fitting import identity
from barenet.data._frame import Frame, Samples
from barenet.data._rare_categories import THRESHOLDS
from barenet.data._run_config import DEFAULTS, RunConfig
from barenet.data._run_defaults import (
    check_target_settings,
    config_for,
    resolve_config,
    table_defaults,
)
from barenet.data._stream import Stream
from barenet.data._target import class_weights
from barenet.engines import ENGINES, Ensemble, Model
from barenet.errors import ArgumentError, DataError, ModelFileError
from barenet.files._model_io import check_text, load_network
from barenet.optimization._schedules import as_schedule
from barenet.population._ensemble_training import EnsembleTraining, train_on_table
from barenet.training._callbacks import Callback, EarlyStopping

#: Larger targets have squares whose sum may overflow.
MAX_TARGET = 1e150

#: The rows that a model card counts, by their names there.
CARD_ROWS = {"training": "training", "validation": "validation", "held_out": "test"}


#: Settings that an ensemble has, too; all others are those of one network.
SHARED = ("seed", "test_size", "split_seed", "metric", "class_weight", "verbose_epoch")

#: Periods of rows that are split by time: the folds leave out some of them as a whole.
N_PERIODS = 32


@dataclass(frozen=True, eq=False, kw_only=True)
class Experiment:
    """All that a run needs, with every setting decided."""

    settings: RunSettings
    #: All rows, with the default settings of the data.
    dataset: Dataset
    #: All rows but the test set: the training set and the validation set.
    available: Dataset
    training: Dataset
    #: Decides when to stop, or when the learning rate is reduced.
    validation: Dataset | None
    test: Dataset | None
    #: The network, with the scaling of the training set.
    predictor: Predictor
    #: All training rows, if they are read block by block: `training` is a sample of them.
    stream: Stream | None = None

    @property
    def n_rows(self) -> Mapping[str, int]:
        """The numbers of rows by their use, as on the card of the model."""
        return (self.predictor.card or ModelCard()).rows

    @property
    def patience(self) -> list[EarlyStopping]:
        """Early stopping, if the settings have it, by the loss or the metric that is given."""
        config = self.settings.config
        monitor = f"validation_{config.metric or 'loss'}"
        return [EarlyStopping(monitor, patience=config.patience)] if config.patience else []

    @property
    def metric(self) -> str:
        """The main metric."""
        return main_metric(self.settings.config.metric, self.dataset.y, self.dataset.classes).name

    def arguments(self) -> dict[str, Any]:
        """Arguments of `train` from the settings, without the network and callbacks."""
        X, y, sample_weight = self.stream, None, None
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

    def run(self, callbacks: Sequence[Callback], **options: Any) -> History:
        """Train the network; more options are those of `train`."""
        callbacks = [*self.patience, *callbacks]
        arguments = {**self.arguments(), **options, "callbacks": callbacks}
        return train(self.predictor.first_network, **arguments)

    def with_config(self, given: RunConfig) -> Self:
        """Build a network with other settings for the same rows, and check all of these."""
        given.validate()
        as_schedule(given.schedule or "constant")
        lookup(dict.fromkeys([*ENGINES, "auto"]), given.engine or "auto", "engine")
        before, preprocessing = self.settings.config, self.predictor.preprocessing
        config = resolve_config(given, self.dataset, preprocessing.n_outputs)
        if (config.scaling, config.target_scaling) != (before.scaling, before.target_scaling):
            problem = "its default depends on the loss and the output, and must not change"
            raise ArgumentError(problem, argument="target_scaling", remedy="choose one")
        settings = replace(self.settings, config=config)
        card = replace(self.predictor.card or ModelCard(), settings=settings.card_fields())
        network = _make_network(settings)
        predictor = replace(self.predictor, network=network, card=card)
        return replace(self, settings=settings, predictor=predictor)

    def _targets_of(self, rows: Dataset) -> tuple[Any, Any, Any]:
        """X, y and sample weights, with the weights and the label smoothing of the settings."""
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


def prepare(settings: RunSettings, *, copy_weights: bool = True) -> Experiment:
    """Load the data, and build the network, with new weights or those to start from."""
    settings.config.validate()
    if settings.is_stream:
        return _prepare_stream(settings, copy_weights=copy_weights)
    dataset = settings.load()
    completed = config_for(settings.config, dataset)
    parts = _split(dataset, completed)
    if is_table(settings.data) and _has_columns_to_drop(dataset, parts["training"]):
        dataset = settings.load(frame=True)  # which drops them, also from the fingerprint
        parts = _split(dataset, completed)
    training = parts["training"]
    preprocessing = _fit_preprocessing(training.X, completed.scaling or "none", settings)
    config = resolve_config(settings.config, dataset, preprocessing.n_outputs)
    settings, target_scaling = replace(settings, config=config), None
    if config.target_scaling not in (None, "none"):
        target_scaling = Scaling.fit(config.target_scaling, training.y.reshape(-1, 1))
    network = _make_network(settings, copy_weights=copy_weights)
    return _assemble(settings, dataset, network, preprocessing, target_scaling, **parts)


def _prepare_stream(settings: RunSettings, *, copy_weights: bool) -> Experiment:
    """Open a table that is read block by block, and build the network."""
    rows = settings.open_stream()
    sample = replace(rows.sample, config=table_defaults(rows.n_rows))
    config = resolve_config(settings.config, sample, rows.n_inputs)
    if config.target_scaling == "none":
        rows = replace(rows, target_scaling=None)
    elif config.target_scaling != "standardize":
        raise ArgumentError.of("target_scaling", config.target_scaling, "standardize or none")
    settings = replace(settings, config=config)
    network = _make_network(settings, copy_weights=copy_weights)
    parts: dict[str, Any] = {"available": sample, "training": sample, "stream": rows}
    parts |= {"validation": rows.validation, "test": rows.test}
    return _assemble(settings, sample, network, rows.encoding, rows.target_scaling, **parts)


def trains_ensemble(settings: RunSettings) -> bool:
    """Whether settings are those of an ensemble: of a table, and none of one network."""
    others = settings.config.set_fields().keys() - {*SHARED}
    others |= {"start_from"} if settings.start_from else set()
    if settings.quick is None:
        return is_table(settings.data) and not others and not settings.is_stream
    refused = sorted(others - {"epochs"})
    if refused and not settings.quick:
        remedy = "leave it out, or train one network with {quick}"
        problem = "is a setting of one network, not of an ensemble"
        raise ArgumentError(problem, argument=refused[0], remedy=remedy, quick=True)
    if settings.is_stream and not settings.quick:
        problem, remedy = "all rows of an ensemble are in memory", "leave it out"
        raise ArgumentError(problem, argument="quick", value=False, remedy=remedy)
    return not settings.quick


def prepare_ensemble(settings: RunSettings) -> tuple[Experiment, EnsembleTraining, str]:
    """Load the table, and make the networks; the last part is a note on merged categories."""
    settings.config.validate()
    dataset = settings.load(frame=True)
    defaults = {name: getattr(DEFAULTS, name) for name in ("seed", "test_size", "split_seed")}
    config = settings.config.over(RunConfig(**defaults))
    check_target_settings(config, dataset)
    available, test = _hold_out(dataset, config)
    weight = None
    if config.class_weight:
        weight = class_weights(config.class_weight, available)[available.y]
    training, encoding, scaling = train_on_table(
        available.X,
        available.y,
        len(dataset.classes or ()),
        weight=weight,
        groups=available.groups(N_PERIODS),
        epochs=config.epochs,
        seed=config.seed or 0,
        **settings.table_options(available.feature_names),
    )
    config, rare = replace(config, epochs=training.recipe.epochs), training.recipe.rare
    note = ""
    if rare not in (settings.rare, THRESHOLDS[0]):
        note = f"of less than {100 * rare:g} % of the rows are" if rare else "are not"
        note = f"categories {note} merged, chosen by the error on rows that are left out\n\n"
    settings = replace(settings, quick=False, config=config, rare=rare)
    parts = {"available": available, "training": available, "validation": None, "test": test}
    network = Ensemble(training.networks)
    return _assemble(settings, dataset, network, encoding, scaling, **parts), training, note


def _assemble(
    settings: RunSettings,
    dataset: Dataset,
    network: Model,
    preprocessing: TableEncoding | Scaling,
    target_scaling: Scaling | None,
    **parts: Any,
) -> Experiment:
    """Make an experiment of its parts, and the predictor with its card."""
    feature_names = getattr(preprocessing, "feature_names", dataset.feature_names)
    # The card has no paths, times or threads: the same run writes the same file on every machine.
    card = ModelCard(
        settings=settings.card_fields(),
        data_fingerprint=fingerprint_of(dataset, feature_names),
        rows={name: parts[part].n_samples for name, part in CARD_ROWS.items() if parts[part]},
    )
    if (rows := parts.get("stream")) is not None:
        card = replace(card, rows={**card.rows, "training": rows.n_rows})
    predictor = Predictor(
        network=network,
        preprocessing=preprocessing,
        target_scaling=target_scaling,
        classes=dataset.classes,
        feature_names=feature_names,
        target_name=dataset.target_name,
        dataset=dataset.name,
        image_shape=dataset.image_shape,
        card=card,
    )
    check_text(predictor)
    return Experiment(settings=settings, dataset=dataset, predictor=predictor, **parts)


def _fit_preprocessing(X: Samples, scaling: str, settings: RunSettings) -> TableEncoding | Scaling:
    if isinstance(X, Frame):
        return TableEncoding.fit(X, numbers=scaling, **settings.table_options([*X.columns]))
    return Scaling.fit(scaling, X)


def _hold_out(dataset: Dataset, config: RunConfig) -> tuple[Dataset, Dataset | None]:
    """Split the rows to train on and the test rows, if these are enough and the target varies."""
    y, size, target = dataset.y, config.test_size or 0.0, f"column {dataset.target_name!r}"
    if dataset.classes is None and np.ptp(y) == 0:
        raise DataError(f"{target} holds {y.min():g} in every row", path=dataset.name)
    if config.target_scaling != "none" and max(y.max(), -y.min()) > MAX_TARGET:
        problem = f"the variance of {target} is beyond float64, from {y.min():g} to {y.max():g}"
        raise DataError(problem, argument="target_scaling", remedy="divide it by a power of ten")
    try:
        available, test = dataset.split(size, config.split_seed or 0)
        if available.n_samples > 1 or not isinstance(dataset.X, Frame):
            return available, test
    except ArgumentError as error:
        if error.__cause__ is None:
            raise
    problem = f"{size:g} of the {dataset.n_samples:,} rows of {dataset.name}: the training set or "
    problem += f"the test set is too small{' to have all classes' if dataset.classes else ''}"
    remedy = "add rows, or use {test_size}"
    raise ArgumentError(problem, argument="test_size", remedy=remedy, test_size=0)


def _split(dataset: Dataset, config: RunConfig) -> dict[str, Any]:
    """The rows of an experiment, by name."""
    available, test = _hold_out(dataset, config)
    training, validation = _split_validation(available, config)
    return {"available": available, "training": training, "validation": validation, "test": test}


def _split_validation(available: Dataset, config: RunConfig) -> tuple[Dataset, Dataset | None]:
    """Split training rows and the validation rows that early stopping or a schedule needs."""
    seed, plateau = config.split_seed or 0, (config.schedule or "").startswith("reduce_on_plateau")
    if not config.patience and not plateau:
        return available, None
    try:
        with contextlib.suppress(ValueError):
            return available.split(VALIDATION_SIZE, seed)
        # A class may be too rare to be in both parts: then they are split by chance.
        return replace(available, stratify=False).split(VALIDATION_SIZE, seed)
    except ValueError as error:
        argument = "schedule" if plateau else "patience"
        needed = f"it needs a validation set, {VALIDATION_SIZE:.0%} of the rows to train on"
        raise ArgumentError(f"{needed}: {error}", argument=argument) from error


def _has_columns_to_drop(dataset: Dataset, training: Dataset) -> bool:
    """Whether a matrix has a column that a frame would drop: constant, or a name of the rows."""
    if not isinstance(dataset.X, np.ndarray):
        return False
    is_constant = training.n_samples > 1 and (training.X[0] == training.X).all(axis=0).any()
    columns = zip(dataset.feature_names, dataset.X.T, strict=True)
    numbers = np.arange(dataset.n_samples)
    return is_constant or any(identity(name, values, numbers) for name, values in columns)


def _make_network(settings: RunSettings, *, copy_weights: bool = True) -> Network:
    """Build the network, with new weights or those of the model to start from."""
    network = settings.config.make_network()
    if not copy_weights or settings.start_from is None:
        return network
    try:
        path = model_file(settings.start_from)
        model = load_network(path)
    except (FileNotFoundError, ModelFileError) as error:
        raise ArgumentError(str(error), argument="start_from") from error
    layers, others = (", ".join(map(repr, each.layers)) for each in (network, model))
    if layers != others:
        problem = f"the layers of {path} are {others}; those of this run {layers}"
        raise ArgumentError(problem, argument="start_from")
    network.parameters[:], network.statistics[:] = model.parameters, model.statistics
    return network
