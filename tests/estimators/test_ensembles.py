"""The ensemble estimators: tables as they come, weights, files and exports."""

import pickle
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris, make_friedman1
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GroupKFold, cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from barenet import (
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    Predictor,
    TablePreprocessor,
    load,
    save,
)
from barenet.errors import ArgumentError, DataError
from barenet.estimators._array_inputs import check_groups
from barenet.population import _prepared_training
from barenet.population._ensemble_training import EnsembleTraining
from barenet.tables.frames._to_frame import as_frame

pytestmark = pytest.mark.usefixtures("small_ensembles")

KINDS = [MLPEnsembleClassifier, MLPEnsembleRegressor]

WITH_ROUTED_WEIGHTS = pytest.mark.skipif(
    find_spec("sklearn.callback") is None,
    reason="scikit-learn routes weights to these estimators since 1.9",
)


def birds(n_rows=160, seed=0):
    """A table of words, dates, booleans and numbers, each with missing values, and species."""
    rng = np.random.default_rng(seed)
    bill = rng.normal(45, 6, n_rows)
    table = pd.DataFrame(
        {
            "bill": bill,
            "island": rng.choice(["Dream", "Biscoe", "größer?"], n_rows),
            "tagged": rng.choice(["yes", "no"], n_rows),
            "day": pd.Timestamp("2007-11-01") + pd.to_timedelta(rng.integers(0, 700, n_rows), "D"),
            "code": [f"n{row}" for row in range(n_rows)],
        }
    )
    far = (bill > 45) ^ (table["island"] == "Biscoe")
    species = np.where(far, "Gentoo", "Adelie")
    for name in ("bill", "island", "tagged", "day"):
        table.loc[rng.random(n_rows) < 0.1, name] = None
    return table, species


@pytest.fixture(scope="module")
def fitted(few_networks):
    table, species = birds()
    days = table["day"].fillna(pd.Timestamp("2008-01-01"))
    numbers = np.where(species == "Gentoo", 500.0, 300.0) + (days.dt.month == 2) * 50
    with few_networks():
        return (
            MLPEnsembleClassifier(random_state=3).fit(table, species),
            MLPEnsembleRegressor(random_state=3, max_iter=30).fit(table, numbers),
        )


@pytest.mark.integration
def test_words_dates_and_missing_values_are_learned_from_any_table(fitted):
    table, species = birds(seed=1)
    classifier, _ = fitted
    assert classifier.classes_.tolist() == ["Adelie", "Gentoo"]
    complete = table.notna().all(axis=1).to_numpy()
    assert classifier.score(table[complete], species[complete]) > 0.85
    probabilities = classifier.predict_proba(table)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    predicted = classifier.classes_[probabilities.argmax(axis=1)]
    assert predicted.tolist() == classifier.predict(table).tolist()
    kinds = {column.name: column.kind for column in classifier.encoding_.columns}
    assert kinds["bill"] == "piecewise" and kinds["code"] == "dropped"
    assert classifier.feature_names_in_.tolist() == list(table.columns)
    for model in fitted:
        expected = model.predict(table).tolist()
        for other in (table[table.columns[::-1]], {name: table[name] for name in table}):
            assert model.predict(other).tolist() == expected
        with pytest.raises(ValueError, match="bill"):
            model.predict(table.drop(columns="bill"))


@pytest.mark.integration
@pytest.mark.parametrize("kind", KINDS)
def test_the_out_of_fold_score_is_that_of_new_rows(kind):
    X, y = make_friedman1(1500, noise=3, random_state=0)
    y = y if kind is MLPEnsembleRegressor else y > 14
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.6, random_state=0)
    model = kind(random_state=0).fit(train, y_train)
    assert model.score(test, y_test) == pytest.approx(model.out_of_fold_score_, abs=0.06)
    assert model.out_of_fold_predictions_.shape == (600, 1 if kind is MLPEnsembleRegressor else 2)
    assert model.n_iter_ == len(model.loss_curve_) == len(model.history_)


@pytest.mark.integration
def test_a_seed_determines_the_bits_on_any_number_of_threads(fitted):
    table, species = birds()
    expected = fitted[0].predict_proba(table)
    again = clone(fitted[0]).set_params(threads=1).fit(table, species)
    assert np.array_equal(again.predict_proba(table), expected)
    for same in (pickle.loads(pickle.dumps(again)), clone(again).fit(table, species)):
        assert np.array_equal(same.predict_proba(table), expected)
    again.set_params(random_state=np.random.RandomState(3)).fit(table, species)
    assert np.array_equal(again.predict_proba(table), expected)
    again.set_params(random_state=4).fit(table, species)
    assert not np.array_equal(again.predict_proba(table), expected)


@pytest.mark.parametrize("n_rows", [2, 3, 9])
def test_few_rows_and_a_single_class(n_rows):
    X, y = np.arange(n_rows, dtype=float).reshape(-1, 1), np.arange(n_rows) * 2.0
    assert np.isfinite(MLPEnsembleRegressor(max_iter=2).fit(X, y).predict(X)).all()
    classes = np.r_[["rare"], ["often"] * (n_rows - 1)]
    model = MLPEnsembleClassifier(max_iter=2).fit(X, classes)
    assert set(model.predict(X)) <= {"rare", "often"}
    assert len(model.network_.networks) == min(n_rows, 4)
    model.fit(X, ["all"] * n_rows)
    assert model.predict([[9.0]]).tolist() == ["all"]
    assert model.predict_proba([[9.0]]).tolist() == [[1.0]]
    with pytest.raises(DataError, match="1 sample, at least 2 are needed"):
        model.fit(X[:1], classes[:1])


@pytest.mark.parametrize("value", [7.3, -1e9])
@pytest.mark.filterwarnings("ignore:.* alone predicts ")
def test_a_constant_target_is_predicted_exactly_alone_or_beside_another(value):
    X, constant = np.random.default_rng(0).normal(size=(80, 2)), np.full(80, value)
    for y in (constant, np.column_stack([constant, X[:, 0] * 100 + 7])):
        model = MLPEnsembleRegressor(random_state=0, max_iter=3).fit(X, y)
        for found in (model.predict(X), model.predict(10 * X), *model.predict_interval(X)):
            assert found.shape == y.shape and (found.reshape(80, -1)[:, 0] == value).all()
        assert (model.predict(X, return_std=True)[1].reshape(80, -1)[:, 0] == 0).all()
    assert len(np.unique(model.predict(X)[:, 1])) == 80


@pytest.mark.case(124)
def test_weights_count_in_the_scaling_and_the_scores():
    rng = np.random.default_rng(0)
    X, weight = rng.normal(size=(120, 2)), np.where(np.arange(120) % 4, 1.0, 1e-9)
    y = np.where(weight == 1, X[:, 0], 1e4 * rng.normal(size=120))
    y = np.column_stack([y, 50 + y * X[:, 1]])
    model = MLPEnsembleRegressor(max_iter=3, random_state=0).fit(X, y, sample_weight=weight)
    theirs = StandardScaler().fit(y, sample_weight=weight)
    np.testing.assert_allclose(model.target_scaling_.offset, theirs.mean_, rtol=1e-6)
    np.testing.assert_allclose(1 / model.target_scaling_.factor, theirs.scale_)
    left_out = model.target_scaling_.inverse_transform(model.out_of_fold_predictions_)
    expected = r2_score(y, left_out, sample_weight=weight)
    assert model.out_of_fold_score_ == pytest.approx(expected)
    classes = np.where(weight == 1, X[:, 0] > 0, rng.random(120) > 0.5)
    model = MLPEnsembleClassifier(max_iter=3, random_state=0).fit(X, classes, sample_weight=weight)
    left_out = model.out_of_fold_predictions_.argmax(axis=1)
    expected = accuracy_score(classes, left_out, sample_weight=weight)
    assert model.out_of_fold_score_ == pytest.approx(expected) != accuracy_score(classes, left_out)
    model.fit(X, classes, sample_weight=np.full(120, 1e308))  # though their sum is not finite


@pytest.mark.case(124)
def test_targets_of_rows_without_weight_change_nothing():
    """Such a row is a way to leave one out, and its target may be a marker of a missing one."""
    X, weight = np.random.default_rng(0).normal(size=(80, 2)), np.arange(80) % 5
    models = [
        MLPEnsembleRegressor(max_iter=3, random_state=0).fit(
            X, np.where(weight, X.sum(axis=1), value), sample_weight=weight
        )
        for value in (0.0, -1e30)
    ]
    first, second = ([*model.predict_interval(X), model.predict(X)] for model in models)
    assert np.array_equal(first, second)
    assert models[0].out_of_fold_score_ == models[1].out_of_fold_score_


@pytest.mark.integration
def test_class_weights_are_weights_of_the_rows():
    table, species = birds()
    factors, own = {"Gentoo": 3.0, "Adelie": 0.5}, np.arange(1.0, 161)
    model = MLPEnsembleClassifier(class_weight=factors, random_state=0, max_iter=4)
    same = clone(model).set_params(class_weight=None)
    model.fit(table, species, own)
    same.fit(table, species, own * compute_sample_weight(factors, species))
    assert np.array_equal(model.predict_proba(table), same.predict_proba(table))


def test_a_saved_ensemble_predicts_the_same_bits(fitted, tmp_path):
    table, _ = birds(seed=1)
    for model, name in zip(fitted, ("accuracy", "r2"), strict=True):
        predictor = Predictor.from_estimator(model, target_name="it", dataset="birds")
        path = tmp_path / "model.safetensors"
        save(predictor, path)
        loaded = load(path)
        assert np.array_equal(loaded.predict(table), model.predict(table))
        assert loaded.card.scores["out_of_fold"][name] == model.out_of_fold_score_
        assert loaded.card.rows == {"training": 160}
        assert loaded.card.log.best_epoch == model.history_.best_epoch
        assert path.stat().st_size < 3_000_000


@pytest.mark.parametrize("n_columns", [3, 200])
def test_a_number_far_outside_of_two_values_or_in_a_wide_table_is_limited(n_columns):
    X = np.random.default_rng(0).normal(size=(60, n_columns))
    X[:, 0] = np.arange(60) % 2 + 1
    model = MLPEnsembleRegressor(max_iter=3, random_state=0).fit(X, X @ np.ones(n_columns))
    for column in (0, 1):
        edges = model.encoding_.columns[column].edges
        ends = 2 * edges[0] - edges[1], 2 * edges[-1] - edges[-2]
        rows = np.repeat(X[:1], 4, axis=0)
        rows[:, column] = -1e9, 1e9, *ends
        *far, low, high = model.predict(rows)
        np.testing.assert_allclose(far, [low, high], rtol=1e-5)
        assert low != high


def test_other_steps_are_refused():
    X = np.random.default_rng(0).normal(size=(20, 2))
    for step in (TablePreprocessor(), StandardScaler()):
        pipeline = make_pipeline(step, MLPEnsembleRegressor(max_iter=2)).fit(X, X[:, 0])
        with pytest.raises(ValueError, match="encodes rows and targets itself; fit it on the raw"):
            Predictor.from_estimator(pipeline)


def test_the_score_is_shown_while_it_grows(capsys):
    X, y = load_iris(return_X_y=True)
    model = MLPEnsembleClassifier(random_state=0, verbose=True).fit(X, y)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("epoch 1  out-of-fold accuracy 0.")
    best = f"epoch {model.history_.best_epoch}  out-of-fold accuracy {model.out_of_fold_score_:.4f}"
    assert lines[-1].startswith(best) and len(lines) > 5
    losses = [float(line.rsplit(" ", 1)[1]) for line in lines]
    assert losses == sorted(losses, reverse=True)


def test_ctrl_c_keeps_the_best_so_far(monkeypatch):
    check = EnsembleTraining._check

    def interrupt(training, epoch, population):
        check(training, epoch, population)
        if epoch == 4:
            raise KeyboardInterrupt

    X, y = load_iris(return_X_y=True)
    monkeypatch.setattr(EnsembleTraining, "_check", interrupt)
    with pytest.warns(UserWarning, match="interrupted; the estimator keeps the best epoch"):
        model = MLPEnsembleClassifier(random_state=0).fit(X, y)
    assert model.n_iter_ == 4 and 1 <= model.history_.best_epoch <= 4
    assert model.predict(X).shape == (150,)


#: Parameters and arguments of `fit`, with the one that is refused first.
REFUSED = [
    *({"max_iter": 0}, {"threads": 0}, {"verbose": "yes"}, {"random_state": "seed"}),
    *({"rare": -1}, {"drop": ["tail"]}),
    *({"class_weight": wrong} for wrong in (3, {"Gentoo": "many"}, "even", {"Dodo": 1.0})),
    *({"sample_weight": wrong} for wrong in (np.zeros(20), np.full(20, np.nan), np.ones(19))),
    *({"sample_weight": np.r_[1e308, np.full(19, other)]} for other in (0.0, 1.0)),
    {"y": np.eye(20, dtype=int)},
]  # fmt: skip


@pytest.mark.parametrize("given", REFUSED, ids=str)
def test_wrong_parameters_and_arguments_are_named(given, refused):
    table, species = birds(20)
    (name,) = given
    data = {"y": species, **(given if name in ("y", "sample_weight") else {})}
    with refused(name):
        MLPEnsembleClassifier(**({} if name in data else given)).fit(table, **data)


class Recorded(EnsembleTraining):
    """A training that ends after two epochs, and keeps itself for the test."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.groups = options["groups"]
        Recorded.last = self


@pytest.fixture
def recorded(monkeypatch):
    monkeypatch.setattr(_prepared_training, "EnsembleTraining", Recorded)
    return Recorded


DAYS = pd.date_range("2024-01-01", periods=6)

#: Groups of the same rows in various forms, by the number of each row's group.
FORMS = {
    "numbers": lambda numbers: numbers,
    "floats": lambda numbers: numbers / 2,
    "texts": lambda numbers: [f"patient {number}" for number in numbers],
    "texts and numbers": lambda numbers: [("0", 0, "1", 1, 2.5, "x")[number] for number in numbers],
    "array of texts": lambda numbers: np.array(list("fedcba"))[numbers],
    "booleans and tuple": lambda numbers: tuple((True, False, 2, 3, 4, 5)[i] for i in numbers),
    "dates": lambda numbers: DAYS.to_numpy()[numbers],
    "column of texts": lambda numbers: pd.Series(list("fedcba"))[numbers],
    "categories": lambda numbers: pd.Series(pd.Categorical(list("fedcba")))[numbers],
    "nullable": lambda numbers: pd.Series(numbers, dtype="Int64", index=numbers),
    "column of dates": lambda numbers: pd.Series(DAYS[numbers].tz_localize("UTC")),
}


@pytest.mark.parametrize("form", FORMS)
def test_groups_of_any_form_are_those_of_their_numbers(form):
    numbers = np.random.default_rng(0).integers(0, 6, 90)
    groups = check_groups(FORMS[form](numbers), 90)
    pairs = set(zip(groups.tolist(), numbers.tolist(), strict=True))
    assert len(pairs) == len(set(groups.tolist())) == 6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:.* alone predicts ")
def test_no_network_is_trained_on_a_group_that_it_leaves_out(kind, recorded):
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 6, 90)
    X = rng.normal(size=(90, 2))
    texts = [f"patient {number}" for number in numbers]
    model = kind(max_iter=2, random_state=0).fit(X, (X[:, 0] > 0) * 1, groups=texts)
    left_out = recorded.last.left_out
    assert len(left_out) == len(model.network_.networks) == 4
    for rows in left_out:
        kept = np.setdiff1d(np.arange(90), rows)
        assert len(rows) > 0
        assert not set(numbers[rows]) & set(numbers[kept])


def test_fewer_groups_than_folds_make_a_fold_of_each(recorded):
    X = np.arange(60.0).reshape(30, 2)
    groups = np.arange(30) % 2
    MLPEnsembleRegressor(max_iter=1).fit(X, X[:, 0], groups=groups)
    assert recorded.last.n_folds == 2
    for rows in recorded.last.left_out:
        assert len(set(groups[rows])) == 1


@pytest.mark.filterwarnings("ignore:.* alone predicts ")
def test_groups_of_one_row_each_are_the_same_as_none():
    X = np.random.default_rng(0).normal(size=(60, 2))
    without = MLPEnsembleRegressor(max_iter=2, random_state=0).fit(X, X[:, 0])
    alone = MLPEnsembleRegressor(max_iter=2, random_state=0).fit(X, X[:, 0], groups=np.arange(60))
    assert (without.predict(X) == alone.predict(X)).all()
    assert (without.out_of_fold_predictions_ == alone.out_of_fold_predictions_).all()


@pytest.mark.filterwarnings("ignore:.* alone predicts ")
def test_the_out_of_fold_score_of_groups_is_not_learned_by_their_names():
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(40), 5)
    height = rng.normal(size=40)[patient]  # is the same in all rows of a patient
    table = {"patient": [f"p{number}" for number in patient], "height": height}
    y = rng.normal(size=40)[patient]  # does not depend on the height
    model = MLPEnsembleRegressor(random_state=0, max_iter=24, keep_column=["patient"])
    rows_apart = model.fit(table, y).out_of_fold_score_
    groups_whole = model.fit(table, y, groups=patient).out_of_fold_score_
    assert rows_apart > 0.5
    assert groups_whole < 0.1


@pytest.mark.filterwarnings("ignore:.* alone predicts ")
def test_groups_and_weights_are_used_together(recorded):
    X = np.random.default_rng(0).normal(size=(40, 2))
    groups = np.arange(40) % 5
    weight = np.where(groups == 0, 0.0, 1.0)
    model = MLPEnsembleRegressor(max_iter=2, random_state=0).fit(X, X[:, 0], weight, groups=groups)
    for rows in recorded.last.left_out:
        assert len(np.unique(groups[weight > 0][rows])) < 4
    other = X[:, 0] + 100 * (groups == 0)
    again = MLPEnsembleRegressor(max_iter=2, random_state=0).fit(X, other, weight, groups=groups)
    assert (again.predict(X) == model.predict(X)).all()
    only_one = np.where(groups == 0, 1.0, 0.0)
    with pytest.raises(ValueError, match=r"^groups: all rows are in the group 0"):
        MLPEnsembleRegressor(max_iter=2).fit(X, X[:, 0], only_one, groups=groups)


#: Groups of four rows that are refused, and the error.
WRONG_GROUPS = {
    "few": ([1, 2, 3], r"expected shape \(4,\), one for each row of X, got \(3,\)"),
    "matrix": (np.eye(4), r"expected shape \(4,\), one for each row of X, got \(4, 4\)"),
    "frame": (pd.DataFrame({"g": [1, 2, 3, 4]}), r"expected shape \(4,\).* got \(4, 1\)"),
    "one": (["Rome"] * 4, "all rows are in the group 'Rome'; name two groups or more"),
    "None": (["a", None, "b", "b"], "row 1 has no group; leave out the rows"),
    "NaN": ([1.0, 2.0, np.nan, 1.0], "row 2 has no group"),
    "array with NaN": (np.array([1.0, 2.0, 1.0, np.nan]), "row 3 has no group"),
    "NaT": (np.array(["2024-01-01", "NaT", "2024-01-01", "NaT"], "M8[D]"), "row 1 has no group"),
    "NA": (pd.Series([1, 2, None, 2], dtype="Int64"), "row 2 has no group"),
    "category": (pd.Categorical(["a", "b", "a", None]), "row 3 has no group"),
    "masked": (np.ma.array([1, 2, 3, 4], mask=[0, 0, 1, 0]), "has masked entries"),
    "text": ("town", "expected an array, got 'town'"),
    "lists": (np.array([[1], [2], [1], None], object)[:4], "row 3 has no group"),
}


@pytest.mark.parametrize("case", WRONG_GROUPS)
def test_wrong_groups_are_named_and_leave_the_estimator_as_it_was(case):
    X = np.arange(8.0).reshape(4, 2)
    groups, problem = WRONG_GROUPS[case]
    model = MLPEnsembleRegressor(max_iter=1)
    with pytest.raises(ValueError, match=f"^groups: {problem}"):
        model.fit(X, X[:, 0], groups=groups)
    assert not hasattr(model, "network_")


def test_groups_without_a_hash_are_refused():
    groups = np.empty(4, object)
    for row in range(4):
        groups[row] = [row]
    X = np.arange(8.0).reshape(4, 2)
    with pytest.raises(ValueError, match=r"^groups: .*list"):
        MLPEnsembleRegressor(max_iter=1).fit(X, X[:, 0], groups=groups)


@pytest.mark.filterwarnings("ignore:.* alone predicts ")
@pytest.mark.parametrize(
    "weights",
    [{}, pytest.param({"sample_weight": np.ones(60)}, marks=WITH_ROUTED_WEIGHTS)],
    ids=["groups", "groups and weights"],
)
def test_groups_are_routed_through_pipelines_and_cross_validation(monkeypatch, weights):
    trained = []

    class Collected(EnsembleTraining):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            trained.append((options["groups"], self.left_out))

    monkeypatch.setattr(_prepared_training, "EnsembleTraining", Collected)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    groups = np.repeat([f"p{number}" for number in range(12)], 5)
    with config_context(enable_metadata_routing=True):
        model = MLPEnsembleRegressor(max_iter=1)
        model.set_fit_request(groups=True, **dict.fromkeys(weights, True))
        model.set_score_request(**dict.fromkeys(weights, True))
        scaler = StandardScaler().set_fit_request(**dict.fromkeys(weights, False))
        pipeline = make_pipeline(scaler, model)
        params = {"groups": groups, **weights}
        scores = cross_validate(pipeline, X, X[:, 0], cv=GroupKFold(3), params=params)
    assert np.isfinite(scores["test_score"]).all()
    assert len(trained) == 3
    for fold_groups, left_out in trained:
        assert len(fold_groups) == 40 and len(np.unique(fold_groups)) == 8
        for rows in left_out:
            kept = np.setdiff1d(np.arange(40), rows)
            assert not set(fold_groups[rows]) & set(fold_groups[kept])


def test_groups_reach_the_last_step_of_a_pipeline_without_routing(recorded):
    X = np.random.default_rng(0).normal(size=(20, 2))
    pipeline = make_pipeline(StandardScaler(), MLPEnsembleRegressor(max_iter=1))
    pipeline.fit(X, X[:, 0], mlpensembleregressor__groups=np.arange(20) % 7)
    assert len(np.unique(recorded.last.groups)) == 7


@pytest.mark.integration
def test_the_logarithms_of_probabilities(fitted):
    table, _ = birds(seed=1)
    classifier, _ = fitted
    logarithms = classifier.predict_log_proba(table)
    np.testing.assert_array_equal(logarithms, np.log(classifier.predict_proba(table)))


def as_kind(table, form):
    """The table in another form."""
    columns = {name: table[name].tolist() for name in table}
    if form == "mapping":
        return columns
    if form == "frame":
        return as_frame(columns)
    if form == "arrow":
        return pytest.importorskip("pyarrow").table(columns)
    if form == "polars":
        return pytest.importorskip("polars").DataFrame(columns)
    return table.to_numpy() if form == "array" else table


@pytest.mark.case(216)
@pytest.mark.parametrize("form", ["pandas", "mapping", "frame", "arrow", "polars", "array"])
def test_rows_of_weight_0_are_as_if_absent(form):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(120, 2)), columns=["a", "b"])
    y = np.where(table["a"] > table["b"], "more", "less").astype(object)
    weight, groups = rng.random(120) + 0.5, rng.integers(0, 12, 120).astype(str)
    left_out = rng.random(120) < 0.1
    kept = ~left_out
    settings = {"max_iter": 2, "random_state": 0, "threads": 1}
    expected = MLPEnsembleClassifier(**settings)
    expected.fit(as_kind(table[kept], form), y[kept], weight[kept], groups=groups[kept])
    table.loc[left_out, ["a", "b"]] = 50_000.0
    y[left_out], weight[left_out], groups[left_out] = "other", 0, "none"
    model = MLPEnsembleClassifier(**settings).fit(as_kind(table, form), y, weight, groups=groups)
    rows = as_kind(table, form)
    assert model.classes_.tolist() == ["less", "more"]
    assert model.encoding_.describe() == expected.encoding_.describe()
    assert (model.predict_proba(rows) == expected.predict_proba(rows)).all()
    assert (model.out_of_fold_predictions_[kept] == expected.out_of_fold_predictions_).all()
    far = model.predict_proba(rows)[left_out]
    assert model.out_of_fold_predictions_[left_out] == pytest.approx(far)
    assert (model.feature_importances_ == expected.feature_importances_).all()


@pytest.mark.case(216)
def test_rows_of_a_class_of_weight_0_are_as_if_absent():
    X, y = load_iris(return_X_y=True)
    weights = {0: 0, 1: 1, 2: 2}
    settings = {"max_iter": 2, "random_state": 0, "class_weight": weights, "threads": 1}
    expected = MLPEnsembleClassifier(**settings).fit(X, y)
    X[y == 0] = 50_000
    model = MLPEnsembleClassifier(**settings).fit(X, y)
    assert model.classes_.tolist() == [0, 1, 2]
    assert (model.predict_proba(X) == expected.predict_proba(X)).all()


@pytest.mark.case(216)
def test_columns_of_other_lengths_are_refused_with_rows_of_weight_0():
    with pytest.raises(ArgumentError) as caught:
        MLPEnsembleRegressor().fit({"a": [1, 2, 3], "b": [1, 2, 3, 4]}, [1, 2, 3], [1, 0, 1])
    assert caught.value.argument == "X"
