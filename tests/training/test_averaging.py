"""Averages of the weights: against one that a callback computes, step by step."""

import numpy as np
import pytest

from barenet import Network, train
from barenet.callbacks import Callback, EarlyStopping
from barenet.model.layers import ActivationLayer, BatchNorm, Dense
from barenet.optimizers import SGD, Adam

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3))
Y = X[:, 0] + 0.3 * RNG.normal(size=50)


def network(dtype="float64"):
    layers = [Dense(3, 7), BatchNorm(7), ActivationLayer("tanh"), Dense(7, 1)]
    return Network(layers, seed=1, dtype=dtype)


class Steps(Callback):
    """The parameters after each step, and after each epoch."""

    def on_start(self, run):
        run.chunk_limit, self.steps, self.epochs = 1, [], []

    def on_chunk(self, run):
        if run.batch:
            self.steps.append(run.network.parameters.copy())

    def on_epoch(self, run):
        self.epochs.append(run.network.parameters.copy())


def averages(steps, kept):
    """The average after each step, as PyTorch's swa_utils and Keras define it, from the first."""
    found = [steps[0]]
    for t, step in enumerate(steps[1:], 2):
        share = max(1 - kept, 1 / t)
        found.append((1 - share) * found[-1] + share * step)
    return found


@pytest.mark.parametrize(
    ("engine", "kind"),
    [("reference", SGD), ("reference", Adam), ("compiled", SGD), ("compiled", Adam), ("jax", Adam)],
)
def test_the_network_has_the_average_of_the_steps(kind, engine):
    plain, seen = Steps(), Steps()
    how = {"epochs": 4, "batch_size": 8, "engine": engine, "threads": 2, "schedule": "cosine"}
    alone, averaged, optimizer = network(), network(), kind(0.1, average=0.9)
    train(alone, X, Y, optimizer=kind(0.1), callbacks=plain, **how)
    history = train(averaged, X, Y, optimizer=optimizer, callbacks=seen, test_data=(X, Y), **how)
    assert len(plain.steps) == 28
    expected = averages(plain.steps, 0.9)
    np.testing.assert_allclose(seen.steps, expected, rtol=1e-11, atol=1e-14)
    np.testing.assert_array_equal(seen.epochs, seen.steps[6::7])
    np.testing.assert_array_equal(averaged.parameters, seen.steps[-1])
    np.testing.assert_array_equal(optimizer.moments["raw"], alone.parameters)
    measured = averaged.value_and_gradient(X, Y, training=False)[0]
    assert history["test_loss"][-1] == pytest.approx(measured, rel=1e-12)
    together = network()
    train(together, X, Y, optimizer=kind(0.1, average=0.9), **how)  # several epochs in a call
    np.testing.assert_array_equal(together.parameters, averaged.parameters)


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_early_stopping_restores_the_average_of_the_best_epoch(engine):
    seen, stop, net = Steps(), EarlyStopping(patience=2), network()
    how = {"validation_data": (X[:9], -Y[:9]), "epochs": 60, "engine": engine}
    history = train(net, X, Y, optimizer="sgd:average=0.9", callbacks=[seen, stop], **how)
    assert history.best_epoch < len(history) < 60
    np.testing.assert_array_equal(net.parameters, seen.epochs[history.best_epoch - 1])


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_a_second_run_continues_from_the_weights_that_are_not_averaged(engine):
    dtype = "float32"
    how = {"shuffle": False, "engine": engine, "batch_size": 25}
    whole, parts, optimizer = network(dtype), network(dtype), Adam(0.01, average=0.9)
    train(whole, X, Y, optimizer=Adam(0.01, average=0.9), epochs=6, **how)
    for epochs in (2, 4):
        train(parts, X, Y, optimizer=optimizer, epochs=epochs, **how)
    np.testing.assert_array_equal(parts.parameters, whole.parameters)


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_a_network_that_was_changed_since_is_where_the_next_run_begins(engine):
    net, optimizer = network(), SGD(1e-9, average=0.9)
    train(net, X, Y, optimizer=optimizer, epochs=2, engine=engine)
    net.parameters[:] += 1
    before = net.parameters.copy()
    train(net, X, Y, optimizer=optimizer, epochs=2, engine=engine)
    np.testing.assert_allclose(net.parameters, before, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(optimizer.moments["raw"], before, rtol=1e-5, atol=1e-6)
