"""The export as JSON: enough to predict with, in a page of Python that has no NumPy."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet import Dense, ModelCard, Network
from barenet.files.exports.json_file import VERSION, render
from barenet.files.exports.program import program_of


def document(model) -> dict:
    return json.loads(render(program_of(model), "it")[".json"])


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


FORMULAS = {
    "relu": lambda z: max(z, 0.0),
    "leaky_relu": lambda z, slope: z if z > 0 else slope * z,
    "elu": lambda z, alpha: z if z > 0 else alpha * math.expm1(z),
    "gelu": lambda z: z * math.erfc(-z / math.sqrt(2)) / 2,
    "silu": lambda z: z * sigmoid(z),
    "tanh": math.tanh,
    "sigmoid": sigmoid,
    "softplus": lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z))),
    "exponential": math.exp,
}


def predict(document: dict, x: list[float]) -> list[float]:
    """Do one step after the other: the whole of what a reader of the file has to write."""
    for step in document["steps"]:
        do = step["do"]
        if do == "scale":
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
        elif do == "softmax":
            powers = [math.exp(a - max(x)) for a in x]
            x = [power / sum(powers) for power in powers]
        elif do == "both":
            x = [1 - x[0], x[0]]
        elif do == "unscale":
            parts = zip(x, step["offset"], step["factor"], strict=True)
            x = [a / factor + offset for a, offset, factor in parts]
        else:
            options = {name: value for name, value in step.items() if name != "do"}
            x = [FORMULAS[do](a, **options) for a in x]
    return x


def test_a_page_of_python_predicts_from_it(case):
    read = document(case.model)
    outputs = [predict(read, row) for row in case.X.tolist()]
    precise = 1e-5 if case.dtype == "float32" else 1e-11
    if np.abs(case.X).max() > 1e4:
        precise = 1e-2  # float32's own logits of ten thousand are off by a thousandth
    np.testing.assert_allclose(outputs, case.outputs, rtol=precise, atol=precise)


def test_it_says_what_it_is(build):
    read = document(build("classes").model)
    del read["steps"], read["written_by"]
    assert read == {
        "format": "barenet",
        "version": VERSION,
        "dtype": "float32",
        "n_inputs": 3,
        "n_outputs": 3,
        "feature_names": ["feature 0", "feature 1", "feature 2"],
        "target_name": "what it is",
        "dataset": "some rows",
        "image_shape": None,
        "answer": "class",
        "classes": ["yes", "no", "größer?"],
    }


def encode(step: dict, row: dict[str, str]) -> list[float]:
    """Turn the columns of a table into numbers: with `predict`, all that a reader has to write."""
    x: list[float] = []
    for column in step["columns"]:
        text = row[column["name"]].strip()
        missing = text in step["missing"]
        if column["kind"] == "number":
            missing = missing or float(text) in [-999]
            number = column["fill"] if missing else float(text)
            x.append((number - column["center"]) / column["scale"])
        elif column["kind"] == "boolean":
            x.append(column["fill"] if missing else text.lower() in ("yes", "true", "1"))
        else:
            names = {"1.0": "1", "1e0": "1"}
            label = "" if missing else names.get(text, text)
            x += [label == category for category in column["categories"]]
            known = label in column["categories"] or (missing and column["missing"])
            x += [not known] if column["rare"] else []
        told = column.get("indicator", column.get("missing"))
        x += [missing] if told else []
    return [float(a) for a in x]


def test_a_table(table):
    read = document(table.model)
    step = read["steps"].pop(0)
    assert step["do"] == "encode"
    rows = [dict(zip(table.X, row, strict=True)) for row in zip(*table.X.values(), strict=True)]
    outputs = [predict(read, encode(step, row)) for row in rows]
    np.testing.assert_allclose(outputs, table.outputs, atol=1e-6)


def test_the_records_of_a_table_are_those_of_the_model(dated):
    step = document(dated.model)["steps"][0]
    encoding = dated.model.preprocessing
    assert step["columns"] == [column.to_dict() for column in encoding.used]
    assert step["missing"] == list(encoding.missing)


@given(st.text(), st.text())
def test_any_name_stays_a_name(name, other):
    program = replace(program_of(Network.dense([1, 2])), classes=(name, other), dataset=other)
    read = json.loads(render(program, "it")[".json"])
    assert (read["classes"], read["dataset"]) == ([name, other], other)


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=40),
    st.sampled_from(["float32", "float64"]),
)
def test_every_number_comes_back(values, dtype):
    network = Network([Dense(len(values), 1)], dtype=dtype)
    network.layers[0].weights[:, 0] = values
    (step,) = document(network)["steps"]
    read = np.array(step["weights"], np.float64).astype(dtype)
    assert read.tobytes() == network.layers[0].weights.tobytes()


def test_no_line_is_too_long_to_look_at(build):
    text = render(program_of(build("wide").model), "it")[".json"].decode()
    numbers = text.partition('"steps"')[2]
    assert max(map(len, numbers.splitlines())) <= 100


@pytest.mark.parametrize("name", ["classes", "regressor"])
def test_the_same_model_gives_the_same_bytes(build, name):
    first, second = (render(program_of(build(name).model), "it")[".json"] for _ in range(2))
    assert first == second


def test_the_card_goes_along_without_the_history(build):
    model = build("classes").model
    card = ModelCard(settings={"epochs": 3}, scores={"test": {"accuracy": 0.5}})
    documents = [
        json.loads(render(program_of(each), "it")[".json"])
        for each in (model, replace(model, card=card))
    ]
    assert "card" not in documents[0]
    assert documents[1]["card"] == {
        "settings": {"epochs": 3},
        "data": {"fingerprint": None, "rows": {}},
        "scores": {"test": {"accuracy": 0.5}},
    }
