"""What a run is trained with in the end: flags over the data set's own recipe, over the defaults.

A table has no recipe of its own: the one for its number of rows takes its place. And what none of
them says: the layers, the output and the loss that go with the data.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from barenet.data.dataset import Dataset
from barenet.data.recipe import DEFAULTS, Recipe
from barenet.data.table_recipe import HIDDEN_SIZES, recipe_for_table
from barenet.model.activations import ACTIVATIONS, Activation
from barenet.model.losses import as_loss
from barenet.registry import build, spec_of

__all__ = ["settle", "still_usual", "usual_recipe"]

#: Losses to which only the difference of prediction and truth matters, so that both may be scaled.
OF_DIFFERENCES = {"squared_error", "absolute_error", "huber", "quantile"}

#: A setting, and what a recipe chooses for its value alone.
CHOSEN_FOR = {"optimizer": "learning_rate", "output": "loss", "epochs": "verbose_epoch"}


def settle(flags: Recipe, dataset: Dataset, n_inputs: int | None = None) -> Recipe:
    """Decide every setting of a run.

    Examples
    --------
    >>> from barenet.data.datasets import load_dataset
    >>> recipe = settle(Recipe(epochs=7), load_dataset("iris"))
    >>> recipe.layers, recipe.output, recipe.loss, recipe.epochs
    ((4, 8, 3), 'softmax', 'categorical_cross_entropy', 7)
    """
    recipe = usual_recipe(flags, dataset)
    n_inputs = n_inputs or dataset.n_features
    layers = recipe.layers or (n_inputs, *HIDDEN_SIZES, _outputs(dataset)[0])
    _check_layers(layers, dataset, n_inputs)
    output = _output(layers, dataset) if recipe.output is None else recipe.output
    activation = build(Activation, ACTIVATIONS, output, "output")
    _check_output(activation.name, layers, dataset)
    loss = as_loss(recipe.loss, activation)
    scaled = dataset.classes is None and output == "identity" and loss.name in OF_DIFFERENCES
    target = recipe.target_scaling or ("standardize" if scaled else "none")
    settled: dict[str, Any] = {
        "layers": layers,
        "output": output,
        "loss": spec_of(loss),
        "target_scaling": target,
    }
    return dataclasses.replace(recipe, **settled)


def usual_recipe(flags: Recipe, dataset: Dataset) -> Recipe:
    """Lay what the user said over what the data set is usually trained with, over the defaults."""
    return flags.over(still_usual(flags, _recipe_of(dataset, flags))).over(DEFAULTS)


def _recipe_of(dataset: Dataset, flags: Recipe) -> Recipe:
    """The recipe that a data set carries, or the one that rows of numbers are usually given."""
    if dataset.recipe.said() or dataset.image_shape is not None:
        return dataset.recipe
    held_out = flags.over(DEFAULTS).test_size or 0.0
    return recipe_for_table(round(dataset.n_samples * (1 - held_out)))


def still_usual(flags: Recipe, usual: Recipe) -> Recipe:
    """Forget what belongs to a setting that the user has changed.

    A learning rate is chosen for its optimizer, a loss for its output, and how often a line is
    printed for the number of epochs.

    Examples
    --------
    >>> still_usual(Recipe(optimizer="adam"), Recipe(optimizer="sgd", learning_rate=0.5, l2=0.1))
    Recipe(..., optimizer='sgd', learning_rate=None, ..., l2=0.1, ...)
    """
    for changed, chosen_for_it in CHOSEN_FOR.items():
        said, before = getattr(flags, changed), getattr(usual, changed)
        if said is not None and _name(said) != _name(before):
            usual = dataclasses.replace(usual, **{chosen_for_it: None})
    return usual


def _name(spec: str | int | None) -> str:
    return str(spec or "").partition(":")[0]


def _outputs(dataset: Dataset) -> tuple[int, ...]:
    """The numbers of outputs that a network for the data may have, the usual one first."""
    n_classes = len(dataset.classes or ())
    return (1, 2) if n_classes == 2 else (n_classes or 1,)


def _output(layers: tuple[int, ...], dataset: Dataset) -> str:
    if dataset.classes is None:
        return "identity"
    return "sigmoid" if layers[-1] == 1 else "softmax"


def _check_layers(layers: tuple[int, ...], dataset: Dataset, features: int) -> None:
    """Refuse a network whose ends do not fit the data."""
    outputs = _outputs(dataset)
    if len(layers) < 2:
        raise ValueError(
            f"layers: expected the sizes from the input to the output, such as {features} 8 "
            f"{outputs[0]}, got {' '.join(map(str, layers))}"
        )
    if layers[0] != features:
        encoded = "" if features == dataset.n_features else " once its columns are encoded"
        raise ValueError(
            f"layers: start with {layers[0]}, but {dataset.name} has "
            f"{_count(features, 'feature')}{encoded}"
        )
    if layers[-1] not in outputs:
        has = "one number to predict"
        if dataset.classes is not None:
            has = _count(len(dataset.classes), "class", "es")
        raise ValueError(
            f"layers: end with {layers[-1]}, but {dataset.name} has {has}; "
            f"expected {' or '.join(map(str, outputs))} at the end"
        )


def _check_output(output: str, layers: tuple[int, ...], dataset: Dataset) -> None:
    """Refuse an output that says no probabilities where classes are learned."""
    if dataset.classes is not None and output not in ("softmax", "sigmoid"):
        raise ValueError(f"output: expected softmax or sigmoid for classes, got {output!r}")
    if output == "softmax" and layers[-1] == 1:
        raise ValueError("output: a softmax of a single output is always 1; take sigmoid")


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"
