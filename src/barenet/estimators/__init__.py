"""Estimators with scikit-learn's interface."""

from barenet.estimators._classifier import MLPClassifier
from barenet.estimators._ensemble_estimators import MLPEnsembleClassifier, MLPEnsembleRegressor
from barenet.estimators._regressor import MLPRegressor
from barenet.estimators._table_input import TablePreprocessor

__all__ = [
    "MLPClassifier",
    "MLPEnsembleClassifier",
    "MLPEnsembleRegressor",
    "MLPRegressor",
    "TablePreprocessor",
]
