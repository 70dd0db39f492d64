"""The models that are measured on mixed tables, with their defaults.

barenet gets the table as pandas reads it. The other libraries get numbers in place of dates, and
all categories, however many, in the way of their own documentation. Only CatBoost takes texts.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, TargetEncoder

import barenet
from benchmarks.table_data import Table
from benchmarks.table_models import CATEGORIES, MODELS, NUMBERS, name_missing

__all__ = ["MIXED_MODELS"]

#: HistGradientBoosting takes columns of at most so many categories.
MOST_CATEGORIES = 255


def _ensemble(table: Table, frame: Any, seed: int) -> Any:
    if table.classes:
        return barenet.MLPEnsembleClassifier(random_state=seed, **table.options)
    return barenet.MLPEnsembleRegressor(random_state=seed, **table.options)


def _linear(table: Table, frame: Any, seed: int) -> Any:
    prepared = _without_texts(table)
    model = MODELS["scikit-learn linear"].make(frame, bool(table.classes), seed)
    return make_pipeline(FunctionTransformer(prepared), model)


def _hist_gradient_boosting(table: Table, frame: Any, seed: int) -> Any:
    """Columns of too many categories get the encoding that its documentation suggests for them."""
    prepare = _without_texts(table)
    prepared = prepare(frame)
    numbers = _filled(prepared, NUMBERS(prepared))
    narrow = []
    wide = []
    for name in _filled(prepared, CATEGORIES(prepared)):
        if prepared[name].nunique() > MOST_CATEGORIES:
            wide.append(name)
        else:
            narrow.append(name)
    if table.classes:
        model_class = HistGradientBoostingClassifier
        target_type = "binary" if table.classes == 2 else "multiclass"
    else:
        model_class = HistGradientBoostingRegressor
        target_type = "continuous"
    encoder = ColumnTransformer(
        [
            ("numbers", "passthrough", numbers),
            ("codes", _codes(), narrow),
            ("means", TargetEncoder(target_type=target_type, random_state=seed), wide),
        ]
    )
    places = _places_after(numbers, narrow)
    model = model_class(random_state=seed, categorical_features=places)
    return make_pipeline(FunctionTransformer(prepare), encoder, model)


def _lightgbm(table: Table, frame: Any, seed: int) -> Any:
    import lightgbm

    prepare = _without_texts(table)
    prepared = prepare(frame)
    numbers = _filled(prepared, NUMBERS(prepared))
    categories = _filled(prepared, CATEGORIES(prepared))
    encoder = ColumnTransformer(
        [("numbers", "passthrough", numbers), ("codes", _codes(), categories)]
    )
    settings: dict[str, Any] = {"random_state": seed, "verbose": -1}
    if categories:
        settings["categorical_feature"] = _places_after(numbers, categories)
    if table.classes:
        model = lightgbm.LGBMClassifier(**settings)
    else:
        model = lightgbm.LGBMRegressor(**settings)
    return make_pipeline(FunctionTransformer(prepare), encoder, model)


def _catboost(table: Table, frame: Any, seed: int) -> Any:
    import catboost

    prepare = table.preparation
    assert prepare is not None
    categories = [name for name in CATEGORIES(prepare(frame)) if name not in prepare.texts]
    settings = {
        "cat_features": categories,
        "text_features": list(prepare.texts),
        "random_seed": seed,
        "verbose": 0,
        "allow_writing_files": False,
    }
    if table.classes:
        model = catboost.CatBoostClassifier(**settings)
    else:
        model = catboost.CatBoostRegressor(**settings)
    return make_pipeline(FunctionTransformer(prepare), FunctionTransformer(name_missing), model)


def _without_texts(table: Table) -> Any:
    """The preparation of a table for a library that takes no texts."""
    assert table.preparation is not None
    return replace(table.preparation, keeps_texts=False)


def _filled(frame: Any, names: list[str]) -> list[str]:
    """The columns that aren't empty in the training rows."""
    return [name for name in names if frame[name].notna().any()]


def _codes() -> OrdinalEncoder:
    """Codes of all categories; those that the training rows lack are missing values."""
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)


def _places_after(numbers: list[str], categories: list[str]) -> list[int]:
    """The places of categories that follow the numbers."""
    return list(range(len(numbers), len(numbers) + len(categories)))


#: The makers by the names of the models; called with the table, the frame of the training rows, and
#: the seed, they return an estimator.
MIXED_MODELS: dict[str, Callable[[Table, Any, int], Any]] = {
    "barenet ensemble": _ensemble,
    "scikit-learn linear": _linear,
    "HistGradientBoosting": _hist_gradient_boosting,
    "LightGBM": _lightgbm,
    "CatBoost": _catboost,
}
