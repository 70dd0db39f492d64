"""Tuned gradient boosting: random candidates, chosen on a hold-out inside of the training rows.

A candidate has at most 1,000 trees, and stops early; `CATBOOST` and `LIGHTGBM` are the spaces that
settings are drawn from.
"""

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import train_test_split

__all__ = ["LIBRARIES", "Tuned", "catboost", "lightgbm"]

#: Candidates, the fraction of the training rows that judges them, trees, and the trees without
#: improvement after which a candidate stops.
CANDIDATES, HOLD_OUT, TREES, PATIENCE = 50, 0.2, 1_000, 50

#: A value of a setting, drawn at random.
Draw = Callable[[np.random.Generator], Any]


def _uniform(low: float, high: float) -> Draw:
    return lambda random: float(random.uniform(low, high))


def _log_uniform(low: float, high: float) -> Draw:
    """Uniform in the exponent of e."""
    return lambda random: float(np.exp(random.uniform(low, high)))


def _whole(draw: Draw) -> Draw:
    return lambda random: round(draw(random))


def _integer(low: int, high: int) -> Draw:
    return lambda random: int(random.integers(low, high + 1))


def _either(*values: Any) -> Draw:
    """One of the values; a value that is a draw is drawn."""

    def drawn(random: np.random.Generator) -> Any:
        value = values[random.integers(len(values))]
        return value(random) if callable(value) else value

    return drawn


#: The draws of the settings, by their names.
CATBOOST: Mapping[str, Draw] = {
    "learning_rate": _log_uniform(-7, 0),
    "random_strength": _integer(1, 20),
    "one_hot_max_size": _integer(0, 25),
    "l2_leaf_reg": _log_uniform(0, np.log(10)),
    "bagging_temperature": _uniform(0, 1),
    "leaf_estimation_iterations": _integer(1, 10),
}

LIGHTGBM: Mapping[str, Draw] = {
    "learning_rate": _log_uniform(-7, 0),
    "num_leaves": _whole(_log_uniform(np.log(2), 7)),
    "colsample_bytree": _uniform(0.5, 1),
    "subsample": _uniform(0.5, 1),
    "min_child_weight": _log_uniform(-16, 5),
    "min_child_samples": _whole(_log_uniform(0, 6)),
    "reg_alpha": _either(0.0, _log_uniform(-16, 2)),
    "reg_lambda": _either(0.0, _log_uniform(-16, 2)),
}


def catboost(settings: Any, classes: bool, train: Any, valid: Any) -> tuple[Any, int]:
    """Fit CatBoost, with early stopping if there are validation rows."""
    import catboost as library

    kind = library.CatBoostClassifier if classes else library.CatBoostRegressor
    columns = list(train[0].select_dtypes(exclude="number").columns)
    model = kind(cat_features=columns, verbose=0, allow_writing_files=False, **settings)
    early = {"eval_set": valid, "early_stopping_rounds": PATIENCE} if valid else {}
    model.fit(*train, **early)
    return model, model.tree_count_


def lightgbm(settings: Any, classes: bool, train: Any, valid: Any) -> tuple[Any, int]:
    """Fit LightGBM, with early stopping if there are validation rows."""
    import lightgbm as library

    kind = library.LGBMClassifier if classes else library.LGBMRegressor
    model = kind(subsample_freq=1, verbose=-1, **settings)
    categories = [name for name in train[0].columns if name.startswith("codes__")]
    early = {"eval_set": [valid], "callbacks": [library.early_stopping(PATIENCE, verbose=False)]}
    model.fit(*train, categorical_feature=categories or "auto", **(early if valid else {}))
    return model, model.best_iteration_ or model.n_estimators


#: The space of a library, and a function that is called with the settings, whether the target has
#: classes, the training rows, and the validation rows or None; it returns a model and its trees.
LIBRARIES = {"catboost": (CATBOOST, catboost), "lightgbm": (LIGHTGBM, lightgbm)}


class Tuned:
    """The best of random candidates, fitted again to all rows with its number of trees.

    Parameters
    ----------
    library : str
        A name in `LIBRARIES`.
    encoder : transformer
        Makes the inputs of the models, a frame.
    classes : bool
        Whether the target has classes.
    seed : int
        Seed of the candidates and of the hold-out.
    """

    def __init__(self, library: str, encoder: Any, classes: bool, seed: int) -> None:
        self._library, self._encoder = library, encoder
        self._classes, self._seed = classes, seed

    def fit(self, X: Any, y: Any) -> Self:
        """Choose by the log loss or the squared error on the hold-out."""
        inputs = self._encoder.fit_transform(X, y)
        train, valid = train_test_split(
            np.arange(len(y)),
            test_size=HOLD_OUT,
            random_state=self._seed,
            stratify=y if self._classes else None,
        )
        parts = [(inputs.iloc[rows], y[rows]) for rows in (train, valid)]
        random = np.random.default_rng(self._seed)
        tried = [self._tried(self._drawn(random), *parts) for _ in range(CANDIDATES)]
        _, settings = min(tried, key=lambda one: one[0])
        fit = LIBRARIES[self._library][1]
        self._model, _ = fit(settings, self._classes, (inputs, y), None)
        return self

    def _drawn(self, random: np.random.Generator) -> dict[str, Any]:
        return {name: draw(random) for name, draw in LIBRARIES[self._library][0].items()}

    def _tried(self, settings: dict[str, Any], train: Any, valid: Any) -> Any:
        """The loss of a candidate, and its settings with the number of trees."""
        settings = {**settings, "n_estimators": TREES, "random_state": self._seed}
        model, trees = LIBRARIES[self._library][1](settings, self._classes, train, valid)
        X, y = valid
        if self._classes:
            loss = log_loss(y, model.predict_proba(X), labels=model.classes_)
        else:
            loss = mean_squared_error(y, model.predict(X))
        return loss, {**settings, "n_estimators": max(1, trees)}

    def predict(self, X: Any) -> Any:
        """Predict numbers."""
        return self._model.predict(self._encoder.transform(X))

    def predict_proba(self, X: Any) -> Any:
        """Predict probabilities."""
        return self._model.predict_proba(self._encoder.transform(X))
