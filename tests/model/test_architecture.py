"""From sizes and names to layers, the layers that fit each other, and the summary."""

import numpy as np
import pytest

from barenet import Network
from barenet.activations import Softmax
from barenet.errors import ArgumentError
from barenet.model._architecture import MAX_PARAMETERS, chain_widths
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm


@pytest.mark.parametrize(
    ("sizes", "options", "expected"),
    [
        ([2, 1], {"output": "sigmoid"}, "Dense(2, 1, 'sigmoid')"),  # fault 29: a linear model
        ((2, 3, 1), {"hidden": "tanh"}, "Dense(2, 3, 'tanh'), Dense(3, 1, 'identity')"),
        (np.array([2, 3, 4, 1]), {"hidden": ["tanh", "relu"], "output": Softmax()},
         "Dense(2, 3, 'tanh'), Dense(3, 4, 'relu'), Dense(4, 1, 'softmax')"),
        (iter([2, 3, 3, 1]), {"dropout": 0.5},
         "Dense(2, 3, 'relu'), Dropout(rate=0.5), Dense(3, 3, 'relu'), Dropout(rate=0.5), "
         "Dense(3, 1, 'identity')"),
        ([{"in": 784, "out": 16, "activation": "relu"}, {"in": 16, "out": 10}], {},
         "Dense(784, 16, 'relu'), Dense(16, 10, 'identity')"),
    ],
)  # fmt: skip
def test_architectures_are_built(sizes, options, expected):
    assert repr(Network.dense(sizes, **options).layers) == f"[{expected}]"


def test_initializers_reach_every_layer():
    for layer in Network.dense([2, 3, 1], init="normal:std=0.2", bias_init="uniform").layers:
        assert layer.init.std == 0.2
        assert layer.bias_init.limit == 0.1


#: Sizes and options, and the error.
REFUSED = [
    *(([2, size, 1], {}, rf"^sizes: .*, got {size}$") for size in (0, -1, 2.5, None)),
    ([2, "8", 1], {}, r"^sizes: expected a whole number of 1 or more, got '8'$"),
    *((sizes, {}, r"^sizes: expected a list such as \[784, 16, 10\], got ")
      for sizes in ("8", 8, None, {"in": 2, "out": 1})),
    *((sizes, {}, r"^sizes: expected at least an input and an output") for sizes in ([8], [])),
    *((sizes, {}, r"^sizes: ") for sizes in ([[2, 3], 1], np.ones((2, 2), int))),
    ([{"in": 2}], {}, r"^sizes: layer 0 needs the keys 'in', 'out' and .*, got 'in'$"),
    ([{"in": 2, "out": 1, "size": 3}], {}, r"^sizes: layer 0 needs .*'size'$"),
    ([{}], {}, r"^sizes: layer 0 needs .* got none$"),
    ([{"in": 2, "out": 1}, 3], {}, r"^sizes: "),
    ([{"in": "2", "out": 1}], {}, r"^n_in: expected a whole number"),
    *(([{"in": 2, "out": 1, "activation": "tanh"}], {name: "sigmoid"},
       r"^hidden, output: the layers' own") for name in ("hidden", "output")),
    ([2, 3, 1], {"hidden": ["relu", "tanh"]}, r"^hidden: 2 activations for 1 hidden layer; "),
    *(([2, 3, 3, 1], options, message) for options, message in (
        ({"hidden": ["relu"]}, r"^hidden: 1 activations for 2 hidden layers; give one for all"),
        ({"hidden": ["relu"] * 3}, r"^hidden: 3 activations for 2 hidden layers"),
        ({"hidden": None}, r"^hidden: "),
        ({"hidden": 5}, r"^hidden: "),
        ({"hidden": "rellu"}, r"unknown 'rellu', did you mean 'relu'\?"),
        ({"output": "sofmax"}, r"unknown 'sofmax', did you mean 'softmax'\?"),
        ({"output": "prelu"}, r"^output: unknown 'prelu'"),  # it is a layer
        ({"output": None}, r"expected one of"),
        ({"init": "hee"}, r"^init: unknown 'hee'"),
        ({"bias_init": "ones"}, r"^bias_init: unknown 'ones'"),
        ({"bias_init": "orthogonal"}, r"^bias_init: orthogonal needs a matrix"),
        ({"dropout": 1.0}, r"^dropout: "),
        ({"dropout": "half"}, r"dropout"),
        ({"dtype": "float16"}, r"^dtype: expected float32 or float64, got 'float16'$"),
        ({"seed": -1}, r"^seed: expected a whole number from 0"),
        ({"batch_norm": 1}, r"^batch_norm: expected True or False, got 1"),
    )),
]  # fmt: skip


@pytest.mark.case(28, 33)
@pytest.mark.parametrize(("sizes", "options", "message"), REFUSED)
def test_invalid_sizes_and_options_are_refused(sizes, options, message):
    with pytest.raises(ArgumentError, match=message):
        Network.dense(sizes, **options)


@pytest.mark.case(30)
@pytest.mark.parametrize("sizes", [[2, 10**10, 1], [10**6, 10**6], [2, 2**29, 1]])
def test_too_many_parameters_take_no_memory(sizes, peak_memory):
    def refuse():
        with pytest.raises(
            ValueError, match=r"^sizes: [0-9,]+ parameters .* more than 536,870,912$"
        ):
            Network.dense(sizes)

    assert peak_memory(refuse) < 10**6
    assert MAX_PARAMETERS * 8 == 4 * 2**30  # 4 GiB


def test_prelu_in_the_place_of_hidden_activations():
    network = Network.dense([2, 3, 4, 5, 1], hidden=["prelu:slope=0.1", "tanh", "prelu"])
    assert str(network.layers) == (
        "[Dense(2, 3, 'identity'), PReLU(n_in=3, slope=0.1), Dense(3, 4, 'tanh'), "
        "Dense(4, 5, 'identity'), PReLU(n_in=5, slope=0.25), Dense(5, 1, 'identity')]"
    )
    assert [layer.init.name for layer in network.layers[::3]] == ["he_uniform", "he_uniform"]
    names = [
        layer.name for layer in Network.dense([2, 3, 1], hidden="prelu", batch_norm=True).layers
    ]
    assert names == ["dense", "batch_norm", "prelu", "dense"]
    entries = [{"in": 2, "out": 3, "activation": "prelu"}, {"in": 3, "out": 1}]
    assert [layer.name for layer in Network.dense(entries).layers] == ["dense", "prelu", "dense"]


def test_valid_sequences_of_layers():
    assert chain_widths([Dense(2, 3), Dropout(), BatchNorm(3), Dense(3, 1)]) == (2, 3, 1)
    assert chain_widths([Dropout(), Dense(2, 3)]) == (2, 3)
    assert chain_widths([LayerNorm(4), ActivationLayer("relu")]) == (4,)
    assert chain_widths([Dropout(), ActivationLayer("relu")]) == ()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (list, r"^layers: a network needs at least one layer$"),
        (
            lambda: [Dense(2, 3), Dense(4, 1)],
            r"^layers: layer 1 \(Dense\(4, 1, 'identity'\)\) takes 4 .* before it give 3$",
        ),
        (lambda: [Dense(2, 3), Dropout(), BatchNorm(2)], r"^layers: layer 2 .* takes 2 inputs"),
        (lambda: [LayerNorm(3), Dense(2, 1)], r"^layers: layer 1 .* before it give 3$"),
        (lambda: [Dense(2, 1), "relu"], r"^layers: expected layers, got 'relu' at 1$"),
        (lambda: [Dense], r"^layers: expected layers, got <class"),
        (lambda: [Dropout()] * 2, r"^layers: layer 1 .* is in use already; make one for each"),
        (lambda: [Dense(2, 2)] * 2, r"^layers: layer 1 .* is in use already"),
        (lambda: Network([BatchNorm(3)]).layers, r"^layers: layer 0 .* is in use already"),
        (lambda: Dense(2, 1), r"^layers: "),
        (lambda: None, r"^layers: "),
    ],
)
def test_invalid_sequences_of_layers_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        Network(make())


def test_layers_of_a_refused_network_can_be_reused():
    first, second = Dense(2, 3), Dense(4, 1)
    for refused, options in (
        ([first, second], {}),
        ([first], {"dtype": "float16"}),
        ([first], {"seed": -1}),
    ):
        with pytest.raises(ValueError, match=r"^(layers|dtype|seed): "):
            Network(refused, **options)
    assert Network([first]).sizes == (2, 3)


def test_initializers_look_past_batch_norm():
    layers = Network.dense([2, 3, 1], output="sigmoid", dropout=0.5, batch_norm=True).layers
    assert [type(layer) for layer in layers] == [Dense, BatchNorm, ActivationLayer, Dropout, Dense]
    assert layers[0].activation.name == "identity" and layers[2].activation.name == "relu"
    assert layers[0].init == Dense(2, 3, "relu").init != Dense(2, 3).init
    made = Network.dense([2, 3, 3, 1], hidden=["relu", "tanh"], batch_norm=True, init="zeros")
    kinds = [type(layer).__name__ for layer in made.layers]
    assert kinds == ["Dense", "BatchNorm", "ActivationLayer"] * 2 + ["Dense"]
    assert not any(layer.weights.any() for layer in made.layers if isinstance(layer, Dense))


def test_the_summary_counts_every_kind_of_layer():
    layers = [
        Dense(3, 4), BatchNorm(4), ActivationLayer("relu"), Dropout(0.1), Dense(4, 2, "tanh"),
        LayerNorm(2), Dense(2, 1, "leaky_relu:slope=0.2"),
    ]  # fmt: skip
    network = Network(layers, dtype="float64")
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


def test_summaries_of_layers_of_any_width():
    lines = Network([Dropout(), Dense(2, 3)]).summary().splitlines()
    assert lines[1].split()[:4] == ["dropout", "2", "→", "2"]
    lines = Network([Dropout()]).summary().splitlines()
    assert lines[1].split()[:4] == ["dropout", "any", "→", "any"]


def test_large_networks_are_counted_in_thousands_and_mebibytes():
    # 784·1000 + 1000 + 1000·10 + 10 = 795,010 of 4 bytes: 3,180,040 / 2²⁰ = 3.03
    last = Network.dense([784, 1000, 10]).summary().splitlines()[-1]
    assert last == "795,010 parameters of float32, 3.0 MiB"
