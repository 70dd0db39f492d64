"""A reader of JSON exports, with the formulas of the activations and the columns of Python's."""

import math
from typing import Any

import numpy as np

from barenet._expressions import Expression, formula_steps
from barenet.activations import ACTIVATIONS, Identity
from barenet.files.exports import _python_runtime as runtime


def predict(document: dict[str, Any], x: Any) -> list[float]:
    """Do one step after the other; of a table, x is a row of text by the names of the columns."""
    kept, total = x, []
    for step in document["steps"]:
        do = step["do"]
        if do == "keep":
            kept, total = x, []
        elif do == "add":
            parts = [step["weight"] * a for a in x]
            x, total = kept, [a + b for a, b in zip(total, parts, strict=True)] if total else parts
        elif do == "total":
            x = total
        elif do == "encode":
            x = encode(step, x)
        elif do == "scale":
            parts = zip(x, step["offset"], step["factor"], strict=True)
            x = [(a - offset) * factor for a, offset, factor in parts]
        elif do == "affine":
            columns = zip(*step["weights"], strict=True)
            products = (sum(a * w for a, w in zip(x, c, strict=True)) for c in columns)
            x = [product + bias for product, bias in zip(products, step["bias"], strict=True)]
        elif do == "normalize":
            parts = zip(x, *(step[k] for k in ("mean", "deviation", "gain", "bias")), strict=True)
            x = [gain * (a - mean) / deviation + bias for a, mean, deviation, gain, bias in parts]
        elif do == "normalize_row":
            mean = sum(x) / len(x)
            deviation = math.sqrt(sum((a - mean) ** 2 for a in x) / len(x) + step["epsilon"])
            parts = zip(x, step["gain"], step["bias"], strict=True)
            x = [gain * (a - mean) / deviation + bias for a, gain, bias in parts]
        elif do == "prelu":
            x = [a if a > 0 else slope * a for a, slope in zip(x, step["slopes"], strict=True)]
        elif do == "both":
            x = [1 - x[0], x[0]]
        elif do == "unscale":
            parts = zip(x, step["offset"], step["factor"], strict=True)
            x = [a / factor + offset for a, offset, factor in parts]
        else:
            options = {name: value for name, value in step.items() if name != "do"}
            own = formula_steps(ACTIVATIONS.get(do, Identity)(), "stable_formula", "formula")
            for text in [options.pop("formula")] if "formula" in step else own:
                with np.errstate(over="ignore"):
                    Z = Expression.parse(text, **options).evaluate({"Z": np.array([x])})
                x = Z[0].tolist()
    return x


def encode(step: dict[str, Any], row: dict[str, str]) -> list[float]:
    """Turn the columns of a table into numbers, as an export to Python does."""
    runtime.MISSING[:] = step["missing"]
    x: list[float] = []
    for column in step["columns"]:
        options = {name: value for name, value in column.items() if name not in ("kind", "name")}
        encoded = getattr(runtime, column["kind"])([row[column["name"]]], **options)
        x += [float(values[0]) for values in encoded]
    return x
