"""Preparation: the rows of a task become a network or an ensemble that is ready to train."""

from dataclasses import replace
from typing import Any, NamedTuple

from barenet._registry import lookup
from barenet.data._dataset import Dataset
from barenet.data._encoding import TableEncoding
from barenet.data._frame import Frame
from barenet.data._run_config import DEFAULTS, RunConfig
from barenet.data._run_defaults import check_target_settings, config_for, resolve_config
from barenet.data._scaling import Scaling
from barenet.data._stream import Stream
from barenet.data._target import class_weights
from barenet.engines import ENGINES, Ensemble, Model
from barenet.errors import ArgumentError, ModelFileError
from barenet.files._model_card import ModelCard
from barenet.files._model_io import load_network
from barenet.files._model_path import model_file
from barenet.files._predictor import Predictor
from barenet.model._network import Network
from barenet.optimization._schedules import as_schedule
from barenet.population._ensemble_training import prepare_ensemble_training
from barenet.tasks._fit import EnsembleFit, NetworkFit, note_on_rare
from barenet.tasks._split_rows import SplitRows, fingerprint_of, split_validation
from barenet.tasks._task_settings import TaskSettings

#: Number of periods of rows that are split by time; each fold leaves out whole periods.
N_PERIODS = 32


class Inputs(NamedTuple):
    """Rows with their encoding, and the settings that go with it."""

    rows: SplitRows
    training: Dataset
    validation: Dataset | None
    encoding: TableEncoding | Scaling
    target_scaling: Scaling | None
    config: RunConfig

    def predictor(self, settings: TaskSettings, network: Model) -> Predictor:
        """Combine a network with the encoding and a card, which is the same on every machine."""
        dataset, stream = self.rows.dataset, self.rows.stream
        names = getattr(self.encoding, "feature_names", dataset.feature_names)
        parts = {"training": self.training, "validation": self.validation}
        parts["held_out"] = self.rows.test
        counts = {name: part.n_samples for name, part in parts.items() if part}
        if stream is not None:
            counts["training"] = stream.n_rows
        return Predictor(
            network=network,
            preprocessing=self.encoding,
            target_scaling=self.target_scaling,
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


def prepare_network(
    rows: SplitRows, settings: TaskSettings, *, copy_weights: bool = True
) -> NetworkFit:
    """Make one network, with new weights or those to start from, and check its settings."""
    given = settings.config
    given.validate()
    as_schedule(given.schedule)
    lookup(dict.fromkeys([*ENGINES, "auto"]), given.engine or "auto", "engine")
    inputs = _streamed(rows, rows.stream, given) if rows.stream else _encoded(rows, settings)
    settings = replace(settings, config=inputs.config)
    network = _make_network(settings, copy_weights=copy_weights)
    predictor = inputs.predictor(settings, network)
    return NetworkFit(
        settings=settings,
        rows=inputs.rows,
        training=inputs.training,
        validation=inputs.validation,
        predictor=predictor,
    )


def _encoded(rows: SplitRows, settings: TaskSettings) -> Inputs:
    """The rows in memory, encoded for one network."""
    rows = rows if settings.check_table_options() else rows.matrices
    config = config_for(settings.config, rows.dataset)
    key: tuple[Any, ...] = (config.patience, config.schedule, config.split_seed)
    training, validation = rows.cached(key, lambda: split_validation(rows.training, config))
    scale = config.scaling or "none"
    key += (scale, *settings.table_options().items())
    encoding = rows.cached(key, lambda: fit_encoding(training, scale, settings))
    config = resolve_config(settings.config, rows.dataset, encoding.n_outputs)
    scaling = None
    if config.target_scaling not in (None, "none"):
        scaling = Scaling.fit(config.target_scaling, training.y.reshape(-1, 1))
    return Inputs(rows, training, validation, encoding, scaling, config)


def _streamed(rows: SplitRows, stream: Stream, given: RunConfig) -> Inputs:
    """Inputs of rows that are read block by block and have their encoding."""
    config = resolve_config(given, rows.dataset, stream.n_inputs)
    if config.target_scaling == "none":
        stream = replace(stream, target_scaling=None)
    elif config.target_scaling != "standardize":
        raise ArgumentError.of("target_scaling", config.target_scaling, "standardize or none")
    scaling, rows = stream.target_scaling, replace(rows, stream=stream)
    return Inputs(rows, rows.training, stream.validation, stream.encoding, scaling, config)


def prepare_ensemble(rows: SplitRows, settings: TaskSettings) -> EnsembleFit:
    """Make the networks of an ensemble, and choose how rare categories are merged."""
    settings.config.validate()
    training = rows.training
    defaults = {name: getattr(DEFAULTS, name) for name in ("seed", "test_size", "split_seed")}
    config, weight = settings.config.over(RunConfig(**defaults)), None
    check_target_settings(config, rows.dataset)
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
    config = replace(config, epochs=recipe.epochs)
    inputs = Inputs(rows, training, None, encoding, scaling, config)
    note = note_on_rare(settings.rare, recipe.rare)
    settings = replace(settings, quick=False, config=config, rare=recipe.rare)
    predictor = inputs.predictor(settings, Ensemble(ensemble_training.networks))
    return EnsembleFit(
        settings=settings,
        rows=rows,
        training=training,
        predictor=predictor,
        ensemble_training=ensemble_training,
        note=note,
    )


def fit_encoding(
    training: Dataset, scaling: str, settings: TaskSettings
) -> TableEncoding | Scaling:
    """Fit the encoding of a table, or the scaling of a matrix."""
    if not isinstance(training.X, Frame):
        return Scaling.fit(scaling, training.X)
    options = settings.table_options([*training.X.columns])
    return TableEncoding.fit(training.X, numbers=scaling, **options)


def _make_network(settings: TaskSettings, *, copy_weights: bool) -> Network:
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
