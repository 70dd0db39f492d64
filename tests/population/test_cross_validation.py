"""Folds are those of scikit-learn, and their scores those of training each by `train` alone."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, r2_score, root_mean_squared_error
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_validate as sklearn_cross_validate,
)

from barenet import Network, cross_validate, one_hot, train
from barenet.errors import DivergenceError
from barenet.population._cross_validation import make_folds

SETTINGS = {"epochs": 3, "batch_size": 8, "penalty": ["l2:strength=0.01"], "seed": 5, "threads": 1}
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
    assert same(make_folds(4, network, X, y, None), splitter.split(X, by))


def test_folds_are_a_splitter_or_pairs_of_indices_or_masks():
    pairs = list(GroupKFold(3).split(X, CLASSES, np.arange(30) % 7))
    masks = [tuple(np.isin(np.arange(30), part) for part in pair) for pair in pairs]
    for cv in (pairs, iter(pairs), masks):
        assert same(make_folds(cv, SOFTMAX, X, CLASSES, None), pairs)
    for cv in (StratifiedKFold(3, shuffle=True, random_state=1), ShuffleSplit(2, random_state=1)):
        assert same(make_folds(cv, SOFTMAX, X, CLASSES, None), cv.split(X, CLASSES))


@pytest.mark.parametrize(("engine", "dtype"), [("reference", "float64"), ("compiled", "float32")])
def test_scores_are_those_of_training_each_fold_alone(iris, engine, dtype):
    X, y = iris
    network = Network.dense([4, 6, 3], output="softmax", seed=3, dtype=dtype)
    before, settings = network.parameters.copy(), {**SETTINGS, "engine": engine}
    scores = cross_validate(network, X, y, cv=3, **settings)
    assert np.array_equal(network.parameters, before)
    for k, (rows, test) in enumerate(StratifiedKFold(3).split(X, y)):
        alone = network.copy()
        train(alone, X[rows], y[rows], **settings)
        for part, index in {"test": test, "train": rows}.items():
            output = alone.predict(X[index])
            assert scores[f"{part}_accuracy"][k] == accuracy_score(y[index], output.argmax(axis=1))
            output = output.astype(float)
            loss = log_loss(y[index], output / output.sum(axis=1, keepdims=True))
            assert scores[f"{part}_loss"][k] == pytest.approx(loss, rel=1e-5)
    assert scores["epochs"].tolist() == [3, 3, 3]
    assert (scores["fit_time"] > 0).all() and (scores["score_time"] > 0).all()


def test_the_form_is_that_of_scikit_learn(line, regressor):
    X, y = line
    theirs = sklearn_cross_validate(
        regressor((3, 4, 1)), X, y, cv=4, return_train_score=True,
        scoring={"r2": "r2", "rmse": "neg_root_mean_squared_error"},
    )  # fmt: skip
    ours = cross_validate(
        Network.dense([3, 4, 1], dtype="float64"), X, y, cv=4, metrics=("r2", "rmse"), epochs=4,
        optimizer="adam:learning_rate=0.01",
    )  # fmt: skip
    assert set(theirs) | {"epochs", "test_loss", "train_loss"} == set(ours)
    for name in ("r2", "rmse"):
        for part in ("test", "train"):
            sign = -1 if name == "rmse" else 1
            measured = ours[f"{part}_{name}"]
            np.testing.assert_allclose(measured, sign * theirs[f"{part}_{name}"], rtol=1e-13)


def test_the_scale_and_the_sample_weights_reach_the_training(line):
    X, y = line
    weights, network = np.linspace(0.1, 2, len(X)), Network.dense([3, 1], dtype="float64")
    arguments = {"epochs": 2, "scale": 0.5, "threads": 1}
    scores = cross_validate(network, X, y, cv=KFold(2), sample_weight=weights, **arguments)
    rows, test = next(KFold(2).split(X))
    train(network, X[rows], y[rows], sample_weight=weights[rows], **arguments)
    output = network.predict(X[test] * 0.5)
    assert scores["test_r2"][0] == pytest.approx(r2_score(y[test], output), rel=1e-13)
    rmse = root_mean_squared_error(y[test], output)
    assert scores["test_loss"][0] == pytest.approx(rmse**2 / 2, rel=1e-12)


def test_a_fold_that_diverges_has_no_scores(line):
    X, y = line
    large = y.copy()
    large[0] = 1e30  # in the training rows of folds 2 and 3
    arguments = {"optimizer": "sgd:learning_rate=0.1", "epochs": 9}
    with pytest.warns(RuntimeWarning, match="2 of 3 networks"):
        scores = cross_validate(Network.dense([3, 1]), X, large, cv=3, **arguments)
    assert np.isfinite(scores["train_loss"]).tolist() == [True, False, False]
    assert np.isnan(scores["test_r2"][1:]).all()
    with pytest.warns(RuntimeWarning), pytest.raises(DivergenceError):
        cross_validate(Network.dense([3, 1]), X, 1e30 * y, cv=3, **arguments)


@pytest.mark.parametrize(("given", "message"), [
    ({"network": "mlp"}, ""), ({"metrics": "acuracy"}, ""), ({"epochs": [1, 2]}, ""),
    ({"scoring": "accuracy"}, "is no argument of cross_validate"), ({"rows": [1]}, "is no arg"),
    ({"y": np.full(30, np.nan), "network": NUMBER}, ""), ({"cv": 31}, "than the number of samples"),
    ({"cv": "kfold"}, "Got kfold"), ({"cv": []}, "one fold or more"),
    ({"cv": GroupKFold(3)}, "pass pairs of indices"),
    ({"cv": [([0, 1], [])]}, "fold 1 needs rows for training"), ({"cv": [([0], 5)]}, ""),
    ({"cv": [([0, 1], [2], [3])]}, "too many values"),
    ({"cv": [([0, 99], [2])]}, "fold 1: index 99 is out of bounds.*; pass pairs of row indices"),
    ({"cv": [(np.flatnonzero(CLASSES), [0])]}, "fold 1: class 0 is not in its training rows"),
])  # fmt: skip
def test_wrong_arguments_are_refused(refused, given, message):
    with refused(next(iter(given)), message):
        cross_validate(**{"network": SOFTMAX, "X": X, "y": CLASSES, **given})
