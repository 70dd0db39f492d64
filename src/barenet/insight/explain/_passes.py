"""The forward and the backward pass as equations: the rows, each layer, the loss in between."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._expressions import Expression, check_formulas, declared
from barenet.insight.explain._document import Equation, Phase, Quantity, Step
from barenet.insight.explain._name import Name
from barenet.insight.explain._quantity_table import Formulas, QuantityTable
from barenet.insight.explain._recorded_step import RecordedLayer
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer, LayerNorm
from barenet.model.losses import GaussianNLL

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
    options, given = _loss_options(table)
    equations = _loss_equations(table, output, options)
    return Step(f"Loss: {table.step.job.loss!r}", text, given, tuple(equations))


def _loss_equations(table: QuantityTable, output: Name, options: dict[str, Any]) -> list[Equation]:
    """Write the loss of each sample, where there are several, the mean, and the gradient."""
    loss, rows = table.loss, table.rows
    n_samples, weights = len(rows.y), rows.sample_weight
    formulas = Formulas(table, {"A": output}, {"n": n_samples} | options)
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


def _loss_options(table: QuantityTable) -> tuple[dict[str, Any], tuple[Quantity, ...]]:
    """The options of the loss, and levels, or means and log variances, as quantities."""
    options = option_values(table.loss)
    if levels := options.pop("levels", ()):
        del options["q"]
        return options, (table.add(Name("q"), np.array([levels])),)
    if not isinstance(table.loss, GaussianNLL):
        return options, ()
    M, S = np.hsplit(table[table.loss_input].value, 2)
    parts = {"M": np.tile(M, 2), "S": np.tile(S, 2)}.items()
    given = tuple(table.add(Name(name), part, by_sample=True) for name, part in parts)
    return {"k": M.shape[1]}, given


class LayerFormulas(Formulas):
    """Writes the equations of a layer, in letters that stand for its own quantities."""

    forward_text = "A user-defined layer, shown without formulas."
    backward_text = "Computed by its `backward` method."

    def __init__(self, table: QuantityTable, recorded: RecordedLayer) -> None:
        check_formulas(recorded.layer.activation, "network", "formula", "backward_formula")
        super().__init__(table, {}, option_values(recorded.layer.activation))
        self.recorded, self.cache, self.index = recorded, recorded.cache, recorded.index
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
            differences = self.table.differences.by_parameter(self.index, array)
            equations.append(self.equation(name, value, texts.get(array), differences=differences))
        return equations

    def input_gradient(self, text: str | None = None) -> list[Equation]:
        """Write the gradient with respect to the layer's input, unless it is the network's."""
        if self.index == 0:
            return []
        differences = self.table.differences.by_output(self.index - 1)
        return [self.equation("dX", self.recorded.d_input, text, differences=differences)]

    def forward(self) -> list[Equation]:
        """Write the forward pass, of a user-defined layer without formulas."""
        if self.ends_in_loss:
            return [self.equation("Z", self.recorded.output), self.activation()]
        return [self.equation("A", self.recorded.output)]

    def backward(self) -> list[Equation]:
        """Write the backward pass."""
        return [*self.gradients(), *self.input_gradient()]


class _DenseFormulas(LayerFormulas):
    """Z = X W + b and A = f(Z)."""

    forward_text = (
        "Each neuron adds up its inputs, each times a weight, and a bias. The activation turns the "
        "sum Z into the output A. W are the weights, b the biases."
    )
    backward_text = (
        "How much each weight changes the loss. The chain rule leads back from the output through "
        "the activation to the weighted sum, and from there to weights, bias and input."
    )

    def forward(self) -> list[Equation]:
        _, Z, *_ = self.cache
        return [self.equation("Z", Z, "X @ W + b"), self.activation()]

    def backward(self) -> list[Equation]:
        equations = []
        if not self.ends_in_loss:
            _, Z, A, activation = self.cache
            dZ = activation.backward(Z, A, self.recorded.d_output)
            differences = self.table.differences.by_output(self.index, of_sum=True)
            equations.append(self.equation("dZ", dZ, self.slope, differences=differences))
        equations += self.gradients(weights="X.T @ dZ", bias="over_samples(dZ)")
        return equations + self.input_gradient("dZ @ W.T")


class _ActivationFormulas(LayerFormulas):
    """A = f(X)."""

    forward_text = "An activation on its own, without weights."
    backward_text = (
        "How much each input changes the loss. The chain rule leads from the gradient with respect "
        "to the output to that with respect to the input."
    )

    def forward(self) -> list[Equation]:
        return [self.activation()]

    def backward(self) -> list[Equation]:
        return [] if self.ends_in_loss else self.input_gradient(self.slope)


class _DropoutFormulas(LayerFormulas):
    """A = X ⊙ M."""

    forward_text = (
        "Some outputs are dropped at random, so that the next layer relies on no single one. The "
        "mask M is 0 for a dropped output; the others are scaled up, so that the mean is the same."
    )
    backward_text = "Dropped outputs have no effect on the loss."

    def forward(self) -> list[Equation]:
        mask = [] if self.cache is None else [self.equation("M", self.cache)]
        return [*mask, self.equation("A", self.recorded.output, "X * M" if mask else "X")]

    def backward(self) -> list[Equation]:
        return self.input_gradient("dA" if self.cache is None else "dA * M")


class _LayerNormFormulas(LayerFormulas):
    """N = (X − μ) / s and A = γ N + β."""

    #: The axis of means and variances.
    axis = "outputs"
    forward_text = (
        "Each sample is standardized to mean 0 and variance 1 over its entries, then scaled and "
        "shifted. μ is the mean, V the variance, N the result; γ and β are learned."
    )
    backward_text = (
        "An entry affects its own output and, through mean and variance, those of its sample."
    )

    def forward(self) -> list[Equation]:
        N, deviation = self.cache[:2]
        self.numbers = {"eps": self.recorded.layer.epsilon}
        return [
            self.derived("mu", f"mean_{self.axis}(X)", deviation),
            self.derived("V", f"mean_{self.axis}((X - mu)**2)", deviation),
            self.equation("s", deviation, "sqrt(V + eps)"),
            self.equation("N", N, "(X - mu) / s"),
            self.equation("A", self.recorded.output, "gamma * N + beta"),
        ]

    def backward(self) -> list[Equation]:
        equations = self.gradients(gain="over_samples(dA * N)", bias="over_samples(dA)")
        if self.index > 0:
            equations.append(self.derived("dN", "dA * gamma", self.recorded.d_output))
        means = f"mean_{self.axis}(dN) - N * mean_{self.axis}(dN * N)"
        return equations + self.input_gradient(f"(dN - {means}) / s")


class _BatchNormFormulas(_LayerNormFormulas):
    """The same over the samples, and the running averages."""

    axis = "samples"
    forward_text = (
        "Each feature is standardized to mean 0 and variance 1 over the samples, then scaled and "
        "shifted. μ is the mean, V the variance, N the result; γ and β are learned. For "
        "predictions there are running averages of μ and of n / (n − 1) V: μ̄ and V̄."
    )
    backward_text = (
        "A sample affects its own output and, through mean and variance, those of all samples."
    )

    def forward(self) -> list[Equation]:
        equations = super().forward()
        norm, n = self.recorded.layer, len(self.recorded.X)
        self.numbers = {"rate": norm.momentum, "ratio": n / (n - 1)}
        mean, variance = "rate * mubar + (1 - rate) * mu", "rate * Vbar + (1 - rate) * ratio * V"
        return [
            *equations,
            self.equation("mubar", norm.mean, mean, assigns=True),
            self.equation("Vbar", norm.variance, variance, assigns=True),
        ]


#: The formulas of every layer; those of a subclass may differ.
LAYER_FORMULAS: dict[type[Layer], type[LayerFormulas]] = {
    Dense: _DenseFormulas,
    ActivationLayer: _ActivationFormulas,
    Dropout: _DropoutFormulas,
    LayerNorm: _LayerNormFormulas,
    BatchNorm: _BatchNormFormulas,
}


def _explain_layers(table: QuantityTable, phase: Phase) -> Iterator[Step]:
    """Write the forward or the backward pass of all layers."""
    is_forward = phase == "forward"
    for layer in table.step.layers if is_forward else reversed(table.step.layers):
        arrays = layer.arrays if is_forward else {}
        given = [table.add(table.name_of(layer.index, each), arrays[each]) for each in arrays]
        formulas = LAYER_FORMULAS.get(type(layer.layer), LayerFormulas)(table, layer)
        text = formulas.forward_text if is_forward else formulas.backward_text
        equations = formulas.forward() if is_forward else formulas.backward()
        if equations or is_forward:
            title = f"Layer {layer.index + 1}, {phase}: {layer.layer!r}"
            yield Step(title, text, tuple(given), tuple(equations), phase)
