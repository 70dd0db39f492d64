"""How an error writes what a user gave."""

import pickle

import numpy as np
import pytest

import barenet
from barenet._messages import LONGEST, brief, in_a_line, some
from barenet.errors import ArgumentError, DataError


def test_values_are_shortened_to_one_line():
    assert brief(np.zeros((3, 4))) == "an array of shape (3, 4)"
    assert brief("relu") == "'relu'"
    text = brief({"a": "x\ny" * 100})
    assert len(text) == LONGEST + 3 and "\n" not in text


@pytest.mark.parametrize("wrong", [np.ones(784), list(range(10_000))])
def test_large_values_are_shortened(wrong):
    with pytest.raises(ValueError, match=r"^scale: expected a number") as caught:
        barenet.train(barenet.Network.dense([1, 1]), [[0.0]], [0.0], scale=wrong)
    assert len(str(caught.value)) < 200


@pytest.mark.promise(10)
def test_foreign_names_and_errors_are_one_short_line():
    assert some(["a", "of\ntwo", "\x1b[2J", "é"]) == r"a, of\ntwo, \x1b[2J, é"
    assert in_a_line(ValueError("here\n  and\u2028there")) == "here and there"
    assert len(in_a_line(ValueError("x" * 10_000))) < 300


def test_an_argument_error_has_its_parts_as_data():
    error = ArgumentError.of("optimizer", -1, "a number above 0", part="adam's beta1", remedy="try")
    assert str(error) == "optimizer: adam's beta1: expected a number above 0, got -1; try"
    assert error.problem == "adam's beta1: expected a number above 0, got -1"
    assert (error.argument, error.value) == ("optimizer", -1)
    assert (error.expected, error.remedy) == ("a number above 0", "try")


def test_errors_are_rendered_for_each_interface():
    error = DataError(
        "1 column", path="t.csv", line=1, argument="data", remedy="try {delimiter}", delimiter=";"
    )
    assert str(error) == "data: t.csv:1: 1 column; try delimiter=';'"

    def flags(name, *value):
        return " ".join([f"--{name}", *map(str, value)])

    assert error.render(flags) == "--data: t.csv:1: 1 column; try --delimiter ;"
    assert error.options == {"delimiter": ";"}


def test_an_argument_error_is_a_picklable_value_error():
    error = ArgumentError.of("rate", 2, "a number from 0 to below 1")
    assert isinstance(error, ValueError)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), vars(copy)) == (str(error), vars(error))
    renamed = error.renamed("dropout")
    assert str(renamed) == "dropout: expected a number from 0 to below 1, got 2"
    assert (renamed.argument, renamed.value, renamed.expected) == ("dropout", 2, error.expected)
