"""From the gradient to the new parameters, as equations: penalties, clipping, the optimizer."""

from collections.abc import Iterator

from barenet._expressions import declared
from barenet._registry import spec_of
from barenet.insight.explain._document import SENTENCES, Equation, Name, Quantity, Step
from barenet.insight.explain._recorded_step import Formulas, QuantityTable, Recorder
from barenet.model._arrays import FloatArray
from barenet.model._layout import Slot, euclidean_norm
from barenet.model.layers import BatchNorm, LayerNorm
from barenet.optimization._penalties import Penalty
from barenet.optimization.optimizers._lbfgs import LBFGS
from barenet.optimization.optimizers._optimizer import Clipping, Optimizer, UpdateFormula

#: The sentences.
WORDS: dict[str, str] = SENTENCES["update"]


def explain_update(table: QuantityTable) -> Iterator[Step]:
    """Write the penalties, the clipping and the step of the optimizer."""
    for penalty, calls in zip(table.step.job.penalties, table.step.penalties, strict=True):
        equations = tuple(_penalty(table, penalty, *calls))
        yield Step(f"Penalty: {penalty!r}", WORDS["penalty"], (), equations, "update")
    if table.step.job.clipping is not None and table.step.clip is not None:
        yield _clipping(table, table.step.job.clipping, table.step.clip)
    yield _optimizer(table)


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
