"""Predictors for tests, with default names."""

from typing import Any

from barenet import Network, Predictor


def predictor_of(network: Network, preprocessing: Any, **parts: Any) -> Predictor:
    """A predictor of these parts, for a regression by default."""
    numbered = tuple(f"feature {at}" for at in range(network.n_inputs))
    names = getattr(preprocessing, "feature_names", numbered)
    default = {"classes": None, "target_name": "what it is", "dataset": "some rows"}
    parts = {**default, "feature_names": names, **parts}
    return Predictor(network=network, preprocessing=preprocessing, **parts)
