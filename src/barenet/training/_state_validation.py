"""Validation of a state before a run loads it.

A checksum detects damage, not the maker of a file. Loaded arrays are used without further checks,
by compiled code among others, so the state must have the kinds and shapes of one of this run.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from barenet._constraints import check_number
from barenet.errors import brief
from barenet.optimization.optimizers import Optimizer
from barenet.optimization.optimizers._lbfgs import LBFGSHistory
from barenet.training._run import Run


def validate_state(
    state: Mapping[str, Mapping[str, Any]], parts: Mapping[str, Any], run: Run
) -> None:
    """Refuse a state that no run of this kind has saved."""
    saved, parameters, optimizer = state["run"], run.network.parameters, state["optimizer"]
    epoch = check_number(saved["epoch"], "epoch", ge=0, le=run.epochs, integer=True)
    batch = int(check_number(saved["batch"], "batch", ge=0, le=run.n_batches, integer=True))
    done = len(saved.get("curve_loss", ()))
    if not epoch <= done <= epoch + 1:
        raise ValueError(f"curves: expected {epoch} or {epoch + 1} epochs, got {done}")
    if saved["best_epoch"] is not None:
        check_number(saved["best_epoch"], "best_epoch", ge=0, lt=done, integer=True)
    if saved["stop_reason"] is not None:
        validate_like(saved, {"stop_reason": ""})
    if isinstance(parts["optimizer"], Optimizer) and optimizer["n_steps"]:
        parts["optimizer"].prepare(parameters)  # its moments are among the examples
    examples = {name: part.state_dict() for name, part in parts.items()}
    if done:
        examples["run"] |= dict.fromkeys((f"curve_{name}" for name in run.measured), np.zeros(done))
    losses = np.zeros(min(batch, len(parts["tally"].rates)))
    examples["tally"] |= {"losses": losses, "gradient_norms": losses}
    if isinstance(parts["optimizer"], LBFGSHistory):
        count = len(optimizer.get("values", ()))
        check_number(optimizer["reported"], "reported", ge=0, le=count, integer=True)
        if "start" in optimizer:
            gradients = np.zeros((count, parameters.size), parameters.dtype)
            examples["optimizer"] |= {"start": parameters, "gradients": gradients}
            examples["optimizer"] |= {
                "values": np.zeros(count),
                "places": np.zeros(count, np.int64),
            }
    for name, example in examples.items():
        validate_like(state[name], example)


def validate_like(state: Mapping[str, Any], examples: Mapping[str, Any]) -> None:
    """Check that values have the kinds and shapes of examples.

    Examples
    --------
    >>> validate_like({"waited": "long"}, {"waited": 0})
    Traceback (most recent call last):
    ValueError: waited: expected a number, got 'long'
    """
    for name, example in examples.items():
        value, expected = state[name], type(example).__name__
        fits = isinstance(value, type(example))
        if isinstance(example, np.ndarray):
            expected = f"{example.dtype} of shape {example.shape}"
            fits = fits and (value.dtype, value.shape) == (example.dtype, example.shape)
        elif isinstance(example, int | float) and not isinstance(example, bool):
            expected = "a number"
            fits = isinstance(value, float) or (type(value) is int and abs(value) < 2**63)
        if example is not None and not fits:
            raise ValueError(f"{name}: expected {expected}, got {brief(value)}")
