"""`search` returns the results of scikit-learn's searches, which train the folds one by one."""

import sys

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.stats import loguniform, randint
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
)

from barenet import METRICS, Network, search, train
from barenet.callbacks import TimeLimit
from barenet.errors import BarenetError, DivergenceError
from barenet.losses import SquaredError

GRID = {"learning_rate": [0.1, 0.001], "layers": [(4, 3), (4, 5, 3)], "hidden": ["tanh", "relu"]}
GRIDS = [
    {"learning_rate": [0.1, 0.01]},
    {"learning_rate": [0.01], "seed": [3], "optimizer": ["sgd", "adam"]},
]
RATES = {"learning_rate": np.geomspace(0.1, 0.0001, 10)}
TIMES = ("fit_time", "score_time")


def assert_same(ours, theirs, n_splits=3):
    """Keys, types, shapes and all numbers but the times are equal."""
    assert set(ours.cv_results_) == set(theirs.cv_results_)
    for name, values in theirs.cv_results_.items():
        found = ours.cv_results_[name]
        if name == "params":
            assert found == values
        elif name.endswith(TIMES):
            assert found.shape == values.shape and (found >= 0).all()
        else:
            assert np.asarray(found).dtype.kind == np.asarray(values).dtype.kind, name
            np.testing.assert_array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(values))
            for one, other in zip(found, values, strict=True):
                masked = one is np.ma.masked
                same = one == other or one == pytest.approx(other, rel=1e-12, nan_ok=True)
                assert masked or same, name
    assert ours.best_index_ == theirs.best_index_
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=1e-12)
    assert ours.n_splits_ == theirs.n_splits_ == n_splits


RATE = {"learning_rate": loguniform(1e-4, 1e-1)}
DRAWN = RATE | {"epochs": randint(1, 5)}
OF_EPOCHS = {"resource": "epochs", "return_train_score": False}
#: Parameters and settings of a search, and the search of scikit-learn with its options.
SEARCHES = [
    (GRID, {}, GridSearchCV, {}),
    (GRIDS, {"layers": (4, 5, 3)}, GridSearchCV, {}),
    (RATES, {"metric": "rmse"}, GridSearchCV, {"scoring": "neg_root_mean_squared_error"}),
    (DRAWN, {"n_candidates": 6, "seed": 7}, RandomizedSearchCV, {"n_iter": 6, "random_state": 7}),
    *((RATES, {"halving": factor, "epochs": epochs}, HalvingGridSearchCV,
       {"factor": factor, "max_resources": epochs, **OF_EPOCHS})
      for epochs, factor in ((20, 3), (3, 11))),
    (RATE, {"n_candidates": 9, "seed": 1, "halving": 3, "epochs": 9}, HalvingRandomSearchCV,
     {"n_candidates": 9, "random_state": 1, "min_resources": 1, "max_resources": 9, **OF_EPOCHS}),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "settings", "kind", "options"), SEARCHES)
def test_a_search_has_the_results_of_scikit_learn(
    iris, line, classifier, regressor, parameters, settings, kind, options
):
    data, estimator, fixed = iris, classifier(), {"epochs": 4, "dtype": "float64"}
    if parameters not in (GRID, GRIDS):
        data, estimator = line, regressor((3, 1), seed=settings.get("seed", 0))
        fixed["layers"] = (3, 1)
    theirs = kind(estimator, parameters, cv=3, **options).fit(*data)
    ours = search(parameters, *data, cv=3, **fixed | settings)
    assert_same(ours, theirs)
    refitted = theirs.best_estimator_.network_
    assert np.array_equal(ours.best_network_.parameters, refitted.parameters)
    assert len(ours.best_history_) == theirs.best_estimator_.epochs
    assert ours.metric == {"rmse": "neg_rmse"}.get(settings.get("metric"), ours.metric)


def test_dropped_candidates_are_not_trained_further(line, monkeypatch):
    populations, module = [], sys.modules["barenet.population._search"]

    def remember(*arguments, train_many=module.train_many, **settings):
        populations.append(train_many(*arguments, **settings))
        return populations[0]

    monkeypatch.setattr(module, "train_many", remember)
    monkeypatch.setitem(METRICS, "r2", lambda output, y: 0.0)
    result = search(RATES, *line, cv=2, halving=3, epochs=27, refit=False)
    assert result.best_network_ is None and result.best_history_ is None
    lengths = [len(history) for history in populations[0].histories]
    assert lengths == 2 * 6 * [3] + 2 * 2 * [9] + 2 * 2 * [27]  # of equal scores, the last win
    assert result.cv_results_["rank_test_score"].max() == 1


def test_candidates_that_diverge_are_the_worst(line, regressor):
    grid = {"learning_rate": [1e200, 0.01, 1e201, 0.001]}
    theirs = GridSearchCV(regressor((3, 1), optimizer="sgd"), grid, cv=3)
    with pytest.warns(), np.errstate(all="ignore"):
        theirs.fit(*line)
    fixed = {"layers": (3, 1), "dtype": "float64", "epochs": 4, "optimizer": "sgd"}
    text = "6 of 12 networks failed; network 0 diverged"
    with pytest.warns(RuntimeWarning, match=text) as warnings:
        ours = search(grid, *line, cv=3, **fixed)
    assert len(warnings) == 1
    assert_same(ours, theirs)
    assert ours.cv_results_["rank_test_score"].tolist() == [3, 1, 3, 2]
    with pytest.warns(RuntimeWarning):
        halved = search(grid, *line, cv=3, halving=2, **fixed)
    assert halved.best_params_["learning_rate"] == 0.01
    assert np.bincount(halved.cv_results_["iter"]).tolist() == [4, 2, 1]
    with pytest.raises(DivergenceError), pytest.warns(RuntimeWarning):
        search({"learning_rate": [1e200]}, *line, cv=3, **fixed)


class LimitOfNetworks(TimeLimit):
    """Stops all networks but the first ones."""

    def __init__(self, left):
        super().__init__(60)
        self.left = left

    def __deepcopy__(self, memo):
        return self

    def on_start(self, run):
        self.left -= 1
        if self.left < 0:
            run.stop(self.reason, resumable=True)


@pytest.mark.parametrize("halving", [None, 2])
def test_a_time_limit_ranks_the_candidates_that_were_trained_on_all_folds(
    line, monkeypatch, halving
):
    """Five of eight networks: both of the first two candidates, and the third on a single fold."""
    module = sys.modules["barenet.population._search"]
    grid = {"learning_rate": [0.001, 0.01, 0.1, 0.02]}
    fixed = {"layers": (3, 1), "cv": 2, "epochs": 8, "halving": halving, "refit": False}
    monkeypatch.setattr(module, "started_limits", lambda time_limit: (LimitOfNetworks(5),))
    with pytest.warns(RuntimeWarning, match="limit of 60 s was reached: 2 of 4 candidates"):
        result = search(grid, *line, time_limit=60, threads=1, **fixed)
    scores = result.cv_results_["mean_test_score"]
    assert np.isnan(scores).tolist()[:4] == [False, False, True, True]
    assert result.best_params_["learning_rate"] in (0.001, 0.01)
    monkeypatch.setattr(module, "started_limits", lambda time_limit: (LimitOfNetworks(1),))
    with pytest.raises(BarenetError, match="before a candidate was trained on all folds"):
        search(grid, *line, time_limit=60, threads=1, **fixed)


@pytest.mark.parametrize(
    ("y", "settings", "layers", "output", "metric"),
    [
        (np.arange(60) % 3, {}, (3, 64, 32, 3), "softmax", "accuracy"),
        (np.arange(60) % 2 == 0, {}, (3, 64, 32, 1), "sigmoid", "accuracy"),
        (np.arange(60) % 2, {"layers": [3, 2]}, (3, 2), "softmax", "accuracy"),
        (np.arange(60) % 3, {"layers": (3, 1)}, (3, 1), "identity", "r2"),
        (np.arange(60), {"layers": (3, 1)}, (3, 1), "identity", "r2"),
        (np.zeros(60, int), {}, (3, 64, 32, 1), "sigmoid", "accuracy"),
        (np.arange(60) / 2, {}, (3, 64, 32, 1), "identity", "r2"),
        (np.eye(60)[:, :2], {}, (3, 64, 32, 2), "identity", "r2"),
        (np.arange(60) % 2, {"output": "identity"}, (3, 64, 32, 1), "identity", "r2"),
    ],
)
def test_layers_and_output_fit_the_targets(line, y, settings, layers, output, metric):
    result = search({"hidden": ["tanh", ("relu",)]}, line[0], y, cv=2, epochs=1, **settings)
    assert result.best_network_.sizes == layers
    assert result.best_network_.output_activation.name == output
    assert result.metric == metric


def test_a_user_defined_loss_is_a_candidate(line):
    class OwnError(SquaredError):
        name = "own"

    settings = {"layers": (3, 1), "epochs": 1, "cv": 2}
    losses = OwnError(), SquaredError()
    own, usual = (search({"loss": [each]}, *line, **settings) for each in losses)
    assert own.best_score_ == pytest.approx(usual.best_score_, rel=1e-4)
    assert own.best_params_["loss"].name == "own"


def test_a_loss_of_several_outputs_is_scored_by_the_one_that_predicts_the_target(line):
    X, y = line
    settings = {"layers": (3, 2), "loss": "gaussian_nll", "epochs": 30}
    result = search({"learning_rate": [0.1, 0.01]}, X, y, cv=2, metric="rmse", **settings)
    network = Network.dense([3, 2], seed=0)
    half = np.arange(len(X)) < len(X) / 2
    options = {"loss": "gaussian_nll", "optimizer": "adam:learning_rate=0.1", "epochs": 30}
    train(network, X[~half], y[~half], **options)
    errors = network.predict(X[half])[:, 0] - y[half].ravel()
    score = result.cv_results_["split0_test_score"][0]
    assert score == pytest.approx(-np.sqrt(np.mean(errors**2)), rel=1e-4)


def test_threads_and_sparse_inputs_do_not_change_the_network(iris):
    X, y = (iris[0] > 0) * iris[0], iris[1]
    one, *others = (
        search({"hidden": ["tanh", "relu"]}, each, y, cv=2, epochs=4, threads=n, halving=2)
        for each, n in ((X, 1), (X, 3), (csr_array(X), 1))
    )
    config = one.best_params_
    alone = Network.dense([4, 64, 32, 3], hidden=config["hidden"], output="softmax")
    train(alone, X, y, epochs=config["epochs"])
    for other in (one, *others):
        assert np.array_equal(other.best_network_.parameters, alone.parameters)
        assert other.table() == one.table()


def test_the_result_is_shown_as_a_table(iris):
    result = search(GRIDS, *iris, cv=3, epochs=9, layers=(4, 3), halving=2)
    assert repr(result).startswith("<SearchResult: 4 candidates × 3 folds, best accuracy 0.")
    lines = [line.split() for line in result.table(3).splitlines()]
    assert lines[0] == ["rank", "accuracy", "±", "learning_rate", "epochs", "optimizer", "seed"]
    assert len(lines) == 4 and len(result.table().splitlines()) == 8
    assert lines[1][1] == f"{result.best_score_:.4f}"
    assert [line[4] for line in lines[1:]] == ["8", "4", "4"]
    ranks = [int(line.split()[0]) for line in result.table().splitlines()[1:]]
    assert ranks[0] == 1 and ranks == sorted(ranks)


L2 = {"penalty": ["l2:strength=0.1"]}


@pytest.mark.parametrize(("argument", "match", "parameters", "arguments"), [
    ("learning_rte", "", {"learning_rte": [1]}, {}), ("1", "", {1: [0.1]}, {}),
    ("parameters", "", {"dropout": []}, {}), ("parameters", "", "dropout", {}),
    ("parameters", "", [], {}),
    ("parameters", "; pass a list of values", {"hidden": "relu"}, {}),
    ("parameters", "or n_candidates with dist", {"dropout": loguniform(1e-4, 1)}, {}),
    ("n_candidates", "", L2, {"n_candidates": 0}), ("n_candidate", "", L2, {"n_candidate": 4}),
    ("epoch", "", L2, {"epoch": 3}),
    ("penalty", "0 or more, got -1", {"penalty": ["l2:strength=-1"]}, {}),
    ("layers", "", {"layers": [(50,)]}, {}), ("X", "", {"layers": [(3, 1), (2, 1)]}, {}),
    ("halving", "", L2, {"halving": 1}), ("halving", "", {"epochs": [1, 2]}, {"halving": 3}),
    ("metric", "", L2, {"metric": "R3"}), ("refit", "", L2, {"refit": 1}),
    ("y", "np.unique", L2, {"y": np.repeat(["yes", "no"], 30)}),
    ("y", "60 are too many .*; pass floats", L2, {"y": np.arange(60)}),
    ("cv", "in each class; .* y as floats", L2, {"y": np.arange(60) % 30}),
])  # fmt: skip
def test_wrong_arguments_are_refused(refused, line, argument, match, parameters, arguments):
    with refused(argument, match):
        search(parameters, **dict(zip("Xy", line, strict=True)) | arguments)
