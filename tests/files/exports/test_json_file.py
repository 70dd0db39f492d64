"""The JSON export: a page of Python without NumPy can predict with it."""

import json
from dataclasses import replace

from barenet import ModelCard
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._json_file import VERSION, render


def document(model) -> dict:
    return json.loads(render(program_of(model), "it")[".json"])


def test_the_file_identifies_itself(build):
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


def test_lines_have_a_readable_length(build):
    text = render(program_of(build("wide").model), "it")[".json"].decode()
    numbers = text.partition('"steps"')[2]
    assert max(map(len, numbers.splitlines())) <= 100


def test_the_card_is_included_without_its_history(build):
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
