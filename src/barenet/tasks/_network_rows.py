"""The rows of one network: its training set and validation set, and the encoding of their columns.

The rows are in memory, read block by block, or for a student, which shares a teacher's encoding.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError
from barenet.files._predictor import Predictor
from barenet.inputs._telling_words import with_telling_words
from barenet.settings._run_config import RunConfig
from barenet.settings._run_defaults import config_for
from barenet.settings._task_settings import TaskSettings
from barenet.streams._stream import Stream
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._column_words import KEEP, columns_with
from barenet.tasks._distillation import rows_for
from barenet.tasks._split_rows import SplitRows, split_validation


@dataclass(frozen=True, eq=False, kw_only=True)
class NetworkRows:
    """The training and validation rows of one network, with their encoding."""

    #: The training set and the test set of the task, with the columns that the network takes.
    split: SplitRows
    #: The rows to train on; for a stream, a sample of them.
    training: Dataset
    #: Rows that decide when to stop, or when to reduce the learning rate.
    validation: Dataset | None
    encoding: TableEncoding | Scaling
    #: The scaling of a numeric target.
    target_scaling: Scaling | None = None

    @classmethod
    def in_memory(cls, split: SplitRows, settings: TaskSettings) -> Self:
        """Split off validation rows, and fit the encoding to the other rows.

        Both are cached, because networks of a search or with other seeds share them.
        """
        config = config_for(settings.config, split.dataset)
        split_key: tuple[Hashable, ...] = (config.patience, config.schedule, config.split_seed)
        if split_key not in split.validation_splits:
            split.validation_splits[split_key] = split_validation(split.training, config)
        training, validation = split.validation_splits[split_key]
        scale = config.scaling or "none"
        table_options = settings.table_options()
        requests = table_options.pop("columns", {})
        encoding_key = (*split_key, scale, *requests.items(), *table_options.items())
        if encoding_key not in split.encodings:
            split.encodings[encoding_key] = fit_encoding(training, scale, settings)
        encoding = split.encodings[encoding_key]
        return cls(split=split, training=training, validation=validation, encoding=encoding)

    @classmethod
    def of_stream(cls, split: SplitRows, stream: Stream) -> Self:
        """Return the rows of a stream, whose pass over the blocks has fitted the encoding."""
        return cls(
            split=split,
            training=split.training,
            validation=stream.validation,
            encoding=stream.encoding,
        )

    @classmethod
    def of_teacher(cls, split: SplitRows, teacher: Predictor, config: RunConfig) -> Self:
        """Return the rows with the columns and the encoding of a teacher."""
        split = rows_for(teacher, split)
        training, validation = split_validation(split.training, config)
        return cls(
            split=split,
            training=training,
            validation=validation,
            encoding=teacher.preprocessing,
        )

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs of the network."""
        if isinstance(self.encoding, TableEncoding):
            return self.encoding.input_names
        return self.split.dataset.feature_names

    def with_target_scaling(self, name: str) -> Self:
        """Add a scaling of the target, fitted to the training rows."""
        stream = self.split.stream
        if stream is not None:
            return self._with_scaling_of_stream(stream, name)
        if name == "none":
            return self
        y = self.training.y.reshape(-1, 1)
        return replace(self, target_scaling=Scaling.fit(name, y, self.training.weight))

    def _with_scaling_of_stream(self, stream: Stream, name: str) -> Self:
        """Use the scaling that the pass over the blocks has fitted, or none."""
        if name == "standardize":
            return replace(self, target_scaling=stream.target_scaling)
        if name != "none":
            raise ArgumentError.of("target_scaling", name, "standardize or none")
        unscaled = replace(stream, target_scaling=None)
        return replace(self, split=replace(self.split, stream=unscaled))


def fit_encoding(
    training: Dataset, scaling: str, settings: TaskSettings
) -> TableEncoding | Scaling:
    """Fit the encoding of a table, with the words that predict the target, or scale a matrix."""
    if not isinstance(training.X, Frame):
        return Scaling.fit(scaling, training.X)
    options = settings.table_options([*training.X.columns])
    encoding = TableEncoding.fit(training.X, numbers=scaling, **options)
    y = training.y
    weight = training.weight
    if training.classes is None:
        y = y.reshape(-1, 1)
        y = Scaling.fit("standardize", y, weight).transform(y)
    if weight is None:
        weight = np.ones(len(y))
    keep = columns_with(settings.requests, KEEP, "words")
    return with_telling_words(encoding, training.X, y, weight, keep)
