"""`explain` shows the step that `train` takes, and each formula gives the numbers beside it."""

import copy
import pickle

import numpy as np
import pytest

from barenet import Network, explain, train
from barenet.activations import ACTIVATIONS, Activation
from barenet.layers import (
    LAYERS,
    ActivationLayer,
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LayerNorm,
    PReLU,
)
from barenet.losses import LOSSES
from barenet.optimization.optimizers import as_optimizer
from barenet.optimization.optimizers._optimizer import UpdateFormula
from barenet.optimizers import OPTIMIZERS, Optimizer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 3))

#: Targets that every loss takes from a softmax of two outputs.
SHARES = np.array([[1.0, 0.0], [0.25, 0.75], [0.0, 1.0], [0.5, 0.5], [0.9, 0.1]])

#: Every loss on every output that it can be computed from.
LOSSES_ON_OUTPUTS = [
    ("quantile:levels=[0.2,0.7]", "ascending"),
    *(
        (name, output)
        for name, kind in sorted(LOSSES.items())
        for output in ("softmax", "sigmoid", "exponential", "identity")
        if output in (kind.on_logits or kind.activations or (output,))
    ),
]


def targets_for(loss):
    """Targets for two outputs."""
    if loss == "gamma":
        return SHARES + 0.5  # above 0
    return SHARES[:, :1] if loss.startswith(("gaussian", "quantile:levels")) else SHARES


def by_hand() -> Network:
    """The network of a well-known example: M. Mazur, "A step by step backpropagation example"."""
    network = Network.dense([2, 2, 2], hidden="sigmoid", output="sigmoid", dtype="float64")
    first, second = network.layers
    first.weights, first.bias = [[0.15, 0.25], [0.20, 0.30]], 0.35
    second.weights, second.bias = [[0.40, 0.50], [0.45, 0.55]], 0.60
    return network


CLASSES = [0, 1, 1, 0, 1]

#: The parameters of `EVERY_LAYER` in their order.
NAMES = ["W1", "b1", "gamma2", "beta2", "W5", "b5", "gamma6", "beta6", "alpha7", "W8", "b8"]

EVERY_LAYER = [
    *(Dense(3, 4, "tanh"), BatchNorm(4), ActivationLayer("silu"), Dropout(0.4)),
    *(Dense(4, 3, "softmax"), LayerNorm(3), PReLU(3), Dense(3, 2, "softmax")),
]


def every_layer(dtype="float64") -> Network:
    return Network(copy.deepcopy(EVERY_LAYER), seed=3, dtype=dtype)


def check_formulas(page):
    """Evaluate every formula on the numbers of its letters."""
    for equation in page.equations:
        if equation.formula is not None:
            value = equation.evaluate().reshape(equation.result.value.shape)
            exact, name = equation.result.value, equation.result.name.text
            np.testing.assert_allclose(value, exact, rtol=1e-9, atol=1e-12, err_msg=name)


def test_a_published_example_is_reproduced():
    options = {"loss": "squared_error", "optimizer": "sgd:learning_rate=0.5"}
    page = explain(by_hand(), [[0.05, 0.10]], [[0.01, 0.99]], **options)
    published = {
        "Z1": [[0.3775, 0.3925]],
        "A1": [[0.593269992, 0.596884378]],
        "Z2": [[1.105905967, 1.224921404]],
        "A2": [[0.75136507, 0.772928465]],
        "L": 0.298371109,
        "dZ2": [[0.138498562, -0.038098236]],
        "W2": [[0.35891648, 0.511301270], [0.408666186, 0.561370121]],
        "W1": [[0.149780716, 0.24975114], [0.19956143, 0.29950229]],
    }
    for name, figures in published.items():
        np.testing.assert_allclose(page[name], figures, atol=6e-9, err_msg=name)


def every_case():
    """Networks, rows, targets and options that reach every formula."""
    for name in sorted(ACTIVATIONS):
        layers = [Dense(3, 4, name), Dense(4, 2), ActivationLayer(name)]
        yield name, layers, X[:3], SHARES[:3] - 0.5, {"loss": "squared_error"}
    for number, (loss, output) in enumerate(LOSSES_ON_OUTPUTS):
        weights = [1.0, 2.0, 0.0, 0.5, 3.0] if number % 2 else None
        options = {"loss": loss, "sample_weight": weights}
        layers = [Dense(3, 2, output)]
        yield f"{loss}-{output}", layers, X, targets_for(loss), options
    yield "one row", [Dense(3, 2, "softmax")], X[:1], SHARES[:1], {}
    for layers in (
        EVERY_LAYER,
        [LayerNorm(3), Dense(3, 2)],
        [PReLU(3), Dense(3, 2), PReLU(2)],
        [ActivationLayer("tanh"), Dense(3, 2)],
        [Dropout(0.4), Dense(3, 2)],
        [BatchNorm(3), Dropout(0.0), Dense(3, 2)],
        [Dense(3, 2), ActivationLayer("softmax")],
        [Dense(3, 2), ActivationLayer("sigmoid")],
    ):
        yield "-".join(layer.name for layer in layers), layers, X, SHARES, {}
    for clip in ("norm:limit=0.1", "norm:limit=100", "value:limit=0.05"):
        options = {"clip": clip, "optimizer": "adam"}
        options["penalty"] = ["l1:strength=0.1", "l2:strength=[0,0.3]"]
        yield clip, [Dense(3, 2, "tanh"), Dense(2, 1)], X, X[:, 0], options


assert {layer.name for layer in EVERY_LAYER} == set(LAYERS)


@pytest.mark.parametrize(
    ("layers", "X", "y", "options"), [pytest.param(*case, id=name) for name, *case in every_case()]
)
def test_every_formula_gives_the_numbers_beside_it(layers, X, y, options):
    network = Network(copy.deepcopy(layers), seed=1, dtype="float64")
    page = explain(network, X, y, **options)
    check_formulas(page)
    check_formulas(page.transposed())
    if "loss" in options and options["loss"] != "squared_error":
        loss, output = options["loss"], network.output_activation.name
        cancelled = {"sigmoid": "binary_c", "softmax": "categorical_c", "exponential": "poisson"}
        expected = loss.startswith(cancelled.get(output, "none"))
        assert ("is left." in " ".join(str(page).split())) == expected
    masks = {f"M{n}" for n, layer in enumerate(layers, 1) if getattr(layer, "rate", 0)}
    assert {each.result.name.key for each in page.equations if each.formula is None} == masks
    assert page.agrees and page.max_error < 1e-8


@pytest.mark.parametrize(
    ("optimizer", "dtype"),
    [("adam:learning_rate=0.1", "float64"), ("nesterov", "float32")],
)
def test_the_explained_step_equals_the_first_training_step(optimizer, dtype):
    network = every_layer(dtype)
    options = {"optimizer": optimizer, "penalty": ["l1:strength=0.1", "l2:strength=0.2"]}
    options |= {"clip": "norm:limit=0.3", "sample_weight": [1.0, 2.0, 0.5, 3.0, 1.0], "seed": 7}
    before = network.parameters.copy(), network.statistics.copy()
    page = explain(network, X, CLASSES, **options)
    assert np.array_equal(network.parameters, before[0])
    assert np.array_equal(network.statistics, before[1])
    how = {"epochs": 1, "batch_size": 5, "shuffle": False, "engine": "reference"}
    history = train(network, X, CLASSES, **how, **options)
    assert np.array_equal(np.concatenate([page[n].ravel() for n in NAMES]), network.parameters)
    statistics = [page["mubar2"], page["Vbar2"]]
    assert np.array_equal(np.concatenate(statistics), network.statistics)
    assert float(page["L"]) == pytest.approx(history.loss[0], rel=1e-12)


def test_a_wrong_gradient_is_named(wrong_layer):
    wrong = type("Wrong", (wrong_layer,), {"name": "dense"})  # as that of a layer of barenet
    network = Network([Dense(3, 2), wrong(0.5), Dense(2, 1)], dtype="float64", seed=1)
    page = explain(network, X, X[:, 0])
    assert page.disagreeing == ["dA₁", "dZ₁", "dW₁", "db₁"]
    assert "DIFFER" in str(page) and "dA₁, dZ₁, dW₁, db₁" in str(page)
    assert "differs" in page.to_html()


class Sine(Activation):
    name = "sine"

    def forward(self, Z):
        return np.sin(Z)

    def derivative(self, Z, A):
        return np.cos(Z)


class Shift(Layer):
    name = "shift"
    parameter_shapes = {"offset": (2,)}  # noqa: RUF012

    def initialize(self, rng):
        self.offset = 0.5

    def forward(self, X, *, training=False, rng_key=0):
        return X + self.offset, None

    def backward(self, cache, d_output, out):
        np.sum(d_output, axis=0, out=out["offset"])
        return d_output


def test_user_defined_layers_are_shown_without_formulas():
    network = Network([Dense(3, 2, Sine()), Shift(), Dense(2, 1)], dtype="float64", seed=1)
    page = explain(network, X, X[:, 0])
    missing = {each.result.name.key for each in page.equations if each.formula is None}
    assert missing == {"A1", "A2", "doffset2", "dA1", "dZ1"}
    check_formulas(page)
    check_formulas(page.transposed())
    assert page.agrees
    for written in (str(page), page.to_html(), page.to_markdown()):
        assert "offset" in written


@pytest.mark.parametrize("before", [[], [Dense(3, 2)]])
def test_a_layer_subclass_can_be_the_output_layer(before):
    base, sizes = (ActivationLayer, ()) if before else (Dense, (3, 2))
    own = type("Own", (base,), {})(*sizes, "softmax")
    network = Network([*before, own], dtype="float64", seed=1)
    page = explain(network, X, SHARES)
    last = f"A{len(network.layers)}"
    np.testing.assert_allclose(page[last], network.predict(X), rtol=1e-12)
    check_formulas(page)
    assert page.agrees


def test_lbfgs_is_explained_up_to_the_gradient():
    network, options = Network.dense([3, 2, 1], seed=1, dtype="float64"), {"optimizer": "lbfgs"}
    page = explain(network, X, X[:, 0], penalty="l2:strength=0.1", **options)
    assert not page.steps[-1].equations
    assert "L-BFGS uses all rows" in page.steps[-1].text
    assert page.agrees
    check_formulas(page)


def test_column_notation_transposes_rows():
    network = every_layer()
    rows = explain(network, X, CLASSES)
    columns = explain(network, X, CLASSES, notation="columns")
    assert columns["W1"].shape == (4, 3) and columns["b1"].shape == (4, 1)
    assert columns.transposed()["W1"].shape == (3, 4)
    for quantity, turned in zip(rows.quantities, columns.quantities, strict=True):
        assert np.array_equal(turned.value, quantity.value.T)
    text = str(columns)
    assert "Z₁ = W₁ A₀ + b₁" in text and "dW₁ = dZ₁ A₀ᵀ" in text and "dA₇ = W₈ᵀ dZ₈" in text
    assert "Samples are columns" in text


def test_a_large_network_is_shown_by_its_largest_entries():
    rng = np.random.default_rng(1)
    network = Network.dense([200, 30, 10], output="softmax", seed=1)
    rows = rng.normal(size=(20, 200))
    page = explain(network, rows, rng.integers(0, 10, 20))
    (weights,) = (each for each in page.equations if each.result.name.key == "dW1")
    assert np.isfinite(weights.differences).sum() == 5
    largest = np.abs(weights.result.value) >= np.sort(np.abs(weights.result.value).ravel())[-5]
    assert np.array_equal(np.isfinite(weights.differences), largest)
    assert page.agrees and page.max_error < 1e-6
    text = str(page)
    row, column = map(int, np.argwhere(np.abs(page["dW1"]) == np.abs(page["dW1"]).max())[0])
    assert f"[{row}, {column}]" in text and "(200, 30)" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "std" in page.to_html() and "std" in page.to_markdown()


def test_a_large_network_is_summarized():
    small, large = (Network.dense([3, n, 1], hidden="tanh", seed=1) for n in (6, 7))
    assert (small.parameters.size, large.parameters.size) == (31, 36)
    whole, short = (str(explain(each, X[:1], [0.5], optimizer="adam")) for each in (small, large))
    assert "summary" not in whole and "largest" not in whole
    assert len(whole.splitlines()) < 200 and "m[W₂] ←" in whole and "m[W₂]" not in short
    hint = "limit=21 (--limit 21) shows all."
    assert hint in " ".join(short.split())
    shown = str(explain(large, X[:1], [0.5], optimizer="adam", limit=21))
    assert "summary" not in shown and "m[W₂]" in shown


def test_no_letter_has_two_meanings():
    """A norm of layer 2 has a β₂, and so has Adam."""
    network = Network([Dense(3, 2), BatchNorm(2), Dense(2, 1)], seed=1, dtype="float64")
    page = explain(network, X, X[:, 0], optimizer="adam:beta2=0.9")
    names = {each.name for each in page.quantities}
    assert len({name.text for name in names}) == len({name.key for name in names}) == len(names)
    assert page["beta2"].shape == (2,) and page["rho2"] == 0.9
    assert "of which ρ₁ and ρ₂ are kept" in " ".join(str(page).split())
    assert "ρ" not in str(explain(by_hand(), [[0.05, 0.10]], [[0.01, 0.99]], optimizer="adam"))


def test_an_explanation_is_immutable_and_can_be_copied():
    page = explain(every_layer(), X, CLASSES)
    with pytest.raises(ValueError, match="read-only"):
        page["W1"][0, 0] = 1
    with pytest.raises(AttributeError):
        page.precision = 3
    with pytest.raises(KeyError, match="'W3'; there are A0, Y, W1"):
        page["W3"]
    assert str(pickle.loads(pickle.dumps(page))) == str(copy.deepcopy(page)) == str(page)
    assert repr(page).startswith("<One training step of Network([Dense(3, 4, 'tanh')")


OPTIONS = ["adam:epsilon_hat=1e-3", "momentum:average=0.9"]


@pytest.mark.parametrize("spec", [*sorted(OPTIMIZERS.keys() - {"lbfgs"}), *OPTIONS])
def test_every_optimizer_continues_from_its_moments(spec):
    network = Network.dense([3, 4, 2], hidden="tanh", seed=1, dtype="float64")
    optimizer = as_optimizer(spec)
    how = {"optimizer": optimizer, "batch_size": 5, "shuffle": False, "engine": "reference"}
    train(network, X, X[:, :2], epochs=3, **how)
    steps = optimizer.n_steps
    whole = explain(network, X, X[:, :2], optimizer=optimizer)
    check_formulas(whole)
    check_formulas(whole.transposed())
    assert all(equation.formula for equation in whole.equations) or spec == "muon"
    assert optimizer.n_steps == steps
    assert whole.agrees
    train(network, X, X[:, :2], epochs=1, **how)
    found = np.concatenate([whole[name].ravel() for name in ("W1", "b1", "W2", "b2")])
    expected = optimizer.moments["raw"] if "average" in spec else network.parameters
    np.testing.assert_allclose(found, expected, rtol=1e-12)


class Decaying(Optimizer):
    """Gradient descent with the learning rate η / (t + 1)."""

    name = "decaying"
    formula = UpdateFormula({"theta": "theta - eta / (t + 1) * g"}, {"eta": "learning_rate"})

    def update(self, parameters, gradient, rate):
        parameters -= rate / (self.n_steps + 1) * gradient


def test_a_formula_has_the_step_count_at_any_place():
    network = Network.dense([3, 1], dtype="float64", seed=1)
    page = explain(network, X, X[:, 0], optimizer=Decaying(0.1))
    assert page["t"] == 1
    check_formulas(page)


def test_the_step_number_only_affects_dropout():
    dropped = [Dropout(0.4), Dense(3, 2, "softmax")]
    pages = []
    for step in (0, 0, 1):
        network = Network(copy.deepcopy(dropped), seed=3, dtype="float64")
        pages.append(explain(network, X, CLASSES, step=step))
    masks = [page["M1"] for page in pages]
    assert np.array_equal(masks[0], masks[1]) and not np.array_equal(masks[0], masks[2])
    assert pages[2].agrees
    network = Network.dense([3, 4, 2], hidden="tanh", dtype="float64")
    first, later = (explain(network, X, X[:, :2], optimizer="adam", step=t) for t in (0, 7))
    assert str(first) == str(later)
