"""A reader of JSON exports, with the formulas of the activations and the columns of the library."""

from typing import Any

import numpy as np

from barenet._expressions import Expression, formula_steps
from barenet.activations import ACTIVATIONS, Identity
from barenet.tables.encoding._encoding import TableEncoding, column_from_dict


def predict(document: dict[str, Any], X: Any) -> Any:
    """Do one step after the other for all rows; of a table, X is a dict of columns of text."""
    kept, total = X, 0.0
    for step in document["steps"]:
        p = {key: np.array(each) if type(each) is list else each for key, each in step.items()}
        match step["do"]:
            case "keep":
                kept, total = X, 0.0
            case "add":
                X, total = kept, total + p["weight"] * X
            case "total":
                X = total
            case "encode":
                X = encode(step, X)
            case "multiply":
                X = np.hstack([X, X[:, p["first"]] * X[:, p["second"]]])
            case "scale":
                X = (X - p["offset"]) * p["factor"]
            case "affine":
                X = X @ p["weights"] + p["bias"]
            case "normalize":
                X = p["gain"] * (X - p["mean"]) / p["deviation"] + p["bias"]
            case "normalize_row":
                deviation = np.sqrt(X.var(axis=1, keepdims=True) + p["epsilon"])
                X = p["gain"] * (X - X.mean(axis=1, keepdims=True)) / deviation + p["bias"]
            case "prelu":
                X = np.where(X > 0, X, p["slopes"] * X)
            case "both":
                X = np.hstack([1 - X, X])
            case "unscale":
                X = X / p["factor"] + p["offset"]
            case name:
                del p["do"]
                own = formula_steps(ACTIVATIONS.get(name, Identity)(), "stable_formula", "formula")
                for text in [p.pop("formula")] if "formula" in p else own:
                    with np.errstate(over="ignore"):
                        X = Expression.parse(text, **p).evaluate({"Z": X})
    return X


def encode(step: dict[str, Any], X: dict[str, Any]) -> Any:
    """Turn the columns of a table into numbers, by their records."""
    columns = tuple(column_from_dict(record) for record in step["columns"])
    return TableEncoding(columns, tuple(step["missing"])).transform(X).astype(float)
