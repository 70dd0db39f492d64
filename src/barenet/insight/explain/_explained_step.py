"""A training step as equations: the rows, the layers and the loss, then the update."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from barenet._constraints import option_values
from barenet._expressions import check_formulas, declared
from barenet._registry import spec_of
from barenet.insight.explain._document import SENTENCES, Equation, Name, Phase, Quantity, Step
from barenet.insight.explain._recorded_step import Formulas, QuantityTable, RecordedLayer, Recorder
from barenet.model._arrays import FloatArray
from barenet.model._layout import Slot, euclidean_norm
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer, LayerNorm, PReLU
from barenet.model.losses import GaussianNLL
from barenet.optimization._penalties import Penalty
from barenet.optimization.optimizers import LBFGS, Clipping, Optimizer
from barenet.optimization.optimizers._optimizer import UpdateFormula

#: The sentences of the update.
WORDS: dict[str, str] = SENTENCES["update"]

#: The formulas of a pass, by the letters of their results, or the names of parameters.
Texts = Mapping[str, str | None]

#: The formulas of the forward and of the backward pass of a layer.
Passes = tuple[Texts, Texts]


def explain_step(table: QuantityTable) -> Iterator[Step]:
    """Write the two passes with the loss in between, then penalties, clipping and optimizer."""
    yield _explain_rows(table)
    yield from _explain_layers(table, "forward")
    yield _explain_loss(table)
    yield from _explain_layers(table, "backward")
    for penalty, calls in zip(table.step.job.penalties, table.step.penalties, strict=True):
        equations = tuple(_penalty(table, penalty, *calls))
        yield Step(f"Penalty: {penalty!r}", WORDS["penalty"], (), equations, "update")
    if table.step.job.clipping is not None and table.step.clip is not None:
        yield _clipping(table, table.step.job.clipping, table.step.clip)
    yield _optimizer(table)


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
    loss_input, n_samples = table.loss_input, len(table.rows.y)
    words: dict[str, str] = SENTENCES["loss"]
    text = words["head"] + (words["each"] if n_samples > 1 else "")
    names = {"activation": table.network.output_activation.name, "output": output.text}
    if table.logits:
        left = declared(table.loss, "derivative_formula") == "A - Y"
        end = words["cancelled" if left else "together"].format(**names)
        text += words["inside"].format(taken=loss_input.text, end=end, **names)
    else:
        text += words["plain"]
    if n_samples > 1 and table.rows.sample_weight is None:
        text += words["share"].format(n=n_samples, derivative=loss_input.derivative.text)
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

    def __init__(self, table: QuantityTable, recorded: RecordedLayer) -> None:
        activation, output = recorded.layer.activation, recorded.output
        check_formulas(activation, "network", "formula", "backward_formula")
        super().__init__(table, {}, option_values(activation))
        self.recorded, self.index = recorded, recorded.index
        #: The formulas of A = f(Z) and of dZ = dA ⊙ f′(Z).
        self.output = declared(activation, "formula")
        self.derivative = declared(activation, "backward_formula")
        #: Whether the loss computes the activation.
        self.ends_in_loss = table.logits and recorded is table.step.layers[-1]
        self.values = {"A": output, "dX": recorded.d_input}
        if self.ends_in_loss and activation is not None:
            self.values |= {"Z": output, "A": activation.forward(output)}

    def name_of(self, letter: str) -> Name:
        """The quantity of a letter: X is the layer's input, dA the gradient with respect to A."""
        d = letter[0] == "d" and letter[1:2].isupper()
        letter = letter[1:] if d else letter
        if letter == "X" or (letter == "Z" and type(self.recorded.layer) is ActivationLayer):
            return Name("A", str(self.index), d=d)
        return Name(letter, str(self.index + 1), d=d)

    def equations(self, formulas: Texts) -> Iterator[Equation]:
        """Write the equations of a pass; the network's input needs no gradient."""
        numeric, gradients = self.table.differences, self.recorded.gradients
        for letter, text in formulas.items():
            if self.index == 0 and letter in ("dN", "dX"):
                continue
            name, value, differences = self.name_of(letter), self.values.get(letter), None
            if letter not in self.values:
                name, value = self.table.name_of(self.index, letter).derivative, gradients[letter]
                differences = numeric.by_parameter(self.index, letter)
            elif letter == "dZ":
                differences = numeric.by_output(self.index, of_sum=True)
            elif letter == "dX":
                differences = numeric.by_output(self.index - 1)
            yield self.equation(name, value, text, differences=differences)


def _user_defined(layer: LayerFormulas) -> Passes:
    """Only the results."""
    forward: Texts = {"Z": None, "A": layer.output} if layer.ends_in_loss else {"A": None}
    return forward, {**dict.fromkeys(layer.recorded.gradients), "dX": None}


def _dense(layer: LayerFormulas) -> Passes:
    """Z = X W + b and A = f(Z)."""
    _, Z, A, activation = layer.recorded.cache
    layer.values |= {"Z": Z, "dZ": activation.backward(Z, A, layer.recorded.d_output)}
    derivative = {} if layer.ends_in_loss else {"dZ": layer.derivative}
    gradients = {"weights": "X.T @ dZ", "bias": "over_samples(dZ)", "dX": "dZ @ W.T"}
    return {"Z": "X @ W + b", "A": layer.output}, {**derivative, **gradients}


def _activation(layer: LayerFormulas) -> Passes:
    """A = f(X)."""
    return {"A": layer.output}, {} if layer.ends_in_loss else {"dX": layer.derivative}


def _dropout(layer: LayerFormulas) -> Passes:
    """A = X ⊙ M."""
    if (mask := layer.recorded.cache) is None:
        return {"A": "X"}, {"dX": "dA"}
    layer.values["M"] = mask
    return {"M": None, "A": "X * M"}, {"dX": "dA * M"}


def _norm(layer: LayerFormulas, axis: int, over: str) -> Passes:
    """N = (X − μ) / s and A = γ N + β, with means over an axis."""
    recorded, (N, s, *_) = layer.recorded, layer.recorded.cache
    mu = recorded.X.mean(axis, keepdims=True)
    V = ((recorded.X - mu) ** 2).mean(axis)
    layer.values |= {"mu": mu.reshape(s.shape), "V": V.reshape(s.shape), "s": s, "N": N}
    layer.values["dN"] = recorded.d_output * recorded.arrays["gain"]
    layer.numbers = {"eps": recorded.layer.epsilon}
    forward = {"mu": f"mean_{over}(X)", "V": f"mean_{over}((X - mu)**2)", "s": "sqrt(V + eps)"}
    gradients = {"gain": "over_samples(dA * N)", "bias": "over_samples(dA)", "dN": "dA * gamma"}
    forward |= {"N": "(X - mu) / s", "A": "gamma * N + beta"}
    means = f"mean_{over}(dN) - N * mean_{over}(dN * N)"
    return forward, {**gradients, "dX": f"(dN - {means}) / s"}


def _batch_norm(layer: LayerFormulas) -> Passes:
    """The same over the samples, with running averages."""
    forward, backward = _norm(layer, 0, "samples")
    norm, n = layer.recorded.layer, len(layer.recorded.X)
    layer.numbers = {**layer.numbers, "rate": norm.momentum, "ratio": n / (n - 1)}
    layer.values |= {"mubar": norm.mean, "Vbar": norm.variance}
    mean, variance = "rate * mubar + (1 - rate) * mu", "rate * Vbar + (1 - rate) * ratio * V"
    return {**forward, "mubar": mean, "Vbar": variance}, backward


def _prelu(layer: LayerFormulas) -> Passes:
    """A = X for X > 0 and else α X."""
    gradient, derivative = "over_samples(dA * min(X, 0))", "dA if X > 0 else alpha * dA"
    return {"A": "X if X > 0 else alpha * X"}, {"slopes": gradient, "dX": derivative}


#: The formulas of every layer; those of a subclass may differ.
LAYERS: dict[type[Layer], Callable[[LayerFormulas], Passes]] = {
    Layer: _user_defined,
    Dense: _dense,
    ActivationLayer: _activation,
    Dropout: _dropout,
    LayerNorm: lambda layer: _norm(layer, 1, "outputs"),
    BatchNorm: _batch_norm,
    PReLU: _prelu,
}


def _explain_layers(table: QuantityTable, phase: Phase) -> Iterator[Step]:
    """Write the forward or the backward pass of all layers."""
    is_forward = phase == "forward"
    for layer in table.step.layers if is_forward else reversed(table.step.layers):
        arrays = layer.arrays if is_forward else {}
        given = [table.add(table.name_of(layer.index, each), arrays[each]) for each in arrays]
        formulas = LayerFormulas(table, layer)
        kind = type(layer.layer) if type(layer.layer) in LAYERS else Layer
        written, text = LAYERS[kind](formulas)[not is_forward], SENTENCES["layers"][kind.__name__]
        if (equations := tuple(formulas.equations(written))) or is_forward:
            title = f"Layer {layer.index + 1}, {phase}: {layer.layer!r}"
            yield Step(title, text[phase], tuple(given), equations, phase)


def _penalty(
    table: QuantityTable, penalty: Penalty, value_call: Recorder, gradient_call: Recorder
) -> list[Equation]:
    """Write R, a term for each array with its own strength, L, and the gradients."""
    value, derivative = declared(penalty, "formula"), declared(penalty, "derivative_formula")
    names: dict[str, Name] = {}
    numbers: dict[str, float] = {}
    terms, gradients = [], []
    for name, slot in table.parameters:
        strengths = _part(value_call.before[1], slot)
        if not strengths.any():
            continue
        W, lam, strength = f"W{slot.layer}", f"lam{slot.layer}", float(strengths.flat[0])
        names[W], numbers[lam] = name, strength
        if value:
            terms.append(value.replace("W", W).replace("lam", lam))
        before = table[name.derivative]
        after = before.value.reshape(before.shape) + _part(gradient_call.result, slot)
        formulas = Formulas(table, {"g": name.derivative, "W": name}, {"lam": strength})
        text = derivative and f"g + {derivative}"
        gradients.append(formulas.equation("g", after, text))
    R, formulas = value_call.result, Formulas(table, names, numbers)
    equations = [formulas.equation("R", R, " + ".join(terms))]
    equations.append(formulas.equation("L", table[Name("L")].value + R, "L + R"))
    return equations + gradients


def _clipping(table: QuantityTable, clipping: Clipping, call: Recorder) -> Step:
    """Write the clipping of the gradient."""
    norm = table.add(Name("norm"), euclidean_norm(call.before[0]))
    equations = []
    for name, slot in table.parameters:
        formulas = Formulas(table, {"g": name.derivative}, {"c": clipping.limit})
        after, text = _part(call.after[0], slot), declared(clipping, "formula")
        equations.append(formulas.equation("g", after, text))
    by_norm = clipping.name == "norm"
    text = WORDS["clipping"] + (WORDS["norm"] if by_norm else "")
    given = (norm,) if by_norm else ()
    return Step(f"Clipping: {clipping!r}", text, given, tuple(equations), "update")


def _optimizer(table: QuantityTable) -> Step:
    """Write the step of the optimizer."""
    optimizer = table.step.after.optimizer
    title = f"Update: {spec_of(table.step.job.optimizer)}"
    if isinstance(optimizer, LBFGS):
        return Step(title, WORDS["lbfgs"], phase="update")
    rule = declared(optimizer, "formula") or UpdateFormula({"theta": ""})
    # β₂ may be a parameter of a norm in layer 2; some books write ρ₂ for Adam's.
    normed = any(isinstance(layer, BatchNorm | LayerNorm) for layer in table.network.layers)
    letters = {"beta1": "rho1", "beta2": "rho2"} if normed else {}
    settings = {
        letter: table.add(Name(letters.get(letter, letter)), getattr(optimizer, option))
        for letter, option in rule.settings.items()
    }
    if any("t)" in text for text in rule.updates.values()):
        settings["t"] = table.add(Name("t"), optimizer.n_steps)
    equations = tuple(_updates(table, optimizer, rule, settings))
    words = rule.text.format_map({letter: each.name.text for letter, each in settings.items()})
    text = f"{WORDS['step']}{words}".rstrip()
    return Step(title, text, tuple(settings.values()), equations, "update")


def _updates(
    table: QuantityTable, optimizer: Optimizer, rule: UpdateFormula, settings: dict[str, Quantity]
) -> Iterator[Equation]:
    """Write the new moments and the new parameters of each array."""
    before, after = table.step.moments, optimizer.moments
    numbers = {"epsilon_hat": getattr(optimizer, "epsilon_hat", 0.0)}
    moments = [letter for letter in rule.updates if letter != "theta"]
    for theta, slot in table.parameters:
        names = {letter: each.name for letter, each in settings.items()}
        names |= {"theta": theta, "g": theta.derivative}
        new = {"theta": table.network.parameters}
        for letter, moment in zip(moments, before, strict=False):
            names[letter], new[letter] = Name(letter, of=theta), after[moment]
            table.add(names[letter], _part(before[moment], slot))
        for letter, text in rule.updates.items():
            formulas = Formulas(table, names, numbers)
            yield formulas.equation(letter, _part(new[letter], slot), text)


def _part(vector: FloatArray, slot: Slot) -> FloatArray:
    """Take an array's part of a flat vector."""
    return vector[slot.start : slot.stop].reshape(slot.shape)
