"""Form: what a state looks like that a run can take up.

A checksum tells of damage, and nothing of whoever has made a file. What is taken up is used without
another look, by compiled code among others; so it is looked at here, before anything is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from barenet.constraints import check_number
from barenet.errors import brief
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.schedules import Schedule
from barenet.training.keeper import State
from barenet.training.run import Run

__all__ = ["check_form", "check_like"]


def check_form(state: State, run: Run, optimizer: Optimizer | LBFGS, schedule: Schedule) -> None:
    """Refuse what no run of this kind has said of itself."""
    batch = _check_run(state["run"], run)
    vectors = {"parameters": run.network.parameters, "statistics": run.network.statistics}
    check_like(state["guard"], {"first_loss": 0.0, "limit": 0.0, "warned": [], **vectors})
    check_like(state["tally"], {"seconds": 0.0})
    if isinstance(optimizer, LBFGS):
        _check_past(state["optimizer"], run.network.parameters.size)
    else:
        done, rates = np.zeros(batch), np.zeros(run.n_batches if batch else 0)
        check_like(state["tally"], {"losses": done, "gradient_norms": done, "rates": rates})
        _check_optimizer(state["optimizer"], optimizer, run)
    check_like(state["schedule"], schedule.state_dict())
    if state["schedule"].keys() - schedule.state_dict().keys():
        raise ValueError(f"schedule: remembers {brief(sorted(state['schedule']))}")


def _check_run(kept: Mapping[str, Any], run: Run) -> int:
    """Look at where the run stands, and count the batches of its epoch."""
    epoch = int(check_number(kept["epoch"], "epoch", ge=0, le=run.epochs, integer=True))
    batch = int(check_number(kept["batch"], "batch", ge=0, le=run.n_batches, integer=True))
    curves = [f"curve_{name}" for name in run.measured if f"curve_{name}" in kept]
    done = len(kept["curve_loss"]) if curves else 0
    if not epoch <= done <= epoch + 1 or len(curves) not in (0, len(run.measured)):
        raise ValueError(
            f"curves: expected {len(run.measured)} of {epoch} or {epoch + 1} epochs, "
            f"got {len(curves)} of {done}"
        )
    check_like(kept, dict.fromkeys(curves, np.zeros(done)))
    if not isinstance(kept["stop_reason"], str | None):
        raise ValueError(f"stop_reason: expected a text, got {brief(kept['stop_reason'])}")
    if kept["best_epoch"] is not None:
        check_number(kept["best_epoch"], "best_epoch", ge=0, lt=done, integer=True)
    return batch


def _check_optimizer(kept: Mapping[str, Any], optimizer: Optimizer, run: Run) -> None:
    """Look at the moments, which are there once a step was taken."""
    check_number(kept["n_steps"], "n_steps", ge=0, integer=True)
    check_number(kept["learning_rate"], "learning_rate", gt=0)
    moments = {f"moment_{name}" for name in optimizer.moment_names}
    if not moments <= kept.keys() and (moments & kept.keys() or kept["n_steps"]):
        raise ValueError("optimizer: a moment is missing")
    check_like(kept, dict.fromkeys(moments & kept.keys(), run.network.parameters))


def _check_past(kept: Mapping[str, Any], size: int) -> None:
    """Look at the evaluations of L-BFGS, which are there once it has begun."""
    count = len(kept["values"]) if "start" in kept else 0
    check_number(kept["reported"], "reported", ge=0, le=count, integer=True)
    if "start" not in kept:
        return
    shapes = {"start": (size,), "values": (count,), "gradients": (count, size), "places": (count,)}
    for name, shape in shapes.items():
        if not isinstance(kept[name], np.ndarray) or kept[name].shape != shape:
            raise ValueError(f"{name}: expected numbers of shape {shape}, got {brief(kept[name])}")


def check_like(kept: Mapping[str, Any], like: Mapping[str, Any]) -> None:
    """Hold values against others, which say of what kind they are.

    Examples
    --------
    >>> check_like({"waited": "long"}, {"waited": 0})
    Traceback (most recent call last):
    ValueError: waited: expected the like of 0, got 'long'
    """
    for name, example in like.items():
        value = kept[name]
        if isinstance(example, np.ndarray):
            known = isinstance(value, np.ndarray)
            fits = known and (value.shape, value.dtype) == (example.shape, example.dtype)
        elif isinstance(example, list):
            fits = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
        elif isinstance(example, Real):
            fits = isinstance(value, bool) == isinstance(example, bool) and _is_number(value)
        else:
            fits = True
        if not fits:
            raise ValueError(f"{name}: expected the like of {brief(example)}, got {brief(value)}")


def _is_number(value: Any) -> bool:
    """Tell a number that a float can be of, infinity included."""
    return isinstance(value, float) or (isinstance(value, int) and value.bit_length() < 1024)
