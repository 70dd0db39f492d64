"""Sparse X in estimators: the network of a dense X, and never an array of its size."""

import numpy as np
import pytest
import scipy.sparse

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


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_fit_and_predictions_are_those_of_a_dense_x(small, settings, engine):
    X, weight = matrix(), np.random.default_rng(1).random(N_ROWS)
    networks = []
    for given in (X, X.toarray()):
        model = small(engine=engine, batch_size=16, **settings).fit(given, Y, weight)
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


@pytest.mark.integration
def test_fault_12_a_sparse_matrix_larger_than_all_memory(small, engine):
    """80 GB as a dense array."""
    huge = scipy.sparse.csr_array((20_000, 1_000_000), dtype="float32")
    model = small(hidden_layer_sizes=(1,), engine=engine)
    model.fit(huge[:20], Y[:20])
    if engine == "compiled":
        assert model.predict(huge).shape == (20_000,)
