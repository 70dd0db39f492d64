"""What both estimators have in common: going on, validation data, copies, other people's tools."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.utils import estimator_html_repr

import barenet
from barenet import MLPClassifier, MLPRegressor, save
from barenet.estimators._parameter_views import ParameterViews

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ENGINES = ("reference", "compiled")
KINDS = (MLPClassifier, MLPRegressor)
X, Y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 10, "random_state": 0, "batch_size": 20,
         "learning_rate_init": 0.01}  # fmt: skip


def small(kind, **settings):
    return kind(**{**SMALL, **settings})


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_from_a_file_goes_on_the_same_way(kind, tmp_path):
    more = {"classes": [0, 1, 2]} if kind is MLPClassifier else {}
    model = small(kind).partial_fit(X, Y, **more)
    joblib.dump(model, tmp_path / "model.joblib")
    twin, other = joblib.load(tmp_path / "model.joblib"), pickle.loads(pickle.dumps(model))
    for each in (model, twin, other):
        each.partial_fit(X, Y)
    assert (twin.network_.parameters == model.network_.parameters).all()
    assert (other.network_.parameters == model.network_.parameters).all()
    assert np.shares_memory(twin.coefs_[0], twin.network_.parameters)


@pytest.mark.parametrize("kind", KINDS)
def test_a_clone_has_the_parameters_and_nothing_else(kind):
    model = small(
        kind,
        dropout=0.1,
        schedule=barenet.schedules.Cosine(),
        optimizer=barenet.optimizers.SGD(0.1),
    )
    twin = clone(model.fit(X, Y))
    assert twin.get_params().keys() == model.get_params().keys()
    assert not hasattr(twin, "network_")
    assert twin.fit(X, Y).loss_curve_ == model.loss_curve_
    assert kind.__name__ in estimator_html_repr(model)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", KINDS)
def test_validation_data_are_measured_and_not_learned_from(kind, engine):
    learned, held_out, y, y_held_out = train_test_split(X, Y, random_state=0, stratify=Y)
    plain = small(kind, engine=engine, alpha=0).fit(learned, y)
    model = small(kind, engine=engine, alpha=0)
    model.fit(learned, y, validation_data=(held_out, y_held_out))
    assert model.loss_curve_ == plain.loss_curve_
    curve = model.history_.validation_loss
    assert len(curve) == 10
    targets = y_held_out if kind is MLPRegressor else np.eye(3)[y_held_out]
    value, _ = model.network_.value_and_gradient(held_out, targets, training=False)
    assert curve[-1] == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_early_stopping_takes_the_validation_data(kind):
    learned, held_out, y, y_held_out = train_test_split(X, Y, random_state=0)
    model = small(kind, early_stopping=True, max_iter=300, n_iter_no_change=5, batch_norm=True)
    weight = np.ones(len(held_out))
    model.fit(learned, y, validation_data=(held_out, y_held_out, weight))
    assert model.t_ == model.n_iter_ * len(learned)
    assert model.n_iter_ < 300
    assert model.score(held_out, y_held_out) == pytest.approx(model.best_validation_score_)
    assert model.validation_scores_[model.history_.best_epoch - 1] == model.best_validation_score_


@pytest.mark.parametrize(
    "given", [X, (X,), (X, Y, None, None), (X[:, :2], Y), (X, Y[:-1]), (X, np.full(150, np.nan))]
)
def test_validation_data_that_are_none(given):
    for kind in KINDS:
        with pytest.raises(ValueError, match=r"^validation_data: "):
            small(kind).fit(X, Y, validation_data=given)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", ENGINES)
def test_dropout_and_batch_norm(kind, engine):
    settings = {"max_iter": 200, "tol": 0, "engine": engine}
    plain = small(kind, **settings).fit(X, Y)
    dropped = small(kind, dropout=0.4, **settings).fit(X, Y)
    normed = small(kind, batch_norm=True, **settings).fit(X, Y)
    assert dropped.loss_ > 1.2 * plain.loss_
    for model in (dropped, normed):
        assert model.score(X, Y) > 0.8
        assert [each.shape for each in model.coefs_] == [each.shape for each in plain.coefs_]
        before = model.predict(X)
        assert (model.fit(X, Y).predict(X) == before).all()


def test_dropout_of_a_part_is_not_that_of_the_part_before():
    model = small(MLPRegressor, dropout=0.5, optimizer="sgd:learning_rate=1e-300", shuffle=False)
    losses = [model.partial_fit(X, Y).loss_ for _ in range(3)]
    assert len(set(losses)) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_schedule_and_a_clip(kind):
    model = small(kind, solver="sgd", schedule="step:every=2", clip="norm:limit=1e-9").fit(X, Y)
    assert model.history_["learning_rate"][:4] == pytest.approx([0.01, 0.01, 0.005, 0.005])
    start = small(kind, max_iter=1, optimizer="sgd:learning_rate=1e-300").fit(X, Y)
    assert np.abs(model.network_.parameters - start.network_.parameters).max() < 1e-8
    with pytest.raises(ValueError, match=r"^schedule: "):
        model.partial_fit(X, Y)


@pytest.mark.parametrize("kind", KINDS)
def test_callbacks_see_the_run(kind):
    seen = []
    model = small(kind, callbacks=[seen.append, lambda run: run.epoch == 4]).fit(X, Y)
    assert model.n_iter_ == 4
    assert seen[0].network is model.network_
    assert model.history_.stop_reason == "a callback returned True"


def test_partial_fit_is_there_where_steps_go_by_batches():
    for kind in KINDS:
        assert hasattr(kind(), "partial_fit")
        for settings in ({"solver": "lbfgs"}, {"optimizer": "lbfgs:memory=5"}):
            assert not hasattr(kind(**settings), "partial_fit")
        assert hasattr(kind(solver="lbfgs", optimizer="sgd"), "partial_fit")
        with pytest.raises(ValueError, match=r"^early_stopping: partial_fit does not support"):
            small(kind, early_stopping=True).fit(X, Y).partial_fit(X, Y)


def test_many_sparse_rows_are_predicted_in_parts(monkeypatch):
    from barenet.estimators import _base as base

    monkeypatch.setattr(base, "CHUNK", 40)
    for kind in KINDS:
        model = small(kind).fit(X, Y)
        found = model.predict(scipy.sparse.csr_array(X))
        np.testing.assert_allclose(found, model.predict(X), rtol=1e-12)


def test_rows_by_themselves_are_predicted_as_among_others():
    model = small(MLPClassifier).fit(X, Y)
    each = np.vstack([model.predict_proba(row.reshape(1, -1)) for row in X])
    np.testing.assert_allclose(each, model.predict_proba(X), rtol=1e-12)


def test_the_network_is_saved_and_loaded(tmp_path):
    model = small(MLPRegressor).fit(X, Y)
    save(model.network_, tmp_path / "model.safetensors")
    loaded = barenet.load(tmp_path / "model.safetensors")
    network = getattr(loaded, "network", loaded)
    assert (network.predict(X)[:, 0] == model.predict(X)).all()


def test_coefficients_are_writable_views_of_the_parameters():
    model, other = (MLPClassifier((4, 5), random_state=s, tol=10).fit(X, Y) for s in (0, 1))
    for view in (*model.coefs_, *model.intercepts_):
        assert np.shares_memory(view, model.network_.parameters)
    other.coefs_, other.intercepts_ = model.coefs_, model.intercepts_
    assert (other.predict_proba(X) == model.predict_proba(X)).all()
    assert not np.shares_memory(other.coefs_[0], model.coefs_[0])
    model.coefs_[2], model.intercepts_[2] = np.zeros((5, 3)), [0.0, 1.0, 0.0]
    assert set(model.predict(X)) == {1}


def test_coefficients_keep_their_shapes():
    views = ParameterViews([np.zeros(2), np.zeros(3)])
    views[1:] = [np.ones(3)]
    assert views[1].tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="broadcast"):
        views[0] = np.ones(3)
    with pytest.raises(ValueError, match="zip"):
        views[:] = [np.ones(2)]
