"""From the gradient to the new parameters, as equations: penalties, clipping, the optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np

from barenet._expressions import declared
from barenet._registry import spec_of
from barenet.insight.explain._document import Equation, Quantity, Step
from barenet.insight.explain._name import Name
from barenet.insight.explain._quantity_table import QuantityTable
from barenet.insight.explain._recorded_step import RecordedPenalty
from barenet.model._arrays import FloatArray
from barenet.model._layout import Slot, euclidean_norm
from barenet.model.layers import BatchNorm, LayerNorm
from barenet.optimization._penalties import Penalty
from barenet.optimization.optimizers._optimizer import UpdateFormula

__all__ = ["explain_clipping", "explain_penalties", "explain_update"]

_PENALTY = (
    "A regularization term keeps the weights small. Its value R is added to the loss, and its "
    "derivative to the gradient."
)
_LBFGS = (
    "L-BFGS uses all rows, and tries steps of several lengths with the gradients that it has "
    "stored: there is no formula for a single step. The gradients above are the start of its "
    "first search."
)


def explain_penalties(table: QuantityTable) -> list[Step]:
    """Write each penalty's part of the loss and of the gradient."""
    steps = []
    for penalty, recorded in zip(table.step.job.penalties, table.step.penalties, strict=True):
        equations = tuple(_penalty(table, penalty, recorded))
        steps.append(Step(f"Penalty: {penalty!r}", _PENALTY, (), equations, "update"))
    return steps


def _penalty(table: QuantityTable, penalty: Penalty, recorded: RecordedPenalty) -> list[Equation]:
    """Write R, a term for each array with its own strength, L, and the gradients."""
    value, derivative = declared(penalty, "formula"), declared(penalty, "derivative_formula")
    names: dict[str, Name] = {}
    numbers: dict[str, float] = {}
    terms, gradients = [], []
    for slot in table.step.network.layout.slots:
        strengths = _part(recorded.strengths, slot)
        if not strengths.any():
            continue
        name, W, lam = table.name_of(slot.layer, slot.name), f"W{slot.layer}", f"lam{slot.layer}"
        names[W], numbers[lam] = name, float(strengths.flat[0])
        if value:
            terms.append(value.replace("W", W).replace("lam", lam))
        before = table[name.derivative]
        gradients.append(
            table.equation(
                name.derivative,
                before.value.reshape(before.shape) + _part(recorded.gradient, slot),
                derivative and f"g + {derivative}",
                {"g": name.derivative, "W": name}.__getitem__,
                numbers={"lam": numbers[lam]},
                assigns=True,
            )
        )
    text, total = " + ".join(terms) or None, float(table[Name("L")].value) + recorded.value
    R = table.equation(Name("R"), recorded.value, text, names.__getitem__, numbers=numbers)
    return [R, table.equation(Name("L"), total, "L + R", assigns=True), *gradients]


def explain_clipping(table: QuantityTable) -> list[Step]:
    """Write the clipping of the gradient."""
    clipping, clipped = table.step.job.clipping, table.step.clipped
    if clipping is None or clipped is None:
        return []
    norm = table.add(Name("norm"), euclidean_norm(clipped[0]))
    equations = []
    for slot in table.step.network.layout.slots:
        name = table.name_of(slot.layer, slot.name).derivative
        equations.append(
            table.equation(
                name,
                _part(clipped[1], slot),
                declared(clipping, "formula"),
                {"g": name, "norm": norm.name}.__getitem__,
                numbers={"c": clipping.limit},
                assigns=True,
            )
        )
    text = "A gradient above the limit is clipped, so that no step is too long."
    if by_norm := clipping.name == "norm":
        text += " ‖g‖ is its norm: the root of the sum of all squares, over all layers."
    given = (norm,) if by_norm else ()
    return [Step(f"Clipping: {clipping!r}", text, given, tuple(equations), "update")]


def explain_update(table: QuantityTable) -> Step:
    """Write the step of the optimizer."""
    optimizer = table.step.job.optimizer
    title = f"Update: {spec_of(optimizer)}"
    if optimizer.full_batch:
        return Step(title, _LBFGS, phase="update")
    rule = declared(optimizer, "formula") or UpdateFormula({"theta": ""})
    # β₂ may be a parameter of a norm in layer 2; some books write ρ₂ for Adam's.
    normed = any(isinstance(layer, BatchNorm | LayerNorm) for layer in table.step.network.layers)
    letters = {"beta1": "rho1", "beta2": "rho2"} if normed else {}
    settings = {
        letter: table.add(Name(letters.get(letter, letter)), getattr(optimizer, option))
        for letter, option in rule.settings.items()
    }
    if any("t)" in text for text in rule.updates.values()):
        settings["t"] = table.add(Name("t"), table.step.n_steps)
    equations = [
        equation
        for slot in table.step.network.layout.slots
        for equation in _update(table, rule, slot, settings)
    ]
    words = rule.text.format_map({letter: each.name.text for letter, each in settings.items()})
    text = (
        f"Each parameter moves a little in the direction in which the loss falls. {words}".rstrip()
    )
    return Step(title, text, tuple(settings.values()), tuple(equations), "update")


def _update(
    table: QuantityTable, rule: UpdateFormula, slot: Slot, settings: dict[str, Quantity]
) -> list[Equation]:
    """Write the new moments and the new parameters of one array."""
    before, after = table.step.moments
    name = table.name_of(slot.layer, slot.name)
    names = {letter: each.name for letter, each in settings.items()}
    names |= {"theta": name, "g": name.derivative}
    new = {"theta": table.step.network.parameters}
    for letter, moment in rule.moments.items():
        names[letter], new[letter] = Name(letter, of=name), after[moment]
        table.add(names[letter], _part(before[moment], slot))
    return [
        table.equation(
            names[letter],
            _part(new[letter], slot),
            text or None,
            names.__getitem__,
            numbers={"epsilon_hat": getattr(table.step.job.optimizer, "epsilon_hat", 0.0)},
            assigns=True,
        )
        for letter, text in rule.updates.items()
    ]


def _part(vector: FloatArray, slot: Slot) -> np.ndarray[Any, Any]:
    """Take an array's part of a flat vector."""
    return vector[slot.start : slot.stop].reshape(slot.shape)
