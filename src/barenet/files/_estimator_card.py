"""The model card of a fitted estimator."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from barenet._registry import spec_of
from barenet.errors import brief
from barenet.files._model_card import ModelCard
from barenet.training._history import History

#: Parameters that do not affect the network.
IRRELEVANT = ("callbacks", "threads", "verbose", "warm_start")


def make_card(estimator: Any, scores: Mapping[str, Mapping[str, float]]) -> ModelCard:
    """The card of a fitted estimator, with scores besides those of the validation rows."""
    history = estimator.history_
    if len(history) != len(estimator.loss_curve_):  # after several calls
        history = History(engine=history.engine)
    parameters = estimator.get_params(deep=False).items()
    settings = {n: _setting(v) for n, v in parameters if v is not None and n not in IRRELEVANT}
    return ModelCard(
        settings={"estimator": type(estimator).__name__, **settings},
        rows=dict(estimator._n_rows) if len(history) else {},
        scores={**(_scores(history) if len(history) else {}), **ModelCard(scores=scores).scores},
    ).with_history(history)


def _scores(history: History) -> dict[str, dict[str, float]]:
    """The scores of the validation rows in the selected epoch."""
    selected = -1 if history.best_epoch is None else history.best_epoch - 1
    scores = {
        name.removeprefix("validation_"): float(curve[selected])
        for name, curve in history.curves.items()
        if name.startswith("validation_") and math.isfinite(curve[selected])
    }
    return {"validation": scores} if scores else {}


def _setting(value: Any) -> Any:
    """Convert a parameter for a card."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(map(_setting, value))
    if isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, float | Mapping):
        return brief(value)
    if isinstance(getattr(value, "name", None), str):
        return spec_of(value)
    return getattr(value, "__name__", type(value).__name__)
