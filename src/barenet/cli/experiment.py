"""An experiment: from settings to rows and a network that fit each other, ready to train."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from barenet.cli.provenance import card_of
from barenet.cli.report import prepared
from barenet.cli.settings import Settings, TableOptions, is_table
from barenet.cli.trained import model_file
from barenet.data.dataset import Dataset
from barenet.data.encoding import TableEncoding
from barenet.data.frame import Frame
from barenet.data.run_config import RunConfig
from barenet.data.run_defaults import config_for, resolve_config
from barenet.data.scaling import Scaling
from barenet.errors import ArgumentError, ModelFileError
from barenet.files.checkpoint import Checkpoint
from barenet.files.model_file import read_model
from barenet.files.model_io import check_header_size
from barenet.files.predictor import Predictor
from barenet.model.network import Network
from barenet.training.callbacks import Callback, EarlyStopping
from barenet.training.history import History
from barenet.training.train import train

__all__ = ["Experiment", "prepare"]

#: Share of the training rows that is set aside where the validation loss decides something.
VALIDATION_SHARE = 0.1


@dataclass(frozen=True, eq=False, kw_only=True)
class Experiment:
    """All that a run needs.

    Attributes
    ----------
    settings : Settings
        Its config says everything.
    available : Dataset
        All rows but the test set: the training set and the validation set.
    training : Dataset
        The training set.
    validation : Dataset, optional
        The validation set, taken from the training rows: its loss decides when to stop, or when
        the learning rate is reduced.
    held_out : Dataset, optional
        The test set, which decides nothing.
    predictor : Predictor
        The network, with the scaling of the training rows.
    """

    settings: Settings
    available: Dataset
    training: Dataset
    validation: Dataset | None
    held_out: Dataset | None
    predictor: Predictor

    def run(
        self,
        callbacks: Sequence[Callback],
        threads: int | None = None,
        checkpoint: Checkpoint | None = None,
        resume: bool = False,
    ) -> History:
        """Train the network."""
        config = self.settings.config
        patience = [EarlyStopping(patience=config.patience)] if config.patience else []
        return train(
            self.predictor.network,
            *self._scaled(self.training),
            validation_data=None if self.validation is None else self._scaled(self.validation),
            test_data=None if self.held_out is None else self._scaled(self.held_out),
            metrics="accuracy" if self.training.classes else "r2",
            callbacks=[*patience, *callbacks],
            threads=threads,
            checkpoint=checkpoint,
            resume=resume if checkpoint is None or not resume else checkpoint.path,
            **config.train_arguments(),
        )

    def _scaled(self, rows: Dataset) -> tuple[Any, Any]:
        return prepared(self.predictor, rows), self.predictor.targets(rows.y)


def prepare(settings: Settings) -> Experiment:
    """Load the data, and build the network."""
    settings.config.validate()
    dataset = settings.load()
    usual = config_for(settings.config, dataset)
    parts = _parts(dataset, usual)
    if is_table(settings.data) and _has_constants(parts[1]):
        dataset = settings.load(frame=True)  # The card's fingerprint is computed from it, too.
        parts = _parts(dataset, usual)
    available, training, validation, held_out = parts
    preprocessing = _preprocessing(usual.scaling, training, settings.table)
    config = resolve_config(settings.config, dataset, preprocessing.n_outputs)
    network = config.make_network()
    if settings.start_from is not None:
        _take_weights(network, settings)
    predictor = Predictor(
        network=network,
        preprocessing=preprocessing,
        target_scaling=_target_scaling(config.target_scaling, training),
        classes=dataset.classes,
        feature_names=getattr(preprocessing, "feature_names", dataset.feature_names),
        target_name=dataset.target_name,
        dataset=dataset.name,
        image_shape=dataset.image_shape,
    )
    settings = replace(settings, config=config)
    sides = {"training": training, "validation": validation, "held_out": held_out}
    card = card_of(settings, dataset, predictor.feature_names, sides)
    predictor = replace(predictor, card=card)
    check_header_size(predictor)
    return Experiment(
        settings=settings,
        available=available,
        training=training,
        validation=validation,
        held_out=held_out,
        predictor=predictor,
    )


def _parts(
    dataset: Dataset, usual: RunConfig
) -> tuple[Dataset, Dataset, Dataset | None, Dataset | None]:
    """Split the rows: all but the test set, training set and validation set of these, test set."""
    available, held_out = dataset.split(usual.test_size or 0.0, usual.split_seed or 0)
    return available, *_set_aside(available, usual), held_out


def _has_constants(training: Dataset) -> bool:
    """Tell if a matrix has a column of which nothing can be learned, which a frame would drop."""
    X = training.X
    return isinstance(X, np.ndarray) and len(X) > 1 and bool((X[0] == X).all(axis=0).any())


def _preprocessing(kind: Any, training: Dataset, table: TableOptions) -> Scaling | TableEncoding:
    """Measure the inputs on the training rows."""
    if isinstance(training.X, Frame):
        return TableEncoding.fit(training.X, numbers=kind, **table.set_fields())
    return Scaling.fit(kind, training.X)


def _target_scaling(kind: Any, training: Dataset) -> Scaling | None:
    """Measure the target on the training rows, where it is to be scaled."""
    return None if kind == "none" else Scaling.fit(kind, training.y.reshape(-1, 1))


def _set_aside(training: Dataset, config: RunConfig) -> tuple[Dataset, Dataset | None]:
    """Take validation rows from the training rows, where something is decided by them."""
    plateau = (config.schedule or "").startswith("reduce_on_plateau")
    if not config.patience and not plateau:
        return training, None
    seed = config.split_seed or 0
    try:
        with contextlib.suppress(ValueError):
            return training.split(VALIDATION_SHARE, seed)
        # A class may be too rare to be on both sides: then chance has to do.
        return replace(training, stratify=False).split(VALIDATION_SHARE, seed)
    except ValueError as error:
        reason = "schedule" if plateau else "patience"
        raise ValueError(
            f"{reason}: it needs a validation set, {VALIDATION_SHARE:.0%} of the rows to train on, "
            f"and that cannot be had: {error}"
        ) from error


def _take_weights(network: Network, settings: Settings) -> None:
    """Start from a model's weights instead of new ones."""
    assert settings.start_from is not None
    try:
        path = model_file(settings.start_from)
        model, _, _ = read_model(path)
    except (FileNotFoundError, ModelFileError) as error:
        given = settings.start_from
        raise ArgumentError(str(error), argument="start_from", value=given) from error
    own, other = ([repr(layer) for layer in net.layers] for net in (network, model))
    if own != other:
        raise ValueError(
            f"start_from: the layers of {path} are {', '.join(other)}; those of this run "
            f"{', '.join(own)}"
        )
    network.parameters[:], network.statistics[:] = model.parameters, model.statistics
