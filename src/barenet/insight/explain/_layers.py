"""The equations of each layer, forward and backward."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._expressions import Expression, declared
from barenet.insight.explain._document import Equation, Phase, Step
from barenet.insight.explain._name import Name
from barenet.insight.explain._quantity_table import Formulas, QuantityTable
from barenet.insight.explain._recorded_step import RecordedLayer
from barenet.model.layers import ActivationLayer


class LayerFormulas(Formulas):
    """Writes the equations of a layer, in letters that stand for its own quantities."""

    def __init__(self, table: QuantityTable, recorded: RecordedLayer) -> None:
        super().__init__(table, {}, option_values(recorded.layer.activation))
        self.recorded, self.cache, self.index = recorded, recorded.cache, recorded.index
        self.differences = table.differences
        self.ends_in_loss = table.ends_in_loss(recorded)

    def name_of(self, letter: str) -> Name:
        """The quantity of a letter: X is the layer's input, dA the gradient with respect to A."""
        d = letter[0] == "d" and letter[1:2].isupper()
        letter = letter[1:] if d else letter
        if letter == "X" or (letter == "Z" and type(self.recorded.layer) is ActivationLayer):
            return Name("A", str(self.index), d=d)
        return Name(letter, str(self.index + 1), d=d)

    def derived(self, letter: str, text: str, like: NDArray[Any]) -> Equation:
        """Write an intermediate result that the code does not compute."""
        formula = Expression.parse(text)
        operands = {each: self.table[self.name_of(each)].value for each in formula.names}
        return self.equation(letter, formula.evaluate(operands).reshape(like.shape), text)

    def activation(self) -> Equation:
        """Write A = f(Z), also where the loss computes it."""
        activation, output = self.recorded.layer.activation, self.recorded.output
        assert activation is not None
        if self.ends_in_loss:
            output = activation.forward(output)
        return self.equation("A", output, declared(activation, "formula"))

    def activation_gradient(self, value: Any, differences: NDArray[np.float64]) -> Equation:
        """Write dZ = dA ⊙ f′(Z)."""
        text = declared(self.recorded.layer.activation, "backward_formula")
        return self.equation("dZ", value, text, differences=differences)

    def gradients(self, **texts: str) -> list[Equation]:
        """Write the gradients of the layer's parameters."""
        equations = []
        for array, value in self.recorded.gradients.items():
            name = self.table.name_of(self.index, array).derivative
            differences = self.differences.by_parameter(self.index, array)
            equations.append(self.equation(name, value, texts.get(array), differences=differences))
        return equations

    def input_gradient(self, text: str | None = None) -> list[Equation]:
        """Write the gradient with respect to the layer's input, unless it is the network's."""
        if self.index == 0:
            return []
        differences = self.differences.by_output(self.index - 1)
        return [self.equation("dX", self.recorded.d_input, text, differences=differences)]


class Passes(NamedTuple):
    """The two passes of a layer, as equations and in words."""

    forward: Callable[[LayerFormulas], list[Equation]]
    forward_text: str
    backward: Callable[[LayerFormulas], list[Equation]]
    backward_text: str


def explain_layers(table: QuantityTable, phase: Phase) -> Iterator[Step]:
    """Write the forward or the backward pass; user-defined layers are shown without formulas."""
    is_forward = phase == "forward"
    for layer in table.step.layers if is_forward else reversed(table.step.layers):
        ours = type(layer.layer).__module__.startswith("barenet.")
        passes = LAYER_FORMULAS.get(layer.layer.name, _ANY_LAYER) if ours else _ANY_LAYER
        write, text = passes[:2] if is_forward else passes[2:]
        arrays = layer.arrays if is_forward else {}
        given = [table.add(table.name_of(layer.index, each), arrays[each]) for each in arrays]
        if (equations := write(LayerFormulas(table, layer))) or is_forward:
            title = f"Layer {layer.index + 1}, {phase}: {layer.layer!r}"
            yield Step(title, text, tuple(given), tuple(equations), phase)


def _dense_forward(layer: LayerFormulas) -> list[Equation]:
    _, Z, *_ = layer.cache
    return [layer.equation("Z", Z, "X @ W + b"), layer.activation()]


def _dense_backward(layer: LayerFormulas) -> list[Equation]:
    equations = []
    if not layer.ends_in_loss:
        _, Z, A, activation = layer.cache
        dZ = activation.backward(Z, A, layer.recorded.d_output)
        equations.append(layer.activation_gradient(dZ, layer.differences.by_sum(layer.index)))
    equations += layer.gradients(weights="X.T @ dZ", bias="over_samples(dZ)")
    return equations + layer.input_gradient("dZ @ W.T")


def _activate_backward(layer: LayerFormulas) -> list[Equation]:
    if layer.index == 0 or layer.ends_in_loss:
        return []
    differences = layer.differences.by_output(layer.index - 1)
    return [layer.activation_gradient(layer.recorded.d_input, differences)]


def _dropout_forward(layer: LayerFormulas) -> list[Equation]:
    if layer.cache is None:
        return [layer.equation("A", layer.recorded.output, "X")]
    return [layer.equation("M", layer.cache), layer.equation("A", layer.recorded.output, "X * M")]


def _dropout_backward(layer: LayerFormulas) -> list[Equation]:
    return layer.input_gradient("dA" if layer.cache is None else "dA * M")


def _norm_forward(layer: LayerFormulas, axis: str) -> list[Equation]:
    """Write μ, V, s, N and A of a norm over the samples or the outputs."""
    N, deviation = layer.cache[:2]
    layer.numbers = {"eps": layer.recorded.layer.epsilon}
    return [
        layer.derived("mu", f"mean_{axis}(X)", deviation),
        layer.derived("V", f"mean_{axis}((X - mu)**2)", deviation),
        layer.equation("s", deviation, "sqrt(V + eps)"),
        layer.equation("N", N, "(X - mu) / s"),
        layer.equation("A", layer.recorded.output, "gamma * N + beta"),
    ]


def _norm_backward(layer: LayerFormulas, axis: str) -> list[Equation]:
    """Write dγ, dβ and dX of a norm."""
    equations = layer.gradients(gain="over_samples(dA * N)", bias="over_samples(dA)")
    if layer.index > 0:
        equations.append(layer.derived("dN", "dA * gamma", layer.recorded.d_output))
    return equations + layer.input_gradient(f"(dN - mean_{axis}(dN) - N * mean_{axis}(dN * N)) / s")


def _batch_norm_forward(layer: LayerFormulas) -> list[Equation]:
    equations = _norm_forward(layer, "samples")
    norm, n = layer.recorded.layer, len(layer.recorded.X)
    layer.numbers = {"rate": norm.momentum, "ratio": n / (n - 1)}
    mean, variance = "rate * mubar + (1 - rate) * mu", "rate * Vbar + (1 - rate) * ratio * V"
    return [
        *equations,
        layer.equation("mubar", norm.mean, mean, assigns=True),
        layer.equation("Vbar", norm.variance, variance, assigns=True),
    ]


def _any_forward(layer: LayerFormulas) -> list[Equation]:
    if layer.ends_in_loss:
        return [layer.equation("Z", layer.recorded.output), layer.activation()]
    return [layer.equation("A", layer.recorded.output)]


#: The passes of every layer, by its name.
LAYER_FORMULAS: dict[str, Passes] = {
    "dense": Passes(
        _dense_forward,
        "Each neuron adds up its inputs, each times a weight, and a bias. The activation turns the "
        "sum Z into the output A. W are the weights, b the biases.",
        _dense_backward,
        "How much each weight changes the loss. The chain rule leads back from the output through "
        "the activation to the weighted sum, and from there to weights, bias and input.",
    ),
    "activate": Passes(
        lambda layer: [layer.activation()],
        "An activation on its own, without weights.",
        _activate_backward,
        "How much each input changes the loss. The chain rule leads from the gradient with respect "
        "to the output to that with respect to the input.",
    ),
    "dropout": Passes(
        _dropout_forward,
        "Some outputs are dropped at random, so that the next layer relies on no single one. The "
        "mask M is 0 for a dropped output; the others are scaled up, so that the mean is the same.",
        _dropout_backward,
        "Dropped outputs have no effect on the loss.",
    ),
    "batch_norm": Passes(
        _batch_norm_forward,
        "Each feature is standardized to mean 0 and variance 1 over the samples, then scaled and "
        "shifted. μ is the mean, V the variance, N the result; γ and β are learned. For "
        "predictions there are running averages of μ and of n / (n − 1) V: μ̄ and V̄.",
        partial(_norm_backward, axis="samples"),
        "A sample affects its own output and, through mean and variance, those of all samples.",
    ),
    "layer_norm": Passes(
        partial(_norm_forward, axis="outputs"),
        "Each sample is standardized to mean 0 and variance 1 over its entries, then scaled and "
        "shifted. μ is the mean, V the variance, N the result; γ and β are learned.",
        partial(_norm_backward, axis="outputs"),
        "An entry affects its own output and, through mean and variance, those of its sample.",
    ),
}

_ANY_LAYER = Passes(
    _any_forward,
    "A user-defined layer, shown without formulas.",
    lambda layer: [*layer.gradients(), *layer.input_gradient()],
    "Computed by its `backward` method.",
)
