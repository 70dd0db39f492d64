"""Settings: what scikit-learn's parameters may be, and what they are called here.

An estimator keeps what it was given, as scikit-learn asks; all is checked when it is fitted.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Set
from typing import Any, Protocol

import numpy as np
from sklearn.utils import check_random_state

from barenet.constraints import check_number
from barenet.model.activations import Activation, as_activation
from barenet.model.validation import check_count, check_flag
from barenet.optimization.optimizers import (
    LBFGS,
    SGD,
    Adam,
    Momentum,
    Nesterov,
    Optimizer,
    as_optimizer,
)
from barenet.registry import lookup

__all__ = [
    "Settings",
    "activations_of",
    "check_settings",
    "hidden_sizes",
    "make_optimizer",
    "random_state_of",
]

#: The range of each number.
RANGES: Mapping[str, Mapping[str, Any]] = {
    "alpha": {"ge": 0},
    "learning_rate_init": {"gt": 0},
    "power_t": {"ge": 0},
    "max_iter": {"ge": 1, "integer": True},
    "tol": {"ge": 0},
    "momentum": {"ge": 0, "le": 1},
    "validation_fraction": {"ge": 0, "lt": 1},
    "beta_1": {"ge": 0, "lt": 1},
    "beta_2": {"ge": 0, "lt": 1},
    "epsilon": {"gt": 0},
    "max_fun": {"ge": 1, "integer": True},
    "dropout": {"ge": 0, "lt": 1},
}

#: What is yes or no.
FLAGS = ("shuffle", "warm_start", "nesterovs_momentum", "early_stopping", "batch_norm")

#: What is chosen by name.
CHOICES = {
    "solver": ("lbfgs", "sgd", "adam"),
    "learning_rate": ("constant", "invscaling", "adaptive"),
}

#: scikit-learn's names of activations, where they differ.
ACTIVATION_NAMES = {"logistic": "sigmoid"}

#: L-BFGS ends when an iteration gains less than this share of the loss: SciPy's own default.
LEAST_GAIN = 1e7 * float(np.finfo(float).eps)


#: What Adam's own epsilon is, where it is scikit-learn's that counts.
TINY = float(np.finfo(float).tiny)


class Settings(Protocol):
    """The parameters that both estimators have; see their docstrings."""

    hidden_layer_sizes: Any
    activation: Any
    solver: str
    alpha: float
    batch_size: Any
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Any
    tol: float
    verbose: Any
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    dropout: float
    batch_norm: bool
    optimizer: Any
    schedule: Any
    clip: Any
    callbacks: Any
    scoring: Any
    engine: str
    threads: int | None


def check_settings(settings: Settings) -> None:
    """Refuse what no parameter may be, before anything is done."""
    for name, limits in RANGES.items():
        check_number(getattr(settings, name), name, **limits)
    for name, choices in CHOICES.items():
        lookup(dict.fromkeys(choices), getattr(settings, name), name)
    for name in FLAGS:
        check_flag(getattr(settings, name), name)
    if not isinstance(settings.verbose, bool | np.bool_):
        check_number(settings.verbose, "verbose", ge=0, integer=True)
    if not (isinstance(settings.batch_size, str) and settings.batch_size == "auto"):
        check_count(settings.batch_size, "batch_size")
    if not _is_endless(settings.n_iter_no_change):
        check_count(settings.n_iter_no_change, "n_iter_no_change")
    if settings.threads is not None:
        check_count(settings.threads, "threads")
    activations_of(settings)


def hidden_sizes(settings: Settings) -> list[int]:
    """List the widths of the hidden layers; one number is one layer."""
    sizes = settings.hidden_layer_sizes
    several = hasattr(sizes, "__iter__") and getattr(sizes, "ndim", 1) > 0
    if isinstance(sizes, str | bytes | Mapping | Set):
        several = False  # a series of letters or names, or one without an order
    entries = list(sizes) if several else [sizes]
    return [check_count(entry, "hidden_layer_sizes") for entry in entries]


def activations_of(settings: Settings) -> list[Activation]:
    """List the activations of the hidden layers; one name is for all of them."""
    count, given = len(hidden_sizes(settings)), settings.activation
    if isinstance(given, list | tuple):
        if len(given) != count:
            raise ValueError(
                f"activation: {len(given)} activations for {count} hidden layers; "
                "give one for all, or one for each"
            )
        return [_activation(each) for each in given]
    return [_activation(given)] * count


def make_optimizer(settings: Settings) -> Optimizer | LBFGS:
    """Make the optimizer that the parameters ask for."""
    if settings.optimizer is not None:
        optimizer = copy.deepcopy(as_optimizer(settings.optimizer))
        if isinstance(optimizer, Optimizer):
            optimizer.reset()
        return optimizer
    if settings.solver == "lbfgs":
        return LBFGS(tolerance=settings.tol, gain=LEAST_GAIN, evaluations=settings.max_fun)
    rate = settings.learning_rate_init
    if settings.solver == "adam":
        decay = {"beta1": settings.beta_1, "beta2": settings.beta_2}
        return Adam(rate, **decay, epsilon=TINY, epsilon_hat=settings.epsilon)
    if settings.momentum == 0:
        return SGD(rate)
    return (Nesterov if settings.nesterovs_momentum else Momentum)(rate, beta=settings.momentum)


def random_state_of(settings: Settings) -> np.random.RandomState:
    """Give the generator that all random numbers of a fit come from."""
    try:
        return check_random_state(settings.random_state)
    except ValueError as error:
        raise ValueError(f"random_state: {error}") from error


def _is_endless(count: object) -> bool:
    return isinstance(count, float) and count == math.inf


def _activation(given: object) -> Activation:
    name = ACTIVATION_NAMES.get(given, given) if isinstance(given, str) else given
    return as_activation(name, "activation")  # type: ignore[arg-type]
