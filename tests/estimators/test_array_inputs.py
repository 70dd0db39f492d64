"""Inputs that are not arrays of numbers, and sparse matrices."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
import scipy.sparse

from barenet import MLPClassifier, MLPRegressor, TablePreprocessor
from barenet.estimators import _array_inputs as array_inputs
from barenet.estimators._array_inputs import as_dense

RNG = np.random.RandomState(0)
X, Y = RNG.normal(size=(40, 3)), np.arange(40) % 2
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0, "engine": "reference"}
NO_ARRAYS = [3, 2.5, "abc", b"abc", {"a": [1]}, {1, 2}, (i for i in range(3)), len, np.array(5.0),
             object(), np.ma.masked_greater(X, 1)]  # fmt: skip
NO_NUMBERS = [Decimal("sNaN"), 10**400, None, "a", {}, 1j, [1]]

kinds = pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])


@kinds
@pytest.mark.parametrize("values", NO_ARRAYS, ids=lambda values: type(values).__name__)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_promise_13_what_is_no_array_is_named(kind, values):
    model = kind(**SMALL)
    with pytest.raises(ValueError, match=r"^X: "):
        model.fit(values, Y)
    with pytest.raises(ValueError, match=r"^y: "):
        model.fit(X, values[:, 0] if np.ndim(values) == 2 else values)
    with pytest.raises(ValueError, match=r"^X: "):
        model.fit(X, Y).predict(values)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_promise_13_dates_are_no_numbers_and_may_be_classes():
    days = np.datetime64("2026-01-01") + Y
    for kind in (MLPClassifier, MLPRegressor):
        with pytest.raises(ValueError, match=r"^X: expected numbers, got datetime64\[D\]"):
            kind(**SMALL).fit(np.column_stack([days, days]), Y)
    with pytest.raises(ValueError, match=r"^y: expected numbers, got datetime64\[D\]"):
        MLPRegressor(**SMALL).fit(X, days)
    assert (MLPClassifier(**SMALL).fit(X, days).classes_ == np.unique(days)).all()


@kinds
@pytest.mark.parametrize("entry", NO_NUMBERS, ids=lambda entry: type(entry).__name__)
def test_fault_09_entries_that_are_no_numbers(kind, entry):
    odd = X.astype(object)
    odd[3, 1] = entry
    with pytest.raises(ValueError, match=r"^X: |^Input X"):
        kind(**SMALL).fit(odd, Y)


@kinds
def test_fault_09_targets_that_are_no_numbers(kind):
    odd = Y.astype(object)
    odd[3] = Decimal("sNaN")
    with pytest.raises(ValueError, match=r"^y: "):
        kind(**SMALL).fit(X, odd)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("form", ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"])
def test_fault_12_every_sparse_form_is_taken(form):
    dense = np.where(X > 0.5, X, 0)
    sparse = getattr(scipy.sparse, f"{form}_array")(dense)
    model, usual = (MLPRegressor(**SMALL).fit(rows, Y) for rows in (sparse, dense))
    assert model.loss_curve_ == usual.loss_curve_
    np.testing.assert_allclose(model.predict(sparse), usual.predict(dense), rtol=1e-12)


@pytest.mark.parametrize("entry", [np.nan, np.inf])
@pytest.mark.parametrize("form", ["csr_array", "csc_array"])
def test_fault_12_a_sparse_entry_that_is_no_number(form, entry):
    dense = np.where(X > 0.5, X, 0)
    dense[3, 1] = entry
    with pytest.raises(ValueError, match="Input X contains"):
        MLPRegressor(**SMALL).fit(getattr(scipy.sparse, form)(dense), Y)


@pytest.mark.parametrize("argument", ["categories", "numeric", "drop", "missing"])
@pytest.mark.parametrize(
    "value", [5, "a", [1], {1: 2}, object()], ids=lambda value: type(value).__name__
)
def test_promise_13_lists_of_names_that_are_none(argument, value):
    with pytest.raises(ValueError, match=f"^{argument}: expected a list of texts"):
        TablePreprocessor(**{argument: value}).fit({"a": ["x", "y", "z"]})


def test_a_matrix_that_is_too_large_is_refused_with_its_size():
    huge = scipy.sparse.csr_array((2_000_000, 3_000_000))
    for kind in (MLPClassifier, MLPRegressor):
        model = kind(**SMALL)
        with pytest.raises(ValueError, match=r"^X: .*2,000,000 × 3,000,000 would take 48000 GB"):
            model.fit(huge, np.arange(2_000_000) % 2)
        assert not hasattr(model, "network_") and not hasattr(model, "n_features_in_")


def test_the_last_byte_counts(monkeypatch):
    monkeypatch.setattr(array_inputs, "machine_memory", lambda: 400)
    rows = scipy.sparse.csr_array(np.eye(10, dtype="float32"))
    assert (as_dense(rows, "X") == np.eye(10)).all()
    with pytest.raises(ValueError, match=r"^X: .* and there are 400 bytes of memory"):
        as_dense(rows.astype("float64"), "X")


def test_partial_fit_on_chunks_of_a_sparse_matrix():
    rows = scipy.sparse.random_array((3000, 200), density=0.02, rng=np.random.default_rng(0))
    rows = rows.tocsr()
    y = np.asarray(rows[:, :100].sum(axis=1) > rows[:, 100:].sum(axis=1)).astype(int)
    model = MLPClassifier((8,), random_state=0, learning_rate_init=0.01)
    for _ in range(10):
        for start in range(0, 3000, 600):
            chunk = slice(start, start + 600)
            model.partial_fit(rows[chunk], y[chunk], classes=[0, 1])
    assert model.score(rows, y) > 0.9
