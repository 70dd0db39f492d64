"""Estimators with the interface of scikit-learn."""

from barenet.estimators._classifier import MLPClassifier
from barenet.estimators._ensemble_classifier import MLPEnsembleClassifier
from barenet.estimators._ensemble_regressor import MLPEnsembleRegressor
from barenet.estimators._preprocessor import TablePreprocessor
from barenet.estimators._regressor import MLPRegressor

__all__ = [
    "MLPClassifier",
    "MLPEnsembleClassifier",
    "MLPEnsembleRegressor",
    "MLPRegressor",
    "TablePreprocessor",
]
