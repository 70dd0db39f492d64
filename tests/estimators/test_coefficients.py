"""Coefficients: lists of views that write through."""

from __future__ import annotations

import numpy as np
import pytest

from barenet import MLPClassifier
from barenet.estimators.coefficients import Views

X = np.random.RandomState(0).normal(size=(30, 3))
Y = np.arange(30) % 3


@pytest.fixture
def model():
    return MLPClassifier((4, 5), random_state=0, tol=10).fit(X, Y)


def test_they_are_views_of_the_flat_vector(model):
    for view in (*model.coefs_, *model.intercepts_):
        assert np.shares_memory(view, model.network_.parameters)
    assert [view.shape for view in model.coefs_] == [(3, 4), (4, 5), (5, 3)]
    assert [view.shape for view in model.intercepts_] == [(4,), (5,), (3,)]


def test_an_array_put_in_counts(model):
    model.coefs_[2] = np.zeros((5, 3))
    model.intercepts_[2] = [0.0, 1.0, 0.0]
    assert set(model.predict(X)) == {1}


def test_all_of_them_at_once(model):
    other = MLPClassifier((4, 5), random_state=1, tol=10).fit(X, Y)
    other.coefs_, other.intercepts_ = model.coefs_, model.intercepts_
    assert (other.predict_proba(X) == model.predict_proba(X)).all()
    assert not np.shares_memory(other.coefs_[0], model.coefs_[0])


def test_slices_and_shapes():
    arrays = Views([np.zeros(2), np.zeros(3)])
    arrays[1:] = [np.ones(3)]
    assert arrays[1].tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="broadcast"):
        arrays[0] = np.ones(3)
    with pytest.raises(ValueError, match="zip"):
        arrays.write([np.ones(2)])
