"""A training step as equations: the rows, the layers and the loss, then the update."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from barenet._constraints import option_values
from barenet._expressions import Expression, check_formulas, declared
from barenet._registry import spec_of
from barenet.insight.explain._document import SENTENCES, Equation, Name, Phase, Quantity, Step
from barenet.insight.explain._recorded_step import (
    Formulas,
    PenaltyCalls,
    QuantityTable,
    RecordedLayer,
    Recorder,
)
from barenet.model._arrays import FloatArray
from barenet.model._layout import Slot
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer, LayerNorm, PReLU
from barenet.model.losses import GaussianNLL
from barenet.optimization._penalties import Penalty
from barenet.optimization.optimizers import LBFGS, Clipping, Optimizer
from barenet.optimization.optimizers._optimizer import UpdateFormula, euclidean_norm

#: The sentences of the update.
WORDS: dict[str, str] = SENTENCES["update"]

#: The formulas of a pass, by the letters of their results, or the names of parameters.
Texts = Mapping[str, str | None]


class Passes(NamedTuple):
    """The formulas of the two passes of a layer."""

    forward: Texts
    backward: Texts


def explain_step(table: QuantityTable) -> Iterator[Step]:
    """Write the two passes with the loss in between, then penalties, clipping and optimizer."""
    yield _explain_rows(table)
    yield from _explain_layers(table, "forward")
    yield _explain_loss(table)
    yield from _explain_layers(table, "backward")
    job = table.step.job
    for penalty, calls in zip(job.penalties, table.step.penalties, strict=True):
        equations = _penalty(table, penalty, calls)
        yield Step(
            title=f"Penalty: {penalty!r}",
            text=WORDS["penalty"],
            equations=tuple(equations),
            phase="update",
        )
    if job.clipping is not None and table.step.clip is not None:
        yield _clipping(table, job.clipping, table.step.clip)
    yield _optimizer(table)


def _explain_rows(table: QuantityTable) -> Step:
    """Write the input and the target."""
    n_samples = len(table.rows.y)
    weights = table.rows.sample_weight
    X = table.step.layers[0].X
    A = table.add(Name("A", "0"), X)
    Y = table.add(Name("Y"), table.rows.y)
    quantities = [A, Y]
    samples = f"{n_samples} samples" if n_samples > 1 else "one sample"
    text = f"{A.name.text} is the input X of {samples}, Y the target."
    if weights is not None:
        quantities.append(table.add(Name("w"), weights, by_sample=True))
        text += " w are the weights of the samples."
    return Step("Input and target", text, tuple(quantities))


def _explain_loss(table: QuantityTable) -> Step:
    """Write the loss and its gradient."""
    n_layers = len(table.step.layers)
    output = table[Name("A", str(n_layers))].name
    loss_input = table.loss_input
    n_samples = len(table.rows.y)
    words: dict[str, str] = SENTENCES["loss"]
    text = words["head"]
    if n_samples > 1:
        text += words["each"]
    if table.logits:
        activation = table.network.output_activation.name
        if declared(table.loss, "derivative_formula") == "A - Y":
            sentence = words["cancelled"]
        else:
            sentence = words["together"]
        names = {"activation": activation, "output": output.text}
        end = sentence.format(**names)
        text += words["inside"].format(taken=loss_input.text, end=end, **names)
    else:
        text += words["plain"]
    if n_samples > 1 and table.rows.sample_weight is None:
        derivative = loss_input.derivative.text
        text += words["share"].format(n=n_samples, derivative=derivative)
    options, quantities = _loss_options(table)
    equations = _loss_equations(table, output, options)
    return Step(
        title=f"Loss: {table.step.job.loss!r}",
        text=text,
        given=quantities,
        equations=tuple(equations),
    )


def _loss_equations(table: QuantityTable, output: Name, options: dict[str, Any]) -> list[Equation]:
    """Write the loss of each sample, where there are several, the mean, and the gradient."""
    loss = table.loss
    rows = table.rows
    n_samples = len(rows.y)
    weights = rows.sample_weight
    formulas = Formulas(table, {"A": output}, {"n": n_samples} | options)
    if weights is None:
        mean = "over_samples(l) / n"
        weight = "/ n"
    else:
        mean = "over_samples(w * l) / over_samples(w)"
        weight = "* w / over_samples(w)"
    value = declared(loss, "formula")
    if value and rows.y.shape[1] > 1:
        value = f"over_outputs({value})"
    derivative = declared(loss, "derivative_formula")
    if derivative:
        derivative = f"({derivative}) {weight}"
    values = table[table.loss_input].value
    total = loss.value(values, rows.y, weights)
    equations = []
    if n_samples == 1 and weights is None:
        equations.append(formulas.equation("L", total, value))
    else:
        losses = loss.per_sample(values, rows.y)
        equations.append(formulas.equation("l", losses, value, by_sample=True))
        equations.append(formulas.equation("L", total, mean))
    last = table.step.layers[-1]
    name = table.loss_input.derivative
    differences = table.differences.by_output(last.index)
    equations.append(formulas.equation(name, last.d_output, derivative, differences=differences))
    return equations


def _loss_options(table: QuantityTable) -> tuple[dict[str, Any], tuple[Quantity, ...]]:
    """The options of the loss, and levels, or means and log variances, as quantities."""
    options = option_values(table.loss)
    levels = options.pop("levels", ())
    if levels:
        del options["q"]
        q = table.add(Name("q"), np.array([levels]))
        return options, (q,)
    if not isinstance(table.loss, GaussianNLL):
        return options, ()
    M, S = np.hsplit(table[table.loss_input].value, 2)
    mean = table.add(Name("M"), np.tile(M, 2), by_sample=True)
    log_variance = table.add(Name("S"), np.tile(S, 2), by_sample=True)
    return {"k": M.shape[1]}, (mean, log_variance)


class LayerFormulas(Formulas):
    """Writes the equations of a layer, in letters that stand for its own quantities."""

    def __init__(self, table: QuantityTable, recorded: RecordedLayer) -> None:
        activation = recorded.layer.activation
        output = recorded.output
        check_formulas(activation, "network", "formula", "backward_formula")
        super().__init__(table, {}, option_values(activation))
        self.recorded = recorded
        self.index = recorded.index
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
        if d:
            letter = letter[1:]
        if letter == "X" or (letter == "Z" and type(self.recorded.layer) is ActivationLayer):
            return Name("A", str(self.index), d=d)
        return Name(letter, str(self.index + 1), d=d)

    def equations(self, formulas: Texts) -> Iterator[Equation]:
        """Write the equations of a pass; the network's input needs no gradient."""
        numeric = self.table.differences
        for letter, text in formulas.items():
            if self.index == 0 and letter in ("dN", "dX"):
                continue
            differences = None
            if letter not in self.values:  # the name of a parameter
                name = self.table.name_of(self.index, letter).derivative
                value = self.recorded.gradients[letter]
                differences = numeric.by_parameter(self.index, letter)
            else:
                name = self.name_of(letter)
                value = self.values[letter]
                if letter == "dZ":
                    differences = numeric.by_output(self.index, of_sum=True)
                elif letter == "dX":
                    differences = numeric.by_output(self.index - 1)
            yield self.equation(name, value, text, differences=differences)


def _user_defined(layer: LayerFormulas) -> Passes:
    """Write only the results."""
    forward: Texts = {"A": None}
    if layer.ends_in_loss:
        forward = {"Z": None, "A": layer.output}
    backward: Texts = {**dict.fromkeys(layer.recorded.gradients), "dX": None}
    return Passes(forward, backward)


def _dense(layer: LayerFormulas) -> Passes:
    """Z = X W + b and A = f(Z)."""
    _, Z, A, activation = layer.recorded.cache  # as `Dense.forward` returns it
    layer.values["Z"] = Z
    layer.values["dZ"] = activation.backward(Z, A, layer.recorded.d_output)
    backward: dict[str, str | None] = {}
    if not layer.ends_in_loss:
        backward["dZ"] = layer.derivative
    backward |= {"weights": "X.T @ dZ", "bias": "over_samples(dZ)", "dX": "dZ @ W.T"}
    forward = {"Z": "X @ W + b", "A": layer.output}
    return Passes(forward, backward)


def _activation(layer: LayerFormulas) -> Passes:
    """A = f(X)."""
    backward: Texts = {"dX": layer.derivative}
    if layer.ends_in_loss:
        backward = {}
    return Passes({"A": layer.output}, backward)


def _dropout(layer: LayerFormulas) -> Passes:
    """A = X ⊙ M."""
    mask = layer.recorded.cache
    if mask is None:
        return Passes({"A": "X"}, {"dX": "dA"})
    layer.values["M"] = mask
    return Passes({"M": None, "A": "X * M"}, {"dX": "dA * M"})


def _norm(layer: LayerFormulas, axis: int, over: str) -> Passes:
    """N = (X − μ) / s and A = γ N + β, with means over an axis."""
    recorded = layer.recorded
    N, s, *_ = recorded.cache  # as the norm's `forward` returns it
    mu = recorded.X.mean(axis, keepdims=True)
    V = ((recorded.X - mu) ** 2).mean(axis)
    layer.values["mu"] = mu.reshape(s.shape)
    layer.values["V"] = V.reshape(s.shape)
    layer.values["s"] = s
    layer.values["N"] = N
    layer.values["dN"] = recorded.d_output * recorded.arrays["gain"]
    layer.numbers = {"eps": recorded.layer.epsilon}
    forward = {
        "mu": f"mean_{over}(X)",
        "V": f"mean_{over}((X - mu)**2)",
        "s": "sqrt(V + eps)",
        "N": "(X - mu) / s",
        "A": "gamma * N + beta",
    }
    means = f"mean_{over}(dN) - N * mean_{over}(dN * N)"
    backward = {
        "gain": "over_samples(dA * N)",
        "bias": "over_samples(dA)",
        "dN": "dA * gamma",
        "dX": f"(dN - {means}) / s",
    }
    return Passes(forward, backward)


def _batch_norm(layer: LayerFormulas) -> Passes:
    """The same equations over the samples, with running averages."""
    passes = _norm(layer, 0, "samples")
    norm = layer.recorded.layer
    n = len(layer.recorded.X)
    ratio = n / (n - 1)  # the ratio of the unbiased variance to the variance of the batch
    layer.numbers = {**layer.numbers, "rate": norm.momentum, "ratio": ratio}
    layer.values |= {"mubar": norm.mean, "Vbar": norm.variance}
    averages = {
        "mubar": "rate * mubar + (1 - rate) * mu",
        "Vbar": "rate * Vbar + (1 - rate) * ratio * V",
    }
    return Passes({**passes.forward, **averages}, passes.backward)


def _prelu(layer: LayerFormulas) -> Passes:
    """A = X for X > 0, otherwise α X."""
    backward = {"slopes": "over_samples(dA * min(X, 0))", "dX": "dA if X > 0 else alpha * dA"}
    return Passes({"A": "X if X > 0 else alpha * X"}, backward)


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
    layers = table.step.layers
    if not is_forward:
        layers = layers[::-1]
    for layer in layers:
        parameters = []
        if is_forward:
            for array, value in layer.arrays.items():
                name = table.name_of(layer.index, array)
                parameters.append(table.add(name, value))
        formulas = LayerFormulas(table, layer)
        layer_type = type(layer.layer)
        if layer_type not in LAYERS:
            layer_type = Layer
        passes = LAYERS[layer_type](formulas)
        texts = passes.forward if is_forward else passes.backward
        equations = tuple(formulas.equations(texts))
        if equations or is_forward:
            words = SENTENCES["layers"][layer_type.__name__]
            yield Step(
                title=f"Layer {layer.index + 1}, {phase}: {layer.layer!r}",
                text=words[phase],
                given=tuple(parameters),
                equations=equations,
                phase=phase,
            )


def _penalty(table: QuantityTable, penalty: Penalty, calls: PenaltyCalls) -> list[Equation]:
    """Write R, a term for each array with its own strength, L, and the gradients."""
    value = declared(penalty, "formula")
    derivative = declared(penalty, "derivative_formula")
    names: dict[str, Name] = {}
    numbers: dict[str, float] = {}
    terms = []
    gradients = []
    _, all_strengths = calls.value.before  # the arguments: parameters and strengths
    for name, slot in table.parameters:
        strengths = _part(all_strengths, slot)
        if not strengths.any():
            continue
        W = f"W{slot.layer}"
        lam = f"lam{slot.layer}"
        strength = float(strengths.flat[0])
        names[W] = name
        numbers[lam] = strength
        if value:
            terms.append(value.replace("W", W).replace("lam", lam))
        before = table[name.derivative]
        gradient = before.value.reshape(before.shape)
        after = gradient + _part(calls.gradient.result, slot)
        formulas = Formulas(table, {"g": name.derivative, "W": name}, {"lam": strength})
        text = f"g + {derivative}" if derivative else None
        gradients.append(formulas.equation("g", after, text))
    R = calls.value.result
    formulas = Formulas(table, names, numbers)
    equations = [formulas.equation("R", R, " + ".join(terms))]
    L = table[Name("L")].value + R
    equations.append(formulas.equation("L", L, "L + R"))
    return equations + gradients


def _clipping(table: QuantityTable, clipping: Clipping, call: Recorder) -> Step:
    """Write the clipping of the gradient."""
    [gradient] = call.before
    [clipped_gradient] = call.after
    norm = table.add(Name("norm"), euclidean_norm(gradient))
    equations = []
    for name, slot in table.parameters:
        formulas = Formulas(table, {"g": name.derivative}, {"c": clipping.limit})
        after = _part(clipped_gradient, slot)
        equations.append(formulas.equation("g", after, declared(clipping, "formula")))
    text = WORDS["clipping"]
    quantities: tuple[Quantity, ...] = ()
    if clipping.name == "norm":
        text += WORDS["norm"]
        quantities = (norm,)
    return Step(
        title=f"Clipping: {clipping!r}",
        text=text,
        given=quantities,
        equations=tuple(equations),
        phase="update",
    )


def _optimizer(table: QuantityTable) -> Step:
    """Write the step of the optimizer."""
    optimizer = table.step.after.optimizer
    title = f"Update: {spec_of(table.step.job.optimizer)}"
    if isinstance(optimizer, LBFGS):
        return Step(title, WORDS["lbfgs"], phase="update")
    rule = declared(optimizer, "formula") or UpdateFormula({"theta": ""})
    letters: dict[str, str] = {}
    if any(isinstance(layer, BatchNorm | LayerNorm) for layer in table.network.layers):
        # β₂ may be a parameter of a norm in layer 2; some books write ρ₂ for Adam's.
        letters = {"beta1": "rho1", "beta2": "rho2"}
    settings = {}
    for letter, option in rule.settings.items():
        name = Name(letters.get(letter, letter))
        settings[letter] = table.add(name, getattr(optimizer, option))
    uses_step_count = False
    for update in rule.updates.values():
        if update and "t" in Expression.parse(update).names:
            uses_step_count = True
    if uses_step_count:
        settings["t"] = table.add(Name("t"), optimizer.n_steps)
    equations = tuple(_updates(table, optimizer, rule, settings))
    symbols = {letter: setting.name.text for letter, setting in settings.items()}
    words = rule.text.format_map(symbols)
    text = f"{WORDS['step']}{words}".rstrip()
    return Step(
        title=title,
        text=text,
        given=tuple(settings.values()),
        equations=equations,
        phase="update",
    )


def _updates(
    table: QuantityTable, optimizer: Optimizer, rule: UpdateFormula, settings: dict[str, Quantity]
) -> Iterator[Equation]:
    """Write the new moments and the new parameters of each array."""
    before = table.step.moments
    after = optimizer.moments
    numbers = {"epsilon_hat": getattr(optimizer, "epsilon_hat", 0.0)}
    moments = [letter for letter in rule.updates if letter != "theta"]
    for theta, slot in table.parameters:
        names = {letter: setting.name for letter, setting in settings.items()}
        names |= {"theta": theta, "g": theta.derivative}
        new = {"theta": table.network.parameters}
        for letter, moment in zip(moments, before, strict=False):
            names[letter] = Name(letter, of=theta)
            new[letter] = after[moment]
            table.add(names[letter], _part(before[moment], slot))
        for letter, text in rule.updates.items():
            formulas = Formulas(table, names, numbers)
            value = _part(new[letter], slot)
            yield formulas.equation(letter, value, text)


def _part(vector: FloatArray, slot: Slot) -> FloatArray:
    """Take an array's part of a flat vector."""
    return vector[slot.start : slot.stop].reshape(slot.shape)
