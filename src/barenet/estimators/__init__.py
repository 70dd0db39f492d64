"""Estimators with the interface of scikit-learn."""

from barenet.estimators._classifier import MLPClassifier
from barenet.estimators._onnx_converters import register_onnx_converters
from barenet.estimators._preprocessor import TablePreprocessor
from barenet.estimators._regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "TablePreprocessor", "register_onnx_converters"]
