from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from barenet.data import DATASETS, RunConfig, load_dataset
from barenet.data._run_defaults import resolve_config, table_defaults


@pytest.fixture(scope="module")
def iris():
    return load_dataset("iris")


@pytest.fixture(scope="module")
def moons():
    return load_dataset("moons")


def without_layers(dataset):
    return dataclasses.replace(dataset, config=RunConfig())


def test_flags_go_over_the_data_set_and_that_over_the_defaults(moons):
    config = resolve_config(RunConfig(epochs=7), moons)
    assert (config.epochs, config.hidden, config.dropout) == (7, ("tanh",), 0.0)


def test_where_nobody_says_any_the_layers_follow_from_the_data(iris, moons):
    assert resolve_config(RunConfig(), without_layers(iris)).layers == (4, 64, 32, 3)
    assert resolve_config(RunConfig(), without_layers(moons)).layers == (2, 64, 32, 1)
    assert resolve_config(RunConfig(), without_layers(load_dataset("plane"))).layers == (
        2,
        64,
        32,
        1,
    )


def test_a_table_is_trained_by_the_number_of_its_rows(iris):
    few = resolve_config(RunConfig(), without_layers(iris))
    assert (few.hidden, few.l2, few.epochs, few.patience) == (("tanh",), 0.025, 100, None)
    many = dataclasses.replace(without_layers(iris), X=np.zeros((2000, 4)))
    assert resolve_config(RunConfig(), many).patience == 30
    said = resolve_config(RunConfig(hidden=("relu",), l2=0.0, patience=3, test_size=0.5), many)
    assert (said.hidden, said.l2, said.patience) == (("relu",), 0.0, 3)


def test_images_and_named_sets_keep_their_own_settings():
    digits = load_dataset("digits")
    assert resolve_config(RunConfig(), digits).hidden == ("relu",)
    assert resolve_config(RunConfig(), without_layers(digits)).l2 == 0.0


def test_output_and_loss_follow_from_the_layers(iris, moons):
    one = resolve_config(RunConfig(), without_layers(moons))
    two = resolve_config(RunConfig(layers=(2, 3, 2)), without_layers(moons))
    assert (one.output, one.loss) == ("sigmoid", "binary_cross_entropy")
    assert (two.output, two.loss) == ("softmax", "categorical_cross_entropy")
    numbers = resolve_config(RunConfig(), without_layers(load_dataset("plane")))
    assert (numbers.output, numbers.loss) == ("identity", "squared_error")


def test_a_learning_rate_goes_with_its_optimizer(moons):
    assert resolve_config(RunConfig(optimizer="sgd"), moons).learning_rate == 0.01
    assert resolve_config(RunConfig(optimizer="adam:beta1=0.8"), moons).learning_rate is None
    assert (
        resolve_config(RunConfig(optimizer="adam", learning_rate=0.5), moons).learning_rate == 0.5
    )


def test_a_loss_goes_with_its_output():
    sine = load_dataset("sine")
    assert resolve_config(RunConfig(output="sigmoid"), sine).loss == "squared_error"
    both = resolve_config(RunConfig(layers=(2, 3, 2), output="softmax"), load_dataset("moons"))
    assert both.loss == "categorical_cross_entropy"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (RunConfig(layers=(3, 3)), "layers: start with 3, but iris has 4 features"),
        (RunConfig(layers=(4, 2)), "layers: end with 2, but iris has 3 classes; expected 3"),
        (RunConfig(layers=(4,)), "layers: expected the sizes from the input to the output"),
        (RunConfig(output="relu"), "output: expected softmax or sigmoid for classes, got 'relu'"),
        (RunConfig(output="sotfmax"), "output: unknown 'sotfmax', did you mean 'softmax'"),
        (RunConfig(loss="poison"), "loss: unknown 'poison', did you mean 'poisson'"),
    ],
)
def test_what_does_not_fit_is_refused(iris, flags, said):
    with pytest.raises(ValueError, match=said):
        resolve_config(flags, iris)


def test_a_single_softmax_output_is_refused():
    with pytest.raises(ValueError, match="a softmax of a single output is always 1"):
        resolve_config(RunConfig(output="softmax"), load_dataset("xor"))


def test_every_named_set_has_settings_that_fit():
    for name, named in DATASETS.items():
        if named.kind != "images":
            assert resolve_config(RunConfig(), load_dataset(name)).loss, name


def test_the_lines_of_a_data_set_are_those_of_its_own_epochs():
    digits = load_dataset("digits")
    assert resolve_config(RunConfig(), digits).verbose_epoch == 6
    assert resolve_config(RunConfig(epochs=60), digits).verbose_epoch == 6
    assert resolve_config(RunConfig(epochs=3000), digits).verbose_epoch is None
    assert resolve_config(RunConfig(epochs=3000, verbose_epoch=6), digits).verbose_epoch == 6


def test_the_fewer_rows_the_stronger_the_penalty():
    assert [table_defaults(n).l2 for n in (1, 30, 353, 3000)] == [3.0, 0.1, 0.0085, 0.001]


def test_a_validation_set_is_split_off_where_there_are_rows_enough():
    assert table_defaults(999).patience is None
    assert (table_defaults(1000).patience, table_defaults(1000).epochs) == (30, 300)
    assert [table_defaults(n).batch_size for n in (999, 9_999, 10_000)] == [32, 32, 128]
