"""Both estimators: copies, validation data, options that scikit-learn's lack, predictions."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from barenet import MLPClassifier, MLPRegressor

STILL = "sgd:learning_rate=1e-300"


@pytest.fixture
def small(kind):
    settings = {"hidden_layer_sizes": (8,), "max_iter": 10, "random_state": 0, "batch_size": 20,
                "learning_rate_init": 0.01}  # fmt: skip
    return lambda **more: kind(**{**settings, **more})


def test_validation_data_do_not_affect_training(iris, kind, small, engine):
    X, held_out, y, y_held_out = train_test_split(*iris, random_state=0, stratify=iris[1])
    plain, model = (small(engine=engine, alpha=0) for _ in range(2))
    model.fit(X, y, validation_data=(held_out, y_held_out))
    assert model.loss_curve_ == plain.fit(X, y).loss_curve_
    curve = model.history_.validation_loss
    assert len(curve) == 10
    targets = y_held_out if kind is MLPRegressor else np.eye(3)[y_held_out]
    value, _ = model.network_.value_and_gradient(held_out, targets, training=False)
    assert curve[-1] == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize("change", [
    lambda X, y: X, lambda X, y: (X,), lambda X, y: (X, y, None, None), lambda X, y: (X[:, :2], y),
    lambda X, y: (X, y[:-1]), lambda X, y: (X, np.full(150, np.nan)),
])  # fmt: skip
def test_invalid_validation_data(iris, small, change, refused):
    with refused("validation_data"):
        small().fit(*iris, validation_data=change(*iris))


@pytest.mark.integration
def test_dropout_and_batch_norm(iris, small):
    settings = {"max_iter": 200, "tol": 0}
    plain = small(**settings).fit(*iris)
    dropped, normed = small(dropout=0.4, **settings), small(batch_norm=True, **settings)
    for model in (dropped, normed):
        before = model.fit(*iris).predict(iris[0])
        assert model.score(*iris) > 0.8
        assert [each.shape for each in model.coefs_] == [each.shape for each in plain.coefs_]
        assert (model.fit(*iris).predict(iris[0]) == before).all()
    assert dropped.loss_ > 1.2 * plain.loss_


def test_each_partial_fit_has_its_own_dropout(iris):
    model = MLPRegressor(dropout=0.5, optimizer=STILL, shuffle=False, random_state=0)
    assert len({model.partial_fit(*iris).loss_ for _ in range(3)}) == 3


def test_schedule_and_clipping(iris, small):
    model = small(solver="sgd", schedule="step:every=2", clip="norm:limit=1e-9").fit(*iris)
    assert model.history_["learning_rate"][:4] == pytest.approx([0.01, 0.01, 0.005, 0.005])
    start = small(max_iter=1, optimizer=STILL).fit(*iris)
    assert np.abs(model.network_.parameters - start.network_.parameters).max() < 1e-8


def test_callbacks_see_the_run(iris, small):
    seen = []
    model = small(callbacks=[seen.append, lambda run: run.epoch == 4]).fit(*iris)
    assert model.n_iter_ == 4
    assert seen[0].network is model.network_
    assert model.history_.stop_reason == "a callback returned True"


def test_partial_fit_is_one_epoch_of_mini_batches(iris, kind, small):
    for settings in ({}, {"solver": "lbfgs", "optimizer": "sgd"}):
        assert hasattr(kind(**settings), "partial_fit")
    for settings in ({"solver": "lbfgs"}, {"optimizer": "lbfgs:memory=5"}):
        assert not hasattr(kind(**settings), "partial_fit")
    for settings in ({"early_stopping": True}, {"schedule": "cosine"}):
        with pytest.raises(ValueError, match="partial_fit") as caught:
            small().fit(*iris).set_params(**settings).partial_fit(*iris)
        assert caught.value.argument in settings


def test_coefficients_are_writable_views_of_the_parameters(iris):
    X, y = iris
    model, other = (MLPClassifier((4, 5), random_state=s, tol=10).fit(X, y) for s in (0, 1))
    for view in (*model.coefs_, *model.intercepts_):
        assert np.shares_memory(view, model.network_.parameters)
    other.coefs_, other.intercepts_ = model.coefs_, model.intercepts_
    assert (other.predict_proba(X) == model.predict_proba(X)).all()
    assert not np.shares_memory(other.coefs_[0], model.coefs_[0])
    model.coefs_[2], model.intercepts_[2] = np.zeros((5, 3)), [0.0, 1.0, 0.0]
    assert set(model.predict(X)) == {1}


@pytest.mark.parametrize("labels", [np.arange(40), np.arange(40).astype(str)])
def test_a_class_for_almost_every_row_is_warned_of(labels):
    with pytest.warns(UserWarning, match="unique classes is greater than 50%"):
        MLPClassifier(2, max_iter=1).fit(np.eye(40), labels)
