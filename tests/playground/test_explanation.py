from __future__ import annotations

import numpy as np
import pytest


def explained(page, layer, neuron):
    page.say("explain", network=0, layer=layer, neuron=neuron)
    return page.hear_until(lambda message: message["type"] in ("explanation", "error"))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"data": "iris", "hidden": [5], "activations": ["relu"]},
        {"data": "plane", "optimizer": "momentum", "penalty": "l2", "schedule": "cosine"},
        # Not by Adam, which makes a whole step of the last digits of a gradient that should be 0.
        {"dropout": 0.3, "batch_norm": True, "batch_size": 10, "optimizer": "sgd"},
        {"batch_size": 0, "optimizer": "sgd", "loss": "squared_error"},
    ],
    ids=lambda changes: " ".join(changes) or "defaults",
)
def test_the_step_is_the_one_that_was_taken(page, changes):
    page.change(**changes)
    for epoch in (1, 2):
        page.say("step")
        page.see(lambda network, epoch=epoch: network["epoch"] == epoch and network["explained"])
    told = explained(page, 0, 1)
    assert told["difference"] < 2e-4
    layout = page.state["networks"][0]["layout"][0]
    place = [layout["start"] + row * layout["n_out"] + 1 for row in range(layout["n_in"])]
    assert told["after"][:-1] == pytest.approx(page.arrays["0.weights"][place], abs=2e-4)


def test_the_sum_is_a_sum_and_sgd_is_rate_times_gradient(page):
    page.change(optimizer="sgd", learning_rate=0.25)
    page.say("step")
    page.see(lambda network: network["epoch"] == 1 and network["explained"])
    told = explained(page, 1, 0)
    weights, bias = np.array(told["weights"][:-1]), told["weights"][-1]
    assert told["sum"] == pytest.approx(weights @ told["values"] + bias, abs=1e-5)
    assert told["products"] == pytest.approx(weights * told["values"], abs=1e-6)
    assert told["result"] == pytest.approx(np.tanh(told["sum"]), abs=1e-6)
    steps = np.subtract(told["after"], told["weights"])
    assert steps == pytest.approx(-0.25 * np.array(told["gradients"]), abs=1e-6)


def test_what_cannot_be_explained_is_told(page):
    assert "take one first" in explained(page, 0, 0)["words"]
    page.say("step")
    page.see(lambda network: network["epoch"] == 1 and network["explained"])
    assert "layer" in explained(page, 5, 0)["words"]
    page.change(optimizer="lbfgs")
    page.say("step")
    page.see(lambda network: network["epoch"] == 2 and network["explained"])
    assert "L-BFGS" in explained(page, 0, 0)["words"]
