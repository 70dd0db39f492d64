"""Arrays that are refused and change nothing, odd ones that are used, threads and processes."""

import concurrent.futures
import copy
from decimal import Decimal

import cloudpickle
import numpy as np
import pandas
import polars
import pytest
import scipy.sparse
from joblib import Parallel, delayed
from sklearn.exceptions import NotFittedError

from barenet import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    TablePreprocessor,
)

RNG = np.random.RandomState(0)
X, Y = RNG.normal(size=(40, 3)), np.arange(40) % 2
SPARSE = np.where(X > 0.5, X, 0)
#: X and weights are checked by one function, and targets by one of each estimator.
BOTH, CLASSES = (MLPClassifier, MLPRegressor), (MLPClassifier,)


def with_one(value, array=X, dtype=float):
    changed = array.astype(dtype)
    changed.flat[7] = value
    return changed


def sparse_with(entry, form):
    return getattr(scipy.sparse, form)(with_one(entry, SPARSE))


#: The changed arguments of fit, the estimators that refuse them, and the start of the error.
REFUSED = {
    "01 NaN": ({"X": with_one(np.nan)}, CLASSES, "Input X contains NaN"),
    "02 infinity": ({"X": with_one(np.inf)}, CLASSES, "Input X contains infinity"),
    "02 minus infinity": ({"X": with_one(-np.inf)}, CLASSES, "Input X contains infinity"),
    "01 NaN as target": ({"y": with_one(np.nan, Y)}, BOTH, "Input .*contains NaN"),
    "02 infinite target": ({"y": with_one(np.inf, Y)}, BOTH, "Input .*contains infinity"),
    "03 no rows": ({"X": np.empty((0, 3)), "y": []}, BOTH, "X: .*0 sample"),
    "04 no features": ({"X": np.empty((40, 0))}, CLASSES, "X: .*0 feature|X has 0 features"),
    "05 one dimension": ({"X": X[:, 0]}, CLASSES, "X: (.|\n)*Reshape your data"),
    "06 three dimensions": ({"X": X[:, :, None]}, CLASSES, "X: .*dim 3"),
    "07 other lengths": ({"y": Y[:-1]}, BOTH, "y: .*40, 39"),
    "12 sparse NaN": ({"X": sparse_with(np.nan, "csr_array")}, CLASSES, "Input X contains"),
    "12 sparse infinity": ({"X": sparse_with(np.inf, "csc_array")}, CLASSES, "Input X contains"),
    "16 complex": ({"X": X + 1j}, CLASSES, "X: Complex data not supported"),
    "21 numbers as classes": ({"y": Y + 0.5 * X[:, 0]}, CLASSES, "y: .*label type"),
    "several classes a row": ({"y": np.c_[np.arange(40) % 3, np.arange(40) % 4]}, CLASSES,
                              "y: expected one class for each row"),
    **{f"26 {name} weights": ({"sample_weight": weight}, CLASSES, "sample_weight: ")
       for name, weight in {"negative": -np.ones(40), "zero": np.zeros(40), "few": np.ones(39),
                            "square": np.ones((40, 2)), "missing": np.full(40, np.nan),
                            "text": ["a"] * 40}.items()},
    **{f"09 entry {entry!r:.9}": ({"X": with_one(entry, dtype=object)}, CLASSES, "X: |Input X")
       for entry in ("a", Decimal("sNaN"), 10**400, None, {}, 1j)},
    "09 text": ({"X": with_one("a", dtype=object)}, CLASSES, "X: could not convert string"),
    "01 a missing value": ({"X": with_one(np.nan)}, CLASSES, "Input X contains NaN"),
    "objects as classes": ({"y": (Y > 0).astype(object)}, CLASSES,
                           "y: Unknown label type: unknown"),
    "09 target": ({"y": with_one(Decimal("sNaN"), Y, object)}, BOTH, "y: "),
}  # fmt: skip


@pytest.mark.case(1, 2, 3, 4, 5, 6, 7, 9, 12, 16, 21, 26)
@pytest.mark.parametrize(
    ("kind", "case"), [(kind, case) for case, (_, kinds, _) in REFUSED.items() for kind in kinds]
)
def test_wrong_arrays_are_refused_and_change_nothing(small, case):
    """They change nothing: see test_estimator.py."""
    changed, _, message = REFUSED[case]
    for method in (small().fit, small().fit(X, Y).partial_fit):
        with pytest.raises(ValueError, match=f"^({message})"):
            method(**{"X": X, "y": Y, **changed})


NO_ARRAYS = [3, 2.5, "abc", b"abc", {"a": [1]}, {1, 2}, (i for i in range(3)), len, np.array(5.0),
             object(), np.ma.masked_greater(X, 1)]  # fmt: skip


@pytest.mark.promise(13)
@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("values", NO_ARRAYS, ids=lambda values: type(values).__name__)
def test_a_value_that_is_not_an_array_is_named(small, values):
    model = small()
    with pytest.raises(ValueError, match=r"^X: "):
        model.fit(values, Y)
    with pytest.raises(ValueError, match=r"^y: "):
        model.fit(X, values[:, 0] if np.ndim(values) == 2 else values)
    with pytest.raises(ValueError, match=r"^X: "):
        model.fit(X, Y).predict(values)


@pytest.mark.promise(13)
def test_dates_are_refused_as_numbers_and_accepted_as_classes(kind, small):
    days = np.datetime64("2026-01-01") + Y
    with pytest.raises(ValueError, match=r"^X: expected numbers, got datetime64\[D\]"):
        small().fit(np.column_stack([days, days]), Y)
    if kind is MLPClassifier:
        assert (small().fit(X, days).classes_ == np.unique(days)).all()
    else:
        with pytest.raises(ValueError, match=r"^y: expected numbers, got datetime64\[D\]"):
            small().fit(X, days)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


#: Forms of an array, and the array that they equal.
USED = {
    "08 objects": (X.astype(object), X),
    "08 lists": (X.tolist(), X),
    "13 column by column": (np.asfortranarray(X), X),
    "13 reversed": (X[::-1].copy()[::-1], X),
    "13 strided": (X.repeat(2, axis=1)[:, ::2], X),
    "14 read-only": (read_only(X), X),
    "15 half precision": (X.astype("float16"), X.astype("float16").astype("float32")),
    "12 csr_matrix": (scipy.sparse.csr_matrix(SPARSE), SPARSE),
    **{f"12 {form}": (getattr(scipy.sparse, f"{form}_array")(SPARSE), SPARSE)
       for form in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")},
}  # fmt: skip


def assert_used_alike(small, odd, usual):
    model, expected = small().fit(odd, Y), small().fit(usual, Y)
    assert model.network_.dtype == expected.network_.dtype
    np.testing.assert_allclose(model.loss_curve_, expected.loss_curve_, rtol=1e-12)
    np.testing.assert_allclose(model.predict(odd), expected.predict(usual), rtol=1e-12)


@pytest.mark.case(8, 12, 13, 14, 15)
@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("case", USED)
def test_unusual_arrays_fit_like_usual_ones(small, case):
    assert_used_alike(small, *USED[case])


#: Rows that a fitted estimator refuses, and the start of the error.
ROWS = {
    "11 beyond float32": (with_one(1e300), r"X: 1e\+300 is too large for float32"),
    "24 other features": (X[:, :2], "X has 2 features, but MLP.* is expecting 3"),
}


@pytest.mark.case(11, 24)
@pytest.mark.parametrize("case", ROWS)
def test_rows_that_the_network_cannot_take_are_refused(small, case):
    rows, message = ROWS[case]
    model = small().fit(X.astype("float32"), Y)
    for call in (model.predict, lambda X: model.partial_fit(X, Y)):
        with pytest.raises(ValueError, match=f"^({message})"):
            call(rows)


def test_numbers_as_text_are_not_predicted_for(small):
    model = small().fit(X, Y)
    with pytest.raises(ValueError, match=r"^X: dtype='numeric' is .* bytes/strings"):
        model.predict(X.astype(str))


@pytest.mark.case(26)
def test_weights_that_are_all_zero_on_one_side_of_the_split_are_refused(small):
    """The mean score of either side would be 0 / 0."""
    for row in range(10):
        with pytest.raises(ValueError, match=r"^sample_weight: all .* 0; give validation_data"):
            small(early_stopping=True).fit(X, Y, sample_weight=np.arange(40) == row)


@pytest.mark.case(18)
def test_partial_fit_takes_missing_classes_and_refuses_unknown_ones(state_of):
    model = MLPClassifier(4).partial_fit(X[:5], np.zeros(5), classes=[2, 0, 1])
    model.partial_fit(X[:5], np.ones(5))
    assert model.classes_.tolist() == [0, 1, 2]
    before = state_of(model)
    with pytest.raises(ValueError, match=r"^y: classes \[3\.0\] are not among \[0, 1, 2\]"):
        model.partial_fit(X[:5], np.full(5, 3.0))
    with pytest.raises(ValueError, match=r"^classes: "):
        model.partial_fit(X[:5], np.zeros(5), classes=[0, 1])
    assert state_of(model) == before
    with pytest.raises(ValueError, match=r"^classes: required in the first call"):
        MLPClassifier().partial_fit(X, Y)


@pytest.mark.case(19)
def test_a_single_class_is_accepted():
    model = MLPClassifier(4, max_iter=5).fit(X, ["only"] * 40)
    assert model.predict_proba(X).tolist() == [[1.0]] * 40
    assert set(model.predict(X)) == {"only"}


@pytest.mark.case(20)
def test_constant_features_give_finite_results(small):
    model = small(batch_norm=True).fit(np.ones((40, 3)), Y)
    assert np.isfinite(model.loss_curve_).all()


def test_a_frame_with_dates_is_refused_with_a_remedy(small):
    frame = pandas.DataFrame(X).assign(day=pandas.Timestamp("2024-12-31")).rename(columns=str)
    with pytest.raises(ValueError, match=r"^X: expected numbers, got dates; encode dates with Ta"):
        small().fit(frame, Y)


def test_partial_fit_refuses_changed_classes_widths_and_targets(state_of):
    model = MLPClassifier(4, max_iter=5, warm_start=True).fit(X, Y)
    before = state_of(model)
    with pytest.raises(ValueError, match=r"^y: warm_start .*got \[0 1\], `y` has \[0 1 2\]$"):
        model.fit(X, np.arange(40) % 3)
    with pytest.raises(ValueError, match=r"^y: warm_start can only .* `y` has \[0\]"):
        model.fit(X, np.zeros(40, int))
    assert state_of(model) == before
    with pytest.raises(ValueError, match=r"^hidden_layer_sizes: \[9\].* has \[4\]"):
        copy.deepcopy(model).set_params(hidden_layer_sizes=9).fit(X, Y)
    for changed in ({"activation": "tanh"}, {"dropout": 0.5}, {"batch_norm": True}):
        with pytest.raises(ValueError, match=rf"^{next(iter(changed))}: .* to continue has "):
            copy.deepcopy(model).set_params(**changed).partial_fit(X, Y)
    two = np.column_stack([Y, Y])
    for kind, first, then in (
        (MLPRegressor, Y, two), (MLPClassifier, Y, two), (MLPClassifier, two, Y),
        (MLPClassifier, two, np.column_stack([two, Y])), (MLPClassifier, Y.astype(str), Y),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"^y: (expected shape|classes \[0, 1\] are not)"):
            kind(max_iter=5).fit(X, first).partial_fit(X, then)


def test_a_batch_may_lack_a_weighted_class():
    model = MLPClassifier((4,), class_weight={1: 5.0}, random_state=0)
    model.partial_fit([[0.0], [1.0], [2.0]], [0, 2, 0], classes=[0, 1, 2])
    with pytest.raises(ValueError, match="class_weight"):
        MLPClassifier((4,), class_weight={7: 5.0}).partial_fit([[0.0]], [0], classes=[0, 1])


@pytest.mark.case(90)
@pytest.mark.promise(17)
def test_distinct_estimators_in_eight_threads_get_the_bits_of_each_alone(engine):
    """Every other network is large enough for threads of its own."""

    def fit(seed):
        sizes = (120, 60) if seed % 2 else (4,)
        model = MLPClassifier(sizes, max_iter=5, engine=engine, threads=2, random_state=seed)
        return model.fit(np.tile(X, (5, 10)), np.tile(Y, 5)).network_.parameters

    alone = [fit(seed) for seed in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = list(pool.map(fit, [*range(8)] * 2))
    assert all((a == b).all() for a, b in zip(alone * 2, together, strict=True))


@pytest.mark.case(93)
@pytest.mark.integration
@pytest.mark.parametrize(("kind", "engine"), [(MLPClassifier, "compiled")])
def test_another_process_gets_the_same_result(small, engine):
    """loky pickles with cloudpickle, so anonymous functions are sent as well."""
    settings = {"engine": engine, "callbacks": lambda run: run.epoch == 4, "early_stopping": True,
                "scoring": {"mine": lambda model, X, y: -float(np.abs(model.predict(X) - y).sum())},
                "dropout": 0.2, "optimizer": "adamw"}  # fmt: skip
    models = [small(random_state=seed, **settings) for seed in range(2)]
    fitted = Parallel(n_jobs=2, backend="loky")(delayed(each.fit)(X, Y) for each in models)
    for other, model in zip(fitted, models, strict=True):
        assert not hasattr(model, "network_")
        assert (other.network_.parameters == model.fit(X, Y).network_.parameters).all()
        assert other.validation_scores_ == model.validation_scores_
        copied = cloudpickle.loads(cloudpickle.dumps(model))
        assert (copied.predict(X) == other.predict(X)).all()


ESTIMATORS = (
    MLPClassifier, MLPRegressor, MLPEnsembleClassifier, MLPEnsembleRegressor, TablePreprocessor,
)  # fmt: skip

#: Methods that need a fit, with their arguments.
METHODS = {
    "predict": (X,),
    "predict_proba": (X,),
    "predict_log_proba": (X,),
    "predict_interval": (X,),
    "score": (X, Y),
    "transform": (X,),
    "describe": (),
    "get_feature_names_out": (),
}


@pytest.mark.case(185)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_method_of_an_unfitted_estimator_is_refused_alike(estimator):
    methods = METHODS.keys() & set(dir(estimator))
    assert methods
    for method in methods:
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            getattr(estimator(), method)(*METHODS[method])


MISSING = {
    "None among objects": np.array(["no", None] * 20, object),
    "NaN among objects": np.array(["no", float("nan")] * 20, object),
    "None in a list": ["no", None] * 20,
    "NaN in a list": ["no", float("nan")] * 20,
    "NA of pandas": np.array(["no", pandas.NA] * 20, object),
    "null of polars": polars.Series(["no", None] * 20),
    "numbers": np.array([1.0, None] * 20, object),
    "a series": pandas.Series(["no", None] * 20),
}


@pytest.mark.case(185)
@pytest.mark.parametrize(
    ("estimator", "case"),
    [
        *((MLPClassifier, case) for case in MISSING),
        *((estimator, "numbers") for estimator in ESTIMATORS[1:4]),
    ],
)
def test_the_first_row_without_a_target_is_named(case, estimator):
    expected = "^y: row 1 has no value; leave out the rows without a value"
    with pytest.raises(ValueError, match=expected):
        estimator().fit(X, MISSING[case])


@pytest.mark.case(163)
def test_classes_that_differ_by_a_zero_character_are_refused():
    labels = ["a", "a\0"] * 20
    X = np.arange(40.0).reshape(-1, 1)
    for y in (labels, np.array(labels, object), pandas.Series(labels, dtype=object)):
        for model in (MLPClassifier(), MLPEnsembleClassifier()):
            with pytest.raises(ValueError, match=r"row 1: a zero character in 'a\\x00'|in row 1"):
                model.fit(X, y)
