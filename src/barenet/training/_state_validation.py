"""Validation of a state before a run loads it.

A checksum detects damage, not the maker of a file. Loaded arrays are used without further checks,
by compiled code among others, so their kinds and shapes are checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from barenet._constraints import check_number
from barenet.errors import brief
from barenet.training._run import Run


def validate_state_dict(
    state: Mapping[str, Mapping[str, Any]],
    run: Run,
    full_batch: bool,
    parts: Mapping[str, Any],
) -> None:
    """Refuse a state that no run of this kind has saved."""
    batch = _validate_run(state["run"], run)
    validate_like(state["guard"], parts["guard"].state_dict())
    validate_like(state["tally"], {"seconds": 0.0})
    if full_batch:
        _validate_search(state["optimizer"], run.network.parameters.size)
    else:
        done, rates = np.zeros(batch), np.zeros(run.n_batches if batch else 0)
        like = {"losses": done, "gradient_norms": done, "rates": rates}
        validate_like(state["tally"], like)
        _validate_optimizer(state["optimizer"], parts["optimizer"].moment_names, run)
    validate_like(state["schedule"], schedule := parts["schedule"].state_dict())
    if state["schedule"].keys() - schedule.keys():
        raise ValueError(f"schedule: unknown entries in {brief(sorted(state['schedule']))}")


def _validate_run(state: Mapping[str, Any], run: Run) -> int:
    """Check the place of a run and its curves, and return the batches of its epoch."""
    epoch = int(check_number(state["epoch"], "epoch", ge=0, le=run.epochs, integer=True))
    batch = int(check_number(state["batch"], "batch", ge=0, le=run.n_batches, integer=True))
    curves = [f"curve_{name}" for name in run.measured if f"curve_{name}" in state]
    done = len(state["curve_loss"]) if curves else 0
    if not epoch <= done <= epoch + 1 or len(curves) not in (0, len(run.measured)):
        raise ValueError(
            f"curves: expected {len(run.measured)} of {epoch} or {epoch + 1} epochs, "
            f"got {len(curves)} of {done}"
        )
    validate_like(state, dict.fromkeys(curves, np.zeros(done)))
    if not isinstance(state["stop_reason"], str | None):
        raise ValueError(f"stop_reason: expected a text, got {brief(state['stop_reason'])}")
    if state["best_epoch"] is not None:
        check_number(state["best_epoch"], "best_epoch", ge=0, lt=done, integer=True)
    return batch


def _validate_optimizer(state: Mapping[str, Any], moment_names: tuple[str, ...], run: Run) -> None:
    """Check the moments, which exist after the first step."""
    check_number(state["n_steps"], "n_steps", ge=0, integer=True)
    check_number(state["learning_rate"], "learning_rate", gt=0)
    moments = {f"moment_{name}" for name in moment_names}
    if not moments <= state.keys() and (moments & state.keys() or state["n_steps"]):
        raise ValueError("optimizer: a moment is missing")
    validate_like(state, dict.fromkeys(moments & state.keys(), run.network.parameters))


def _validate_search(state: Mapping[str, Any], size: int) -> None:
    """Check the evaluations of L-BFGS, which exist after the first one."""
    count = len(state["values"]) if "start" in state else 0
    check_number(state["reported"], "reported", ge=0, le=count, integer=True)
    if "start" not in state:
        return
    shapes = {"start": (size,), "values": (count,), "gradients": (count, size), "places": (count,)}
    for name, shape in shapes.items():
        if not isinstance(state[name], np.ndarray) or state[name].shape != shape:
            got = brief(state[name])
            raise ValueError(f"{name}: expected numbers of shape {shape}, got {got}")


def validate_like(state: Mapping[str, Any], examples: Mapping[str, Any]) -> None:
    """Check that values have the kinds and shapes of examples.

    Examples
    --------
    >>> validate_like({"waited": "long"}, {"waited": 0})
    Traceback (most recent call last):
    ValueError: waited: expected a number, got 'long'
    """
    for name, example in examples.items():
        value = state[name]
        if isinstance(example, np.ndarray):
            expected = f"{example.dtype} of shape {example.shape}"
            is_array = isinstance(value, np.ndarray)
            fits = is_array and (value.shape, value.dtype) == (example.shape, example.dtype)
        elif isinstance(example, list):
            expected = "a list of texts"
            fits = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
        elif isinstance(example, Real):
            expected = "True or False" if isinstance(example, bool) else "a number"
            fits = isinstance(value, bool) == isinstance(example, bool) and _is_number(value)
        else:
            continue
        if not fits:
            raise ValueError(f"{name}: expected {expected}, got {brief(value)}")


def _is_number(value: object) -> bool:
    """Whether a float can have the value, infinity included."""
    return isinstance(value, float) or (isinstance(value, int) and value.bit_length() < 1024)
