"""A reader of JSON exports, with the formulas of the activations."""

import itertools
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np

from barenet._expressions import Expression, formula_steps
from barenet.activations import ACTIVATIONS, Identity


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
    """Turn the columns of a table into numbers."""
    x: list[float] = []
    for column in step["columns"]:
        text = row[column["name"]].strip()
        is_missing = label(text) in {label(marker) for marker in step["missing"]}
        x += ENCODERS[column["kind"]](column, text, is_missing)
        if column.get("indicator", column.get("missing")):
            x.append(is_missing)
    return [float(a) for a in x]


def number(column: dict[str, Any], text: str, is_missing: bool) -> list[float]:
    value = column["fill"] if is_missing else float(text)
    return [(value - column["center"]) / column["scale"]]


def piecewise(column: dict[str, Any], text: str, is_missing: bool) -> list[float]:
    value, edges = column["fill"] if is_missing else float(text), column["edges"]
    x = [(value - column["center"]) / column["scale"]]
    for number, (start, end) in enumerate(itertools.pairwise(edges), 1):
        part = max((value - start) / (end - start), -1 if number == 1 else 0)
        x.append(min(part, 2 if number == len(edges) - 1 else 1))
    return x


def boolean(column: dict[str, Any], text: str, is_missing: bool) -> list[float]:
    return [column["fill"] if is_missing else text.lower() in ("true", "yes", "y", "t", "on", "1")]


def category(column: dict[str, Any], text: str, is_missing: bool) -> list[float]:
    own = "" if is_missing else label(text)
    if own.lower() in ("true", "false") and own not in column["categories"]:
        spellings = (own.title(), own.lower(), own.upper())
        own = next((each for each in spellings if each in column["categories"]), own)
    places = [own == category for category in column["categories"]]
    is_known = any(places) or (is_missing and column["missing"])
    return [*places, *([not is_known] if column["rare"] else [])]


def date(column: dict[str, Any], text: str, is_missing: bool) -> list[float]:
    seconds = column["fill"]
    text = year_first(text, column["order"]) if "order" in column else text
    if not is_missing:
        moment = datetime.fromisoformat(text.replace("/", "-").replace(" UTC", "Z"))
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    year = datetime.fromtimestamp(seconds, UTC).year
    start, end = (datetime(each, 1, 1, tzinfo=UTC).timestamp() for each in (year, year + 1))
    shares = {
        "year": (seconds - start) / (end - start),
        "week": (seconds // 86400 + 3) % 7 / 7,
        "day": seconds % 86400 / 86400,
    }
    x = [(seconds - column["center"]) / column["scale"]]
    for cycle in column["cycles"]:
        x += [math.sin(2 * math.pi * shares[cycle]), math.cos(2 * math.pi * shares[cycle])]
    return x


def year_first(text: str, order: str) -> str:
    """Write a date of which the year is the last part with the year first."""
    day, *time = text.split(" ")
    parts = day.replace(".", "-").replace("/", "-").split("-")
    if len(parts) != 3 or len(parts[0]) == 4:
        return text
    known = dict(zip(order, parts, strict=False))
    return " ".join([f"{parts[2]}-{known['m'].zfill(2)}-{known['d'].zfill(2)}", *time])


def label(text: str) -> str:
    """Write numbers that are equal alike; one with a zero before other digits is a name."""
    digits = text.lstrip("+-")
    is_code = digits.isdigit() and (len(digits) > 15 or (len(digits) > 1 and digits[0] == "0"))
    try:
        value = float(text)
    except ValueError:
        return text
    if is_code or not math.isfinite(value) or "_" in text or not text.isascii():
        return text
    return str(int(value)) if value.is_integer() else repr(value)


ENCODERS = {each.__name__: each for each in (number, piecewise, boolean, category, date)}
