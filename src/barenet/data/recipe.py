"""The settings of a training run, as data.

A named data set carries the recipe that it is usually trained with; a run file and the command
line's flags are recipes too, laid over it. A field that is None was not said.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from barenet.constraints import check_number, option

__all__ = ["DEFAULTS", "Recipe"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is built and trained on a data set.

    Attributes
    ----------
    layers : tuple of int, optional
        Sizes from the input to the output, such as 784 16 10.
    hidden : tuple of str, optional
        Activation of the hidden layers: one for all, or one for each.
    output : str, optional
        Activation of the last layer. By default softmax for classes, identity for numbers.
    batch_norm : bool, optional
        Normalize each hidden layer over the batch, before its activation.
    dropout : float, optional
        Fraction of each hidden layer's outputs dropped during training.
    init : str, optional
        Initializer of the weights, such as he or normal:std=0.1; auto chooses by each layer's
        activation, and is the default unless the data set has another one.
    bias_init : str, optional
        Initializer of the biases.
    loss : str, optional
        Loss that is minimized. By default the one that goes with the output activation.
    optimizer : str, optional
        The optimizer, such as sgd or adam:beta1=0.8.
    learning_rate : float, optional
        Learning rate. By default the optimizer's own.
    schedule : str, optional
        Learning rate schedule, such as step:every=10,gamma=0.5.
    l1 : float, optional
        Strength of the L1 penalty on the weights.
    l2 : float, optional
        Strength of the L2 penalty on the weights.
    clip_norm : float, optional
        Maximum Euclidean norm of the gradient.
    clip_value : float, optional
        Maximum absolute value of the gradient's entries.
    epochs : int, optional
        Passes over the training rows.
    batch_size : int or "full", optional
        Rows of a mini-batch.
    shuffle : bool, optional
        Shuffle the rows before each epoch.
    patience : int, optional
        Stop when the validation loss has not improved for this many epochs, and keep the best
        epoch's weights; 0 never stops early. A tenth of the training rows become validation rows.
    seed : int, optional
        Seed of the initial weights, the order of the rows and the dropout.
    dtype : {"float32", "float64"}, optional
        Floating-point type of the network.
    engine : str, optional
        Engine that does the arithmetic: compiled, reference, or auto, which is compiled wherever
        possible.
    scaling : {"none", "standardize", "minmax", "robust"}, optional
        Scaling of the inputs, fitted on the training set. Robust is for tables: by the median and
        the quartiles, which outliers do not affect.
    target_scaling : {"none", "standardize"}, optional
        Scaling of a numeric target, undone in predictions. By default standardize, where the
        output is the identity and the loss depends on differences alone.
    test_size : float, optional
        Fraction of the rows in the test set, which is measured after each epoch and decides
        nothing; 0 for none.
    split_seed : int, optional
        Seed of the split into training, validation and test rows.
    samples : int, optional
        Number of rows of a generated data set.
    noise : float, optional
        Standard deviation of the noise of a generated data set.
    data_seed : int, optional
        Seed of a generated data set.
    verbose_epoch : int, optional
        Epochs between two printed lines, from epoch 1 on; the last epoch has a line as well. By
        default the data set's own; if --epochs is given, about twenty lines, and on a terminal the
        progress bar alone.

    Examples
    --------
    >>> Recipe(epochs=5).over(Recipe(epochs=100, seed=3)).seed
    3
    """

    layers: tuple[int, ...] | None = None
    hidden: tuple[str, ...] | None = None
    output: str | None = None
    batch_norm: bool | None = None
    dropout: float | None = option(None, ge=0, lt=1)
    init: str | None = None
    bias_init: str | None = None
    loss: str | None = None
    optimizer: str | None = None
    learning_rate: float | None = option(None, gt=0)
    schedule: str | None = None
    l1: float | None = option(None, ge=0)
    l2: float | None = option(None, ge=0)
    clip_norm: float | None = option(None, gt=0)
    clip_value: float | None = option(None, gt=0)
    epochs: int | None = option(None, ge=1, integer=True)
    batch_size: int | Literal["full"] | None = None
    shuffle: bool | None = None
    patience: int | None = option(None, ge=0, integer=True)
    seed: int | None = option(None, ge=0, le=2**32 - 1, integer=True)
    dtype: Literal["float32", "float64"] | None = None
    engine: str | None = None
    scaling: Literal["none", "standardize", "minmax", "robust"] | None = None
    target_scaling: Literal["none", "standardize"] | None = None
    test_size: float | None = option(None, ge=0, lt=1)
    split_seed: int | None = option(None, ge=0, le=2**32 - 1, integer=True)
    samples: int | None = None
    noise: float | None = None
    data_seed: int | None = None
    verbose_epoch: int | None = option(None, ge=1, integer=True)

    def check(self) -> None:
        """Check the numbers that are given against their ranges."""
        for field in dataclasses.fields(Recipe):
            value = getattr(self, field.name)
            if field.metadata and value is not None:
                check_number(value, field.name, **field.metadata)

    def over(self, base: Recipe) -> Recipe:
        """Lay this recipe over another one."""
        return dataclasses.replace(base, **self.said())

    def said(self) -> dict[str, Any]:
        """The fields that are not None."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if value is not None}


#: What holds where neither the user nor the data set says anything.
DEFAULTS = Recipe(
    hidden=("relu",),
    batch_norm=False,
    dropout=0.0,
    optimizer="adam",
    l1=0.0,
    l2=0.0,
    epochs=100,
    batch_size=32,
    shuffle=True,
    seed=0,
    dtype="float32",
    engine="auto",
    scaling="standardize",
    test_size=0.2,
    split_seed=0,
)
