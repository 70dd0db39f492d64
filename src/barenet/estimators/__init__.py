"""Estimators with the interface of scikit-learn."""

from __future__ import annotations

from barenet.estimators.classifier import MLPClassifier
from barenet.estimators.onnx_converters import register_onnx_converters
from barenet.estimators.preprocessor import TablePreprocessor
from barenet.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "TablePreprocessor", "register_onnx_converters"]
