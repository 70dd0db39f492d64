"""Candidates of a search: their settings, and the configuration of each."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_count, check_seed
from barenet._messages import in_a_line
from barenet._registry import lookup
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError
from barenet.settings._run_config import DEFAULTS, RunConfig
from barenet.settings._run_defaults import HIDDEN_SIZES

#: Settings that don't apply to the networks of a search: `barenet search` has no flags for them.
NOT_IN_A_SEARCH = {"class_weight", "label_smoothing", "monotonic", "patience"}
#: Settings that all candidates share, as they belong to the data or to the command.
SHARED_BY_CANDIDATES = {
    "metric",
    "scaling",
    "target_scaling",
    "test_size",
    "split_seed",
    "time_limit",
    "verbose_epoch",
}
#: The other settings, by name, which may have several values.
SETTINGS: dict[str, dataclasses.Field[Any]] = {}
for _field in dataclasses.fields(RunConfig):
    if _field.name not in NOT_IN_A_SEARCH | SHARED_BY_CANDIDATES:
        SETTINGS[_field.name] = _field


def make_candidates(parameters: Any, n_candidates: int | None, seed: int) -> list[dict[str, Any]]:
    """Choose the values of each candidate, from the whole grid or at random."""
    from sklearn.model_selection import ParameterGrid, ParameterSampler

    if n_candidates is not None:
        n_candidates = check_count(n_candidates, "n_candidates")
    check_seed(seed)
    if isinstance(parameters, list | tuple) and not parameters:
        raise ArgumentError.of("parameters", parameters, "one candidate or more")
    try:
        if n_candidates is None:
            return list(ParameterGrid(parameters))
        return list(ParameterSampler(parameters, n_candidates, random_state=seed))
    except (TypeError, ValueError) as error:
        remedy = "pass a list of values for each setting, or n_candidates with distributions"
        problem = in_a_line(error).rstrip(".")
        raise ArgumentError(problem, argument="parameters", remedy=remedy) from error


def make_config(settings: Mapping[str, Any], n_inputs: int, y: NDArray[Any]) -> RunConfig:
    """Complete the settings by the defaults, and by layers and an output that fit the data."""
    converted = {name: _as_setting(name, value) for name, value in settings.items()}
    defaults = dataclasses.replace(DEFAULTS, batch_size=None)
    config = RunConfig(**converted).over(defaults)
    config.validate()
    target_kind = _target_kind(y, config.layers)
    layers = config.layers or (n_inputs, *HIDDEN_SIZES, target_kind.n_outputs)
    output = config.output or target_kind.output_activation(layers[-1])
    return dataclasses.replace(config, layers=layers, output=output)


def _target_kind(y: NDArray[Any], layers: tuple[int, ...] | None) -> TargetKind:
    """Infer the kind of targets from their dtype: whole numbers are classes from 0.

    If the layers end in a single output, more than two different whole numbers are numbers to
    predict, not classes.
    """
    if y.ndim == 2:
        return TargetKind(n_numbers=y.shape[1])
    if y.ndim != 1 or y.dtype.kind not in "bui":
        return TargetKind()
    n_classes = int(y.max(initial=0)) + 1
    if layers:
        if layers[-1] == 1 and n_classes > 2:
            return TargetKind()
    elif n_classes > max(2, len(y) / 2):
        problem = f"whole numbers are classes from 0, and {n_classes:,} are too many for the rows"
        raise ArgumentError(problem, argument="y", remedy="pass floats for numbers to predict")
    return TargetKind(n_classes)


def _as_setting(name: str, value: Any) -> Any:
    """Convert a value to the type that a configuration has: tuples, and numbers of Python."""
    lookup(SETTINGS, name, str(name))
    if name == "layers":
        return tuple(np.atleast_1d(value).tolist())
    if name == "hidden" and isinstance(value, str):
        return (value,)
    if name == "hidden" and np.iterable(value):
        return tuple(value)
    if isinstance(value, np.generic):
        return value.item()
    return value
