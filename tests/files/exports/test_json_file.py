"""The JSON export: what the file says of itself; json_reader.py predicts with it."""

import json
from dataclasses import replace

from barenet import ModelCard
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._json_file import VERSION, render


def document(model) -> dict:
    return json.loads(render(program_of(model), "it")[".json"])


def test_the_file_identifies_itself_and_has_the_card_without_its_history(build):
    model = build("classes").model
    card = ModelCard(settings={"epochs": 3}, scores={"test": {"accuracy": 0.5}})
    read, with_card = document(model), document(replace(model, card=card))
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
    assert with_card["card"] == {
        "settings": {"epochs": 3},
        "data": {"fingerprint": None, "rows": {}},
        "scores": {"test": {"accuracy": 0.5}},
    }


def test_lines_have_a_readable_length(build):
    text = render(program_of(build("wide").model), "it")[".json"].decode()
    numbers = text.partition('"steps"')[2]
    assert max(map(len, numbers.splitlines())) <= 100
