"""Arrays that can't be used, and odd ones that can: what is refused changes nothing."""

from __future__ import annotations

import concurrent.futures
import copy
import os
import pickle
import subprocess
import sys
import threading
import warnings

import cloudpickle
import numpy as np
import pytest
import scipy.sparse
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError

from barenet import MLPClassifier, MLPRegressor
from barenet.errors import DivergenceError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ENGINES = ("reference", "compiled")
KINDS = (MLPClassifier, MLPRegressor)
RNG = np.random.RandomState(0)
X, Y = RNG.normal(size=(40, 3)), np.arange(40) % 2
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0, "engine": "reference"}


def small(kind, **settings):
    return kind(**{**SMALL, **settings})


def state_of(estimator):
    """All that an estimator holds, the parameters of its network among it."""
    return {name: pickle.dumps(value) for name, value in sorted(vars(estimator).items())}


def assert_refused(X_bad, y_bad=Y, match=None, kinds=KINDS, error=ValueError, **more):
    """By fit, by partial_fit, and by fit with warm_start: and nothing has changed."""
    for kind in kinds:
        fresh = small(kind)
        with pytest.raises(error, match=match):
            fresh.fit(X_bad, y_bad, **more)
        assert state_of(fresh) == state_of(small(kind))
        fitted = small(kind, warm_start=True).fit(X, Y)
        before = state_of(fitted)
        for method in (fitted.fit, fitted.partial_fit):
            with pytest.raises(error, match=match):
                method(X_bad, y_bad, **more)
            assert state_of(fitted) == before


def with_one(value, array=X):
    changed = array.astype(float)
    changed.flat[7] = value
    return changed


def assert_same(X_odd, y=Y, X_usual=X):
    """An array in another form is learned from as if it had the usual one."""
    for kind in KINDS:
        usual, odd = small(kind).fit(X_usual, y), small(kind).fit(X_odd, y)
        np.testing.assert_allclose(odd.loss_curve_, usual.loss_curve_, rtol=1e-12)
        np.testing.assert_allclose(odd.predict(X_odd), usual.predict(X_usual), rtol=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_fault_01_02_numbers_that_are_none(value):
    word = "NaN" if np.isnan(value) else "infinity"
    assert_refused(with_one(value), match=f"Input X contains {word}")
    assert_refused(X, with_one(value, Y), match="y contains|Input contains", kinds=[MLPRegressor])
    assert_refused(X, with_one(value, Y), kinds=[MLPClassifier])


def test_fault_03_no_rows():
    assert_refused(np.empty((0, 3)), [], match="^X: .*0 sample")


def test_fault_04_no_features():
    assert_refused(np.empty((40, 0)), match=r"^X: .*0 feature|^X has 0 features")


def test_fault_05_one_dimension_suggests_a_reshape():
    assert_refused(X[:, 0], match="^X: (.|\n)*Reshape your data")


def test_fault_06_three_dimensions():
    assert_refused(X[:, :, None], match="^X: .*dim 3")


def test_fault_07_lengths_that_differ():
    assert_refused(X, Y[:-1], match="^y: .*40, 39")


def test_fault_08_objects_that_are_numbers():
    assert_same(X.astype(object))


def test_fault_09_objects_that_are_not():
    bad = X.astype(object)
    bad[3, 1] = "a"
    assert_refused(bad, match="^X: .*'a'")


@pytest.mark.filterwarnings("ignore:in epoch:RuntimeWarning")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_fault_10_finite_and_far_too_large(solver, engine):
    for kind in KINDS:
        model = small(kind, solver=solver, engine=engine)
        try:
            model.fit(with_one(1e300), Y)
        except DivergenceError:
            assert not hasattr(model, "network_")
        else:
            assert np.isfinite(model.loss_)
            assert np.isfinite(model.network_.parameters).all()


def test_fault_11_too_large_for_single_precision():
    single = X.astype("float32")
    for kind in KINDS:
        model = small(kind).fit(single, Y)
        with pytest.raises(ValueError, match=r"^X: 1e\+300 is too large for float32"):
            model.predict(with_one(1e300))
        with pytest.raises(ValueError, match=r"^X: 1e\+300 is too large for float32"):
            model.partial_fit(with_one(1e300), Y)
    with pytest.raises(ValueError, match=r"^y: 1e\+300 is too large for float32"):
        small(MLPRegressor).fit(single, with_one(1e300, Y))


@pytest.mark.parametrize("form", ["csr_array", "csc_array", "coo_array", "csr_matrix"])
def test_fault_12_sparse_is_as_dense(form):
    dense = np.where(X > 0.5, X, 0)
    assert_same(getattr(scipy.sparse, form)(dense), X_usual=dense)


@pytest.mark.parametrize("odd", [np.asfortranarray(X), X[::-1][::-1], X.repeat(2, axis=1)[:, ::2]])
def test_fault_13_any_strides(odd):
    assert not odd.flags.c_contiguous or odd.strides[0] < 0 or odd is not X
    assert_same(odd)


def test_fault_14_read_only_and_on_disk(tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, X)
    before = path.read_bytes()
    for mode in ("r", "r+"):
        assert_same(np.load(path, mmap_mode=mode))
    assert path.read_bytes() == before
    frozen = X.copy()
    frozen.flags.writeable = False
    assert_same(frozen)


def test_fault_15_half_precision_becomes_single():
    half = X.astype("float16")
    assert_same(half, X_usual=half.astype("float32"))
    assert small(MLPRegressor).fit(half, Y).network_.dtype == np.float32


def test_fault_16_complex_numbers():
    assert_refused(X + 1j, match="^X: Complex data not supported")


def test_fault_17_classes_that_are_not_counted_from_0():
    model = small(MLPClassifier, max_iter=200, learning_rate_init=0.1).fit(X, 2 * (X[:, 0] > 0))
    assert model.classes_.tolist() == [0, 2]
    assert set(model.predict(X)) == {0, 2}


def test_fault_18_a_part_without_a_class_and_one_with_another():
    model = small(MLPClassifier).partial_fit(X[:5], np.zeros(5), classes=[2, 0, 1])
    model.partial_fit(X[:5], np.ones(5))
    assert model.classes_.tolist() == [0, 1, 2]
    before = state_of(model)
    with pytest.raises(ValueError, match=r"^y: classes \[3\.0\] are not among \[0, 1, 2\]"):
        model.partial_fit(X[:5], np.full(5, 3.0))
    with pytest.raises(ValueError, match=r"^classes: "):
        model.partial_fit(X[:5], np.zeros(5), classes=[0, 1])
    assert state_of(model) == before
    with pytest.raises(ValueError, match=r"^classes: required in the first call"):
        small(MLPClassifier).partial_fit(X, Y)


def test_fault_19_a_single_class():
    model = small(MLPClassifier).fit(X, ["only"] * 40)
    assert model.predict_proba(X).tolist() == [[1.0]] * 40
    assert set(model.predict(X)) == {"only"}


@pytest.mark.parametrize("engine", ENGINES)
def test_fault_20_features_that_never_change(engine):
    for kind in KINDS:
        for settings in ({}, {"batch_norm": True}):
            model = small(kind, engine=engine, **settings).fit(np.ones((40, 3)), Y)
            assert np.isfinite(model.loss_curve_).all()


def test_fault_21_numbers_for_classes():
    assert_refused(X, Y + 0.5 * X[:, 0], kinds=[MLPClassifier], match="^y: .*label type")


def test_fault_22_targets_in_a_column():
    for kind in KINDS:
        with pytest.warns(DataConversionWarning, match="column-vector"):
            model = small(kind).fit(X, Y.reshape(-1, 1))
        assert model.predict(X).tolist() == small(kind).fit(X, Y).predict(X).tolist()


def test_fault_23_predictions_before_learning():
    for kind in KINDS:
        for method in ("predict", "predict_proba", "predict_log_proba"):
            if hasattr(kind, method):
                with pytest.raises(NotFittedError, match=kind.__name__):
                    getattr(kind(), method)(X)


def test_fault_24_another_width():
    for kind in KINDS:
        model = small(kind).fit(X, Y)
        with pytest.raises(ValueError, match=r"X has 2 features, but MLP.* is expecting 3"):
            model.predict(X[:, :2])


def test_fault_25_columns_in_another_order():
    """pandas need not be there: any table that has the data frame protocol tells its names."""
    pyarrow = pytest.importorskip("pyarrow", reason="a table needs a library for tables")
    table = pyarrow.table(dict(zip("abc", X.T, strict=True)))
    for kind in KINDS:
        model = small(kind).fit(table, Y)
        assert model.feature_names_in_.tolist() == ["a", "b", "c"]
        assert model.predict(table).tolist() == small(kind).fit(X, Y).predict(X).tolist()
        with pytest.raises(ValueError, match="must be in the same order"):
            model.predict(table.select(["b", "a", "c"]))


@pytest.mark.parametrize("weight", [-np.ones(40), np.zeros(40), np.ones(39), np.ones((40, 2)),
                                    np.full(40, np.nan), ["a"] * 40])  # fmt: skip
def test_fault_26_weights_that_are_none(weight):
    assert_refused(X, match="^sample_weight: ", sample_weight=weight)


def test_one_weight_for_all():
    for kind in KINDS:
        weighted = small(kind, alpha=0).fit(X, Y, sample_weight=2.0)
        assert weighted.loss_curve_ == pytest.approx(small(kind, alpha=0).fit(X, Y).loss_curve_)


def test_several_classes_for_each_row():
    y = np.column_stack([np.arange(40) % 3, np.arange(40) % 4])
    assert_refused(X, y, kinds=[MLPClassifier], match="^y: expected one class for each row")


def test_going_on_with_something_else():
    model = small(MLPClassifier, warm_start=True).fit(X, Y)
    before = state_of(model)
    with pytest.raises(ValueError, match=r"^y: classes \[2\] are not among \[0, 1\]"):
        model.fit(X, np.arange(40) % 3)
    with pytest.raises(ValueError, match=r"^y: has the classes \[0\], "):
        model.fit(X, np.zeros(40, int))
    assert state_of(model) == before
    with pytest.raises(ValueError, match=r"^hidden_layer_sizes: \[9\].* has \[4\]"):
        copy.deepcopy(model).set_params(hidden_layer_sizes=9).fit(X, Y)
    numbers = small(MLPRegressor).fit(X, Y)
    with pytest.raises(ValueError, match=r"^y: "):
        numbers.partial_fit(X, np.column_stack([Y, Y]))


def test_counts_below_0_have_no_deviance():
    model = small(MLPRegressor, loss="poisson")
    with pytest.raises(ValueError, match=r"^y: the poisson loss needs counts"):
        model.fit(X, -Y)
    assert not hasattr(model, "network_")


@pytest.mark.parametrize("engine", ENGINES)
def test_fault_90_promise_18_distinct_estimators_in_eight_threads(engine):
    """Networks that are large enough to share out their rows, and small ones."""
    rows, targets = RNG.normal(size=(300, 40)), np.arange(300) % 3

    def fit(seed):
        more = {"hidden_layer_sizes": (120, 60), "threads": 2} if seed % 2 else {}
        model = small(MLPClassifier, engine=engine, random_state=seed, **more)
        return model.fit(rows, targets).network_.parameters

    alone = [fit(seed) for seed in range(8)]
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            together = list(pool.map(fit, range(8)))
        assert all((a == b).all() for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_fault_91_one_estimator_in_two_threads(kind, method):
    """The second one is told; the first one does not notice."""
    more = {"classes": [0, 1]} if (kind, method) == (MLPClassifier, "partial_fit") else {}
    begun, refused = threading.Event(), threading.Event()

    def wait(run):
        begun.set()
        assert refused.wait(60)

    model = small(kind, callbacks=wait)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(getattr(model, method), X, Y, **more)
        assert begun.wait(60)
        for other in ("fit", "partial_fit"):
            with pytest.raises(RuntimeError, match=f"^{kind.__name__}: already being trained"):
                getattr(model, other)(X, Y, **(more if other == "partial_fit" else {}))
        refused.set()
        assert first.result(60) is model
    alone = getattr(small(kind), method)(X, Y, **more)
    assert (model.network_.parameters == alone.network_.parameters).all()
    assert model.loss_curve_ == alone.loss_curve_
    begun.clear()
    assert model.fit(X, Y).n_iter_ == 5


@pytest.mark.parametrize("kind", KINDS)
def test_fault_91_an_estimator_in_a_callback_of_its_own(kind):
    said = []

    def again(run):
        with pytest.raises(RuntimeError, match=f"^{kind.__name__}: ") as caught:
            model.fit(X, Y)
        said.append(caught)

    model = small(kind, callbacks=again)
    model.fit(X, Y)
    assert len(said) == 5
    assert model.loss_curve_ == small(kind).fit(X, Y).loss_curve_


FORK = """
import os, warnings
import numpy as np
from barenet import MLPClassifier
warnings.simplefilter("ignore")
X, y = np.random.default_rng(0).normal(size=(300, 40)), np.arange(300) % 3
def fit():
    model = MLPClassifier((200, 100), max_iter=3, random_state=0, threads=2, engine="compiled")
    return model.fit(X, y).network_.parameters.tobytes()
expected = fit()
for _ in range(3):
    child = os.fork()
    if not child:
        os._exit(0 if fit() == expected else 1)
    assert fit() == expected
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fault_92_a_fork_after_threads_have_learned():
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", KINDS)
def test_fault_93_another_process_learns_the_same(kind, engine):
    """What loky sends goes by cloudpickle: functions that have no name go as well."""
    settings = {"engine": engine, "callbacks": lambda run: run.epoch == 4, "early_stopping": True,
                "scoring": {"mine": lambda model, X, y: -float(np.abs(model.predict(X) - y).sum())},
                "dropout": 0.2, "optimizer": "adamw"}  # fmt: skip
    models = [small(kind, random_state=seed, **settings) for seed in range(3)]
    fitted = Parallel(n_jobs=2, backend="loky")(delayed(each.fit)(X, Y) for each in models)
    for other, model in zip(fitted, models, strict=True):
        assert not hasattr(model, "network_")
        assert (other.network_.parameters == model.fit(X, Y).network_.parameters).all()
        assert other.validation_scores_ == model.validation_scores_
        copied = cloudpickle.loads(cloudpickle.dumps(model))
        assert (copied.predict(X) == other.predict(X)).all()


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_a_row_beyond_all_numbers_is_refused_and_not_answered_by_nan(estimator):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), np.arange(40) % 3
    model = estimator(hidden_layer_sizes=(4,), max_iter=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    with pytest.raises(ValueError, match=r"^X: row 1 has values so large"):
        model.predict([[0.0, 0.0, 0.0], [1.7e308, -1.7e308, 1.7e308]])


def test_a_batch_may_lack_a_class_that_has_a_weight():
    model = MLPClassifier((4,), class_weight={1: 5.0}, random_state=0)
    model.partial_fit([[0.0], [1.0], [2.0]], [0, 2, 0], classes=[0, 1, 2])
    with pytest.raises(ValueError, match="class_weight"):
        MLPClassifier((4,), class_weight={7: 5.0}).partial_fit([[0.0]], [0], classes=[0, 1])
