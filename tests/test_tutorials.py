"""The three tutorials that barenet grew out of, to the last published digit.

The figures are the tutorials' own, or were measured by running their algorithms as they stand.
"""

import numpy as np
import pytest

from barenet import Network, train
from barenet.losses import SquaredError

SINE_EPOCHS = (0, 200, 400, 600, 800, 999)
SINE_LOSSES = {
    1: "0.062240609 0.006234695 0.005264968 0.003117751 0.000818550 0.000309178",
    2: "0.062748138 0.006617542 0.005010845 0.001463625 0.000392460 0.000201916",
    38: "0.062076940 0.006424696 0.003805080 0.000806254 0.000262817 0.000168736",
}
MOONS_COSTS = {
    0.01: "0.693127 0.671018 0.442552 0.354652 0.329080 "
    "0.320810 0.317526 0.315824 0.314688 0.313792",
    0.1: "0.693127 0.313033 0.308583 0.306617 0.305498 "
    "0.304763 0.304238 0.303839 0.303523 0.303266",
}


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in SINE_LOSSES if seed != 1)]
)
def test_sine_losses_to_nine_decimals(seed):
    x = np.linspace(-2 * np.pi, 2 * np.pi, 500).reshape(-1, 1)
    init = {"init": "normal:std=0.1", "bias_init": "normal:std=0.1", "seed": seed}
    network = Network.dense([1, 10, 10, 1], output="sigmoid", dtype="float64", **init)
    history = train(
        network, (x - x.mean()) / x.std(), (np.sin(x) + 1) / 2, loss="squared_error",
        optimizer="sgd:learning_rate=0.01", epochs=1000, batch_size=1, shuffle=False,
    )  # fmt: skip
    losses = " ".join(f"{history.loss[epoch]:.9f}" for epoch in SINE_EPOCHS)
    assert losses == SINE_LOSSES[seed]


@pytest.mark.integration
@pytest.mark.parametrize("rate", MOONS_COSTS)
def test_moons_costs_to_six_decimals(rate):
    from sklearn.datasets import make_moons

    X, y = make_moons(200, noise=0.20, random_state=0)
    network = Network.dense(
        [2, 1, 1], hidden="tanh", output="sigmoid", init="normal:std=0.01", seed=2, dtype="float64"
    )
    settings = {"epochs": 10_000, "batch_size": None, "metrics": "accuracy"}
    history = train(network, X, y, optimizer=f"sgd:learning_rate={rate}", **settings)
    assert " ".join(f"{cost:.6f}" for cost in history.loss[::1000]) == MOONS_COSTS[rate]
    assert history["accuracy"][-1] == 0.85


def test_the_digits_architecture_of_the_tutorial():
    first = {"in": 784, "out": 16, "activation": "relu"}
    tutorial = Network.dense([first, {"in": 16, "out": 10, "activation": "sigmoid"}], seed=1)
    ours = Network.dense([784, 16, 10], hidden="relu", output="sigmoid", seed=1)
    assert tutorial.summary() == ours.summary()
    assert np.array_equal(tutorial.parameters, ours.parameters)


def test_squared_error_and_the_factors_of_the_tutorial():
    output, y = np.array([[0.7, 0.2]]), np.array([[1.0, 0.0]])
    digits, sine = SquaredError(factor=1), SquaredError()
    assert np.allclose(digits.gradient(output, y), 2 * (output - y))
    assert np.allclose(sine.gradient(output, y), output - y)
    assert sine.value(output, y) == pytest.approx(0.5 * (0.3**2 + 0.2**2))
