"""Which changes of a model break its clients; the checks of the service are the oracle."""

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from barenet import ModelCard, Network, Scaling, TableEncoding
from barenet.model._conformal_residuals import ConformalResiduals
from barenet.model._ensemble import Ensemble
from barenet.service._model_comparison import compare_models
from barenet.service._record_checks import RecordChecks
from barenet.service._served_model import ServedModel
from barenet.tables.encoding._column_kinds import CategoryColumn

sys.path.insert(0, str(Path(__file__).parents[1] / "files"))  # the models of the tests

from predictors import predictor_of

#: A column of each kind, which is called x, and some that are encoded otherwise.
COLUMNS = {
    "number": [1.5, 2.5, 3.0, 7.0] * 5,
    "missing numbers": [1.5, None, 3.0, 7.0] * 5,
    "boolean": ["yes", "no"] * 10,
    "category": ["Rome", "Oslo", "Bern", "Rome"] * 5,
    "other categories": ["Rome", "Kyiv", "Kyiv", "Rome"] * 5,
    "date": ["2026-03-01", "2026-04-01", "2026-05-02", "2027-01-01"] * 5,
    "day first": ["31.03.2026", "01.04.2026", "02.05.2026", "01.01.2027"] * 5,
    "time": ["12:30", "13:30", "14:15", "18:00"] * 5,
}
#: Values that a client may send.
VALUES = [None, 0, 2.5, -3, True, "", "yes", "Rome", "7", "2026-03-01", "31.03.2026", "12:30"]


def model(*, target: str = "answer", classes=None, card=None, residuals=None, **columns):
    encoding = TableEncoding.fit(columns, rare=0)
    output, n_outputs = "identity", 1
    if classes is not None:
        output, n_outputs = "softmax", len(classes)
    network = Network.dense([encoding.n_inputs, n_outputs], output=output, seed=1)
    parts = {"target_name": target, "classes": classes, "card": card, "residuals": residuals}
    return predictor_of(network, encoding, **parts)


def accepted(predictor, records: list) -> list[bool]:
    checks = ServedModel(predictor=predictor, coverage=0.9, sha256="").checks
    return [not [*checks.find_problems([record])] for record in records]


def scaled(names: tuple[str, ...]):
    preprocessing = Scaling.fit("standardize", np.eye(len(names)))
    network = Network.dense([len(names), 1], seed=1)
    return predictor_of(network, preprocessing, feature_names=names)


MODELS = {name: model(x=values, y=[1.0, 2.0] * 10) for name, values in COLUMNS.items()}
MODELS["without y"] = model(x=COLUMNS["number"])
MODELS["with z"] = model(x=COLUMNS["number"], y=[1.0, 2.0] * 10, z=[1.0, 4.0] * 10)
MODELS["matrix"] = scaled(("x", "y"))
dropping = ModelCard(settings={"drop": ("y",)})
MODELS["y left out"] = model(x=COLUMNS["number"], card=dropping)
dropping_in_columns = ModelCard(settings={"columns": ("y=drop",)})
MODELS["y left out in columns"] = model(x=COLUMNS["number"], card=dropping_in_columns)


@pytest.mark.parametrize("old", MODELS)
def test_a_client_breaks_if_a_new_model_refuses_one_of_its_records(old):
    absent = object()
    records = []
    for x, y, z in product(VALUES, [absent, 1.0, None, "any"], [absent, 2.0]):
        given = {"x": x, "y": y, "z": z}
        records.append({name: value for name, value in given.items() if value is not absent})
    are_taken = accepted(MODELS[old], records)
    taken = [record for record, is_taken in zip(records, are_taken, strict=True) if is_taken]
    assert taken
    for new, other in MODELS.items():
        refused = [not is_taken for is_taken in accepted(other, taken)]
        differences = compare_models(MODELS[old], other)
        on_records = [each for each in differences if each.column and each.breaks]
        assert bool(on_records) == any(refused), (new, differences)
    assert compare_models(MODELS[old], MODELS[old]) == []


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("number", "with z", ["column z: added"]),
        ("with z", "number", ["column z: removed"]),
        ("category", "other categories", []),
        ("y left out", "number", ["column y: is used now, and was left out"]),
        ("y left out in columns", "number", ["column y: is used now, and was left out"]),
        ("number", "category", []),
        ("date", "day first", []),
        (
            "day first",
            "time",
            ["column x: takes texts such as '13:52:30', took those such as '2026-04-16T12:00:00'"],
        ),
        (
            "category",
            "number",
            ["column x: takes a number or null, took a string or a number or true, false or null"],
        ),
    ],
)
def test_breaking_changes_of_records_are_named(old, new, changes):
    differences = compare_models(MODELS[old], MODELS[new])
    assert [str(each) for each in differences if each.breaks] == changes


def test_categories_and_columns_that_do_not_break_are_named():
    lost = compare_models(MODELS["category"], MODELS["other categories"])
    expected = ["column x: loses the categories Bern, Oslo", "column x: gains the categories Kyiv"]
    assert [str(each) for each in lost] == expected
    older = ("0.10000000149011612", "gro\u0308\u00dfe", "true")
    newer = ("0.1", "gr\u00f6\u00dfe", "True")
    network = Network.dense([3, 1], seed=1)
    respelled = []
    for categories in (older, newer):
        column = CategoryColumn("x", categories, rare=False, missing=False)
        respelled.append(predictor_of(network, TableEncoding((column,))))
    assert compare_models(*respelled) == []
    [left_out] = compare_models(MODELS["number"], MODELS["y left out"])
    assert str(left_out) == "column y: is left out now, and accepted with any value"


CLASSES = {
    "texts": ("no", "yes"),
    "in another order": ("yes", "no"),
    "one more": ("maybe", "no", "yes"),
    "others": ("no", "perhaps"),
    "numbers": ("0", "1"),
    "none": None,
}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("texts", "texts"),
        ("texts", "in another order"),
        ("texts", "one more"),
        ("one more", "texts"),
        ("texts", "others"),
        ("texts", "numbers"),
        ("texts", "none"),
        ("none", "texts"),
    ],
)
def test_classes_of_answers_are_compared(old, new):
    rows = {"x": COLUMNS["number"]}
    differences = compare_models(
        model(classes=CLASSES[old], **rows), model(classes=CLASSES[new], **rows)
    )
    same_classes = old == new or {old, new} == {"texts", "in another order"}
    assert any(each.breaks for each in differences) != same_classes
    assert bool(differences) == (old != new)


def test_the_target_intervals_and_ranges_are_compared():
    rows = {"x": COLUMNS["number"]}
    residuals = ConformalResiduals(np.linspace(0, 1, 20)[:, None], np.ones(1))
    plain = model(**rows)
    ensemble = replace(plain, network=Ensemble([plain.network, plain.network]))
    with_intervals = replace(ensemble, residuals=residuals)
    [target] = compare_models(plain, model(target="price", **rows))
    assert target.breaks and str(target) == "target: predicts price, predicted answer"
    used = model(target="price", answer=[1.0, 2.0] * 10, **rows)
    changes = [str(difference) for difference in compare_models(plain, used)]
    assert "column answer: is used now, and was left out" in changes
    [gained] = compare_models(plain, with_intervals)
    [lost] = compare_models(with_intervals, plain)
    assert (gained.breaks, lost.breaks) == (False, True)
    cards = []
    for factor in (1, 1000):
        summary = {"edges": (2.0,), "range": (1.0 * factor, 7.0 * factor), "counts": (2, 2, 0)}
        cards.append(replace(plain, card=ModelCard(summaries={"x": summary})))
    [unit] = compare_models(*cards)
    text = "column x: was trained on 1000 to 7000, before 1 to 7; is it in another unit?"
    assert str(unit) == text and not unit.breaks
    cards = []
    for factor in (1, 1000):
        summary = {"edges": (2.0,), "range": (1.0 * factor, 7.0 * factor), "counts": (2, 2, 0)}
        cards.append(replace(plain, card=ModelCard(prediction_summary=summary)))
    [unit] = compare_models(*cards)
    text = "range: predicts 1000 to 7000, before 1 to 7; is it in another unit?"
    assert str(unit) == text and not unit.breaks


def test_the_checks_judge_as_the_schema_of_the_model():
    served = ServedModel(predictor=MODELS["date"], coverage=0.9, sha256="")
    assert isinstance(served.checks, RecordChecks)
    assert accepted(MODELS["date"], [{"x": "2026-03-01", "y": 1}, {"x": "1.3.2026", "y": 1}]) == [
        True,
        False,
    ]


@pytest.mark.case(199)
def test_a_client_breaks_if_answers_lose_a_part():
    old = model(x=COLUMNS["number"])
    kept = old.with_background(np.array([[1.5], [2.5]]))
    [lost] = compare_models(kept, old)
    [gained] = compare_models(old, kept)
    assert (lost.part, lost.breaks) == ("reasons", True)
    assert (gained.part, gained.breaks) == ("reasons", False)
    numbers = model(x=COLUMNS["number"], classes=("a", "b"))
    [*breaking] = [each.part for each in compare_models(numbers, old) if each.breaks]
    assert "probabilities" in breaking
