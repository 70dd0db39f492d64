"""The answers of a served model to records, without a server."""

import asyncio
import json
import sys
from itertools import product
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from barenet import Network, Scaling, TableEncoding, contributions
from barenet.service._served_model import ServedModel
from barenet.service._service import Service
from barenet.tables.encoding._words_column import WordsColumn
from barenet.typing import Ensemble

sys.path.insert(0, str(Path(__file__).parents[1] / "files"))  # the models of the tests

from predictors import predictor_of


@pytest.fixture(scope="module")
def served() -> ServedModel:
    """A model with a category of True and of 1, and a number."""
    rows = {"c": ["1", "True", "False", "0", "x"] * 4, "n": [*range(20)]}
    encoding = TableEncoding.fit(rows, categories=["c"], rare=0)
    network = Network.dense([encoding.n_inputs, 4, 1], seed=1, dtype="float64")
    return ServedModel(predictor=predictor_of(network, encoding), coverage=0.9, sha256="")


@pytest.mark.case(152)
def test_the_answer_to_a_record_does_not_depend_on_others(served):
    values = [True, False, 1, 0, 1.0, "1", "True", "x", None, 2**60, 0.5]
    alone = {}
    for value in values:
        record = {"c": value, "n": 3}
        [alone[repr(value)]] = served.predict([record]).answers
        [[output]] = served.predictor.outputs([record])
        assert output == alone[repr(value)]["prediction"]
    assert alone["True"] != alone["1"] and alone["True"] == alone["'True'"]
    for pair in product(values, repeat=2):
        answers = served.predict([{"c": value, "n": 3} for value in pair]).answers
        assert answers == [alone[repr(value)] for value in pair]


#: Records of the model below; the second one has a missing value.
RECORDS = [{"c": "x", "n": 3}, {"c": "1", "n": None}, {"c": "0", "n": 17}]


@pytest.fixture(scope="module")
def explained() -> Service:
    """A service of an ensemble of classes that keeps background rows."""
    rows = {
        "c": ["1", "True", "False", "0", "x"] * 4,
        "n": [number % 6 / 2 for number in range(20)],
    }
    encoding = TableEncoding.fit(rows, categories=["c"], rare=0)
    networks = []
    for seed in range(3):
        sizes = [encoding.n_inputs, 4, 1]
        networks.append(Network.dense(sizes, output="sigmoid", seed=seed, dtype="float64"))
    predictor = predictor_of(Ensemble(networks), encoding, classes=("no", "yes"))
    return service_of(predictor.with_background(rows))


def service_of(predictor, scale="probability", **options) -> Service:
    """A service of a predictor, without a token."""
    settings = {"max_body": 2**20, "max_rows": 1000, "timeout": 60}
    settings |= {"log": print, "token": b"", "hosts": ()}
    model = ServedModel(predictor=predictor, coverage=0.9, scale=scale, sha256="")
    return Service(model=model, **settings, **options)


def answer_of(service, query, content=RECORDS):
    """The status and the content of the service's answer to a request."""
    body = json.dumps(content).encode()
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/predict", "raw_path": b"/predict",
        "query_string": query.encode(), "headers": [(b"content-length", b"%d" % len(body))],
    }  # fmt: skip
    asyncio.run(service(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_reasons_are_the_largest_contributions(explained):
    status, answers = answer_of(explained, "reasons=2")
    _, without = answer_of(explained, "")
    assert status == 200
    predictor = explained.model.predictor
    result = contributions(predictor, RECORDS)  # of two columns, all coalitions
    for row, answer in enumerate(answers):
        reasons = answer.pop("reasons")
        explained_class = answer.pop("explained_class")
        expected_output = answer.pop("expected")
        assert answer.pop("compared_with") == {"rows": 20, "source": "the model file"}
        assert answer.pop("scale") == "probability"
        assert answer == without[row]
        assert explained_class == predictor.classes[1]
        assert expected_output == pytest.approx(result.expected[1], rel=1e-5)
        expected = result.reasons(row, 2, explained_class)
        assert [reason["column"] for reason in reasons] == [each.column for each in expected]
        assert [reason["value"] for reason in reasons] == [each.value for each in expected]
        total = sum(reason["contribution"] for reason in reasons)
        expected_total = answer["probabilities"][explained_class] - expected_output
        assert total == pytest.approx(expected_total, abs=1e-4)
    _, all_reasons = answer_of(explained, "reasons=9", RECORDS[1])
    assert {reason["value"] for reason in all_reasons["reasons"]} == {"1", "missing"}
    assert len(answer_of(explained, "reasons=1", RECORDS[0])[1]["reasons"]) == 1
    assert answer_of(explained, "reasons=1", []) == (200, [])


def test_reasons_on_the_scale_of_log_odds(explained):
    predictor = explained.model.predictor
    status, [answer, *_] = answer_of(service_of(predictor, scale="log-odds"), "reasons=2")
    assert status == 200 and answer["scale"] == "log-odds"
    result = contributions(predictor, RECORDS, scale="log-odds")
    assert answer["expected"] == pytest.approx(result.expected[1], rel=1e-5)
    total = sum(reason["contribution"] for reason in answer["reasons"])
    probability = answer["probabilities"][predictor.classes[1]]
    log_odds = np.log(probability / (1 - probability))
    assert total == pytest.approx(log_odds - answer["expected"], abs=1e-3)


def test_reasons_of_a_record_do_not_depend_on_others():
    """Neither on the records beside it nor on its place, although orders are drawn at random."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 12))
    networks = [Network.dense([12, 8, 1], hidden="tanh", seed=seed) for seed in range(4)]
    names = tuple(f"x{number}" for number in range(12))
    predictor = predictor_of(Ensemble(networks), Scaling.fit("standardize", X), feature_names=names)
    service = service_of(predictor.with_background(X))
    records = [dict(zip(names, row, strict=True)) for row in X[:20].tolist()]
    _, together = answer_of(service, "reasons=12", records)
    for place in (0, 7, 19):
        _, alone = answer_of(service, "reasons=12", records[place])
        for reason, expected in zip(alone["reasons"], together[place]["reasons"], strict=True):
            assert reason["column"] == expected["column"]
            assert reason["contribution"] == pytest.approx(expected["contribution"], rel=1e-3)


def test_wrong_numbers_of_reasons_are_refused(explained):
    for query in ("reasons=0", "reasons=-1", "reasons=1.5", "reasons=x", "reasons=", "reasons=1001",
                  "reasons=1&reasons=2", "reasons=%EF%BC%93", "reasons=" + "9" * 5000):  # fmt: skip
        status, answer = answer_of(explained, query)
        assert (status, answer["error"]) == (
            400,
            "reasons: expected a whole number from 1 to 1,000",
        ), query


def test_reasons_are_limited(explained, monkeypatch):
    many = RECORDS[:1] * 101
    assert answer_of(explained, "reasons=1", many[1:])[0] == 200
    status, answer = answer_of(explained, "reasons=1", many)
    assert (status, answer["error"]) == (413, "101 records, more than 100")
    assert answer_of(explained, "", many)[0] == 200
    monkeypatch.setattr(explained.reason_places, "_value", 0)
    status, answer = answer_of(explained, "reasons=1")
    assert (status, "requests of reasons are under way" in answer["error"]) == (503, True)
    assert answer_of(explained, "")[0] == 200


def test_reasons_end_with_their_request(explained):
    is_cancelled = Event()
    is_cancelled.set()
    assert explained.model.find_reasons(RECORDS, 1, is_cancelled) == []


def test_numbers_whose_parts_overflow_have_no_reasons():
    """The terms of the record add up to 0, and two of them exceed the range of float32."""
    network = Network.dense([4, 1], init="zeros")
    network.parameters[:4] = [2e8, -2e8, 2e8, -2e8]
    names = ("a", "b", "c", "d")
    scaling = Scaling("none", np.zeros(4), np.ones(4))
    predictor = predictor_of(network, scaling, feature_names=names)
    service = service_of(predictor.with_background(np.zeros((2, 4))))
    record = dict.fromkeys(names, 1e30)
    assert answer_of(service, "", record)[0] == 200
    status, answer = answer_of(service, "reasons=1", record)
    assert status == 422
    assert "so extreme" in answer["problems"][0]["expected"]
    assert answer_of(service, "reasons=1", dict.fromkeys(names, 1.0))[0] == 200


def test_a_model_without_background_rows_has_no_reasons(served, explained):
    service = service_of(served.predictor)
    status, answer = answer_of(service, "reasons=3", [])
    assert status == 400
    assert answer["error"].startswith("reasons: the model has no rows to compare with: train it")
    assert "--keep-background, or start the service with --background ROWS" in answer["error"]
    network = Network.dense([2, 2], seed=0)
    several = predictor_of(network, Scaling("none", np.zeros(2), np.ones(2)))
    service_of_several = service_of(several.with_background([[0, 0], [1, 1]]))
    _, answer = answer_of(service_of_several, "reasons=3", [])
    assert "several numbers" in answer["error"]
    described = {}
    for name, each in (("without", service), ("with", explained)):
        document = each.documents["/openapi.json"]
        described[name] = json.dumps(document)
        assert ("parameters" in document["paths"]["/predict"]["post"]) == (name == "with")
    assert "reasons" not in described["without"]
    assert "Reason" not in described["without"]


def test_texts_in_records_are_split_into_words():
    columns = (WordsColumn("title", ("bike", "red"), missing=True),)
    network = Network.dense([3, 4, 1], seed=1, dtype="float64")
    predictor = predictor_of(network, TableEncoding(columns))
    served = ServedModel(predictor=predictor, coverage=0.9, sha256="")
    titles = ["A RED bike!", "plane", None, 2.5]
    answers = served.predict([{"title": title} for title in titles]).answers
    expected = network.predict([[1, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0]])
    assert [answer["prediction"] for answer in answers] == expected.ravel().tolist()
