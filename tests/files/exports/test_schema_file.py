"""JSON Schema: it accepts the records that a predictor takes, and no misspelled ones."""

import json
from datetime import date, timedelta

import numpy as np
import pytest
from predictors import predictor_of

from barenet import MLPClassifier, Network, Predictor, Scaling, TableEncoding, export
from barenet.service._served_model import ServedModel

jsonschema = pytest.importorskip("jsonschema")

N = 40
TABLE = {
    "size": [float(i % 7) if i % 5 else None for i in range(N)],
    "weight": np.linspace(1, 9, N).tolist(),
    "member": [["yes", "no", None][i % 3] for i in range(N)],
    "town": [["Rome", "Oslo", "Köln", None][i % 4] for i in range(N)],
    "class": [str(1 + i % 3) for i in range(N)],
    "day": [str(date(2026, 1, 1) + timedelta(days=5 * i)) for i in range(N)],
    "country": ["France"] * N,
}
RIGHT = {"size": 3, "weight": 100.5, "member": True, "town": "Rome", "class": 2}
RIGHT |= {"day": "2026-03-01"}


@pytest.fixture(scope="module")
def model() -> Predictor:
    encoding = TableEncoding.fit(TABLE, numbers="piecewise", bins=4, categories=["class"], rare=0)
    network = Network.dense([encoding.n_inputs, 3, 2], output="softmax", seed=1)
    return predictor_of(network, encoding, classes=("no", "yes"), target_name="answer")


@pytest.fixture
def schema(tmp_path):
    def write(model):
        export(model, tmp_path / "it.schema.json")
        schema = json.loads((tmp_path / "it.schema.json").read_text("utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        return schema

    return write


def accepts(schema, record):
    return jsonschema.Draft202012Validator(schema).is_valid(record)


def predicts(model, record):
    try:
        return len(model.outputs([record])) == 1
    except ValueError:
        return False


VALID = [
    *({"size": value} for value in (None, -7.5, 1e9)),
    *({"member": value} for value in (None, False)),
    *({"town": value} for value in (None, "Atlantis", "", 7, True, "two\nlines\n")),
    *({"class": value} for value in ("1", 3, 99)),
    *({"day": value} for value in (None, "2026/03/01", "2026-03-01 12:30", "2026-03-01T12:30:00Z")),
    *({"country": "Spain"}, {"answer": "yes"}, {"answer": [3]}),
]
WRONG = [
    *({"size": value} for value in ("3", True, [3])),
    *({"member": value} for value in ("maybe", 2, "", "?", "NA", "YES", "yes", 1)),
    *({"day": value} for value in ("first of May", 3, "2026-03-01 ", "", "?", "2026-02-29")),
    *({"day": value} for value in ("01.02.2024", "14:30", "Jan 5, 2024", "2024Q1")),
    *({"twon": "Rome"}, {"anwser": "yes"}, {"town": ["Rome"]}, {"town": "Ro\0me"}),
]


@pytest.mark.case(166)
@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("False", "True"), {"type": "boolean"}),
        (("0.5", "1.5"), {"type": "number", "description": "One of 0.5, 1.5"}),
        (("1", "2"), {"type": "integer", "enum": [1, 2]}),
        (("no", "yes"), {"type": "string", "enum": ["no", "yes"]}),
    ],
)
def test_the_classes_of_the_schema_are_those_of_predictions(schema, classes, expected):
    """The file and the service have the same document."""
    network = Network.dense([2, 2], output="softmax", seed=1)
    preprocessing = Scaling.fit("standardize", np.eye(2))
    model = predictor_of(network, preprocessing, classes=classes, target_name="answer")
    document = schema(model)
    assert document["$defs"]["prediction"] == {"title": "answer", **expected}
    assert ServedModel(predictor=model, coverage=0.9, sha256="").schema == document


def test_records_that_the_predictor_takes_are_valid_and_no_others(model, schema):
    found = schema(model)
    for record in (RIGHT | change for change in VALID):
        assert predicts(model, record) and accepts(found, record), record
    absent = [{key: RIGHT[key] for key in RIGHT.keys() - {name}} for name in RIGHT]
    for record in (*absent, *(RIGHT | change for change in WRONG)):
        assert not accepts(found, record), record


def test_the_schema_holds_what_the_model_knows_and_no_more(model, schema):
    found = schema(model)
    properties = found["properties"]
    assert properties["weight"]["description"].endswith("4 bins from 1 to 9")
    assert properties["town"]["examples"] == ["Köln", "Oslo", "Rome"]
    assert properties["country"] == {"title": "country", "description": "'France' in every row"}
    expected = {"title": "answer", "type": "string", "enum": ["no", "yes"]}
    assert found["$defs"]["prediction"] == expected
    assert [accepts(found, example) for example in found["examples"]] == [True]
    assert predicts(model, found["examples"][0])


def test_scaled_rows_have_no_missing_values(schema):
    X = np.array([[1.0, 2.0], [3.0, 5.0]])
    names = {"feature_names": ("x", "y")}
    model = predictor_of(Network.dense([2, 1]), Scaling.fit("standardize", X), **names)
    found = schema(model)
    assert found["$defs"]["prediction"] == {"title": "what it is", "type": "number"}
    assert found["examples"] == [{"x": 2.0, "y": 3.5}] and accepts(found, found["examples"][0])
    for value in (None, "1", True):
        assert not accepts(found, {"x": 1, "y": value})


def test_arrays_have_numbered_columns_and_a_network_alone_an_array(schema):
    rows = [[0.0, 1.0], [1.0, 0.0]] * 9
    found = schema(MLPClassifier(2).partial_fit(rows, [0, 1] * 9, classes=[0, 1]))
    assert accepts(found, {"x0": 1, "x1": 2.5}) and not accepts(found, [1, 2.5])
    assert found["$defs"]["prediction"]["enum"] == [0, 1]
    found = schema(Network.dense([2, 3]))
    assert accepts(found, [1, 2.5]) and not accepts(found, [1]) and not accepts(found, [1, 2, "3"])
    target = found["$defs"]["prediction"]
    assert (target["type"], target["minItems"], target["maxItems"]) == ("array", 3, 3)
