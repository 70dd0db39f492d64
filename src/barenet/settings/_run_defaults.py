"""The settings that complete a `RunConfig` for given data.

Given settings take precedence over those of the data set, which take precedence over `DEFAULTS`. A
table has no settings of its own: `table_defaults` chooses them by its number of rows.
"""

import dataclasses

from barenet._metrics import main_metric
from barenet._registry import build, spec_of
from barenet.datasets._dataset import Dataset
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError
from barenet.model._activations import ACTIVATIONS, Activation
from barenet.model.losses import as_loss
from barenet.settings._run_config import DEFAULTS, RunConfig

#: Hidden layers if none are given.
HIDDEN_SIZES = (64, 32)

#: Minimum number of training rows for which a tenth is enough for a validation set.
ENOUGH_TO_VALIDATE = 1_000
#: Minimum number of training rows for which larger mini-batches train equally well, and faster.
MANY = 10_000

#: A setting, and another one that a data set chooses only for that setting's value.
CHOSEN_FOR = {"optimizer": "learning_rate", "output": "loss", "epochs": "verbose_epoch"}


def resolve_config(given: RunConfig, dataset: Dataset, n_inputs: int | None = None) -> RunConfig:
    """Complete the settings of a run: defaults, layers, output, loss and scaling of the target.

    Examples
    --------
    >>> from barenet.datasets._dataset_loading import load_dataset
    >>> config = resolve_config(RunConfig(epochs=7), load_dataset("iris"))
    >>> config.layers, config.output, config.loss, config.epochs
    ((4, 8, 3), 'softmax', 'categorical_cross_entropy', 7)
    """
    config = config_for(given, dataset)
    target_kind = TargetKind.of(dataset.classes)
    n_inputs = n_inputs or dataset.n_features
    layers = config.layers or (n_inputs, *HIDDEN_SIZES, target_kind.n_outputs)
    _check_layers(layers, dataset, n_inputs)
    output = config.output
    if output is None:
        output = target_kind.output_activation(layers[-1])
    activation = build(Activation, ACTIVATIONS, output, "output")
    _check_output(activation.name, layers, target_kind)
    check_target_settings(config, dataset)
    loss = as_loss(config.loss, activation)
    target_scaling = config.target_scaling
    if not target_scaling:
        target_scaling = "none"
        of_numbers = not target_kind.of_classes
        if of_numbers and output == "identity" and loss.of_differences:
            target_scaling = "standardize"
    return dataclasses.replace(
        config,
        layers=layers,
        output=output,
        loss=spec_of(loss),
        target_scaling=target_scaling,
    )


def check_target_settings(config: RunConfig, dataset: Dataset) -> None:
    """Reject a metric or weights that the target does not allow."""
    main_metric(config.metric, dataset.y, dataset.classes)  # this checks the metric
    for name in ("class_weight", "label_smoothing"):
        if getattr(config, name) and dataset.classes is None:
            problem = f"only for classes, and {dataset.target_name!r} is a number"
            raise ArgumentError(problem, argument=name, remedy="leave it out")


def config_for(given: RunConfig, dataset: Dataset) -> RunConfig:
    """Complete settings with those of the data set and the defaults."""
    defaults = without_superseded(given, _default_config(dataset, given))
    return given.over(defaults).over(DEFAULTS)


def table_defaults(n_training: int) -> RunConfig:
    """Choose settings for a table by its number of training rows.

    - The hidden activation is tanh: it is bounded, so an outlier cannot dominate the network.
    - The L2 penalty is 3 / rows: fewer rows need stronger regularization.
    - With 1,000 rows or more, a tenth of them decides when to stop (patience 30, at most 300
      epochs, the best epoch's weights are kept); fewer rows are all used, for 100 epochs. From
      10,000 rows on, a mini-batch has 128 of them instead of 32.

    The rules are a compromise for many tables; `barenet search` finds settings for a specific one.

    Examples
    --------
    >>> table_defaults(120).set_fields()
    {'hidden': ('tanh',), 'penalty': ('l2:strength=0.025',), 'epochs': 100, 'batch_size': 32}
    >>> table_defaults(40_000).patience
    30
    """
    n_training = max(n_training, 1)
    epochs = 100
    patience = None
    if n_training >= ENOUGH_TO_VALIDATE:
        epochs = 300
        patience = 30
    batch_size = min(32, n_training)
    if n_training >= MANY:
        batch_size = 128
    return RunConfig(
        hidden=("tanh",),
        penalty=(f"l2:strength={3 / n_training:.2g}",),
        epochs=epochs,
        patience=patience,
        batch_size=batch_size,
    )


def _default_config(dataset: Dataset, given: RunConfig) -> RunConfig:
    """Return the settings of the data set, or those for a table with its number of rows."""
    if dataset.defaults or dataset.image_shape is not None:
        return RunConfig(**dataset.defaults)
    test_size = given.over(DEFAULTS).test_size or 0.0
    return table_defaults(round(dataset.n_samples * (1 - test_size)))


def without_superseded(given: RunConfig, defaults: RunConfig) -> RunConfig:
    """Drop settings that belong to a replaced value, such as an optimizer's learning rate.

    Examples
    --------
    >>> defaults = RunConfig(optimizer="sgd", learning_rate=0.5, epochs=9)
    >>> without_superseded(RunConfig(optimizer="adam"), defaults).set_fields()
    {'optimizer': 'sgd', 'epochs': 9}
    """
    for changed, chosen_for_it in CHOSEN_FOR.items():
        new = getattr(given, changed)
        old = getattr(defaults, changed)
        if new and _name_in_spec(new) != _name_in_spec(old):
            defaults = dataclasses.replace(defaults, **{chosen_for_it: None})
    return defaults


def _name_in_spec(spec: object) -> str:
    """Return the name in a setting such as ``"adam:beta1=0.8"``; empty without a setting."""
    name, _, _ = str(spec or "").partition(":")
    return name


def _check_layers(layers: tuple[int, ...], dataset: Dataset, n_inputs: int) -> None:
    """Check that the first and the last layer fit the data."""
    target_kind = TargetKind.of(dataset.classes)
    n_outputs = target_kind.allowed_n_outputs
    if isinstance(layers, int) or len(layers) < 2:
        sizes = "the sizes from the input to the output"
        example = (n_inputs, 8, target_kind.n_outputs)
        raise ArgumentError.of("layers", layers, sizes, remedy="try {layers}", layers=example)
    if layers[0] != n_inputs:
        features = "1 feature" if n_inputs == 1 else f"{n_inputs} features"
        if n_inputs != dataset.n_features:
            features += " once its columns are encoded"
        problem = f"start with {layers[0]}, but {dataset.name} has {features}"
        raise ArgumentError(problem, argument="layers", value=layers)
    if layers[-1] not in n_outputs:
        target = "one number to predict"
        if target_kind.of_classes:
            target = f"{target_kind.n_classes} classes"
        expected = " or ".join(str(number) for number in n_outputs)
        problem = f"end with {layers[-1]}, but {dataset.name} has {target}; expected {expected}"
        problem += " at the end"
        raise ArgumentError(problem, argument="layers", value=layers)


def _check_output(output: str, layers: tuple[int, ...], target_kind: TargetKind) -> None:
    """Check that a classifier's outputs are probabilities."""
    if not target_kind.allows_activation(output):
        raise ArgumentError.of("output", output, "softmax or sigmoid for classes")
    if output == "softmax" and layers[-1] == 1:
        problem = "a softmax of a single output is always 1"
        raise ArgumentError(problem, argument="output", value=output, remedy="use sigmoid")
