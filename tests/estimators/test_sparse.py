"""Sparse X in estimators: the network of a dense X, and never an array of its size."""

import numpy as np
import pytest
import scipy.sparse
import sklearn.neural_network

from barenet import MLPClassifier, MLPRegressor

N_ROWS, WIDTH = 60, 300
Y = np.arange(N_ROWS) % 2


def matrix():
    X = scipy.sparse.random_array((N_ROWS, WIDTH), density=0.1, rng=np.random.default_rng(0))
    return X.tocsr()


def score(estimator, X, y):
    """A user-defined scorer, which takes some of the rows."""
    assert scipy.sparse.issparse(X) or isinstance(X, np.ndarray)
    return estimator.score(X, y) + estimator.score(X[:5], y[:5])


SETTINGS = {
    "adam": {},
    "lbfgs": {"solver": "lbfgs"},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.3},
    "scorer": {"early_stopping": True, "validation_fraction": 0.3, "scoring": score},
    "dropout": {"dropout": 0.3, "batch_norm": True},
    "linear": {"hidden_layer_sizes": ()},
}


@pytest.mark.parametrize(
    ("kind", "engine", "case"),
    [
        *((MLPClassifier, "compiled", case) for case in SETTINGS),
        (MLPRegressor, "compiled", "adam"),
        (MLPRegressor, "reference", "dropout"),
    ],
)
def test_a_fit_and_predictions_are_those_of_a_dense_x(small, engine, case):
    X, weight = matrix(), np.random.default_rng(1).random(N_ROWS)
    networks = []
    for given in (X, X.toarray()):
        model = small(engine=engine, batch_size=16, **SETTINGS[case]).fit(given, Y, weight)
        outputs = model.predict(given), model.predict(X)
        assert outputs[0] == pytest.approx(outputs[1], abs=1e-9)
        networks.append(model.network_.parameters.tolist() + model.loss_curve_)
    assert networks[0] == pytest.approx(networks[1], abs=1e-6)


def test_continued_training_and_validation_data(small, engine, all_classes):
    X, curves = matrix(), []
    for given in (X, X.toarray()):
        model = small(engine=engine, batch_size=16, warm_start=True)
        model.fit(given, Y, validation_data=(given[:20], Y[:20])).fit(given[:40], Y[:40])
        model.partial_fit(given[40:], Y[40:], **all_classes(2))
        curves.append(model.loss_curve_ + model.network_.parameters.tolist())
    assert curves[0] == pytest.approx(curves[1], abs=1e-9)


@pytest.mark.case(12)
@pytest.mark.integration
def test_a_sparse_matrix_larger_than_all_memory_is_used():
    """80 GB as a dense array."""
    huge = scipy.sparse.csr_array((20_000, 1_000_000), dtype="float32")
    model = MLPClassifier((1,), max_iter=5, engine="compiled").fit(huge[:20], Y[:20])
    assert model.predict(huge).shape == (20_000,)


FORMS = ("csr_array", "lil_matrix")


@pytest.mark.case(185)
@pytest.mark.parametrize("form", FORMS)
def test_labels_are_sparse_as_those_of_scikit_learn(form):
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(60, 4)), rng.integers(0, 2, (60, 3))
    given = getattr(scipy.sparse, form)(labels)
    settings = {"hidden_layer_sizes": (4,), "max_iter": 20, "random_state": 0}
    usual = sklearn.neural_network.MLPClassifier(**settings).fit(X, given).predict(X)
    model = MLPClassifier(**settings).fit(X, given)
    predictions = model.predict(X)
    dense = MLPClassifier(**settings).fit(X, labels)
    assert type(predictions) is type(usual)
    assert predictions.dtype == usual.dtype
    assert (predictions.toarray() == dense.predict(X)).all()
    assert isinstance(dense.predict(X), np.ndarray)
    assert model.score(X, given) == dense.score(X, labels)
    assert model.predict_proba(X).shape == (60, 3)
    assert isinstance(model.fit(X, labels).predict(X), np.ndarray)


def test_sparse_labels_with_validation_rows_and_partial_fit():
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(60, 4)), rng.integers(0, 2, (60, 3))
    given = scipy.sparse.csr_matrix(labels)
    model = MLPClassifier(4, max_iter=3, early_stopping=True, scoring="f1_macro", random_state=0)
    assert scipy.sparse.issparse(model.fit(X, given).predict(X))
    model = MLPClassifier(4, random_state=0)
    model.partial_fit(X, given, classes=[0, 1, 2]).partial_fit(X, labels)
    assert scipy.sparse.issparse(model.predict(X))
