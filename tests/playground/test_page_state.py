import dataclasses
import json

import pytest

from barenet.data._run_config import RunConfig
from barenet.errors import ArgumentError
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.playground._page_state import HIDDEN_ACTIVATIONS, NetworkSettings, PageState
from barenet.playground._prepared_data import prepare
from barenet.playground._presets import NAMED
from barenet.playground._run_setup import build_network, make_task
from barenet.training._train import train


def read(data=None, network=None, **state):
    return PageState.read({"data": data or {}, "networks": [network or {}], **state})


def test_a_state_survives_a_round_trip_through_json():
    state = read(
        {"source": "moons", "features": ["x1", "sin(x2)"], "axes": ["a", "b"]},
        {"hidden": [3, 5], "activations": ["relu", "gelu"], "penalty": "l2", "seed": 3},
        pace=0,
    )
    written = json.loads(json.dumps(dataclasses.asdict(state)))
    assert PageState.read(written) == state
    assert state.data.features == ("x1", "sin(x2)") and state.networks[0].hidden == (3, 5)
    assert PageState.read({}) == PageState()


@pytest.mark.parametrize(
    ("part", "field", "value", "argument"),
    [
        ("data", "source", 7, "source"),
        ("data", "source", "x" * 10_001, "source"),
        ("data", "samples", 10, "samples"),
        ("data", "samples", 10**9, "samples"),
        ("data", "noise", -2, "noise"),
        ("data", "data_seed", 0.5, "data_seed"),
        ("data", "test_size", 0, "test_size"),
        ("data", "test_size", 1, "test_size"),
        ("data", "features", [], "features"),
        ("data", "features", ["x3"], "features"),
        ("data", "features", ["x1", "x1"], "features"),
        ("data", "features", ["all", "x1"], "features"),
        ("data", "axes", ["a", "b", "c"], "axes"),
        ("data", "task", "ranking", "task"),
        ("data", "points", 3, "data: field"),
        ("network", "hidden", [0], "hidden"),
        ("network", "hidden", [257], "hidden"),
        ("network", "hidden", [2.5], "hidden"),
        ("network", "hidden", [1] * 9, "hidden"),
        ("network", "hidden", "8", "hidden"),
        ("network", "activations", ["softmax", "tanh"], "activations"),
        ("network", "activations", ["tanh"], "activations"),
        ("network", "dropout", 1, "dropout"),
        ("network", "dropout", True, "dropout"),
        ("network", "batch_norm", 1, "batch_norm"),
        ("network", "seed", -1, "seed"),
        ("network", "loss", "hinge", "loss"),
        ("network", "optimizer", "sgdd", "optimizer"),
        ("network", "optimizer", "adam:speed=1", "optimizer"),
        ("network", "learning_rate", 0, "learning_rate"),
        ("network", "learning_rate", float("nan"), "learning_rate"),
        ("network", "schedule", "sometimes", "schedule"),
        ("network", "penalty", "l3", "penalty"),
        ("network", "penalty_rate", -1, "penalty_rate"),
        ("network", "batch_size", 1.5, "batch_size"),
        ("network", "stop_epoch", -1, "stop_epoch"),
        ("network", "stop_loss", "0.1", "stop_loss"),
        ("network", "colour", "red", "networks: field"),
    ],
)
def test_an_invalid_setting_is_rejected_by_name(part, field, value, argument):
    with pytest.raises(ArgumentError) as caught:
        read(**{part: {field: value}})
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    ("state", "argument"),
    [
        ([], "state"),
        ({"speed": 3}, "state: field"),
        ({"networks": [{}, {}, {}]}, "networks"),
        ({"networks": []}, "networks"),
        ({"networks": [7]}, "networks"),
        ({"data": "moons"}, "data"),
        ({"pace": -1}, "pace"),
        ({"pace": 1e9}, "pace"),
    ],
)
def test_an_invalid_state_is_rejected(state, argument):
    with pytest.raises(ArgumentError) as caught:
        PageState.read(state)
    assert caught.value.argument == argument


def test_every_optimizer_and_activation_can_be_chosen():
    for name in OPTIMIZERS:
        settings = read(network={"optimizer": name, "learning_rate": 0.5}).networks[0]
        optimizer = settings.run_config(100).make_optimizer()
        assert optimizer.name == name and getattr(optimizer, "learning_rate", 0.5) == 0.5
    for name in HIDDEN_ACTIVATIONS:
        settings = read(network={"hidden": [2], "activations": [name]}).networks[0]
        assert settings.activations == (name,)


def test_the_settings_are_a_run_of_the_library():
    assert NetworkSettings(penalty="l1", penalty_rate=0.5).run_config(100) == RunConfig(
        optimizer="adam",
        learning_rate=0.01,
        l1=0.5,
        batch_size=16,
        seed=0,
    )
    for changes in ({"batch_size": 0}, {"batch_size": 100}, {"optimizer": "lbfgs"}):
        assert NetworkSettings(**changes).run_config(100).batch_size == "full"


def test_a_learning_rate_keeps_the_network_and_a_layer_does_not():
    settings = NetworkSettings()
    assert settings.has_same_architecture(settings.copy(learning_rate=1.0, optimizer="sgd"))
    for changes in ({"seed": 1}, {"dropout": 0.5}, {"batch_norm": True}, {"hidden": (4, 3)}):
        assert not settings.has_same_architecture(settings.copy(**changes))


def learning_curve(name: str, seed: int) -> list[float]:
    """The score on the test rows after each epoch that the page trains in 5 seconds."""
    state = PageState.suited(name)
    prepared, settings = prepare(state.data), state.networks[0].copy(seed=seed)
    network = build_network(settings, prepared)
    task = make_task(settings, prepared, network)
    arguments = settings.run_config(len(task.training[0])).train_arguments()
    history = train(
        network,
        *task.training,
        **{**arguments, "epochs": int(5 * state.pace), "engine": "auto"},
        validation_data=task.test,
        metrics=task.metric,
    )
    return history.curves[f"validation_{task.metric}"]


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
@pytest.mark.parametrize("name", NAMED)
def test_the_settings_that_suit_a_data_set_learn_it_within_five_seconds(name, seed):
    expected = {"hills": 0.85, "sine": 0.9, "diabetes": 0.35}.get(name, 0.97)
    curve = learning_curve(name, seed)
    assert max(curve) >= expected and curve[-1] >= expected
