"""From the settings of a network and its data to a training run of the library."""

from dataclasses import replace

from barenet.data._column import NumberColumn
from barenet.data._encoding import TableEncoding
from barenet.data._run_config import RunConfig
from barenet.files._predictor import Predictor
from barenet.model._network import Network
from barenet.playground._network_layout import check_size
from barenet.playground._page_state import NetworkSettings
from barenet.playground._prepared_data import PreparedData
from barenet.playground._trainer_messages import TrainingTask


def run_config(settings: NetworkSettings, prepared: PreparedData) -> RunConfig:
    """Describe the network and its training as the library does."""
    n_classes = len(prepared.classes or ())
    return replace(
        settings.run_config(prepared.training.n_samples),
        layers=(prepared.inputs.n_features, *settings.hidden, n_classes if n_classes > 2 else 1),
        hidden=settings.activations or None,
        output="identity" if n_classes == 0 else "sigmoid" if n_classes == 2 else "softmax",
    )


def build_network(settings: NetworkSettings, prepared: PreparedData) -> Network:
    """Build the network with its initial weights, or copy that of a model."""
    model = prepared.model
    if model is not None and settings.has_same_architecture(model.settings):
        return model.predictor.network.copy()
    network = run_config(settings, prepared).make_network()
    check_size(network)
    return network


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
    table, scaling = prepared.table, prepared.scaling
    if table is None or not table.has_missing(table.medians) or prepared.features.has_computed:
        return None
    names = prepared.inputs.feature_names
    numbers = zip(names, scaling.offset.tolist(), scaling.factor.tolist(), strict=True)
    return TableEncoding(
        tuple(
            NumberColumn(name, table.medians[name], offset, 1 / factor, indicator=False)
            for name, offset, factor in numbers
        )
    )
