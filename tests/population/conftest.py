"""Estimators with which scikit-learn trains the networks of a search one by one, and data."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.datasets import load_iris

from barenet import Network, train


@dataclass
class OneByOne(BaseEstimator):
    """An estimator that trains a network of its own by `train`."""

    layers: tuple[int, ...] = (4, 5, 3)
    hidden: str = "relu"
    optimizer: str = "adam"
    learning_rate: float = 0.01
    epochs: int = 4
    seed: int = 0

    def fit(self, X: Any, y: Any) -> "OneByOne":
        self.classes_ = np.unique(y)
        options = {"hidden": self.hidden, "output": self.output, "seed": self.seed}
        self.network_ = Network.dense(self.layers, dtype="float64", **options)
        optimizer = f"{self.optimizer}:learning_rate={self.learning_rate}"
        options = {"optimizer": optimizer, "epochs": self.epochs, "seed": self.seed}
        train(self.network_, X, y, threads=1, **options)
        return self


class Classifier(ClassifierMixin, OneByOne):
    output = "softmax"

    def predict(self, X: Any) -> Any:
        return self.network_.predict(X).argmax(axis=1)


class Regressor(RegressorMixin, OneByOne):
    output = "identity"

    def predict(self, X: Any) -> Any:
        return self.network_.predict(X)[:, 0]


@pytest.fixture
def classifier():
    return Classifier


@pytest.fixture
def regressor():
    return Regressor


@pytest.fixture(scope="session")
def iris():
    X, y = load_iris(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


@pytest.fixture(scope="session")
def line():
    X = np.random.default_rng(0).normal(size=(60, 3))
    return X, X @ [1.0, -2.0, 0.5] + 0.1 * X[:, 0] ** 2
