"""Log-odds of classes, ln(p / (1 − p)), from the logits of networks.

Logits determine them however close p is to 0 or 1, where probabilities round.
"""

from collections.abc import Sequence

import numpy as np

from barenet.model._activations import Activation, Sigmoid, log_softmax, softplus
from barenet.model._arrays import FloatArray


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
