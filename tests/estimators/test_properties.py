"""Properties of any estimator and any rows, drawn by Hypothesis and exact to the last digits."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import clone

from barenet import MLPClassifier, MLPRegressor

few = settings(max_examples=15)


@st.composite
def tasks(draw):
    """An estimator that is not fitted, and rows with classes or numbers."""
    n_rows, n_features, n_classes = (draw(st.integers(2, most)) for most in (12, 4, 4))
    rng = np.random.RandomState(draw(st.integers(0, 2**32 - 1)))
    X, y = rng.normal(size=(n_rows, n_features)), np.arange(n_rows) % n_classes
    kind = draw(st.sampled_from([MLPClassifier, MLPRegressor]))
    sizes = draw(st.lists(st.integers(1, 6), max_size=2))
    activation = draw(st.sampled_from(["relu", "tanh", "logistic"]))
    chosen = {"hidden_layer_sizes": sizes, "activation": activation, "max_iter": 3}
    return kind(**chosen, engine="reference", random_state=1), X, y


def outputs(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@pytest.mark.integration
@few
@given(task=tasks(), data=st.data())
def test_property_predictions_do_not_depend_on_batches_or_order(task, data):
    model, X, y = task
    whole = outputs(model.fit(X, y), X)
    cut = data.draw(st.integers(1, len(X) - 1))
    order = np.array(data.draw(st.permutations(range(len(X)))))
    parts = [outputs(model, X[order[:cut]]), outputs(model, X[order[cut:]])]
    np.testing.assert_allclose(np.concatenate(parts), whole[order], rtol=1e-12)


@pytest.mark.integration
@few
@given(task=tasks(), names=st.lists(st.text("abcde", min_size=1), min_size=4, unique=True))
def test_property_renaming_classes_in_order_changes_nothing(task, names):
    _, X, y = task
    names = np.array(sorted(names))
    model = MLPClassifier(3, max_iter=3, random_state=1, engine="reference")
    numbered, named = clone(model).fit(X, y), clone(model).fit(X, names[y])
    assert numbered.loss_curve_ == named.loss_curve_
    assert named.predict(X).tolist() == names[numbered.predict(X)].tolist()


@few
@given(task=tasks())
def test_property_a_copy_by_clone_pickle_or_deepcopy_is_the_same(task):
    model, X, y = task
    expected = outputs(model.fit(X, y), X)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert np.array_equal(outputs(other, X), expected)
    again = clone(model)
    assert not hasattr(again, "network_") and again.get_params() == model.get_params()
    assert np.array_equal(outputs(again.fit(X, y), X), expected)
