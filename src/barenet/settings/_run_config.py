"""The description of a training run, with the constraints of every setting.

Command-line flags, run files, named data sets, model cards and the playground all use it. None
means that a setting was not given; `RunConfig.over` fills such gaps from another configuration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from barenet._constraints import Configurable, check_duration, check_fields, option
from barenet._metrics import METRICS, Name
from barenet._registry import canonical, plain, spec_of
from barenet.errors import ArgumentError
from barenet.inputs._monotonic_columns import as_settings
from barenet.model._activations import ACTIVATIONS
from barenet.model._initializers import INITIALIZERS
from barenet.model._network import Network
from barenet.model.losses import LOSSES
from barenet.optimization._penalties import PENALTIES, Penalty, as_penalties
from barenet.optimization._schedules import SCHEDULES
from barenet.optimization.optimizers import LBFGS, OPTIMIZERS, Optimizer, as_optimizer
from barenet.optimization.optimizers._optimizer import CLIPPINGS, Clipping, as_clipping

#: The names of the settings.
REGISTRIES: dict[str, Mapping[str, Any]] = {
    "metric": METRICS,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "hidden": ACTIVATIONS,
    "output": ACTIVATIONS,
    "init": INITIALIZERS,
    "bias_init": INITIALIZERS,
    "penalty": PENALTIES,
    "clip": CLIPPINGS,
}

#: The value of `penalty` for no penalty.
NO_PENALTY = ("none",)


class NetworkOptions(TypedDict, total=False):
    """Settings of a network and its training besides the seed, with the types of `RunConfig`."""

    layers: tuple[int, ...] | None
    hidden: tuple[str, ...] | None
    output: str | None
    batch_norm: bool | None
    dropout: float | None
    init: str | None
    bias_init: str | None
    loss: str | None
    optimizer: str | None
    learning_rate: float | None
    schedule: str | None
    penalty: tuple[str, ...] | None
    clip: str | None
    epochs: int | None
    batch_size: int | Literal["full"] | None
    shuffle: bool | None
    dtype: Literal["float32", "float64"] | None
    engine: str | None


class TrainingOptions(NetworkOptions, total=False):
    """All settings of `RunConfig` except those of the rows, which are split before training."""

    metric: Name | None
    class_weight: tuple[str, ...] | None
    monotonic: tuple[str, ...] | None
    label_smoothing: float | None
    patience: int | None
    time_limit: float | str | None
    seed: int | None
    scaling: Literal["none", "standardize", "minmax", "robust"] | None
    target_scaling: Literal["none", "standardize"] | None
    verbose_epoch: int | None


def _as_setting(registry: Mapping[str, Any], value: Any) -> Any:
    """Normalize the name of a registered object; keep the name of a user-defined class."""
    if isinstance(value, Configurable) and registry.get(value.name) is type(value):
        value = spec_of(value)
    return canonical(registry, value)


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Settings of a training run.

    Attributes
    ----------
    layers : tuple of int, optional
        Layer sizes from the input to the output, such as 784 16 10.
    hidden : tuple of str, optional
        Activation of the hidden layers: one for all, or one for each.
    output : str, optional
        Activation of the output layer. By default softmax or sigmoid for classification, identity
        for regression.
    batch_norm : bool, optional
        Normalize each hidden layer over the mini-batch, before its activation.
    dropout : float, optional
        Fraction of each hidden layer's outputs dropped during training.
    init : str, optional
        Initializer of the weights, such as he or normal:std=0.1; auto chooses one that suits each
        layer's activation.
    bias_init : str, optional
        Initializer of the biases.
    loss : str, optional
        Loss to minimize. The default depends on the output activation. An ensemble for numbers
        takes squared_error, absolute_error, quantile:q=0.9, poisson, gamma and tweedie:power=1.5.
    metric : str, optional
        Score that is shown first, and that models are compared by. If it is given, early stopping
        uses it, too. By default accuracy or r2; if at least three quarters of the rows belong to
        one class, auc, or balanced_accuracy for more than two classes.
    class_weight : tuple of str, optional
        Weights of the classes in the loss, such as yes=5 no=1; balanced gives all classes the same
        total weight. Scores of the test rows have no weights.
    monotonic : tuple of str, optional
        Columns with which the predictions of an ensemble only increase or only decrease, such as
        age=1 debt=-1. Of two classes, the probability of the second one does.
    label_smoothing : float, optional
        Label smoothing ε: with k classes, the target is 1 − ε + ε/k for the correct class, and ε/k
        for each other.
    optimizer : str, optional
        The optimizer, such as sgd or adam:beta1=0.8.
    learning_rate : float, optional
        Learning rate. By default the optimizer's own.
    schedule : str, optional
        Learning rate schedule, such as step:every=10,gamma=0.5.
    penalty : tuple of str, optional
        Penalties on the weights, such as l2:strength=0.001; or none.
    clip : str, optional
        Maximum Euclidean norm of the gradient, such as norm:limit=1, or maximum absolute value of
        its entries, such as value:limit=0.5.
    epochs : int, optional
        Passes over the training set.
    batch_size : int or "full", optional
        Rows of a mini-batch.
    shuffle : bool, optional
        Shuffle the training rows before each epoch.
    patience : int, optional
        Stop when the validation loss has not improved for this many epochs, and keep the best
        epoch's weights; 0 never stops early. A tenth of the training rows become the validation
        set.
    time_limit : float or str, optional
        Stop after this time, and keep the best epoch until then: seconds, or a time such as 90s,
        10min or 1.5h. It is counted from the start of the training, or from its resumption. For an
        ensemble, that is before its inputs are chosen.
    seed : int, optional
        Seed of the initial weights, the order of the rows and the dropout.
    dtype : {"float32", "float64"}, optional
        Floating-point type of the network.
    engine : str, optional
        Engine that does the arithmetic: compiled, reference, jax, which uses a GPU if there is one,
        or auto, which is compiled if possible.
    scaling : {"none", "standardize", "minmax", "robust"}, optional
        Scaling of the inputs, fitted on the training set. Robust is for tables: it uses the median
        and the quartiles, which outliers do not affect.
    target_scaling : {"none", "standardize"}, optional
        Scaling of a numeric target, undone in predictions. By default standardize, if the output is
        the identity and the loss depends only on differences.
    test_size : float, optional
        Fraction of the rows in the test set, which is measured after each epoch and does not
        affect the training; 0 for none.
    split_seed : int, optional
        Seed of the split into training, validation and test rows.
    verbose_epoch : int, optional
        Epochs between two printed lines, from epoch 1 on; the last epoch is always printed. By
        default the data set's own; if --epochs is given, about twenty lines, and on a terminal the
        progress bar alone.

    Examples
    --------
    >>> RunConfig(epochs=5).over(RunConfig(epochs=100, seed=3)).seed
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
    metric: Name | None = None
    class_weight: tuple[str, ...] | None = None
    monotonic: tuple[str, ...] | None = None
    label_smoothing: float | None = option(None, ge=0, lt=1)
    optimizer: str | None = None
    learning_rate: float | None = option(None, gt=0)
    schedule: str | None = None
    penalty: tuple[str, ...] | None = None
    clip: str | None = None
    epochs: int | None = option(None, ge=1, integer=True)
    batch_size: int | Literal["full"] | None = None
    shuffle: bool | None = None
    patience: int | None = option(None, ge=0, integer=True)
    time_limit: float | str | None = None
    seed: int | None = option(None, ge=0, le=2**32 - 1, integer=True)
    dtype: Literal["float32", "float64"] | None = None
    engine: str | None = None
    scaling: Literal["none", "standardize", "minmax", "robust"] | None = None
    target_scaling: Literal["none", "standardize"] | None = None
    test_size: float | None = option(None, ge=0, lt=1)
    split_seed: int | None = option(None, ge=0, le=2**32 - 1, integer=True)
    verbose_epoch: int | None = option(None, ge=1, integer=True)

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if type(value).__module__ == "numpy":
                object.__setattr__(self, name, plain(value))
        penalty: Any = self.penalty
        if penalty is not None:
            penalties = tuple(penalty) if isinstance(penalty, list | tuple) else (penalty,)
            object.__setattr__(self, "penalty", penalties or NO_PENALTY)
        for name, registry in REGISTRIES.items():  # so that one spelling is stored and compared
            value = getattr(self, name)
            if isinstance(value, tuple):
                spelled = tuple(_as_setting(registry, name_or_spec) for name_or_spec in value)
            else:
                spelled = _as_setting(registry, value)
            object.__setattr__(self, name, spelled)
        class_weight: Any = self.class_weight
        if isinstance(class_weight, str):
            object.__setattr__(self, "class_weight", (class_weight,))
        elif isinstance(class_weight, Mapping):
            pairs = tuple(f"{key}={number}" for key, number in class_weight.items())
            object.__setattr__(self, "class_weight", pairs)
        if self.monotonic is not None:
            object.__setattr__(self, "monotonic", as_settings(self.monotonic))

    def validate(self) -> None:
        """Check every number against its range, and settings that exclude each other.

        Raises
        ------
        ValueError
            If a setting is wrong; the message names it.
        """
        check_fields(self)
        self.make_optimizer()
        self.make_penalties()
        self.make_clipping()
        if self.time_limit is not None:
            check_duration(self.time_limit, "time_limit")

    def over(self, base: RunConfig) -> RunConfig:
        """Fill the settings that are not given from another configuration.

        Parameters
        ----------
        base : RunConfig
            The other settings.

        Returns
        -------
        RunConfig
            The settings of both; those given here take precedence.
        """
        return dataclasses.replace(base, **self.set_fields())

    def set_fields(self) -> dict[str, Any]:
        """The settings that are given, by name.

        Returns
        -------
        dict of str to object
            The settings that are not None.
        """
        return {name: value for name, value in vars(self).items() if value is not None}

    def make_network(self) -> Network:
        """Build the network with its initial parameters.

        Returns
        -------
        Network
            The untrained network.
        """
        options: dict[str, Any] = {}
        for name in ("init", "bias_init", "batch_norm", "dropout", "output", "seed", "dtype"):
            value = getattr(self, name)
            if value is not None and value != "auto":
                options[name] = value
        activations: Any = self.hidden or ()
        if len(activations) == 1:
            activations = activations[0]
        try:
            return Network.dense(self.layers or (), hidden=activations, **options)
        except ArgumentError as error:
            if error.argument == "sizes":
                error = error.renamed("layers")
            raise error from None

    def make_optimizer(self) -> Optimizer | LBFGS:
        """Build the optimizer with its learning rate.

        Returns
        -------
        Optimizer or LBFGS
            Adam by default.

        Raises
        ------
        ValueError
            If the optimizer is unknown, or has no learning rate.
        """
        spec = self.optimizer
        if spec is None:
            spec = "adam"
        optimizer = as_optimizer(spec)
        if self.learning_rate is None:
            return optimizer
        if optimizer.full_batch:
            problem = "lbfgs finds its own step sizes"
            raise ArgumentError(problem, argument="learning_rate", remedy="leave it out")
        separator = ":"
        if ":" in spec:  # the name already has options
            separator = ","
        return as_optimizer(f"{spec}{separator}learning_rate={self.learning_rate!r}")

    def make_penalties(self) -> tuple[Penalty, ...]:
        """Build the penalties on the weights.

        Returns
        -------
        tuple of Penalty
            None, one or more.

        Raises
        ------
        ValueError
            If a penalty is unknown, or its strength is wrong.
        """
        if self.penalty is None or self.penalty == NO_PENALTY:
            return ()
        return tuple(as_penalties(self.penalty))

    def make_clipping(self) -> Clipping | None:
        """Build the gradient clipping, if there is one.

        Returns
        -------
        Clipping or None
            Clipping of the norm, or of each value.

        Raises
        ------
        ValueError
            If the clipping is unknown, or its limit is wrong.
        """
        return as_clipping(self.clip)

    def train_arguments(self) -> dict[str, Any]:
        """Arguments of `train`: everything but the network, the data and the callbacks.

        Returns
        -------
        dict of str to object
            Values by the names of the arguments.
        """
        arguments: dict[str, Any] = {}
        for name in ("loss", "schedule", "epochs", "shuffle", "engine", "seed", "batch_size"):
            value = getattr(self, name)
            if value is not None:
                arguments[name] = value
        if self.batch_size == "full":
            arguments["batch_size"] = None
        arguments["optimizer"] = self.make_optimizer()
        arguments["penalty"] = self.make_penalties()
        arguments["clip"] = self.make_clipping()
        return arguments


#: Settings of a run that apply if neither the user nor the data set has others.
DEFAULTS = RunConfig(
    hidden=("relu",),
    batch_norm=False,
    dropout=0.0,
    optimizer="adam",
    penalty=NO_PENALTY,
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
