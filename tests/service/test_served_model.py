"""The answers of a served model to records, without a server."""

import sys
from itertools import product
from pathlib import Path

import pytest

from barenet import Network, TableEncoding
from barenet.service._served_model import ServedModel
from barenet.tables._words_column import WordsColumn

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


def test_texts_in_records_are_split_into_words():
    columns = (WordsColumn("title", ("bike", "red"), missing=True),)
    network = Network.dense([3, 4, 1], seed=1, dtype="float64")
    predictor = predictor_of(network, TableEncoding(columns))
    served = ServedModel(predictor=predictor, coverage=0.9, sha256="")
    titles = ["A RED bike!", "plane", None, 2.5]
    answers = served.predict([{"title": title} for title in titles]).answers
    expected = network.predict([[1, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0]])
    assert [answer["prediction"] for answer in answers] == expected.ravel().tolist()
