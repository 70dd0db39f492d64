"""From the settings of a network and its data to a training run of the library."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from barenet._registry import lookup
from barenet.data._column_types import NumberColumn
from barenet.data._encoding import TableEncoding
from barenet.data._run_config import RunConfig
from barenet.errors import ArgumentError
from barenet.files._predictor import Predictor
from barenet.model._network import Network
from barenet.playground._network_layout import MAX_PARAMETERS
from barenet.playground._page_state import NetworkSettings
from barenet.playground._prepared_data import PreparedData
from barenet.playground._presets import LOSSES
from barenet.playground._training_task import TrainingTask

__all__ = [
    "batch_rows",
    "build_network",
    "check_settings",
    "make_predictor",
    "make_task",
    "run_config",
    "with_valid_loss",
]


def run_config(settings: NetworkSettings, prepared: PreparedData) -> RunConfig:
    """Describe the network and its training as the library does."""
    n_classes = len(prepared.classes or ())
    n_outputs = n_classes if n_classes > 2 else 1
    return replace(
        settings.run_config(prepared.training.n_samples),
        layers=(prepared.inputs.n_features, *settings.hidden, n_outputs),
        hidden=settings.activations or None,
        output="identity" if n_classes == 0 else "sigmoid" if n_classes == 2 else "softmax",
    )


def build_network(settings: NetworkSettings, prepared: PreparedData) -> Network:
    """Build the network with its initial weights, or copy that of a model."""
    model = prepared.model
    if model is not None and settings.has_same_architecture(model.settings):
        return model.predictor.network.copy()
    config = run_config(settings, prepared)
    n_weights = sum(a * b for a, b in pairwise(config.layers or ()))
    if n_weights > MAX_PARAMETERS:
        raise ArgumentError(
            f"{n_weights:,} weights are more than {MAX_PARAMETERS:,}", argument="hidden"
        )
    return config.make_network()


def with_valid_loss(settings: NetworkSettings, prepared: PreparedData) -> NetworkSettings:
    """Choose the default loss if the present one is for another task.

    Examples
    --------
    >>> from barenet.playground._page_state import DataSettings
    >>> from barenet.playground._prepared_data import prepare
    >>> with_valid_loss(NetworkSettings(loss="huber"), prepare(DataSettings(source="xor"))).loss
    ''
    """
    valid = settings.loss in LOSSES[prepared.dataset.task]
    return settings if valid else settings.copy(loss="")


def check_settings(settings: NetworkSettings, prepared: PreparedData) -> None:
    """Reject settings that cannot be trained, before anything is changed."""
    lookup(LOSSES[prepared.dataset.task], settings.loss, "loss")
    if settings.optimizer == "lbfgs" and settings.dropout > 0:
        problem = "L-BFGS cannot be used with dropout, which changes every step"
        raise ArgumentError(problem, argument="optimizer")
    if settings.optimizer == "lbfgs" and settings.schedule != "constant":
        raise ArgumentError("L-BFGS chooses its own step sizes", argument="schedule")
    n_rows, size = prepared.training.n_samples, batch_rows(settings, prepared)
    if settings.batch_norm and n_rows and (size == 1 or n_rows % size == 1):
        problem = f"{size} leaves a batch of 1 row, and batch norm needs 2 rows or more"
        raise ArgumentError(problem, argument="batch_size")


def batch_rows(settings: NetworkSettings, prepared: PreparedData) -> int:
    """Number of rows in a mini-batch."""
    n_rows = prepared.training.n_samples
    size = settings.run_config(n_rows).batch_size
    return size if isinstance(size, int) else n_rows


def make_task(settings: NetworkSettings, prepared: PreparedData, network: Network) -> TrainingTask:
    """Collect everything that the trainer needs."""
    return TrainingTask(
        network=network,
        training=prepared.rows(prepared.training),
        test=prepared.rows(prepared.test),
        metric="accuracy" if prepared.classes else "r2",
        settings=settings,
        model_only=prepared.model is not None and bool(prepared.model.outputs),
    )


def make_predictor(network: Network, prepared: PreparedData) -> Predictor:
    """Combine a network with its preprocessing, to predict raw rows."""
    if prepared.model is not None:
        return replace(prepared.model.predictor, network=network)
    inputs = prepared.inputs
    return Predictor(
        network=network,
        preprocessing=_table_encoding(prepared) or prepared.scaling,
        target_scaling=prepared.target_scaling,
        classes=inputs.classes,
        feature_names=inputs.feature_names,
        target_name=inputs.target_name,
        dataset=inputs.name,
        image_shape=inputs.image_shape,
    )


def _table_encoding(prepared: PreparedData) -> TableEncoding | None:
    """Scaling and fill values by column, for a table with missing values and without features."""
    table = prepared.table
    if table is None or not table.has_missing([*table.medians]) or prepared.features.has_computed:
        return None
    factors = zip(prepared.scaling.offset.tolist(), prepared.scaling.factor.tolist(), strict=True)
    return TableEncoding(
        tuple(
            NumberColumn(name, table.medians[name], offset, 1 / factor, indicator=False)
            for name, (offset, factor) in zip(prepared.inputs.feature_names, factors, strict=True)
        )
    )
