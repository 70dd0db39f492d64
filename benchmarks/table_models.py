"""The models of the comparison on tables, each as its users would begin: with its defaults.
Two are tuned as well.

All get the same frame of numbers and categories, with its missing values. What a model cannot take
is encoded for it in the way of its own documentation.
"""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

import barenet
from benchmarks.tuned import Tuned

__all__ = ["CATEGORIES", "MODELS", "NUMBERS", "Model", "name_missing"]

NUMBERS, CATEGORIES = (
    make_column_selector(dtype_include="number"),
    make_column_selector(dtype_exclude="number"),
)

#: The name of the target among the columns of a `Task`, which no table has.
TARGET = "the target"

#: HistGradientBoosting takes at most 255 categories; of more, the rarest share one.
MOST_CATEGORIES = 254


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
    slow : bool
        Whether it is measured after the others.
    trees : bool
        Whether it consists of gradient-boosted trees.
    """

    package: str
    make: Callable[[Any, bool, int], Any]
    slow: bool = False
    trees: bool = False

    @property
    def missing(self) -> str | None:
        """Why it is left out; None if it is there."""
        module, _, name = self.package.partition(":")
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed: pip install {module}"
        if name and not hasattr(importlib.import_module(module), name):
            return f"this version of {module} has no {name}"
        return None


def _barenet(frame: Any, classes: bool, seed: int) -> Any:
    kind = barenet.MLPClassifier if classes else barenet.MLPRegressor
    return _scaled(make_pipeline(barenet.TablePreprocessor(), kind(random_state=seed)), classes)


def _ensemble(frame: Any, classes: bool, seed: int) -> Any:
    name = "MLPEnsembleClassifier" if classes else "MLPEnsembleRegressor"
    return getattr(barenet, name)(random_state=seed)


class _Quick:
    """The network of `barenet train --model network`, as an estimator."""

    def __init__(self, classes: bool, seed: int) -> None:
        self._task, self._seed = "classification" if classes else "regression", seed

    def fit(self, X: Any, y: Any) -> None:
        frame = X.assign(**{TARGET: y})
        task = barenet.Task.open(frame, target=TARGET, task=self._task, test_size=0)
        self._predictor = task.train(model="network", seed=self._seed)

    def predict(self, X: Any) -> Any:
        return self._predictor.predict(X)

    def predict_proba(self, X: Any) -> Any:
        return self._predictor.predict_proba(X)


def _quick(frame: Any, classes: bool, seed: int) -> Any:
    return _Quick(classes, seed)


def _mlp(frame: Any, classes: bool, seed: int) -> Any:
    kind = MLPClassifier if classes else MLPRegressor
    return _scaled(make_pipeline(_dense(), kind(random_state=seed)), classes)


def _linear(frame: Any, classes: bool, seed: int) -> Any:
    kind = LogisticRegression(max_iter=500) if classes else RidgeCV(np.logspace(-3, 3, 13))
    return make_pipeline(_dense(), kind)


def _hist_gradient_boosting(frame: Any, classes: bool, seed: int) -> Any:
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return make_pipeline(_coded(), kind(random_state=seed, categorical_features=_places(frame)))


def _lightgbm(frame: Any, classes: bool, seed: int) -> Any:
    import lightgbm

    kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
    categories = {"categorical_feature": places} if (places := _places(frame)) else {}
    return make_pipeline(_coded(), kind(random_state=seed, verbose=-1, **categories))


def _xgboost(frame: Any, classes: bool, seed: int) -> Any:
    import xgboost

    kind = xgboost.XGBClassifier if classes else xgboost.XGBRegressor
    categories = _places(frame)
    types = ["c" if place in categories else "q" for place in range(frame.shape[1])]
    settings = {"random_state": seed, "enable_categorical": True, "feature_types": types}
    return make_pipeline(_coded(), kind(**settings))


def _catboost(frame: Any, classes: bool, seed: int) -> Any:
    import catboost

    kind = catboost.CatBoostClassifier if classes else catboost.CatBoostRegressor
    settings = {"random_seed": seed, "verbose": 0, "allow_writing_files": False}
    model = kind(cat_features=CATEGORIES(frame), **settings)
    return make_pipeline(FunctionTransformer(name_missing), model)


def _tuned_lightgbm(frame: Any, classes: bool, seed: int) -> Any:
    coded = _coded().set_output(transform="pandas")
    return Tuned("lightgbm", coded, classes, seed)


def _tuned_catboost(frame: Any, classes: bool, seed: int) -> Any:
    named = FunctionTransformer(name_missing)
    return Tuned("catboost", named, classes, seed)


def _realmlp(frame: Any, classes: bool, seed: int) -> Any:
    return _pytabkit("RealMLP_TD", classes, seed)


def _tabm(frame: Any, classes: bool, seed: int) -> Any:
    return _pytabkit("TabM_D", classes, seed)


def _pytabkit(name: str, classes: bool, seed: int) -> Any:
    import pytabkit

    kind = getattr(pytabkit, f"{name}_{'Classifier' if classes else 'Regressor'}")
    return make_pipeline(_imputed(), kind(random_state=seed, device="cpu", verbosity=0))


def _tabpfn(frame: Any, classes: bool, seed: int) -> Any:
    import tabpfn

    kind = tabpfn.TabPFNClassifier if classes else tabpfn.TabPFNRegressor
    model = kind(device="cpu", random_state=seed, ignore_pretraining_limits=True)
    return make_pipeline(_imputed(), model)


def _scaled(model: Any, classes: bool) -> Any:
    """Scale a numeric target, as neither library's plain networks do."""
    return model if classes else TransformedTargetRegressor(model, transformer=StandardScaler())


def _dense() -> ColumnTransformer:
    """Scaled numbers, and an output for each category."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"),
        OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=MOST_CATEGORIES,
            sparse_output=False,
        ),
    )
    return ColumnTransformer(
        [("numbers", numbers, NUMBERS), ("categories", categories, CATEGORIES)]
    )


def _coded() -> ColumnTransformer:
    """Numbers with their missing values, and codes of the categories; the columns change places."""
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=MOST_CATEGORIES
    )
    return ColumnTransformer([("numbers", "passthrough", NUMBERS), ("codes", codes, CATEGORIES)])


def _places(frame: Any) -> list[int]:
    """The places of the categories after `_coded`."""
    return list(range(len(NUMBERS(frame)), frame.shape[1]))


def _imputed() -> ColumnTransformer:
    """Medians in place of missing numbers; the frame stays a frame."""
    numbers = SimpleImputer(strategy="median")
    columns = FunctionTransformer(name_missing)
    encoder = ColumnTransformer(
        [("numbers", numbers, NUMBERS), ("categories", columns, CATEGORIES)],
        verbose_feature_names_out=False,
    )
    return encoder.set_output(transform="pandas")


def name_missing(frame: Any) -> Any:
    """Make a category of missing categories."""
    names = CATEGORIES(frame)
    return frame.assign(**{name: frame[name].fillna("missing") for name in names})


#: The models by their names in the tables.
MODELS = {
    "barenet ensemble": Model("barenet:MLPEnsembleClassifier", _ensemble),
    "barenet --quick": Model("barenet:Task", _quick),
    "barenet network": Model("barenet", _barenet),
    "scikit-learn MLP": Model("sklearn", _mlp),
    "scikit-learn linear": Model("sklearn", _linear),
    "HistGradientBoosting": Model("sklearn", _hist_gradient_boosting, trees=True),
    "LightGBM": Model("lightgbm", _lightgbm, trees=True),
    "XGBoost": Model("xgboost", _xgboost, trees=True),
    "CatBoost": Model("catboost", _catboost, trees=True),
    "LightGBM tuned": Model("lightgbm", _tuned_lightgbm, slow=True, trees=True),
    "CatBoost tuned": Model("catboost", _tuned_catboost, slow=True, trees=True),
    "RealMLP": Model("pytabkit", _realmlp, slow=True),
    "TabM": Model("pytabkit", _tabm, slow=True),
    "TabPFN": Model("tabpfn", _tabpfn, slow=True),
}
