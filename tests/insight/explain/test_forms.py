"""An explanation as text, as a page, in Markdown, and as data."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from barenet import Network, explain, train
from barenet.activations import ACTIVATIONS
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm

X = np.random.default_rng(0).normal(size=(3, 2))


@pytest.fixture(scope="module", params=["rows", "columns"])
def page(request):
    layers = [
        *(Dense(2, 3), BatchNorm(3), ActivationLayer("elu"), Dropout(0.4), LayerNorm(3)),
        Dense(3, 2, "softmax"),
    ]
    options = {"penalty": "l2:strength=0.01", "clip": "norm:limit=0.5", "optimizer": "adam"}
    return explain(Network(layers, seed=3), X, [0, 1, 1], notation=request.param, **options)


def in_a_line(text) -> str:
    return " ".join(str(text).split())


TINY = """\
2. Layer 1, forward: Dense(2, 1, 'sigmoid')
───────────────────────────────────────────
Each neuron adds up its inputs, each times a weight, and a bias. The activation
turns the sum Z into the output A. W are the weights, b the biases.

    W₁ = ⎡ 0.5⎤                                                           (2, 1)
         ⎣-1  ⎦
    b₁ = [0]                                                                (1,)

    Z₁ = A₀ W₁ + b₁                                (1, 2) (2, 1) + (1,) → (1, 1)
       = [1  2] ⎡ 0.5⎤ + [0] = [-1.5]
                ⎣-1  ⎦

    A₁ = 1 / (1 + exp(−Z₁))                                               (1, 1)
       = 1 / (1 + exp(−[-1.5])) = [0.182426]
"""

GRADIENT = """\
    dW₁ = A₀ᵀ dZ₁                                        (1, 2)ᵀ (1, 1) → (2, 1)
        = ⎡1⎤ [-0.817574] = ⎡-0.817574⎤
          ⎣2⎦               ⎣-1.63515 ⎦
    finite differences"""


def test_text_of_a_tiny_network():
    network = Network.dense([2, 1], output="sigmoid", dtype="float64")
    network.layers[0].weights = [[0.5], [-1.0]]
    text = str(explain(network, [[1.0, 2.0]], [1], optimizer="sgd:learning_rate=0.1"))
    assert text.startswith("One training step of Network([Dense(2, 1, 'sigmoid')], dtype=")
    assert "A₀ 2 inputs → A₁ 1 sigmoid → L\n" in text and TINY in text and GRADIENT in text


@pytest.mark.parametrize("width", [60, 120])
def test_no_line_of_the_text_is_wider_than_the_terminal(page, width):
    lines = page.to_text(width).splitlines()
    assert max(len(line.replace("\N{COMBINING MACRON}", "")) for line in lines) <= width
    assert not [line for line in lines if line != line.rstrip()]


def test_every_format_has_every_equation(page):
    text, html, markdown = str(page), page.to_html(), page.to_markdown()
    for step in page.steps:
        assert step.title in text
        assert step.title.replace("'", "&#x27;") in html
    assert html.count('class="equation"') == len(page.equations)
    assert markdown.count(r"\begin{aligned}") >= len(page.equations)
    checked = [each for each in page.equations if each.differences is not None]
    assert text.count("  finite differences") == len(checked)
    assert html.count('class="check"') == len(checked)
    assert markdown.count("Finite differences") == len(checked)
    for block in re.findall(r"\$\$(.*?)\$\$", markdown, re.DOTALL):
        pairs = (r"\{", r"\}"), (r"\\left\W", r"\\right\W"), (r"\\begin", r"\\end")
        assert all(len(re.findall(a, block)) == len(re.findall(b, block)) for a, b in pairs)


def test_a_page_needs_nothing_else_and_its_mathematics_is_well_formed(page):
    html = page.to_html()
    assert "<script" not in html and "http" not in html and "src=" not in html
    assert page._repr_html_() in html and "<html" not in page._repr_html_()
    found = re.findall(r"<math>.*?</math>", html, re.DOTALL)
    assert len(found) > len(page.equations)
    for each in found:
        root = ElementTree.fromstring(each)
        pairs = [node for tag in ("mfrac", "msup", "msub", "munder") for node in root.iter(tag)]
        assert all(len(node) == 2 for node in pairs)


def test_user_defined_text_is_escaped():
    class Evil(Dense):
        def __repr__(self):
            return "<b>`Evil`|$x$"

    written = explain(Network([Evil(2, 1)]), X, X[:, 0])
    assert "<b>`" not in written.to_html() and "&lt;b&gt;" in written.to_html()
    assert r"\<b\>\`Evil\`\|\$x\$" in written.to_markdown()


def test_wide_matrices_are_split_and_larger_ones_summarized():
    rng = np.random.default_rng(1)
    network = Network.dense([30, 25, 1], hidden="tanh", seed=1)
    wide = explain(network, rng.normal(size=(2, 30)), [0.5, 1.0], limit=64)
    assert max(map(len, str(wide).splitlines())) <= 80
    for written in (str(wide), wide.to_html(), wide.to_markdown()):
        assert "columns 0 to" in written and "to 24" in written
    many = explain(Network.dense([1000, 5, 1], seed=1), np.ones((1, 1000)), [0.5])
    assert len(many.to_html()) < 100_000
    assert "limit=5000 (--limit 5000)" in in_a_line(many)


def test_summaries_omit_similar_equations():
    network = Network.dense([3, 7, 1], hidden="tanh", seed=1)
    page = explain(network, np.ones((1, 3)), [0.5], optimizer="adam")
    text, html, markdown = str(page), page.to_html(), page.to_markdown()
    for written in (in_a_line(text), html, markdown):
        assert written.count("The same is done to b₁, W₂, b₂.") == 1
        assert written.count("Each neuron adds up its inputs") == 1
        assert written.count("The chain rule") == 1
    assert text.count("\n    m[") == markdown.count("\nm_{") == 1
    omitted = len(page.equations) - html.count('<div class="equation">')
    assert omitted == 9  # the new m, v and parameters of three arrays


def test_summaries_of_overflowing_numbers():
    network = Network.dense([3, 20, 1], seed=1, dtype="float64")
    network.parameters *= 1e200
    page = explain(network, np.ones((2, 3)), [0.0, 1.0])
    for written in (str(page), page.to_html(), page.to_markdown().replace("\\", "")):
        nowhere = "mean nan, std nan; largest nan at [0, 0], nan at [1, 0], nan at [2, 0]"
        assert written.count(nowhere) == 2  # of dW₂, and of W₂ after the step
        assert written.count("finite differences overflow") == 5
        assert "in float64, as the numbers overflow: dA₂, dZ₂" in in_a_line(written)


def test_the_last_line_is_the_loss_before_and_after_the_step():
    X, y = [[1.0, 2.0], [0.5, -1.0], [-1.0, 0.3]], [1, 0, 1]
    network = Network.dense([2, 3, 1], output="sigmoid", dropout=0.0, dtype="float64", seed=3)
    page = explain(network, X, y, optimizer="sgd:learning_rate=0.5")
    losses = [network.value_and_gradient(X, y)[0]]
    trained = network.copy()
    train(trained, X, y, optimizer="sgd:learning_rate=0.5", epochs=1, batch_size=3)
    losses.append(trained.value_and_gradient(X, y)[0])
    assert page.losses == pytest.approx(losses, rel=1e-12) and losses[1] < losses[0]
    last = f"The step lowers the loss: {losses[0]:.4g} → {losses[1]:.4g}."
    assert str(page).splitlines()[-1] == last
    assert page.to_markdown().rstrip().endswith(last)
    assert last in page.to_html()
    raised = explain(network, X, y, optimizer="sgd:learning_rate=500")
    assert raised.outcome.startswith("The step raises the loss")
    assert explain(network, X, y, optimizer="lbfgs").outcome == ""


def test_a_sketch_has_a_circle_for_each_unit():
    network = Network.dense([3, 20, 2], hidden="relu", output="softmax", batch_norm=True)
    page = explain(network, np.eye(3), [0, 1, 1])
    drawing = page.to_html().partition("</svg>")[0]
    sizes = [3, *[6] * (len(network.layers) - 1), 2]
    assert drawing.count("<circle") == sum(sizes)
    assert drawing.count("<line") == 3 * 6 + 6 * 6 // 6 * (len(network.layers) - 2) + 6 * 2
    assert "⋮ 20 relu" in drawing and "W₁" in drawing


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_functions_beyond_those_of_school_are_defined(activation):
    network = Network.dense([2, 2], output=activation, seed=1)
    words = in_a_line(explain(network, X, np.ones((3, 2)), "squared_error"))
    called = set(re.findall(r"\b([a-zσφΦ_]+)\(", words.partition("Numbers are shown")[2]))
    others = called - {"clip", "exp", "ln", "max", "min", "tanh", "σ", "Φ", "φ"}
    assert [name for name in others if not re.search(rf"\. {name}(\(x\))? ", words)] == []
