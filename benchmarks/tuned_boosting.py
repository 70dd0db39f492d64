"""CatBoost and LightGBM with settings chosen from 50 random candidates.

A fifth of the training rows decides: each candidate stops where its loss on them is lowest. The
best one is trained on all training rows, for as many trees.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import train_test_split

from benchmarks.table_encodings import CATEGORIES, coded, named_missing, places

__all__ = ["TunedCatBoost", "TunedLightGBM"]

#: Candidates, trees of a model, and trees without a lower loss after which it stops.
CANDIDATES, TREES, PATIENCE = 50, 2000, 50

#: The fraction of the training rows that decides.
HELD_OUT = 0.2

#: Draws a value with a generator of random numbers.
Draw = Callable[[np.random.Generator], Any]


def uniform(low: float, high: float) -> Draw:
    """Draw from a uniform distribution."""
    return lambda rng: float(rng.uniform(low, high))


def log_uniform(low: float, high: float) -> Draw:
    """Draw from a distribution whose logarithm is uniform."""
    return lambda rng: float(np.exp(rng.uniform(np.log(low), np.log(high))))


def whole(draw: Draw) -> Draw:
    """Round what is drawn."""
    return lambda rng: round(draw(rng))


@dataclass
class TunedBoosting(ABC):
    """A model whose settings are chosen in `fit`; subclasses are libraries."""

    #: The space of the candidates.
    space: ClassVar[dict[str, Draw]]
    frame: Any
    classes: bool
    seed: int
    #: The settings that were chosen, and the model with them, after `fit`.
    settings: dict[str, Any] = field(default_factory=dict, init=False)
    model: Any = field(default=None, init=False)

    def fit(self, X: Any, y: Any) -> None:
        """Choose the settings, and train with them on all rows."""
        rng = np.random.default_rng(self.seed)
        strata = y if self.classes else None
        parts = train_test_split(X, y, test_size=HELD_OUT, random_state=self.seed, stratify=strata)
        found = []
        for number in range(CANDIDATES):
            settings = {name: draw(rng) for name, draw in self.space.items()}
            loss, n_trees = self.compare(settings, *parts)
            found.append((loss, number, settings | {"n_estimators": max(1, n_trees)}))
        *_, self.settings = min(found)
        self.train(X, y)

    @abstractmethod
    def compare(
        self, settings: dict[str, Any], X: Any, X_held_out: Any, y: Any, y_held_out: Any
    ) -> tuple[float, int]:
        """The lowest loss on rows held out, and its number of trees."""

    @abstractmethod
    def train(self, X: Any, y: Any) -> None:
        """Train with the settings."""

    def predict(self, X: Any) -> Any:
        """Predict numbers."""
        return self.model.predict(self.encoded(X))

    def predict_proba(self, X: Any) -> Any:
        """Predict probabilities."""
        return self.model.predict_proba(self.encoded(X))

    @abstractmethod
    def encoded(self, X: Any) -> Any:
        """The rows as the library takes them."""


class TunedCatBoost(TunedBoosting):
    """CatBoost; its space is that of Gorishniy et al. (2021), with learning rates from 0.001."""

    space: ClassVar = {
        "max_depth": whole(uniform(2.5, 10.5)),
        "learning_rate": log_uniform(1e-3, 1),
        "bagging_temperature": uniform(0, 1),
        "l2_leaf_reg": log_uniform(1, 10),
        "leaf_estimation_iterations": whole(uniform(0.5, 10.5)),
    }

    def _made(self, settings: dict[str, Any]) -> Any:
        import catboost

        kind = catboost.CatBoostClassifier if self.classes else catboost.CatBoostRegressor
        options = {"random_seed": self.seed, "verbose": 0, "allow_writing_files": False}
        return kind(cat_features=CATEGORIES(self.frame), **options, **settings)

    def compare(
        self, settings: dict[str, Any], X: Any, X_held_out: Any, y: Any, y_held_out: Any
    ) -> tuple[float, int]:
        model = self._made(settings | {"n_estimators": TREES})
        held_out = self.encoded(X_held_out), y_held_out
        model.fit(self.encoded(X), y, eval_set=held_out, early_stopping_rounds=PATIENCE)
        (loss,) = model.get_best_score()["validation"].values()
        return loss, model.get_best_iteration() + 1

    def train(self, X: Any, y: Any) -> None:
        self.model = self._made(self.settings).fit(self.encoded(X), y)

    def encoded(self, X: Any) -> Any:
        return named_missing(X)


class TunedLightGBM(TunedBoosting):
    """LightGBM."""

    space: ClassVar = {
        "learning_rate": log_uniform(0.01, 0.3),
        "num_leaves": whole(log_uniform(4, 256)),
        "min_child_samples": whole(log_uniform(2, 100)),
        "colsample_bytree": uniform(0.5, 1),
        "subsample": uniform(0.5, 1),
        "reg_lambda": log_uniform(1e-3, 10),
    }

    def _made(self, settings: dict[str, Any]) -> Any:
        import lightgbm

        kind = lightgbm.LGBMClassifier if self.classes else lightgbm.LGBMRegressor
        return kind(random_state=self.seed, verbose=-1, subsample_freq=1, **settings)

    def compare(
        self, settings: dict[str, Any], X: Any, X_held_out: Any, y: Any, y_held_out: Any
    ) -> tuple[float, int]:
        import lightgbm

        self.encoder = coded().fit(X)
        model = self._made(settings | {"n_estimators": TREES})
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        held_out = [(self.encoded(X_held_out), y_held_out)]
        options = {"categorical_feature": places(self.frame) or "auto", "callbacks": [stop]}
        model.fit(self.encoded(X), y, eval_set=held_out, **options)
        (loss,) = model.best_score_["valid_0"].values()
        return loss, model.best_iteration_

    def train(self, X: Any, y: Any) -> None:
        self.encoder = coded().fit(X)
        categories = {"categorical_feature": places(self.frame) or "auto"}
        self.model = self._made(self.settings).fit(self.encoded(X), y, **categories)

    def encoded(self, X: Any) -> Any:
        return self.encoder.transform(X)
