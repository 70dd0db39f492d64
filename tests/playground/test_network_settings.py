from __future__ import annotations

import json

import pytest

from barenet.optimization.optimizers import OPTIMIZERS, as_optimizer
from barenet.playground.page_state import HIDDEN_ACTIVATIONS, NetworkSettings


def test_what_is_written_is_read_again():
    settings = NetworkSettings.read(
        {"hidden": [3, 5], "activations": ["relu", "gelu"], "penalty": "l2"}
    )
    assert NetworkSettings.read(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("hidden", [0], "hidden"),
        ("hidden", [257], "hidden"),
        ("hidden", [2.5], "whole number"),
        ("hidden", [1] * 9, "8 entries at most"),
        ("hidden", "8", "expected a list"),
        ("activations", ["softmax", "tanh"], "softmax"),
        ("activations", ["tanh"], "1 of them for 2 hidden layers"),
        ("dropout", 1, "dropout"),
        ("dropout", True, "dropout"),
        ("batch_norm", 1, "expected true or false"),
        ("seed", -1, "seed"),
        ("loss", "hinge", "hinge"),
        ("optimizer", "sgdd", "did you mean 'sgd'"),
        ("optimizer", "adam:speed=1", "speed"),
        ("learning_rate", 0, "learning_rate"),
        ("learning_rate", float("nan"), "learning_rate"),
        ("schedule", "sometimes", "sometimes"),
        ("penalty", "l3", "l3"),
        ("penalty_rate", -1, "penalty_rate"),
        ("batch_size", 1.5, "whole number"),
        ("stop_epoch", -1, "stop_epoch"),
        ("stop_loss", "0.1", "stop_loss"),
        ("colour", "red", "unknown 'colour'"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(field, value, word):
    with pytest.raises(ValueError, match=word):
        NetworkSettings.read({field: value})


def test_every_optimizer_and_activation_can_be_chosen():
    for name in OPTIMIZERS:
        spec = NetworkSettings.read({"optimizer": name, "learning_rate": 0.5}).optimizer_spec
        assert as_optimizer(spec).name == name
    for name in HIDDEN_ACTIVATIONS:
        assert NetworkSettings.read({"hidden": [2], "activations": [name]}).activations == (name,)


def test_a_rate_is_no_other_network_and_a_layer_is():
    settings = NetworkSettings()
    assert settings.with_same_network_as(settings.copy(learning_rate=1.0, optimizer="sgd"))
    for changes in ({"seed": 1}, {"dropout": 0.5}, {"batch_norm": True}, {"hidden": (4, 3)}):
        assert not settings.with_same_network_as(settings.copy(**changes))
