"""Log-odds of classes, ln(p / (1 − p)), from the logits of networks or from probabilities.

Logits determine them however close p is to 0 or 1, where probabilities round.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import caller_stacklevel
from barenet.model._activations import Activation, Sigmoid, Softmax, log_softmax, softplus
from barenet.model._arrays import FloatArray


def has_logits(activation: Activation) -> bool:
    """Return whether an output activation turns logits into probabilities of classes."""
    return isinstance(activation, Sigmoid | Softmax)


def log_odds_of_mean(logits: Sequence[FloatArray], activation: Activation) -> FloatArray:
    """Compute the log-odds of the mean probabilities of some networks, shape (n_rows, n_classes).

    With the sums over the networks, they are ln Σ p − ln Σ (1 − p). A single logit is that of the
    second of two classes.

    >>> log_odds_of_mean([np.array([[-30.0], [800.0]])], Sigmoid()).tolist()
    [[30.0, -30.0], [-800.0, 800.0]]
    """
    log_of_class = []
    log_of_others = []
    for Z in logits:
        Z = Z.astype(np.float64)
        if isinstance(activation, Sigmoid):
            if Z.shape[1] == 1:
                Z = np.concatenate([-Z, Z], axis=1)
            log_of_class.append(-softplus(-Z))
            log_of_others.append(-softplus(Z))
        else:
            log_p = log_softmax(Z)
            log_of_class.append(log_p)
            log_of_others.append(_log_of_other_classes(log_p))
    sums = np.logaddexp.reduce(log_of_class)
    sums_of_others = np.logaddexp.reduce(log_of_others)
    return np.asarray(sums - sums_of_others)


def _log_of_other_classes(log_p: FloatArray) -> FloatArray:
    """Compute ln(1 − p) of classes whose probabilities add up to 1, from ln p.

    Where p may be almost 1, in the most probable class, 1 − p is the sum of the others.
    """
    rows = np.arange(len(log_p))
    largest = log_p.argmax(axis=1)
    others = log_p.copy()
    others[rows, largest] = -np.inf
    logs: FloatArray = np.log1p(-np.exp(others))
    logs[rows, largest] = np.logaddexp.reduce(others, axis=1)
    return logs


def log_odds_of_probabilities(probabilities: NDArray[Any]) -> FloatArray:
    """Compute the log-odds of probabilities, of which nothing else is known.

    Those nearer to 0 or 1 than the precision of their type are moved there, with a warning, as
    log-odds would be infinite, or have few correct digits.

    >>> log_odds_of_probabilities(np.array([[0.5, 0.5], [1e-9, 1 - 1e-9]])).round(3).tolist()
    [[0.0, 0.0], [-20.723, 20.723]]
    """
    p = probabilities.astype(np.float64)
    n_classes = p.shape[1]
    # Probabilities of classes are summed, without the rounding error of 1 − p; those of several
    # labels, each of which may be true, don't sum to 1.
    others = p @ (1 - np.eye(n_classes)) if np.allclose(p.sum(axis=1), 1) else 1 - p
    least = float(np.finfo(np.result_type(probabilities, np.float32)).eps)
    if min(p.min(), others.min()) < least:
        limit = f"log-odds are limited to ±{-np.log(least):.0f}"
        text = f"the model predicts probabilities of 0 or 1, or closer than {least:.1g}: {limit}"
        warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())
    return np.asarray(np.log(np.maximum(p, least)) - np.log(np.maximum(others, least)))
