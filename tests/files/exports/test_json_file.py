"""The export as JSON: enough to predict with, in a page of Python that has no NumPy."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_reader import predict

from barenet import ModelCard, Network
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._json_file import VERSION, render
from barenet.layers import Dense


def document(model) -> dict:
    return json.loads(render(program_of(model), "it")[".json"])


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


def test_a_table(dated):
    read = document(dated.model)
    assert read["steps"][0]["do"] == "encode"
    rows = [dict(zip(dated.X, row, strict=True)) for row in zip(*dated.X.values(), strict=True)]
    outputs = [predict(read, row) for row in rows]
    np.testing.assert_allclose(outputs, dated.outputs, atol=1e-6)


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
