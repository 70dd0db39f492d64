from __future__ import annotations

import itertools

import numpy as np

from barenet.model._network import Network
from barenet.optimization.optimizers import LBFGS, SGD, Adam
from barenet.playground._timeline import EpochState, Timeline


def network_at(value):
    network = Network.dense([2, 1])
    network.parameters[:] = value
    return network


def test_a_moment_is_a_copy_and_comes_back_whole():
    network, optimizer = network_at(1.0), Adam()
    optimizer.step(network.parameters, np.ones_like(network.parameters))
    epoch_state = EpochState.of(1, network, optimizer)
    before = network.parameters.copy()
    for _ in range(3):
        optimizer.step(network.parameters, np.ones_like(network.parameters))
    epoch_state.restore(network, optimizer)
    assert (network.parameters == before).all() and optimizer.n_steps == 1
    again, fresh = network_at(1.0), Adam()
    for _ in range(2):
        fresh.step(again.parameters, np.ones_like(again.parameters))
    optimizer.step(network.parameters, np.ones_like(network.parameters))
    assert (network.parameters == again.parameters).all()


def test_another_optimizer_starts_anew():
    network = network_at(1.0)
    adam = Adam()
    adam.step(network.parameters, np.ones_like(network.parameters))
    epoch_state = EpochState.of(1, network, adam)
    other = Adam()
    epoch_state.restore(network, sgd := SGD())
    assert sgd.n_steps == 0 and other.n_steps == 0
    epoch_state.restore(network, LBFGS())


def test_an_hour_takes_as_much_room_as_a_minute():
    timeline, network = Timeline(max_states=50), network_at(0.0)
    optimizer = Adam()
    for epoch in range(20_000):
        if timeline.is_due(epoch):
            timeline.add(EpochState.of(epoch, network, optimizer))
        assert len(timeline.states) <= 50
    epochs = timeline.epochs
    assert epochs[0] == 0 and len(epochs) >= 20
    assert len({b - a for a, b in itertools.pairwise(epochs)}) == 1


def test_large_networks_are_kept_less_often():
    network = Network.dense([100, 100])
    timeline = Timeline(max_bytes=10 * network.parameters.nbytes)
    for epoch in range(500):
        if timeline.is_due(epoch):
            timeline.add(EpochState.of(epoch, network, SGD()))
    assert sum(epoch_state.n_bytes for epoch_state in timeline.states) <= timeline.max_bytes


def test_the_nearest_is_found_and_a_new_one_forgets_the_later():
    timeline = Timeline()
    for epoch in range(10):
        timeline.add(EpochState.of(epoch, network_at(epoch), SGD()))
    assert timeline.at(4).snapshot.parameters[0] == 4
    assert timeline.at(100).epoch == 9
    timeline.add(EpochState.of(3, network_at(33), SGD()))
    assert timeline.epochs == [0, 1, 2, 3] and timeline.at(3).snapshot.parameters[0] == 33
    timeline.remove_after(0)
    assert timeline.epochs == [0]


def test_a_path_that_is_left_can_be_returned_to():
    timeline = Timeline()
    for epoch in range(6):
        timeline.add(EpochState.of(epoch, network_at(epoch), SGD()))
    assert not timeline.leave(5), "nothing lies ahead"
    assert timeline.leave(2) and timeline.epochs == [0, 1, 2]
    assert (timeline.path, timeline.fork, timeline.other_path) == (1, 2, 0)
    timeline.add(EpochState.of(3, network_at(33), SGD()))
    timeline.swap()
    assert timeline.epochs == [0, 1, 2, 3, 4, 5] and timeline.path == 0
    timeline.swap()
    assert timeline.at(3).snapshot.parameters[0] == 33 and timeline.path == 1
    timeline.clear()
    assert timeline.epochs == [0] and timeline.other_path is None


def test_the_best_moment_has_the_lowest_loss():
    timeline = Timeline()
    for epoch, loss in enumerate((0.7, 0.2, float("nan"), 0.1, float("inf"))):
        timeline.add(EpochState.of(epoch, network_at(epoch), SGD(), loss))
    assert timeline.best.epoch == 3
    timeline.forget_losses()
    assert timeline.best.epoch == 0
