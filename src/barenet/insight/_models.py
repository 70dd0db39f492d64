"""The models that functions of insight take: predictors, networks, and estimators of barenet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.datasets._dataset import Dataset
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError, DataError
from barenet.files._fitted_pipeline import SKL2ONNX
from barenet.files._predictor import Predictor
from barenet.model._ensemble import Model
from barenet.tables.encoding._scaling import no_scaling
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._target import known_targets

#: The remedy for models without a network of barenet.
OTHER_MODELS = "for other models, use scikit-learn's functions, or shap"


def predictor_of(model: Any, X: Any, argument: str = "predictor") -> Predictor:
    """Make the predictor of a network, which has no preprocessing, or of a fitted estimator."""
    if isinstance(model, Predictor):
        return model
    if not isinstance(model, Model):
        try:
            return Predictor.from_estimator(model)
        except ArgumentError as error:
            remedy = OTHER_MODELS if error.remedy == SKL2ONNX else error.remedy
            raise ArgumentError(error.problem, argument=argument, remedy=remedy) from None
    n_inputs = model.n_inputs or np.shape(X)[-1]
    classes = None
    predicted = TargetKind.of_outputs(model.n_outputs or 1, model.output_activation.name)
    if predicted.n_classes is not None:
        classes = _index_names(predicted.n_classes)
    names = [f"x{index}" for index in range(n_inputs)]
    if hasattr(X, "columns"):
        names = [str(name) for name in X.columns]
    return Predictor(
        network=model,
        preprocessing=no_scaling(n_inputs),
        classes=classes,
        feature_names=tuple(names),
        target_name="y",
        dataset="",
    )


def predictor_and_targets(
    model: Any, X: Any, y: ArrayLike, argument: str = "predictor"
) -> tuple[Predictor, NDArray[Any]]:
    """Make the predictor of a network or an estimator, and encode the targets for it."""
    has_indices = isinstance(model, Predictor)  # as targets
    model = predictor_of(model, X, argument)
    try:
        targets = as_frame({"y": y})
        if has_indices and model.classes:
            for names in (model.classes, _index_names(len(model.classes))):
                try:
                    return model, known_targets(targets, "y", names)
                except DataError:  # some targets have other names
                    continue
        return model, known_targets(targets, "y", model.classes)
    except ArgumentError as error:
        raise error.renamed("y") from None


def targets_of_rows(model: Any, X: Any, y: ArrayLike | None) -> tuple[Any, Any]:
    """Separate a data set into rows and targets; for a network alone, classes are indices."""
    if not isinstance(X, Dataset):
        if y is None:
            raise ArgumentError("the rows have no targets", argument="y", remedy="pass them as y")
        return X, y
    if y is not None:
        problem = "the data set X has its own targets"
        raise ArgumentError(problem, argument="y", remedy="leave it out")
    if isinstance(model, Model):
        return X.X, X.y
    return X.X, X.targets


def _index_names(n_classes: int) -> tuple[str, ...]:
    """Return the indices of classes as names."""
    return tuple(str(index) for index in range(n_classes))
