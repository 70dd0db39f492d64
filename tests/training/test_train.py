"""The function `train`: results, histories, held-out sets and refusals."""

import re

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from barenet import (
    Network,
    cross_validate,
    train,
    train_many,
)
from barenet.callbacks import Callback
from barenet.engines import ENGINES
from barenet.layers import BatchNorm, Dense, Dropout
from barenet.model._randomness import epoch_orders
from barenet.optimizers import LBFGS, Adam
from barenet.penalties import L2
from barenet.schedules import SCHEDULES

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.3
LABELS = (X[:, 0] + X[:, 1] > 0).astype(int)


def linear(**settings):
    return Network.dense([3, 1], **({"dtype": "float64"} | settings))


def classifier(**settings):
    return Network.dense([3, 8, 2], output="softmax", **({"seed": 2} | settings))


def all_layers():
    layers = [Dense(3, 8, "relu"), BatchNorm(8), Dropout(0.3), Dense(8, 2, "softmax")]
    return Network(layers, seed=1)


def test_a_linear_network_agrees_with_ridge_regression():
    network = linear()
    train(network, X, Y, optimizer=LBFGS(tolerance=1e-10), penalty=L2(0.1), epochs=200)
    ridge = Ridge(alpha=0.1 * len(X)).fit(X, Y)
    assert network.layers[0].weights[:, 0] == pytest.approx(ridge.coef_, abs=1e-6)
    assert network.layers[0].bias[0] == pytest.approx(ridge.intercept_, abs=1e-6)


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_sets_the_rate_of_each_step(name):
    """One weight, whose gradient is −1, moves by the rate."""
    weights, network = [], Network.dense([1, 1], init="zeros", dtype="float64")
    schedule, y = SCHEDULES[name](), np.ones(3)

    class EachStep(Callback):
        def on_start(self, run):
            run.chunk_limit = 1

        def on_chunk(self, run):
            weights.append(network.layers[0].weights.item())

    how = {"loss": "absolute_error", "batch_size": 1, "epochs": 6, "callbacks": EachStep()}
    history = train(
        network, y[:, None], y, optimizer="sgd:learning_rate=0.001", schedule=name, **how
    )
    times = [epoch + batch / 3 for epoch in range(6) for batch in range(3)]
    expected = [0.001 * schedule.factor(time, 6) for time in times]
    np.testing.assert_allclose(np.diff([0, *weights]), expected, rtol=1e-9)
    assert history["learning_rate"] == pytest.approx(expected[2::3])


def test_the_history_contains_every_measurement():
    validation = (X[:20], LABELS[:20])
    settings = {"metrics": ["accuracy"], "validation_data": validation, "seed": 5}
    history = train(classifier(), X, LABELS, epochs=3, **settings)
    assert set(history.curves) == {
        "loss", "accuracy", "validation_loss", "validation_accuracy",
        "learning_rate", "gradient_norm", "seconds",
    }  # fmt: skip
    assert all(len(curve) == 3 for curve in history.curves.values())
    assert (history.engine, history.seed) == ("compiled", 5)
    assert history.stop_reason == "completed" and history.best_epoch is None


def test_names_of_other_libraries_are_stored_as_those_of_the_registries():
    names = {"loss": "crossentropy", "optimizer": "RMSprop", "metrics": ["acc", "roc_auc"]}
    theirs = train(classifier(), X, (Y > 0).astype(int), epochs=3, **names)
    names = {"optimizer": "rmsprop", "metrics": ["accuracy", "auc"]}
    ours = train(classifier(), X, (Y > 0).astype(int), epochs=3, **names)
    assert theirs.curves.keys() == ours.curves.keys()
    assert theirs.loss == ours.loss and theirs["auc"] == ours["auc"]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_epoch_by_hand(engine):
    """Its batches, the last of which is smaller, and its loss, the mean over its rows."""
    network, twin, weight = linear(), linear(), RNG.random(60)
    settings = {"optimizer": "sgd", "epochs": 1, "batch_size": 25, "seed": 3, "engine": engine}
    losses, weights, (order,) = [], [], epoch_orders(60, 3, [0])
    for start in range(0, 60, 25):
        rows = order[start : start + 25]
        value, gradient = twin.value_and_gradient(X[rows], Y[rows], sample_weight=weight[rows])
        losses.append(value)
        weights.append(weight[rows].sum())
        twin.parameters -= 0.1 * gradient
    history = train(network, X, Y, sample_weight=weight, **settings)
    assert history.loss == pytest.approx([np.average(losses, weights=weights)])
    np.testing.assert_allclose(network.parameters, twin.parameters, rtol=1e-12)


def test_validation_and_test_rows_change_no_step():
    validation, test = (X[:9], LABELS[:9]), (X[9:29], LABELS[9:29], RNG.random(20))
    settings = {"epochs": 3, "metrics": "accuracy", "batch_size": 16}
    network, plain = classifier(), classifier()
    both = train(network, X, LABELS, validation_data=validation, test_data=test, **settings)
    for name, rows in (("validation", validation), ("test", test)):
        single = train(classifier(), X, LABELS, **settings, **{f"{name}_data": rows})
        for curve in (f"{name}_loss", f"{name}_accuracy"):
            assert both[curve] == single[curve]
    assert both.test_loss == both["test_loss"] != both.validation_loss
    train(plain, X, LABELS, **settings)
    assert np.array_equal(network.parameters, plain.parameters)


def test_test_rows_have_no_influence():
    """A schedule that goes by the validation loss goes by the training loss without such rows."""
    settings = {"epochs": 12, "schedule": "reduce_on_plateau:patience=1", "batch_size": 16}
    wrong, rates = (X, 1 - LABELS), []  # its loss rises
    for rows in ({}, {"test_data": wrong}, {"validation_data": wrong}):
        history = train(classifier(), X, LABELS, **settings, **rows)
        rates.append(history["learning_rate"])
    assert rates[0] == rates[1] != rates[2]


def test_the_validation_loss_is_measured_at_the_end_of_the_epoch():
    network, weight = classifier(dtype="float64"), RNG.random(20)
    rows = (X[:20], LABELS[:20], weight)
    history = train(network, X, LABELS, epochs=2, validation_data=rows, penalty=L2(1.0))
    p = network.predict(X[:20])[np.arange(20), LABELS[:20]]
    assert history.validation_loss[-1] == pytest.approx(np.average(-np.log(p), weights=weight))


def test_an_optimizer_continues_where_it_stopped(refused):
    network, twin = linear(), linear()
    optimizer = Adam()
    for _ in range(2):
        train(network, X, Y, optimizer=optimizer, epochs=1, shuffle=False)
    train(twin, X, Y, optimizer=Adam(), epochs=2, shuffle=False)
    assert np.array_equal(network.parameters, twin.parameters)
    with refused("optimizer", "it has moments of 4 parameters"):
        train(classifier(), X, LABELS, optimizer=optimizer)


def test_lbfgs_records_the_initial_loss_of_each_iteration():
    network = linear()
    start = network.value_and_gradient(X, Y)
    history = train(network, X, Y, optimizer="lbfgs", epochs=50)
    assert history.loss[0] == pytest.approx(start[0])
    assert history["gradient_norm"][0] == pytest.approx(np.linalg.norm(start[1]))
    assert np.all(np.diff(history.loss) <= 0)
    assert history.stop_reason == "converged" and len(history) < 50
    assert "learning_rate" not in history.curves


def test_lbfgs_at_a_minimum_records_its_loss():
    network = linear()
    train(network, X, Y, optimizer=LBFGS(tolerance=1e-9), epochs=200)
    history = train(network, X, Y, optimizer=LBFGS(tolerance=1e-3))
    assert len(history) == 1 and history.loss[0] < 1e-10
    assert history.stop_reason == "converged"


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_lbfgs_ends_with_running_averages_that_include_its_last_parameters(engine):
    last = []
    settings = {"optimizer": "lbfgs", "epochs": 5, "engine": engine}
    network = classifier(batch_norm=True)
    train(network, X, LABELS, **settings, callbacks=lambda run: last.append(run.network.copy()))
    last[-1].value_and_gradient(X, LABELS)
    np.testing.assert_allclose(network.statistics, last[-1].statistics, rtol=1e-5)


BAD = {
    "epochs": [0, -1, 2.5, "ten", True],
    "batch_size": [0, -3, 1.5],
    "seed": [-1, 2**32, 1.5, "x"],
    "shuffle": ["no", 1, None],
    "optimizer": ["adamm", "adam:rate=1", "sgd:learning_rate=-1", "sgd:learning_rate=nan", 3],
    "loss": ["mean", "huber:delta=-1", "binary_cross_entropy", 7],
    "schedule": ["steps", "step:every=-1"],
    "penalty": ["l3", "l2:strength=-1", [L2([1.0, 2.0])]],
    "clip": ["norm:limit=0", "norms"],
    "metrics": ["mse"],
    "engine": ["gpu"],
    "callbacks": [[5], 5],
    "progress": ["yes"],
    "scale": [0, -1.0, float("nan"), "1/255", 1e308],
    "threads": [0, -2, 1.5, "two", True],
    "sample_weight": [[-1.0] * 60, [0.0] * 60, [1.0] * 59],
    "validation_data": [X, (X,), (X, Y[:3]), (X[:, :2], Y)],
    "test_data": [X, (X[:, :2], Y)],
}


@pytest.mark.case(26, 27, 31, 33)
@pytest.mark.parametrize("argument", BAD)
def test_a_wrong_setting_is_named_and_nothing_changes(argument, refused):
    network = linear()
    before = network.parameters.copy()
    for value in BAD[argument]:
        with refused(argument):
            train(network, X, Y, **{argument: value})
    assert np.array_equal(network.parameters, before)


#: Arguments that no function that trains has, and the hint.
OTHERS = {"verbose": "", "n_epochs": ", did you mean 'epochs'?", "sampel_weight": "sample_weight"}


@pytest.mark.parametrize("name", OTHERS)
def test_an_unknown_argument_is_refused_with_the_nearest(name, refused):
    calls = {"train": lambda **given: train(linear(), X, Y, **given)}
    calls["train_many"] = lambda **given: train_many([linear()], X, Y, **given)
    calls["cross_validate"] = lambda **given: cross_validate(linear(), X, Y, cv=2, **given)
    for function, call in calls.items():
        with refused(name, re.escape(f"{name}: is no argument of {function}")) as caught:
            call(**{name: 1})
        assert OTHERS[name] in str(caught.value)


@pytest.mark.parametrize("function", [
    lambda epoch, logs: None, lambda epoch, logs=None: None, lambda: None,
])  # fmt: skip
def test_functions_that_do_not_take_the_run_are_refused_before_training(function, refused):
    network = linear()
    before = network.parameters.copy()
    for callbacks in (function, [function]):
        with refused("callbacks", "expected a function of the run, got one of .*; take the run"):
            train(network, X, Y, callbacks=callbacks)
    assert np.array_equal(network.parameters, before)
    train(network, X, Y, epochs=1, callbacks=[lambda run, more=(): None, id])


@pytest.mark.parametrize(("network", "settings", "argument"), [
    (all_layers, {"optimizer": "lbfgs"}, "optimizer"),  # dropout changes every step
    (classifier, {"optimizer": "lbfgs", "clip": "norm:limit=1"}, "clip"),
    (classifier, {"optimizer": "lbfgs", "schedule": "cosine"}, "schedule"),
    (all_layers, {"batch_size": 1}, "batch_size"),  # of a batch norm
])  # fmt: skip
def test_settings_that_exclude_each_other_are_refused(network, settings, argument, refused):
    with refused(argument):
        train(network(), X, LABELS, **settings)


def test_a_network_is_trained_by_one_run_at_a_time():
    network = linear()

    def train_too(run):
        train(run.network, X, Y, epochs=1)

    with pytest.raises(RuntimeError, match="network: already being trained"):
        train(network, X, Y, epochs=2, callbacks=train_too)
    train(network, X, Y, epochs=1)  # and afterwards again


def test_a_last_batch_of_one_row_keeps_the_batch_norm_variance():
    network = Network([BatchNorm(3), Dense(3, 1)], seed=1)
    train(network, X[:33], Y[:33], batch_size=32, epochs=200, shuffle=False)
    assert network.layers[0].variance == pytest.approx(X[:32].var(axis=0, ddof=1), rel=1e-4)
