"""Cross-validation of a task: scikit-learn's scores on the same folds, and no leakage."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedKFold,
    TimeSeriesSplit,
    cross_validate,
)

from barenet import MLPEnsembleRegressor, RunConfig, Task
from barenet.callbacks import LambdaCallback
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError
from barenet.population._ensemble_training import EnsembleTraining
from barenet.tasks._task_folds import make_task_folds
from barenet.typing import CrossValidationResult

#: A network that trains in a moment.
SMALL = {"model": "network", "epochs": 3, "hidden": ("relu",), "penalty": "none", "batch_size": 8}

#: An ensemble, which takes a second.
ENSEMBLE = pytest.param({"model": "ensemble", "epochs": 3}, marks=pytest.mark.integration)


def prices(n_rows=90):
    """Prices by size and town, some of these missing."""
    rng = np.random.default_rng(0)
    size = rng.uniform(30, 200, n_rows)
    town = rng.choice(["Bern", "Oslo", "Rome"], n_rows)
    price = 3 * size + 90 * (town == "Rome") + rng.normal(0, 20, n_rows)
    table = pd.DataFrame({"size": size, "town": town, "price": price})
    table.loc[::11, "size"] = np.nan
    table.loc[::7, "town"] = None
    return table


def patients(n_patients=40, n_visits=5):
    """A height that identifies a patient, and a pressure of each patient that it can't explain."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(n_patients), n_visits)
    return pd.DataFrame(
        {
            "patient": [f"p{number}" for number in patient],
            "height": rng.normal(size=n_patients)[patient],
            "pressure": rng.normal(size=n_patients)[patient],
        }
    ).sample(frac=1, random_state=0, ignore_index=True)


def seed_of_estimator(random_state):
    """The seed that an estimator draws from its `random_state`."""
    return int(np.random.RandomState(random_state).randint(2**31 - 1))


@pytest.mark.integration
def test_the_scores_are_those_of_scikit_learn_with_the_regressor():
    table = prices()
    seed = seed_of_estimator(5)
    result = Task.cross_validate(table, "price", cv=2, model="ensemble", epochs=2, seed=seed)
    X = table.drop(columns="price")
    model = MLPEnsembleRegressor(max_iter=2, random_state=5)
    options = {"scoring": ["r2"], "return_estimator": True}
    theirs = cross_validate(model, X, table["price"], cv=result.folds, **options)
    np.testing.assert_allclose(result.scores["r2"], theirs["test_r2"])
    assert result.mean["r2"] == pytest.approx(theirs["test_r2"].mean())
    assert result.std["r2"] == pytest.approx(theirs["test_r2"].std())
    for fitted, (_, test) in zip(theirs["estimator"], result.folds, strict=True):
        np.testing.assert_allclose(result.predictions[test], fitted.predict(X.iloc[test]))


def test_the_scores_of_numbers_are_those_of_scikit_learn():
    table = prices()
    result = Task.cross_validate(table, "price", cv=3, **SMALL)
    for index, (_, test) in enumerate(result.folds):
        y, predicted = table["price"][test], result.predictions[test]
        scores = {name: values[index] for name, values in result.scores.items()}
        assert scores["r2"] == pytest.approx(r2_score(y, predicted))
        assert scores["rmse"] == pytest.approx(root_mean_squared_error(y, predicted))
        assert scores["mae"] == pytest.approx(mean_absolute_error(y, predicted))
    assert result.metric == "r2"
    assert result.probabilities is None and result.classes is None


def test_the_scores_of_classes_are_those_of_scikit_learn():
    iris = load_iris(as_frame=True)
    species = iris.target_names[iris.target]
    result = Task.cross_validate(iris.data, species, cv=3, **SMALL)
    for index, (_, test) in enumerate(result.folds):
        p = result.probabilities[test].astype(float)
        accuracy = accuracy_score(species[test], result.predictions[test])
        assert result.scores["accuracy"][index] == pytest.approx(accuracy)
        loss = log_loss(species[test], p / p.sum(axis=1, keepdims=True), labels=result.classes)
        assert result.scores["log_loss"][index] == pytest.approx(loss, rel=1e-5)
    share = accuracy_score(species, result.predictions)
    assert share == pytest.approx(result.mean["accuracy"])  # as the folds have equal sizes


@pytest.mark.parametrize("settings", [SMALL, {"model": "network"}])
def test_a_network_is_trained_on_nothing_but_the_training_rows_of_its_fold(settings):
    table = prices(45)
    table.loc[3, "size"] = 1e6  # would change the scaling of all folds but one
    result = Task.cross_validate(table, "price", cv=3, **settings)
    for index, (train, test) in enumerate(result.folds):
        alone = Task.open(table.iloc[train], "price", test_size=0)
        predictor = alone.train(**settings)
        scores = alone.evaluate(predictor, table.iloc[test])
        for name, score in scores.items():
            assert result.scores[name][index] == pytest.approx(score, rel=1e-12)
        predicted = predictor.predict(table.iloc[test])
        np.testing.assert_array_equal(result.predictions[test], predicted)


@pytest.mark.slow
def test_a_column_that_identifies_a_group_predicts_nothing_for_others():
    table = patients()
    visits = Task.cross_validate(table, "pressure", cv=4, drop=["patient"])
    groups = Task.cross_validate(table, "pressure", cv=4, split_by_group="patient")
    assert visits.mean["r2"] > 0.3
    assert groups.mean["r2"] < 0.1
    assert r2_score(table["pressure"], groups.predictions) < 0.1
    for train, test in groups.folds:
        assert not set(table["patient"][train]) & set(table["patient"][test])


def test_the_networks_of_a_fold_leave_out_whole_groups(monkeypatch):
    class Recorded(EnsembleTraining):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            groups = options["groups"]
            for rows in self.left_out:
                kept = np.setdiff1d(np.arange(len(groups)), rows)
                assert not set(groups[rows]) & set(groups[kept])
            raise StopIteration

    monkeypatch.setattr("barenet.population._prepared_training.EnsembleTraining", Recorded)
    with pytest.raises(StopIteration):
        options = {"split_by_group": "patient", "model": "ensemble"}
        Task.cross_validate(patients(12), "pressure", cv=3, **options)


def test_a_deprecated_argument_names_its_replacement():
    with pytest.warns(FutureWarning) as warned:
        Task.cross_validate(patients(12), "pressure", cv=3, split_by="patient", **SMALL)
    [warning] = warned
    assert warning.message.args[0].options == {"split_by_group": "patient"}
    assert warning.filename == __file__


def test_periods_are_tested_on_models_of_earlier_rows():
    table = prices(60)
    days = np.random.default_rng(1).permutation(np.arange(60) // 2)
    table["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, "D")
    result = Task.cross_validate(table, "price", cv=4, split_by_time="day", **SMALL)
    tested = []
    for train, test in result.folds:
        assert days[train].max() < days[test].min()
        assert len(test) in (11, 12, 13)
        tested += test.tolist()
    assert len(set(tested)) == len(tested)
    first_period = np.setdiff1d(np.arange(60), tested)
    assert days[first_period].max() < days[tested].min()
    assert np.isnan(result.predictions[first_period]).all()
    assert np.isfinite(result.predictions[tested]).all()


@pytest.mark.parametrize("n_folds", [2, 9])
def test_every_period_has_a_time_however_the_rows_are_distributed(n_folds):
    rng = np.random.default_rng(n_folds)
    for counts in ([1] * 9 + [90], [90] + [1] * 9, [5] * 10, rng.integers(1, 40, 10)):
        times = rng.permutation(np.repeat(np.arange(10.0), counts))
        dataset = numbers(len(times), times)
        folds = make_task_folds(dataset, n_folds)
        assert len(folds) == n_folds
        for train, test in folds:
            assert len(train) and len(test)
            assert times[train].max() < times[test].min()
        last_train, last_test = folds[-1]
        assert len(last_train) + len(last_test) == len(times)


def numbers(n_rows, keys=None, classes=None):
    """A data set of one column."""
    y = np.arange(n_rows) % 3
    return Dataset(
        name="numbers", X=np.arange(float(n_rows)).reshape(-1, 1), y=y, classes=classes,
        feature_names=("x",), target_name="y", description="", split_keys=keys,
    )  # fmt: skip


def test_folds_are_drawn_by_the_seed_and_spread_the_classes():
    dataset = numbers(30, classes=("a", "b", "c"))
    folds = make_task_folds(dataset, 5, seed=1)
    for train, test in folds:
        assert np.bincount(dataset.y[test]).tolist() == [2, 2, 2]
        assert sorted([*train, *test]) == list(range(30))
    again = make_task_folds(dataset, 5, seed=1)
    other = make_task_folds(dataset, 5, seed=2)
    assert all((fold[1] == same[1]).all() for fold, same in zip(folds, again, strict=True))
    assert any((fold[1] != same[1]).any() for fold, same in zip(folds, other, strict=True))


def test_a_splitter_takes_groups_and_the_order_of_time():
    groups = np.array(list("abcdef"))[np.arange(30) % 6]
    for train, test in make_task_folds(numbers(30, groups), GroupKFold(3)):
        assert not set(groups[train]) & set(groups[test])
    with pytest.raises(ArgumentError, match=r"^cv: fold 1 has rows of the group 'a' both"):
        make_task_folds(numbers(30, groups), KFold(3))
    with pytest.raises(ArgumentError, match=r"^cv: .*groups.*; name the column .* split_by_group"):
        make_task_folds(numbers(30), GroupKFold(3))
    times = np.random.default_rng(0).permutation(30.0 * np.arange(30))
    for train, test in make_task_folds(numbers(30, times), TimeSeriesSplit(4)):
        assert times[train].max() < times[test].min()
    pairs = [(np.arange(20), np.arange(20, 30))]  # of rows in their order in the data
    [(train, test)] = make_task_folds(numbers(30, times), pairs)
    assert (train == np.arange(20)).all() and (test == np.arange(20, 30)).all()


def test_predictions_of_a_row_in_several_test_sets_are_averaged():
    table = prices(30)
    splitter = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    result = Task.cross_validate(table, "price", cv=splitter, **SMALL)
    assert len(result.folds) == len(result.scores["r2"]) == 6
    halves = [
        Task.cross_validate(table, "price", cv=folds, **SMALL).predictions
        for folds in (result.folds[:3], result.folds[3:])
    ]
    np.testing.assert_allclose(result.predictions, np.mean(halves, axis=0))


@pytest.mark.parametrize("classes", [["no", "yes"], [False, True]])
def test_rows_that_are_never_tested_have_no_class(classes):
    rng = np.random.default_rng(0)
    x = rng.normal(size=40)
    y = np.array(classes)[(x > 0) * 1]
    folds = [(np.arange(20), np.arange(20, 30))]
    settings = {"model": "network", "epochs": 30, "learning_rate": 0.05}
    settings["task"] = "classification"
    result = Task.cross_validate({"x": x, "z": x**2}, y, cv=folds, **settings)
    tested = result.predictions[20:30].tolist()
    assert tested == y[20:30].tolist()
    assert type(tested[0]) is type(classes[0])
    assert result.predictions[:20].tolist() == [None] * 20
    assert result.classes.tolist() == classes
    assert np.isnan(result.probabilities[30:]).all() and result.probabilities.shape == (40, 2)


def test_predictions_belong_to_the_numbers_of_the_rows_with_a_target():
    table = prices(40)
    table.loc[[3, 20], "price"] = np.nan
    with pytest.warns(UserWarning, match="data frame: 38 rows") as caught:
        result = Task.cross_validate(table, "price", cv=2, **SMALL)
    assert caught[0].filename == __file__
    assert len(result.predictions) == 38
    assert result.rows.tolist() == [row for row in range(40) if row not in (3, 20)]


def test_the_rows_of_a_file_are_those_in_memory(tmp_path):
    table = prices(40)
    table.to_csv(tmp_path / "prices.csv", index=False)
    of_file = Task.cross_validate(tmp_path / "prices.csv", "price", cv=2, **SMALL)
    config = RunConfig(**{name: value for name, value in SMALL.items() if name != "model"})
    in_memory = Task.cross_validate(table, "price", cv=2, model="network", config=config)
    assert of_file.predictions.tolist() == in_memory.predictions.tolist()


def interrupt_in_fold(number):
    """Interrupt the training of a fold after its second epoch, as Ctrl-C does."""
    starts = []

    def on_epoch(run):
        if run.epoch == 1:
            starts.append(run)
        if run.epoch == 2 and len(starts) == number:
            raise KeyboardInterrupt

    return LambdaCallback(on_epoch)


def test_ctrl_c_keeps_the_finished_folds_of_networks():
    table = prices(30)
    whole = Task.cross_validate(table, "price", cv=3, **SMALL)
    with pytest.warns(UserWarning, match="interrupted; the scores are those of 2 of 3 folds"):
        part = Task.cross_validate(table, "price", cv=3, callbacks=interrupt_in_fold(3), **SMALL)
    assert part.scores["r2"].tolist() == whole.scores["r2"][:2].tolist()
    assert len(part.folds) == 2
    _, untested = whole.folds[2]
    assert np.isnan(part.predictions[untested]).all()
    assert np.isfinite(np.delete(part.predictions, untested)).all()
    with pytest.raises(KeyboardInterrupt):
        Task.cross_validate(table, "price", cv=3, callbacks=interrupt_in_fold(1), **SMALL)


@pytest.mark.integration
def test_ctrl_c_keeps_no_half_trained_ensemble(monkeypatch):
    check = EnsembleTraining._check
    first_epochs = []

    def interrupt(self, epoch, population):
        check(self, epoch, population)
        if epoch == 1:
            first_epochs.append(epoch)
        if epoch == 2 and len(first_epochs) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(EnsembleTraining, "_check", interrupt)
    table = prices(30)
    settings = {"cv": 2, "model": "ensemble", "epochs": 3}
    with pytest.warns(UserWarning, match="interrupted; the scores are those of 1 of 2 folds"):
        part = Task.cross_validate(table, "price", **settings)
    assert len(part.scores["r2"]) == len(part.folds) == 1


@pytest.mark.parametrize("settings", [SMALL, ENSEMBLE])
def test_a_callback_that_ends_the_trainings_is_no_interruption(settings):
    def end(run):
        return run.epoch == 2

    result = Task.cross_validate(prices(30), "price", cv=2, callbacks=end, **settings)
    assert len(result.scores["r2"]) == 2


def test_progress_is_a_line_for_each_fold(capsys):
    result = Task.cross_validate(prices(30), "price", cv=3, progress=True, **SMALL)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    for number, line in enumerate(lines, 1):
        assert line == f"fold {number}/3  r2 {result.scores['r2'][number - 1]:.4f}"
    Task.cross_validate(prices(30), "price", cv=3, progress=False, **SMALL)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("settings", [SMALL, ENSEMBLE])
def test_the_bar_covers_the_epochs_of_all_folds(monkeypatch, settings):
    shown = []

    class Recorded:
        is_due = True

        def __init__(self, *arguments, **options):
            pass

        def draw(self, completed, total, before, after=""):
            shown.append((completed / total, before))

        def close(self):
            pass

    monkeypatch.setattr("barenet.training._progress.Bar", Recorded)
    monkeypatch.setattr("barenet.training._progress.in_notebook", lambda: True)
    Task.cross_validate(prices(30), "price", cv=2, progress=True, **settings)
    parts = [part for part, _ in shown]
    assert parts == sorted(parts) and parts[-1] == 1
    assert shown[0][1].startswith("fold 1/2  epoch 1")
    assert shown[-1][1].startswith("fold 2/2  r2 ")


def test_a_value_of_another_kind_is_missing_in_every_fold():
    table = pd.DataFrame({"a": [*map(str, range(39)), "many"], "b": np.arange(40.0)})
    table["target"] = np.arange(40.0) % 7
    folds = [(np.arange(20), np.arange(20, 30)), (np.arange(30), np.arange(30, 40))]
    with pytest.warns(UserWarning, match="^column 'a': 1 of 40 values .* 'many'") as noted:
        found = Task.cross_validate(table, "target", cv=folds, **SMALL)
    assert len(noted) == 1
    expected = Task.cross_validate(table, "target", cv=folds, missing=["many"], **SMALL)
    np.testing.assert_array_equal(found.predictions, expected.predictions)


def test_a_column_that_is_a_copy_of_the_target_is_named_once():
    table = prices(300)
    table["copy"] = table["price"] * 2
    with pytest.warns(UserWarning, match=r"copy.*Task.cross_validate\(\.\.\., drop=") as caught:
        Task.cross_validate(table, "price", cv=3, **SMALL)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_a_result_is_shown_as_a_line_and_as_a_table():
    result = Task.cross_validate(prices(30), "price", cv=3, **SMALL)
    assert isinstance(result, CrossValidationResult)
    mean, std = result.mean["r2"], result.std["r2"]
    line = f"CrossValidationResult: price, 3 folds of 30 rows, r2 {mean:.4f} ± {std:.4f}"
    assert repr(result) == f"<{line}>"
    lines = result.table().splitlines()
    assert lines[0].split() == ["fold", "rows", "r2", "rmse", "mae", "loss"]
    assert lines[1].split()[:3] == ["1", "10", f"{result.scores['r2'][0]:.4f}"]
    assert lines[4].split()[:2] == ["mean", f"{mean:.4f}"]
    assert lines[5].split()[:2] == ["std", f"{std:.4f}"]
    html = result._repr_html_()
    assert line in html and f"{mean:.4f}" in html


TABLE = prices(20)

#: Arguments that are refused, with the one that the error names, and the words in the error.
REFUSED = [
    ({"cv": 1}, "cv", "a whole number of 2 or more"),
    ({"cv": "KFold"}, "cv", "a whole number of 2 or more, got 'KFold'"),
    ({"cv": 21}, "cv", "21 folds are more than 20 rows; take fewer folds"),
    ({"cv": 4, "split_by_group": "town"}, "cv", "4 folds are more than 3 groups"),
    ({"cv": 20, "split_by_time": "size"}, "cv", "20 folds by time need 21 different times"),
    ({"cv": []}, "cv", "one fold or more"),
    ({"cv": [(np.arange(10), [])]}, "cv", "fold 1 needs rows for training and the test"),
    ({"cv": [(np.arange(10), [20])]}, "cv", "fold 1: index 20 is out of bounds"),
    ({"cv": [3]}, "cv", "; pass a number of folds, a splitter of scikit-learn, or pairs"),
    ({"n_splits": 3}, "n_splits", "is no argument of Task.cross_validate"),
    ({"test_size": 0.5}, "test_size", "is no argument of Task.cross_validate"),
    ({"epochs": 0}, "epochs", "1 or more"),
    ({"config": {}}, "config", "a RunConfig"),
    ({"client": object(), "model": "network"}, "client", "a single network is trained here"),
]


@pytest.mark.parametrize(("arguments", "argument", "words"), REFUSED)
def test_refusals_name_the_argument(arguments, argument, words):
    table = TABLE.dropna()
    if arguments.get("cv") not in (4, 20):
        table = TABLE
    with pytest.raises(ArgumentError) as caught:
        Task.cross_validate(table, "price", **{"cv": 2, **arguments})
    assert str(caught.value).startswith(f"{argument}: ")
    assert words in str(caught.value)


def test_files_that_are_read_block_by_block_are_refused(tmp_path):
    for number in range(2):
        prices(20).to_csv(tmp_path / f"{number}.csv", index=False)
    with pytest.raises(ArgumentError, match=r"^data: .* block by block.*; pass one file"):
        Task.cross_validate(tmp_path / "*.csv", "price")


@pytest.mark.case(240)
def test_folds_without_a_class_are_named():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=40), "kind": ["a", "b"] * 20})
    table.loc[:1, "kind"] = "rare"
    few = r"^no test rows of class 'rare' with 2 rows in folds \d, \d, \d: "
    with pytest.warns(UserWarning, match=few) as warned:
        Task.cross_validate(table, "kind", cv=5, model="network", epochs=1)
    assert [one.filename for one in warned] == [__file__]
    one = table.drop(index=0)
    alone = r"^no training rows of class 'rare' with 1 row in fold \d; no test rows of "
    with pytest.warns(UserWarning, match=alone):
        Task.cross_validate(one, "kind", cv=3, model="network", epochs=1)
    sorted_rows = table.sort_values("kind", ignore_index=True)
    with pytest.warns(UserWarning, match=r"^no training rows of class 'a' .*; no test rows of "):
        Task.cross_validate(sorted_rows, "kind", cv=KFold(2), model="network", epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Task.cross_validate(table, "kind", cv=2, model="network", epochs=1)
