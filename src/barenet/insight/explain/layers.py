"""What each layer does in a step, forward and backward, as equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.constraints import options_of
from barenet.insight.explain.document import Equation, Quantity, Step
from barenet.insight.explain.formulas import ACTIVATION_FORMULAS, formula_of
from barenet.insight.explain.name import Name
from barenet.insight.explain.sheet import Sheet
from barenet.insight.explain.trace import LayerTrace

__all__ = ["LAYER_FORMULAS", "explain_backward", "explain_forward"]


class Passes(NamedTuple):
    """How to write a layer's two passes, and what they are in words."""

    forward: Callable[[Sheet, LayerTrace], list[Equation]]
    backward: Callable[[Sheet, LayerTrace], list[Equation]]
    forward_text: str
    backward_text: str


def explain_forward(sheet: Sheet, step: LayerTrace) -> Step:
    """Write down a layer's forward pass."""
    arrays = {**step.parameters, **step.statistics}
    given = [sheet.note(sheet.name_of(step.index, name), value) for name, value in arrays.items()]
    passes = _passes(step)
    equations = passes.forward(sheet, step)
    return Step(
        f"Layer {step.index + 1}, forward: {step.layer!r}",
        passes.forward_text,
        tuple(given),
        tuple(equations),
    )


def explain_backward(sheet: Sheet, step: LayerTrace) -> Step:
    """Write down a layer's backward pass."""
    passes = _passes(step)
    title = f"Layer {step.index + 1}, backward: {step.layer!r}"
    return Step(title, passes.backward_text, (), tuple(passes.backward(sheet, step)), "backward")


def _passes(step: LayerTrace) -> Passes:
    """Find out how to write a layer; one of a user's own without its formulas."""
    return formula_of(LAYER_FORMULAS, step.layer) or _ANY_LAYER


def _a(number: int, *, d: bool = False) -> Name:
    """Name the output of a layer, counted from 1; the first layer's input is that of layer 0."""
    return Name("A", str(number), d=d)


def _activation(sheet: Sheet, step: LayerTrace, Z: Quantity) -> Equation:
    """Write A = f(Z); where the loss has f inside, it is shown all the same."""
    activation = step.layer.activation
    assert activation is not None
    output = step.output
    if sheet.ends_in_the_loss(step):
        output = activation.forward(step.output)
    A = sheet.note(_a(step.index + 1), output)
    formula = formula_of(ACTIVATION_FORMULAS, activation)
    return sheet.equation(A, formula and formula.forward, {"Z": Z}, numbers=_settings(activation))


def _activation_gradient(
    sheet: Sheet, step: LayerTrace, Z: Quantity, dZ: Quantity, differences: NDArray[np.float64]
) -> Equation:
    """Write dZ = dA ⊙ f′(Z)."""
    activation = step.layer.activation
    assert activation is not None
    number = step.index + 1
    formula = formula_of(ACTIVATION_FORMULAS, activation)
    operands = {"Z": Z, "A": sheet[_a(number)], "dA": sheet[_a(number, d=True)]}
    return sheet.equation(
        dZ,
        formula and formula.backward,
        operands,
        numbers=_settings(activation),
        differences=differences,
    )


def _settings(thing: object) -> dict[str, float]:
    """The options that a formula has as numbers."""
    return {each.name: getattr(thing, each.name) for each in options_of(thing)}


def _gradients(
    sheet: Sheet, step: LayerTrace, formulas: Mapping[str, str], operands: Mapping[str, Quantity]
) -> list[Equation]:
    """Write the gradients of a layer's parameters."""
    equations = []
    for array, value in step.gradients.items():
        name = sheet.name_of(step.index, array).derivative
        equations.append(
            sheet.equation(
                sheet.note(name, value),
                formulas.get(array),
                operands,
                differences=sheet.differences.by_parameter(step.index, array),
            )
        )
    return equations


def _by_input(
    sheet: Sheet, step: LayerTrace, text: str | None, operands: Mapping[str, Quantity]
) -> list[Equation]:
    """Write the gradient by a layer's input, which the layer before goes on from."""
    if step.index == 0:
        return []
    dA = sheet.note(_a(step.index, d=True), step.d_input)
    differences = sheet.differences.by_output(step.index - 1)
    return [sheet.equation(dA, text, operands, differences=differences)]


def _dense_forward(sheet: Sheet, step: LayerTrace) -> list[Equation]:
    number = str(step.index + 1)
    operands = {
        "X": sheet[_a(step.index)],
        "W": sheet[Name("W", number)],
        "b": sheet[Name("b", number)],
    }
    Z = sheet.note(Name("Z", number), step.cache.Z)
    return [sheet.equation(Z, "X @ W + b", operands), _activation(sheet, step, Z)]


def _dense_backward(sheet: Sheet, step: LayerTrace) -> list[Equation]:
    number = str(step.index + 1)
    name = Name("Z", number, d=True)
    equations = []
    if not sheet.ends_in_the_loss(step):
        _, Z, A, activation = step.cache
        dZ = sheet.note(name, activation.backward(Z, A, step.d_output))
        differences = sheet.differences.by_sum(step.index)
        equations.append(
            _activation_gradient(sheet, step, sheet[Name("Z", number)], dZ, differences)
        )
    operands = {
        "X": sheet[_a(step.index)],
        "W": sheet[Name("W", number)],
        "dZ": sheet[name],
    }
    formulas = {"weights": "X.T @ dZ", "bias": "over_samples(dZ)"}
    equations += _gradients(sheet, step, formulas, operands)
    return equations + _by_input(sheet, step, "dZ @ W.T", operands)


def _activate_forward(sheet: Sheet, step: LayerTrace) -> list[Equation]:
    return [_activation(sheet, step, sheet[_a(step.index)])]


def _activate_backward(sheet: Sheet, step: LayerTrace) -> list[Equation]:
    if step.index == 0 or sheet.ends_in_the_loss(step):
        return []
    dX = sheet.note(_a(step.index, d=True), step.d_input)
    differences = sheet.differences.by_output(step.index - 1)
    return [_activation_gradient(sheet, step, sheet[_a(step.index)], dX, differences)]


def _dropout_forward(sheet: Sheet, step: LayerTrace) -> list[Equation]:
    X, A = sheet[_a(step.index)], sheet.note(_a(step.index + 1), step.output)
    if step.cache is None:
        return [sheet.equation(A, "X", {"X": X})]
    M = sheet.note(Name("M", str(step.index + 1)), step.cache)
    return [sheet.equation(M, None), sheet.equation(A, "X * M", {"X": X, "M": M})]


def _dropout_backward(sheet: Sheet, step: LayerTrace) -> list[Equation]:
    operands = {"dA": sheet[_a(step.index + 1, d=True)]}
    if step.cache is None:
        return _by_input(sheet, step, "dA", operands)
    return _by_input(sheet, step, "dA * M", operands | {"M": sheet[Name("M", str(step.index + 1))]})


def _normalize(sheet: Sheet, step: LayerTrace, axis: str) -> list[Equation]:
    """Write μ, V, s, N and A of a norm over the samples or the outputs."""
    number = str(step.index + 1)
    N, deviation = step.cache[:2]
    X = sheet[_a(step.index)]
    operands = {"X": X}
    mean = sheet.derive(Name("mu", number), f"mean_{axis}(X)", operands, deviation)
    operands["mu"] = mean.result
    variance = sheet.derive(Name("V", number), f"mean_{axis}((X - mu)**2)", operands, deviation)
    operands |= {
        "V": variance.result,
        "s": sheet.note(Name("s", number), deviation),
        "N": sheet.note(Name("N", number), N),
        "gamma": sheet[Name("gamma", number)],
        "beta": sheet[Name("beta", number)],
    }
    epsilon = {"eps": step.layer.epsilon}
    A = sheet.note(_a(step.index + 1), step.output)
    return [
        mean,
        variance,
        sheet.equation(operands["s"], "sqrt(V + eps)", operands, numbers=epsilon),
        sheet.equation(operands["N"], "(X - mu) / s", operands),
        sheet.equation(A, "gamma * N + beta", operands),
    ]


def _normalize_back(sheet: Sheet, step: LayerTrace, axis: str) -> list[Equation]:
    """Write dγ, dβ and dX of a norm."""
    number = str(step.index + 1)
    operands = {name: sheet[Name(name, number)] for name in ("N", "s", "gamma")}
    operands["dA"] = sheet[_a(step.index + 1, d=True)]
    formulas = {"gain": "over_samples(dA * N)", "bias": "over_samples(dA)"}
    equations = _gradients(sheet, step, formulas, operands)
    if step.index == 0:
        return equations
    inner = {name: operands[name] for name in ("dA", "gamma")}
    dN = sheet.derive(Name("N", number, d=True), "dA * gamma", inner)
    text = f"(dN - mean_{axis}(dN) - N * mean_{axis}(dN * N)) / s"
    return [*equations, dN, *_by_input(sheet, step, text, operands | {"dN": dN.result})]


def _batch_norm_forward(sheet: Sheet, step: LayerTrace) -> list[Equation]:
    equations = _normalize(sheet, step, "samples")
    n, number = sheet.n_samples, str(step.index + 1)
    numbers = {"kept": step.layer.momentum, "ratio": n / (n - 1)}
    names = {name: Name(name, number) for name in ("mubar", "Vbar", "mu", "V")}
    old = {name: sheet[known] for name, known in names.items()}
    rules = {
        "mubar": ("mean", "kept * mubar + (1 - kept) * mu"),
        "Vbar": ("variance", "kept * Vbar + (1 - kept) * ratio * V"),
    }
    for name, (array, text) in rules.items():
        new = sheet.note(names[name], getattr(step.layer, array))
        equations.append(sheet.equation(new, text, old, numbers=numbers, assigns=True))
    return equations


def _any_forward(sheet: Sheet, step: LayerTrace) -> list[Equation]:
    if sheet.ends_in_the_loss(step):
        Z = sheet.note(Name("Z", str(step.index + 1)), step.output)
        return [sheet.equation(Z, None), _activation(sheet, step, Z)]
    return [sheet.equation(sheet.note(_a(step.index + 1), step.output), None)]


def _any_backward(sheet: Sheet, step: LayerTrace) -> list[Equation]:
    return [*_gradients(sheet, step, {}, {}), *_by_input(sheet, step, None, {})]


_BACKWARD = (
    "How much each number that came in changes the loss. The chain rule: from the gradient by the "
    "output to that by the input."
)

#: How every layer is written, by its name.
LAYER_FORMULAS: dict[str, Passes] = {
    "dense": Passes(
        _dense_forward,
        _dense_backward,
        "Each neuron adds up its inputs, each times a weight, and a bias. The activation turns the "
        "sum Z into the output A. W are the weights, b the biases.",
        "How much each weight changes the loss: found from the output back to the input. The chain "
        "rule, through the activation to the weighted sum, and from there to what is in it.",
    ),
    "activate": Passes(
        _activate_forward,
        _activate_backward,
        "An activation on its own, without weights.",
        _BACKWARD,
    ),
    "dropout": Passes(
        _dropout_forward,
        _dropout_backward,
        "Some outputs are silenced by chance, so that the next layer relies on no single one. M is "
        "drawn: 0 silences, and what is kept is made larger, so that the mean stays.",
        "What was silenced has no part in the loss.",
    ),
    "batch_norm": Passes(
        _batch_norm_forward,
        lambda sheet, step: _normalize_back(sheet, step, "samples"),
        "Each feature is brought to mean 0 and variance 1 over the samples, then scaled and "
        "shifted. μ is the mean, V the variance, N what is left; γ and β are learned. For "
        "predictions, running averages are kept of μ and of n / (n − 1) V: μ̄ and V̄.",
        "A sample moves its own output, and by mean and variance those of all samples.",
    ),
    "layer_norm": Passes(
        lambda sheet, step: _normalize(sheet, step, "outputs"),
        lambda sheet, step: _normalize_back(sheet, step, "outputs"),
        "Each sample is brought to mean 0 and variance 1 over its entries, then scaled and "
        "shifted. μ is the mean, V the variance, N what is left; γ and β are learned.",
        "An entry moves its own output, and by mean and variance those of its whole sample.",
    ),
}

_ANY_LAYER = Passes(
    _any_forward,
    _any_backward,
    "A layer of your own: its numbers are shown, its formulas are yours.",
    "From its own `backward`.",
)
