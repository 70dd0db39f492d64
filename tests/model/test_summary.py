"""The summary's numbers, counted by hand."""

from __future__ import annotations

from barenet import Network
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm


def test_every_kind_of_layer():
    network = Network(
        [
            Dense(3, 4),
            BatchNorm(4),
            ActivationLayer("relu"),
            Dropout(0.1),
            Dense(4, 2, "tanh"),
            LayerNorm(2),
            Dense(2, 1, "leaky_relu:slope=0.2"),
        ],
        dtype="float64",
    )
    # 3·4 + 4 = 16; 2·4 = 8; 4·2 + 2 = 10; 2·2 = 4; 2·1 + 1 = 3: 41 numbers of 8 bytes
    assert network.summary().splitlines() == [
        "layer       activation  in → out  parameters",
        "dense       identity    3 → 4             16",
        "batch_norm              4 → 4              8",
        "activate    relu        4 → 4              0",
        "dropout                 4 → 4              0",
        "dense       tanh        4 → 2             10",
        "layer_norm              2 → 2              4",
        "dense       leaky_relu  2 → 1              3",
        "41 parameters of float64, 0.3 KiB",
    ]


def test_layers_that_take_any_width():
    lines = Network([Dropout(), Dense(2, 3)]).summary().splitlines()
    assert lines[1].split()[:4] == ["dropout", "2", "→", "2"]
    lines = Network([Dropout()]).summary().splitlines()
    assert lines[1].split()[:4] == ["dropout", "any", "→", "any"]


def test_large_networks_are_counted_in_thousands_and_mebibytes():
    # 784·1000 + 1000 + 1000·10 + 10 = 795,010 of 4 bytes: 3,180,040 / 2²⁰ = 3.03
    last = Network.dense([784, 1000, 10]).summary().splitlines()[-1]
    assert last == "795,010 parameters of float32, 3.0 MiB"
