"""Folds are those of scikit-learn, and folds that can't be used are refused."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, StratifiedKFold

from barenet import Network, one_hot
from barenet.population._folds import make_folds

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 2))
CLASSES = RNG.permutation(np.repeat([0, 1, 2], [15, 10, 5]))
SOFTMAX = Network.dense([2, 3], output="softmax")
SIGMOID = Network.dense([2, 1], output="sigmoid")
NUMBER = Network.dense([2, 1])


def same(folds, pairs):
    return all(
        np.array_equal(ours, theirs)
        for fold, pair in zip(folds, pairs, strict=True)
        for ours, theirs in zip(fold, pair, strict=True)
    )


@pytest.mark.parametrize(
    ("network", "y", "splitter"),
    [
        (SOFTMAX, CLASSES, StratifiedKFold(4)),
        (SOFTMAX, one_hot(CLASSES, 3), StratifiedKFold(4)),
        (SIGMOID, (CLASSES > 0).astype(float), StratifiedKFold(4)),
        (SIGMOID, RNG.random(30), KFold(4)),  # no classes
        (NUMBER, CLASSES, KFold(4)),
        (Network.dense([2, 3], output="sigmoid"), RNG.integers(0, 2, (30, 3)), KFold(4)),
    ],
)
def test_a_number_of_folds_is_stratified_for_classes(network, y, splitter):
    by = y.argmax(axis=1) if y.ndim == 2 and isinstance(splitter, StratifiedKFold) else y
    assert same(make_folds(4, network, X, y), splitter.split(X, by))


@pytest.mark.parametrize("cv", [StratifiedKFold(3, shuffle=True, random_state=1), ShuffleSplit(2)])
def test_a_splitter_is_used_as_it_is(cv):
    cv.random_state = 1
    assert same(make_folds(cv, SOFTMAX, X, CLASSES), cv.split(X, CLASSES))


def test_pairs_are_indices_or_masks():
    pairs = list(GroupKFold(3).split(X, CLASSES, np.arange(30) % 7))
    masks = [tuple(np.isin(np.arange(30), part) for part in pair) for pair in pairs]
    for cv in (pairs, iter(pairs), masks):
        assert same(make_folds(cv, SOFTMAX, X, CLASSES), pairs)


@pytest.mark.parametrize(
    ("cv", "match"),
    [
        (1, "setting n_splits=2 or more, got n_splits=1"),
        (31, "n_splits=31 greater than the number of samples: n_samples=30$"),
        ("kfold", "Expected `cv` as an integer, .*Got kfold"),
        ([], "one fold or more"),
        ([([0, 1], [])], "fold 1 needs rows for training and the test"),
        ([([0, 1], [2], [3])], "too many values"),
        ([([0, 99], [2])], "fold 1: index 99 is out of bounds.*; pass pairs of row indices"),
        ([([0], 5)], "fold 1 needs rows"),
        ([(np.flatnonzero(CLASSES), [0])], "fold 1: class 0 is not in its training rows"),
    ],
)
def test_wrong_folds_are_refused(refused, cv, match):
    with refused("cv", match):
        make_folds(cv, SOFTMAX, X, CLASSES)


@pytest.mark.parametrize(
    ("argument", "inputs", "targets"),
    [("X", X * np.nan, CLASSES), ("y", X, CLASSES[:-1]), ("y", X, np.full(30, np.nan))],
)
def test_wrong_data_is_refused(refused, argument, inputs, targets):
    with refused(argument):
        make_folds(3, NUMBER, inputs, targets)
