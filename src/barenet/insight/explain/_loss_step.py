"""The rows, the loss and its gradient as equations, where the forward pass turns round."""

from barenet._constraints import option_values
from barenet._expressions import declared
from barenet.insight.explain._document import Equation, Step
from barenet.insight.explain._name import Name
from barenet.insight.explain._quantity_table import Formulas, QuantityTable

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


def explain_rows(table: QuantityTable) -> Step:
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


def explain_loss(table: QuantityTable) -> Step:
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
    return Step(f"Loss: {table.step.job.loss!r}", text, (), tuple(_equations(table, output)))


def _equations(table: QuantityTable, output: Name) -> list[Equation]:
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
