"""Documentation: what the docstrings of the two estimators have in common, written once.

Their parameters are scikit-learn's and a dozen more, and nearly all mean the same in both. A class
writes what is its own, and braces where these belong.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TypeVar

__all__ = ["documented"]

Kind = TypeVar("Kind", bound=type)

#: The parameters that scikit-learn has as well.
OLD = """
hidden_layer_sizes : int or sequence of int, default=(100,)
    Widths of the hidden layers; ``()`` for none, which is a linear model.
activation : str, Activation or a sequence of them, default="relu"
    Of the hidden layers: "identity", "logistic", "tanh", "relu", or another name from
    `ACTIVATIONS`; one for all, or one for each.
solver : {"lbfgs", "sgd", "adam"}, default="adam"
    How a gradient becomes a step. "lbfgs" looks at all rows at once; good for small data.
alpha : float, default=0.0001
    Price on large weights: ½ alpha Σw² over the number of rows in the batch, or the sum of
    their weights, is added to the loss.
batch_size : int or "auto", default="auto"
    Rows in a step; "auto" is 200, or all if there are fewer.
learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
    How the learning rate of "sgd" changes. "invscaling" divides the first one by
    (t + 1) to the power of `power_t`, after each epoch, where t counts the rows visited;
    "adaptive" by 5 whenever "constant" would have ended the run, until it is 1e-6.
learning_rate_init : float, default=0.001
    The first learning rate of "sgd" and "adam".
power_t : float, default=0.5
    For "invscaling".
max_iter : int, default=200
    The most epochs, or iterations of "lbfgs".
shuffle : bool, default=True
    Visit the rows in a new order each epoch.
random_state : int, RandomState or None, default=None
    Fixes the first weights, the validation rows, the order of the rows and the dropout; the
    first three are as scikit-learn draws them.
tol : float, default=0.0001
    What counts as better for `n_iter_no_change`; for "lbfgs", it ends when no entry of the
    gradient is larger.
verbose : bool or int, default=False
    Print a line for each epoch.
warm_start : bool, default=False
    True for `fit` to go on from the last one, with what the optimizer remembers: its averages,
    its speed, its count of steps. See the notes.
momentum : float, default=0.9
    Share of its speed that "sgd" keeps.
nesterovs_momentum : bool, default=True
    Whether that is Nesterov's momentum.
early_stopping : bool, default=False
    Set rows aside, or take `validation_data`; end when their score is no better by `tol` for
    `n_iter_no_change` epochs, and put the best epoch's weights and averages of `batch_norm`
    back. Not for "lbfgs".
validation_fraction : float, default=0.1
    Share of the rows that are set aside.
beta_1, beta_2 : float, default=0.9 and 0.999
    Share of its two averages that "adam" keeps.
epsilon : float, default=1e-08
    What "adam" adds to the root that it divides by.
n_iter_no_change : int or inf, default=10
    Epochs that are waited for something better; the run ends when there is one more.
max_fun : int, default=15000
    The most times that "lbfgs" computes the loss.
"""

#: Those that it has not.
NEW = """
dropout : float, default=0.0
    Share of each hidden layer's outputs that is silenced while learning.
batch_norm : bool, default=False
    Normalize what goes into the hidden activations over each batch.
optimizer : str, Optimizer or LBFGS, optional
    In place of `solver` and its numbers: a name from `OPTIMIZERS` with its options, such as
    ``"adamw:learning_rate=0.01"``.
schedule : str or Schedule, optional
    A factor on the learning rate, over the epochs of `fit`: a name from `SCHEDULES`.
clip : str or Clipping, optional
    A limit to each gradient, such as ``"norm:limit=1"``.
callbacks : Callback, callable, or a sequence of them, default=()
    What looks on; a function is called with the `Run` after each epoch, and ends it by
    returning True. scikit-learn's own are set by ``set_callbacks``.
scoring : str, callable, sequence of str, dict or None, default=None
    How the rows for early stopping and `validation_data` are scored after each epoch: None for
    {usual_score}; a name from `sklearn.metrics.get_scorer_names`; a callable
    ``scorer(estimator, X, y)`` that returns a number, greater is better; or several, as a list
    of names or a dict of either by name, of which early stopping follows the first. The weights
    of the rows count where a scorer takes ``sample_weight``.
engine : {"auto", "reference", "compiled"}, default="auto"
    Where the arithmetic runs; see `train`.
threads : int, optional
    The most threads that the compiled engine may use; by default what pays, one in a worker of
    joblib's threads, and never more than loky or threadpoolctl allow.
"""

#: What there is when it is fitted.
FITTED = """
network_ : Network
    What was learned; it saves itself to a model file.
history_ : History
    The last call's curves, its engine, and why it ended. With rows to validate on, there are
    ``validation_loss`` and a curve for each score: {usual_curve}, or ``validation_`` with
    the name from `scoring`.
coefs_, intercepts_ : list of ndarray
    Weights of shape (n_in, n_out) and bias of shape (n_out,) of each layer: views into the
    network's parameters, so what is written into them counts.
loss_ : float
    Of the last epoch, with the penalty; of "lbfgs", at the end.
loss_curve_ : list of float
    The loss of each epoch, of all calls that went on from the first.
best_loss_ : float or None
    The lowest of them; None with early stopping.
validation_scores_ : list of float or None
    The first of `scoring` after each epoch, of all calls that went on; None without early
    stopping.
best_validation_score_ : float or None
    The best of them.
t_ : int
    Rows visited, in all epochs; 0 for "lbfgs".
n_iter_ : int
    Epochs of the last call.
n_layers_ : int
    Layers, the input among them.
n_outputs_ : int
    Outputs of the network.
out_activation_ : str
    Of the output, by scikit-learn's name.
n_features_in_ : int
    Width of X.
feature_names_in_ : ndarray of shape (n_features,)
    Names of its columns, where they all have one.
"""

#: What may go wrong.
TROUBLE = """
Raises
------
ValueError
    When it is fitted, if a parameter or the data can't be used; what was learned before stays.
DivergenceError
    When it is fitted, if the loss or a weight stops being a finite number.
RuntimeError
    When it is fitted while it is being fitted already, in another thread or a callback.

Warns
-----
ConvergenceWarning
    If `max_iter` has come before any rule ended the run.
"""

#: How learning goes on from call to call.
GOING_ON = """
`partial_fit` keeps the optimizer itself, and `warm_start` hands its averages, speed and count of
steps to the next `fit`, where scikit-learn starts them from 0. What starts anew with each `fit` is
the order of the rows, drawn from `random_state`, the learning rate of "adaptive" and, until its
first epoch is over, of "invscaling", and the schedule. So 5 epochs and 5 more are 10 at once, to
the last bit, with ``shuffle=False`` and without these and dropout.
"""

BLOCKS = {"old": OLD, "new": NEW, "fitted": FITTED, "trouble": TROUBLE, "going_on": GOING_ON}


def documented(*, usual_score: str, usual_curve: str) -> Callable[[Kind], Kind]:
    """Fill the braces of a class's docstring."""

    def fill(kind: Kind) -> Kind:
        if kind.__doc__ is not None:  # there is none under python -OO
            words = {"usual_score": usual_score, "usual_curve": usual_curve}
            texts = {name: _indented(text, words) for name, text in BLOCKS.items()}
            kind.__doc__ = kind.__doc__.format(**texts)
        return kind

    return fill


def _indented(text: str, words: dict[str, str]) -> str:
    """Bring a block to the column of the braces, the first line aside."""
    for name, word in words.items():
        text = text.replace("{" + name + "}", word)
    return textwrap.indent(text.strip(), "    ").lstrip()
