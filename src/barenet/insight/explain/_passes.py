"""The forward and the backward pass as equations: the rows, each layer, the loss in between."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._expressions import Expression, check_formulas, declared
from barenet.insight.explain._document import Equation, Phase, Step
from barenet.insight.explain._name import Name
from barenet.insight.explain._quantity_table import Formulas, QuantityTable
from barenet.insight.explain._recorded_step import RecordedLayer
from barenet.model.layers import ActivationLayer

_HEAD = "The loss L is one number for the error of the output; training makes it smaller."
_EACH = "It is the mean of the losses ℓ of the samples."
_INSIDE = (
    "The loss is computed from {taken}, with the {activation} inside, so that nothing can "
    "overflow. By the chain rule its derivative is that with respect to {output}, times that of "
    "{output} with respect to {taken}; {end}."
)
_CANCELLED = "the {activation}'s own slope cancels, and {output} − Y is left"
_TOGETHER = "the two are written as one"
_PLAIN = "How far the output is from the target, and how that changes with the output."


def explain_passes(table: QuantityTable) -> Iterator[Step]:
    """Write the rows, the forward pass, the loss and the backward pass."""
    yield _explain_rows(table)
    yield from _explain_layers(table, "forward")
    yield _explain_loss(table)
    yield from _explain_layers(table, "backward")


def _explain_rows(table: QuantityTable) -> Step:
    """Write the input and the target."""
    n_samples, weights = len(table.rows.y), table.rows.sample_weight
    A = table.add(Name("A", "0"), table.step.layers[0].X)
    given = [A, table.add(Name("Y"), table.rows.y)]
    samples = f"{n_samples} samples" if n_samples > 1 else "one sample"
    text = f"{A.name.text} is the input X of {samples}, Y the target."
    if weights is not None:
        given.append(table.add(Name("w"), weights, by_sample=True))
        text += " w are the weights of the samples."
    return Step("Input and target", text, tuple(given))


def _explain_loss(table: QuantityTable) -> Step:
    """Write the loss and its gradient."""
    output = table[Name("A", str(len(table.step.layers)))].name
    taken, n_samples = table.loss_input, len(table.rows.y)
    text = f"{_HEAD} {_EACH}" if n_samples > 1 else _HEAD
    if table.logits:
        left = declared(table.loss, "derivative_formula") == "A - Y"
        names = {"activation": table.network.output_activation.name, "output": output.text}
        end = (_CANCELLED if left else _TOGETHER).format(**names)
        text += " " + _INSIDE.format(taken=taken.text, end=end, **names)
    else:
        text += f" {_PLAIN}"
    return Step(f"Loss: {table.step.job.loss!r}", text, (), tuple(_loss_equations(table, output)))


def _loss_equations(table: QuantityTable, output: Name) -> list[Equation]:
    """Write the loss of each sample, where there are several, the mean, and the gradient."""
    loss, rows = table.loss, table.rows
    n_samples, weights = len(rows.y), rows.sample_weight
    formulas = Formulas(table, {"A": output}, {"n": n_samples} | option_values(loss))
    mean, weight = "over_samples(l) / n", "/ n"
    if weights is not None:
        mean, weight = "over_samples(w * l) / over_samples(w)", "* w / over_samples(w)"
    value, derivative = declared(loss, "formula"), declared(loss, "derivative_formula")
    if value and rows.y.shape[1] > 1:
        value = f"over_outputs({value})"
    if derivative:
        derivative = f"({derivative}) {weight}"
    values, last = table[table.loss_input].value, table.step.layers[-1]
    total = loss.value(values, rows.y, weights)
    if n_samples == 1 and weights is None:
        equations = [formulas.equation("L", total, value)]
    else:
        losses = loss.per_sample(values, rows.y)
        equations = [formulas.equation("l", losses, value, by_sample=True)]
        equations.append(formulas.equation("L", total, mean))
    differences, name = table.differences.by_output(last.index), table.loss_input.derivative
    return [*equations, formulas.equation(name, last.d_output, derivative, differences=differences)]


class LayerFormulas(Formulas):
    """Writes the equations of a layer, in letters that stand for its own quantities."""

    def __init__(self, table: QuantityTable, recorded: RecordedLayer) -> None:
        check_formulas(recorded.layer.activation, "network", "formula", "backward_formula")
        super().__init__(table, {}, option_values(recorded.layer.activation))
        self.recorded, self.cache, self.index = recorded, recorded.cache, recorded.index
        self.differences = table.differences
        #: The formula of dZ = dA ⊙ f′(Z).
        self.slope = declared(recorded.layer.activation, "backward_formula")
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


def _explain_layers(table: QuantityTable, phase: Phase) -> Iterator[Step]:
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
        differences = layer.differences.by_output(layer.index, of_sum=True)
        equations.append(layer.equation("dZ", dZ, layer.slope, differences=differences))
    equations += layer.gradients(weights="X.T @ dZ", bias="over_samples(dZ)")
    return equations + layer.input_gradient("dZ @ W.T")


def _dropout_forward(layer: LayerFormulas) -> list[Equation]:
    mask = [] if layer.cache is None else [layer.equation("M", layer.cache)]
    return [*mask, layer.equation("A", layer.recorded.output, "X * M" if mask else "X")]


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
        lambda layer: [] if layer.ends_in_loss else layer.input_gradient(layer.slope),
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
