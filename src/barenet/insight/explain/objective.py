"""The rows, the loss and its gradient, as equations: where the forward pass turns round."""

from __future__ import annotations

from collections.abc import Mapping

from barenet.constraints import options_of
from barenet.insight.explain.document import Equation, Quantity, Step
from barenet.insight.explain.formulas import LOSS_FORMULAS, formula_of
from barenet.insight.explain.name import Name
from barenet.insight.explain.sheet import Sheet
from barenet.model.losses import Loss

__all__ = ["explain_loss", "explain_rows"]

_HEAD = "One number, L, tells how wrong the output is; training makes it smaller."
_EACH = "It is the mean of the losses ℓ of the samples."
_INSIDE = (
    "The loss is computed from {taken}, with the {activation} inside, so that nothing can "
    "overflow. By the chain rule its derivative is that by {output} times that of {output} by "
    "{taken}; {end}."
)
_CANCELLED = "the {activation}'s own slope cancels, and {output} − Y is left"
_TOGETHER = "the two are written as one"
_APART = "How far the output is from the target, and how that changes with the output."


def explain_rows(sheet: Sheet) -> Step:
    """Write down what there is before anything is computed."""
    trace = sheet.trace
    given = [sheet.note(Name("A", "0"), trace.layers[0].X), sheet.note(Name("Y"), trace.y)]
    if trace.sample_weight is not None:
        given.append(sheet.note(Name("w"), trace.sample_weight, by_sample=True))
    many = f"{sheet.n_samples} samples" if sheet.n_samples > 1 else "one sample"
    text = (
        "What the network is shown, and what it should say. "
        f"{given[0].name.text} is the input X, of {many}; Y is the target."
    )
    if trace.sample_weight is not None:
        text += " w is how much each sample counts."
    return Step("Input and target", text, tuple(given))


def explain_loss(sheet: Sheet) -> Step:
    """Write down the loss and its gradient."""
    trace = sheet.trace
    last = len(trace.layers)
    operands = {"A": sheet[Name("A", str(last))], "Y": sheet[Name("Y")]}
    if trace.sample_weight is not None:
        operands["w"] = sheet[Name("w")]
    taken = sheet.taken
    gradient = sheet.note(taken.derivative, trace.layers[-1].d_output)
    equations = [
        *_value(sheet, operands),
        sheet.equation(
            gradient,
            _derivative(sheet, trace.loss),
            operands,
            numbers=_settings(sheet, trace.loss),
            differences=sheet.differences.by_output(last - 1),
        ),
    ]
    text = _APART
    if trace.logits:
        activation = trace.network.output_activation.name
        names = {"activation": activation, "output": operands["A"].name.text}
        end = (_CANCELLED if _is_difference(trace.loss) else _TOGETHER).format(**names)
        text = _INSIDE.format(taken=taken.text, end=end, **names)
    head = f"{_HEAD} {_EACH}" if sheet.n_samples > 1 else _HEAD
    return Step(f"Loss: {sheet.job.loss!r}", f"{head} {text}", (), tuple(equations))


def _value(sheet: Sheet, operands: Mapping[str, Quantity]) -> list[Equation]:
    """Write the loss of each sample, where there are several, and that of all."""
    trace = sheet.trace
    known = formula_of(LOSS_FORMULAS, trace.loss)
    each = known and (f"over_outputs({known.value})" if trace.y.shape[1] > 1 else known.value)
    numbers = _settings(sheet, trace.loss)
    taken = sheet[sheet.taken].value
    L = sheet.note(Name("L"), trace.loss.value(taken, trace.y, trace.sample_weight))
    if sheet.n_samples == 1 and trace.sample_weight is None:
        return [sheet.equation(L, each, operands, numbers=numbers)]
    losses = sheet.note(Name("l"), trace.loss.per_sample(taken, trace.y), by_sample=True)
    mean = "over_samples(l) / n"
    if trace.sample_weight is not None:
        mean = "over_samples(w * l) / over_samples(w)"
    return [
        sheet.equation(losses, each, operands, numbers=numbers),
        sheet.equation(L, mean, {**operands, "l": losses}, numbers=numbers),
    ]


def _derivative(sheet: Sheet, loss: Loss) -> str | None:
    """The formula of the gradient, with each sample's share in the mean."""
    known = formula_of(LOSS_FORMULAS, loss)
    if known is None:
        return None
    if sheet.trace.sample_weight is not None:
        return f"({known.derivative}) * w / over_samples(w)"
    return f"({known.derivative}) / n"


def _is_difference(loss: Loss) -> bool:
    """Whether the derivative is what the network says less what it should say."""
    known = formula_of(LOSS_FORMULAS, loss)
    return known is not None and known.derivative == "A - Y"


def _settings(sheet: Sheet, loss: Loss) -> dict[str, float]:
    """The numbers in the formulas."""
    options = {each.name: getattr(loss, each.name) for each in options_of(loss)}
    return {"n": sheet.n_samples, **options}
