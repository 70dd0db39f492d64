"""Estimators with the interface of scikit-learn."""

from barenet.estimators._classifier import MLPClassifier
from barenet.estimators._preprocessor import TablePreprocessor
from barenet.estimators._regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "TablePreprocessor"]
