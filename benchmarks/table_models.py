"""The models of the comparison on tables, each as its users would begin: with its defaults.

All get the same frame of numbers and categories, with its missing values. What a model cannot take
is encoded for it in the way of its own documentation. Two are also tuned, by `tuned_boosting`.
"""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    StandardScaler,
)

import barenet
from benchmarks.table_encodings import CATEGORIES, coded, dense, imputed, named_missing, places
from benchmarks.tuned_boosting import TunedCatBoost, TunedLightGBM

__all__ = ["MODELS", "Model"]


@dataclass(frozen=True)
class Model:
    """A model of the comparison.

    Attributes
    ----------
    package : str
        The package to install.
    make : callable
        Called with the frame of the training rows, whether the target has classes, and the seed;
        returns an estimator.
    is_slow : bool
        Whether it is measured after the others, in a process that ends after an hour.
    """

    package: str
    make: Callable[[Any, bool, int], Any]
    is_slow: bool = False

    @property
    def missing(self) -> str | None:
        """Why it is left out; None if it is there."""
        module, _, name = self.package.partition(":")
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed: pip install {module}"
        if name and not hasattr(importlib.import_module(module), name):
            return f"this version of {module} has no {name}"
        return None


@dataclass
class Quick:
    """The network of ``barenet train --quick``."""

    classes: bool
    seed: int

    def fit(self, X: Any, y: Any) -> None:
        """Train a network on all rows."""
        task = "classification" if self.classes else "regression"
        opened = barenet.Task.open(X, y, task=task, test_size=0)
        self.predictor = opened.train(quick=True, seed=self.seed, progress=False)

    def predict(self, X: Any) -> Any:
        """Predict numbers."""
        return self.predictor.predict(X)

    def predict_proba(self, X: Any) -> Any:
        """Predict the probabilities of the classes, in their order."""
        columns = np.argsort(np.array(self.predictor.classes, float))
        return self.predictor.probabilities(X)[:, columns]


def _quick(frame: Any, classes: bool, seed: int) -> Any:
    return Quick(classes, seed)


def _ensemble(frame: Any, classes: bool, seed: int) -> Any:
    name = "MLPEnsembleClassifier" if classes else "MLPEnsembleRegressor"
    return getattr(barenet, name)(random_state=seed)


def _mlp(frame: Any, classes: bool, seed: int) -> Any:
    kind = MLPClassifier if classes else MLPRegressor
    return _scaled(make_pipeline(dense(), kind(random_state=seed)), classes)


def _linear(frame: Any, classes: bool, seed: int) -> Any:
    kind = LogisticRegression(max_iter=500) if classes else RidgeCV(np.logspace(-3, 3, 13))
    return make_pipeline(dense(), kind)


def _hist_gradient_boosting(frame: Any, classes: bool, seed: int) -> Any:
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return make_pipeline(coded(), kind(random_state=seed, categorical_features=places(frame)))


def _lightgbm(frame: Any, classes: bool, seed: int) -> Any:
    import lightgbm

    kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
    categories = {"categorical_feature": at} if (at := places(frame)) else {}
    return make_pipeline(coded(), kind(random_state=seed, verbose=-1, **categories))


def _xgboost(frame: Any, classes: bool, seed: int) -> Any:
    import xgboost

    kind = xgboost.XGBClassifier if classes else xgboost.XGBRegressor
    categories = places(frame)
    types = ["c" if place in categories else "q" for place in range(frame.shape[1])]
    settings = {"random_state": seed, "enable_categorical": True, "feature_types": types}
    return make_pipeline(coded(), kind(**settings))


def _catboost(frame: Any, classes: bool, seed: int) -> Any:
    import catboost

    kind = catboost.CatBoostClassifier if classes else catboost.CatBoostRegressor
    settings = {"random_seed": seed, "verbose": 0, "allow_writing_files": False}
    model = kind(cat_features=CATEGORIES(frame), **settings)
    return make_pipeline(FunctionTransformer(named_missing), model)


def _realmlp(frame: Any, classes: bool, seed: int) -> Any:
    return _pytabkit("RealMLP_TD", classes, seed)


def _tabm(frame: Any, classes: bool, seed: int) -> Any:
    return _pytabkit("TabM_D", classes, seed)


def _tabpfn(frame: Any, classes: bool, seed: int) -> Any:
    import tabpfn

    kind = tabpfn.TabPFNClassifier if classes else tabpfn.TabPFNRegressor
    return make_pipeline(imputed(), kind(random_state=seed, device="cpu"))


def _pytabkit(name: str, classes: bool, seed: int) -> Any:
    import pytabkit

    kind = getattr(pytabkit, f"{name}_{'Classifier' if classes else 'Regressor'}")
    return make_pipeline(imputed(), kind(random_state=seed, device="cpu", verbosity=0))


def _scaled(model: Any, classes: bool) -> Any:
    """Scale a numeric target, as neither library's plain networks do."""
    return model if classes else TransformedTargetRegressor(model, transformer=StandardScaler())


#: The models by their names in the tables.
MODELS = {
    "barenet ensemble": Model("barenet:MLPEnsembleClassifier", _ensemble),
    "barenet --quick": Model("barenet", _quick),
    "scikit-learn MLP": Model("sklearn", _mlp),
    "scikit-learn linear": Model("sklearn", _linear),
    "HistGradientBoosting": Model("sklearn", _hist_gradient_boosting),
    "LightGBM": Model("lightgbm", _lightgbm),
    "XGBoost": Model("xgboost", _xgboost),
    "CatBoost": Model("catboost", _catboost),
    "CatBoost tuned": Model("catboost", TunedCatBoost, is_slow=True),
    "LightGBM tuned": Model("lightgbm", TunedLightGBM, is_slow=True),
    "RealMLP": Model("pytabkit", _realmlp, is_slow=True),
    "TabM": Model("pytabkit", _tabm, is_slow=True),
    "TabPFN": Model("tabpfn", _tabpfn, is_slow=True),
}
