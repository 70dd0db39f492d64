"""The divergence monitor: a bad run raises or warns, and the last good epoch is restored."""

import pickle
import warnings

import numpy as np
import pytest

from barenet import MLPRegressor, Network, train
from barenet.callbacks import Run
from barenet.errors import DivergenceError
from barenet.layers import BatchNorm, Dense
from barenet.losses import Loss
from barenet.model._network import Snapshot
from barenet.training._divergence import DivergenceMonitor
from barenet.typing import History

X = np.linspace(-1, 1, 40).reshape(-1, 1)


def monitor_of(network, n_batches=1):
    run = Run(network, History(), epochs=3, n_batches=n_batches)
    return DivergenceMonitor(run, Snapshot.of(network))


def small(**settings):
    return Network.dense([1, 8, 1], **{"seed": 1, **settings})


def test_a_divergence_can_be_pickled():
    error = DivergenceError("a loss of 9", epoch=3, batch=1, loss=9.0, remedy="reduce it")
    error.outcome = "It is as it was"
    copied = pickle.loads(pickle.dumps(error))
    assert str(copied) == "a loss of 9 in epoch 3, batch 1; reduce it. It is as it was"
    assert vars(copied) == vars(error)


def test_a_divergence_restores_the_parameters_from_before_the_epoch():
    network, before = small(), []

    def poison(run):
        before.append(run.network.parameters.copy())
        if run.epoch == 3:
            run.network.layers[1].bias = np.inf

    # The callback spoils them after epoch 3, which was good; epoch 4 starts from infinity.
    with pytest.raises(DivergenceError) as caught:
        train(network, X, X[:, 0] ** 2, batch_size=4, callbacks=poison)
    assert caught.value.epoch == 4 and np.array_equal(network.parameters, before[2])
    with pytest.raises(DivergenceError, match=r"became (nan|inf)"):  # in the last epoch
        train(network, X, X[:, 0] ** 2, epochs=3, callbacks=poison)
    assert np.isfinite(network.parameters).all()


@pytest.mark.parametrize("epochs", [1, 5])  # an explosion in the last step, and before
def test_a_finite_explosion_warns_once(epochs):
    network = Network.dense([1, 1], init="zeros", dtype="float64")
    settings = {"optimizer": "sgd:learning_rate=1e4", "epochs": epochs, "batch_size": 1}
    with pytest.warns(RuntimeWarning, match="the loss grew from") as caught:
        train(network, [[1.0]], [1.0], **settings)
    assert [each.filename for each in caught] == [__file__]


def test_a_perfect_fit_and_a_first_batch_without_weight_do_not_warn():
    history = train(Network.dense([1, 1], init="zeros"), X, np.zeros(40), epochs=2)
    assert history.loss == [0.0, 0.0]
    weight = np.arange(40) >= 8
    settings = {"batch_size": 8, "shuffle": False, "epochs": 2}
    train(small(), X, X[:, 0] + 3, sample_weight=weight, **settings)


@pytest.mark.case(10)
def test_huge_numbers_end_finite_or_in_a_divergence():
    with pytest.raises(DivergenceError, match="the loss became inf in epoch 1, batch 1"):
        train(small(dtype="float64"), X * 1e300, X[:, 0] * 1e300)


def test_an_infinite_validation_loss_warns_and_is_null_in_json():
    with pytest.warns(RuntimeWarning, match="validation_loss became inf"):
        network, held_out = Network.dense([1, 4, 1], seed=1), (X * 3e38, X[:, 0])
        history = train(network, X, X[:, 0], epochs=2, validation_data=held_out, seed=1)
    assert '"validation_loss": null' in history.to_jsonl()


@pytest.mark.parametrize(
    ("wrong", "usual", "at"),
    [(np.nan, 1.0, 4), (np.inf, -3.0, 0), (-np.inf, 0.0, 4), (np.nan, 1e200, 0)],
)
def test_every_non_finite_loss_is_found(wrong, usual, at):
    network = Network.dense([1, 1], seed=1)
    monitor, before = monitor_of(network, n_batches=5), network.parameters.copy()
    losses = np.full(5, usual)
    losses[at] = wrong
    with np.errstate(over="ignore"), pytest.raises(DivergenceError) as caught:
        monitor.check_chunk(np.full(5, usual))
        network.parameters[:] = 7.0
        monitor.check_chunk(losses)
    assert caught.value.batch == at + 1 and np.array_equal(network.parameters, before)


def test_squares_of_losses_and_parameters_may_overflow():
    network = Network.dense([1, 1], dtype="float32")
    monitor = monitor_of(network)
    with np.errstate(over="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for losses in ([1e200, 2e200, 1e205], [1e-200, 0.0, 1e150], [3e205, 1.0, 1.0]):
            monitor.check_chunk(np.array(losses))
        with pytest.raises(RuntimeWarning, match=r"the loss grew from 1e\+200 to 2e\+206"):
            monitor.check_chunk(np.array([1.0, 2e206]))
        network.parameters[:] = 1e30
        monitor.check_epoch(1.0, 1.0)
        network.parameters[0] = np.inf
        with pytest.raises(DivergenceError, match="a parameter became infinite"):
            monitor.check_epoch(1.0, 1.0)
    assert (network.parameters == np.float32(1e30)).all()


def test_statistics_are_restored_too():
    network = Network([BatchNorm(2), Dense(2, 1)], seed=1)
    monitor = monitor_of(network)
    network.statistics[:] = 5.0
    monitor.check_epoch(1.0, 1.0)
    network.statistics[:] = 9.0
    with pytest.raises(DivergenceError):
        monitor.check_chunk(np.array([np.nan]))
    assert (network.statistics == 5.0).all()


class Tweedie(Loss):
    """The deviance of power 1.5, which is defined for predictions above 0."""

    name = "tweedie"

    def per_sample(self, output, y):
        return (2 * output**0.5 + 2 * y * output**-0.5).sum(axis=1)

    def derivative(self, output, y):
        return output**-0.5 - y * output**-1.5


class TweedieOfPositive(Tweedie):
    activations = ("exponential", "softplus")


@pytest.mark.case(146)
@pytest.mark.filterwarnings("ignore:not converged")
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_loss_that_is_undefined_for_some_outputs_ends_in_its_cause(solver):
    X = np.random.default_rng(0).normal(size=(60, 2))
    y, cause = np.exp(X[:, 0]), r"clipped gradient; if the loss .* activations = \("
    regressor = MLPRegressor(
        hidden_layer_sizes=8, loss=Tweedie(), solver=solver, random_state=0, max_iter=50
    )
    with pytest.raises(DivergenceError, match=cause):
        regressor.fit(X, y)
    network = Network.dense([2, 1])
    assert (network.predict(X) < 0).any()
    with pytest.raises(DivergenceError, match=cause):
        train(network, X, y, loss=Tweedie(), optimizer=solver)
    with pytest.raises(ValueError, match="tweedie needs an output activation of exponential or"):
        train(network, X, y, loss=TweedieOfPositive())
    regressor.set_params(loss=TweedieOfPositive()).fit(X, y)
    assert regressor.out_activation_ == "exp" and (regressor.predict(X) > 0).all()
    with pytest.raises(DivergenceError, match=r"clipped gradient\. The network"):
        train(Network.dense([2, 1]), X * 1e18, y, optimizer="sgd:learning_rate=1e6")
