"""From the gradient to the new parameters, as equations: penalties, clipping, the optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from barenet.expressions import declared
from barenet.insight.explain.document import Equation, Quantity, Step
from barenet.insight.explain.name import Name
from barenet.insight.explain.sheet import Sheet
from barenet.insight.explain.trace import PenaltyTrace
from barenet.model.arrays import FloatArray
from barenet.model.layers import BatchNorm, LayerNorm
from barenet.model.layout import Slot
from barenet.optimization.clipping import euclidean_norm
from barenet.optimization.optimizers import LBFGS
from barenet.optimization.optimizers.optimizer import UpdateFormula
from barenet.optimization.penalties import Penalty
from barenet.registry import spec_of

__all__ = ["explain_clipping", "explain_penalties", "explain_update"]

_PENALTY = (
    "Large weights cost something, too, so that they stay small. R is the price; it is added to "
    "the loss, and its slope to the gradient."
)
_LBFGS = (
    "L-BFGS looks at all rows, and tries steps of several lengths with the gradients that it "
    "remembers: there is no formula for a single step. The gradients above are what its first "
    "search starts from."
)


def explain_penalties(sheet: Sheet) -> list[Step]:
    """Write down what the penalties add to the loss and to the gradient."""
    pairs = zip(sheet.job.penalties, sheet.trace.penalties, strict=True)
    return [_explain_penalty(sheet, penalty, added) for penalty, added in pairs]


def explain_clipping(sheet: Sheet) -> list[Step]:
    """Write down how the gradient is cut down to its limit."""
    clipping, clipped = sheet.job.clipping, sheet.trace.clipped
    if clipping is None or clipped is None:
        return []
    text = declared(clipping, "formula")
    norm = sheet.note(Name("norm"), euclidean_norm(clipped[0]))
    given = (norm,) if clipping.name == "norm" else ()
    equations = []
    for slot in sheet.trace.network.layout.slots:
        name = sheet.name_of(slot.layer, slot.name).derivative
        operands = {"g": sheet[name], "norm": norm}
        result = sheet.note(name, _part(clipped[1], slot))
        equations.append(
            sheet.equation(result, text, operands, numbers={"c": clipping.limit}, assigns=True)
        )
    sentence = "A gradient that is too large is cut down to its limit, so that no step is too long."
    if given:
        sentence += " ‖g‖ is its length: the root of the sum of all squares, over all layers."
    return [Step(f"Clipping: {clipping!r}", sentence, given, tuple(equations), "update")]


def explain_update(sheet: Sheet) -> Step:
    """Write down the optimizer's step."""
    optimizer = sheet.job.optimizer
    title = f"Update: {spec_of(optimizer)}"
    if isinstance(optimizer, LBFGS):
        return Step(title, _LBFGS, phase="update")
    rule = declared(optimizer, "formula") or UpdateFormula({"theta": ""})
    # The β₂ of a norm in layer 2 is another than Adam's, which some books call ρ₂.
    normed = any(isinstance(layer, BatchNorm | LayerNorm) for layer in sheet.trace.network.layers)
    letters = {"beta1": "rho1", "beta2": "rho2"} if normed else {}
    settings = {
        letter: sheet.note(Name(letters.get(letter, letter)), getattr(optimizer, option))
        for letter, option in rule.settings.items()
    }
    if any("t)" in text for text in rule.updates.values()):
        settings["t"] = sheet.note(Name("t"), sheet.trace.n_steps)
    equations: list[Equation] = []
    for slot in sheet.trace.network.layout.slots:
        equations += _update(sheet, rule, slot, settings)
    said = rule.text.format_map({letter: each.name.text for letter, each in settings.items()})
    text = f"Each parameter moves a little to where the loss is smaller. {said}".rstrip()
    return Step(title, text, tuple(settings.values()), tuple(equations), "update")


def _explain_penalty(sheet: Sheet, penalty: Penalty, added: PenaltyTrace) -> Step:
    """Write down one penalty: its price, and what it adds to each gradient."""
    slots = sheet.trace.network.layout.slots
    strengths = {
        slot: float(part.flat[0]) for slot in slots if (part := _part(added.strengths, slot)).any()
    }
    equations = [
        *_price(sheet, penalty, strengths, added.value),
        *(
            _pull(sheet, penalty, slot, strength, _part(added.gradient, slot))
            for slot, strength in strengths.items()
        ),
    ]
    return Step(f"Penalty: {penalty!r}", _PENALTY, (), tuple(equations), "update")


def _price(
    sheet: Sheet, penalty: Penalty, strengths: Mapping[Slot, float], value: float
) -> list[Equation]:
    """Write what a penalty adds to the loss: a term for each layer, with its own strength."""
    terms, weights, numbers = [], {}, {}
    for slot, strength in strengths.items():
        W, lam = f"W{slot.layer}", f"lam{slot.layer}"
        weights[W], numbers[lam] = sheet[sheet.name_of(slot.layer, slot.name)], strength
        if text := declared(penalty, "formula"):
            terms.append(text.replace("W", W).replace("lam", lam))
    L, R = sheet[Name("L")], sheet.note(Name("R"), value)
    total = sheet.note(Name("L"), float(L.value) + value)
    return [
        sheet.equation(R, " + ".join(terms) or None, weights, numbers=numbers),
        sheet.equation(total, "L + R", {"L": L, "R": R}, assigns=True),
    ]


def _pull(
    sheet: Sheet, penalty: Penalty, slot: Slot, strength: float, added: FloatArray
) -> Equation:
    """Write what a penalty adds to the gradient of one array."""
    name = sheet.name_of(slot.layer, slot.name)
    before = sheet[name.derivative]
    after = before.value + added.reshape(before.value.shape)
    derivative = declared(penalty, "derivative_formula")
    return sheet.equation(
        sheet.note(before.name, after.reshape(before.shape)),
        f"g + {derivative}" if derivative else None,
        {"g": before, "W": sheet[name]},
        numbers={"lam": strength},
        assigns=True,
    )


def _update(
    sheet: Sheet, rule: UpdateFormula, slot: Slot, settings: dict[str, Quantity]
) -> list[Equation]:
    """Write down what becomes of one array of parameters."""
    before, after = sheet.trace.moments
    name = sheet.name_of(slot.layer, slot.name)
    operands = {**settings, "theta": sheet[name], "g": sheet[name.derivative]}
    new = {"theta": (name, _part(sheet.trace.network.parameters, slot))}
    for letter, moment in rule.moments.items():
        remembered = Name(letter, of=name)
        operands[letter] = sheet.note(remembered, _part(before[moment], slot))
        new[letter] = (remembered, _part(after[moment], slot))
    numbers = {"epsilon_hat": getattr(sheet.job.optimizer, "epsilon_hat", 0.0)}
    equations = []
    for letter, text in rule.updates.items():
        result = sheet.note(*new[letter])
        equations.append(
            sheet.equation(result, text or None, operands, numbers=numbers, assigns=True)
        )
        operands = {**operands, letter: result}
    return equations


def _part(vector: FloatArray, slot: Slot) -> np.ndarray[Any, Any]:
    """Take an array's part of a flat vector."""
    return vector[slot.start : slot.stop].reshape(slot.shape)
