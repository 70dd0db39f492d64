"""Distillation: a network learns the predictions of another model instead of the targets.

The predictions of an ensemble are smoother than the targets, and its probabilities carry more
information than the class alone, so a single network learns more from them than from the targets.
From Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (2015), with a
temperature of 1.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError, ModelFileError
from barenet.files._model_io import load
from barenet.files._model_path import model_file
from barenet.files._predictor import Predictor
from barenet.settings._run_config import NO_PENALTY, RunConfig
from barenet.settings._run_defaults import without_superseded
from barenet.tasks._split_rows import SplitRows

#: The settings of an ensemble's networks, for a fixed number of epochs: the predictions have no
#: noise that would require early stopping.
STUDENT = RunConfig(
    hidden=("relu",),
    optimizer="adamw:weight_decay=0.02,beta2=0.95",
    learning_rate=0.002,
    schedule="cosine",
    penalty=NO_PENALTY,
    epochs=60,
    patience=0,
)


def load_teacher(path: Path) -> Predictor:
    """Load the model whose predictions are learned."""
    try:
        return load(model_file(path), Predictor)
    except (FileNotFoundError, ModelFileError) as error:
        raise ArgumentError(str(error), argument="teacher") from error


def student_config(given: RunConfig, teacher: Predictor) -> RunConfig:
    """Complete the settings of a student, by default as large as one network of the teacher."""
    if given.label_smoothing:
        problem = "the probabilities of a teacher are smooth already"
        raise ArgumentError(problem, argument="label_smoothing", remedy="leave it out")
    as_large = RunConfig(layers=teacher.first_network.sizes)
    return given.over(as_large).over(without_superseded(given, STUDENT))


def rows_for(teacher: Predictor, rows: SplitRows) -> SplitRows:
    """Return the rows with the teacher's columns; other columns or classes are an error."""
    if rows.stream is not None:
        problem = "a teacher needs all rows in memory"
        raise ArgumentError(problem, argument="teacher", remedy="give a single file")
    training = rows.training
    present = (*training.feature_names, training.target_name, training.classes)
    needed = (*teacher.feature_names, teacher.target_name, teacher.classes)
    missing = [part for part in needed if part not in present]
    if missing:
        name = repr(missing[0])
        if missing[0] is None:
            name = "numbers as targets"
        problem = f"the rows have other columns or classes: no {name}"
        raise ArgumentError(problem, argument="teacher", remedy="name a model of these rows")
    return rows.for_model(teacher)


def targets_of(teacher: Predictor, student: Predictor, rows: Dataset) -> NDArray[Any]:
    """Return the predictions of the teacher as targets for the student's network."""
    if teacher.classes is None:
        return student.targets(teacher.predict(rows.X))
    probabilities = teacher.predict_proba(rows.X).astype(np.float64)
    return probabilities[:, -student.first_network.sizes[-1] :]
