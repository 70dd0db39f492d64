"""Model files with a wrong entry and a valid checksum are refused in one line."""

import json
import math
from dataclasses import replace
from functools import reduce
from operator import getitem

import numpy as np
import pytest
from model_bytes import rewrite, unpacked
from predictors import predictor_of
from safetensors.numpy import load as load_arrays

from barenet import ModelCard, Network, Scaling, TableEncoding, load, save
from barenet.errors import ModelFileError
from barenet.model._conformal_residuals import ConformalResiduals
from barenet.typing import Ensemble, History


def classifier():
    names = {"classes": ("no", "yes"), "feature_names": ("a", "b", "c")}
    network, X = Network.dense([3, 4, 2], output="softmax"), np.arange(12.0).reshape(4, 3) ** 2
    card = ModelCard(settings={"epochs": 3}, rows={"training": 4}, scores={"training": {"r2": 0.5}})
    card = card.with_history(History({"loss": [3.0, 2.0, 1.0]}, "reference"))
    return predictor_of(network, Scaling.fit("standardize", X), card=card, **names)


def regressor():
    network, scaling = Network.dense([3, 1]), Scaling.fit("standardize", np.eye(3) * 9)
    return predictor_of(network, scaling, target_scaling=Scaling.fit("minmax", [[10.0], [30.0]]))


def of_table():
    encoding = TableEncoding.fit({"age": [1.5, 2, 4], "sex": ["m", "f", "m"], "town": [*"aba"]})
    return predictor_of(Network.dense([encoding.n_inputs, 1]), encoding)


def ensemble():
    networks = Ensemble([Network.dense([1, 1], seed=seed) for seed in range(3)])
    residuals = ConformalResiduals(np.array([[0.5], [1.0]]), np.ones(1))
    scaling = Scaling.fit("standardize", np.eye(2)[:, :1])
    return predictor_of(networks, scaling, residuals=residuals)


def change(path, place, value):
    """Replace an entry of a model file: of its description, its arrays, or its first column."""
    data = path.read_bytes()
    whole = {**unpacked(data)[1], "tensors": load_arrays(data)}
    if place.startswith("column"):
        table = json.loads(whole["tensors"]["table"].tobytes())
        whole["column"] = table["columns"][0]
    *holders, last = place.split("/")
    reduce(getitem, holders, whole)[last] = value
    if whole.pop("column", None) is not None:
        whole["tensors"]["table"] = as_array(json.dumps(table).encode())
    rewrite(path, **whole)


def as_array(text):
    return np.frombuffer(text, np.uint8)


DENSE, LONG = {"layer": "dense", "n_in": 2, "n_out": 1}, "a" * 1_000_000
ACTIVATIONS = ("import os", "relu:" + "a," * 500_000)
WRONG_LAYERS = [
    *(7, [], ["dense"], [LONG], [{"layer": "densest"}], [{"layer": "dense", "n_in": 2}]),
    *([{**DENSE, "n_in": each}] for each in (7, 10**9)),
    *([{**DENSE, "activation": each}] for each in ACTIVATIONS),
    [{**DENSE, "init": "normal:std=" + "[" * 1_000_000}],
    [{**DENSE, "extra": 1}],
]
#: Parts that a predictor itself refuses, too.
WRONG_PARTS = [
    *(("classes", each) for each in ("no", (1, 2), ("no", "no"), ("", "yes"), ("no", "\ud800"))),
    *(("feature_names", each) for each in (("a",), 7, (1, 2, 3))),
    *(("image_shape", each) for each in ((2, 2), (-1, -3), (1, 3, 1), (True, 3), {})),
    *(("target_name", each) for each in (7, "\ud800")),
    ("classes", ("a", "b", "c")),
    ("card", {}),
    ("dataset", None),
]

#: Wrong values by the places of entries in the description of a classifier.
WRONG_ENTRIES = {
    "scaling": [None, "standardise"], "target_scaling": ["none"],
    "image_shape": [[10**400, 3]], "classes": [{"no": 1, "yes": 2}],
    "card/settings": [{"\ud800": 1}, {"a": ["\ud800"]}],
    "card/data/fingerprint": ["a" * 63, "a" * 63 + "G"],
    "card/training": [{}], "card/training/n_epochs": [-1], "card/training/best_epoch": ["x"],
    "card/training/stopped_because": ["\ud800"], "card/training/history": [{"loss": [1, 2, 3]}],
    "card/training/history/loss": [[1, 2], [1, 2, math.inf]],
}  # fmt: skip
#: The same for the first column of a table.
WRONG_FIELDS = {
    "scale": [0, math.nan], "fill": ["1", int("7" * 400)], "kind": ["dropped", "__import__"],
    "name": [7, "sex", "another"], "indicator": [1, True], "more": [1],
}  # fmt: skip

#: A model, the place of an entry in its file, its wrong values, and the message of all of them.
REFUSED = [
    (Network.dense, "key", ["torch"], "not one of barenet's models"),
    (Network.dense, "format_version", ["9\n" * 9999], r"version '9\\n.*, and this barenet reads u"),
    (Network.dense, "text", ["[[" * 100_000], "not a model file, or a damaged one"),
    (Network.dense, "parameters", [np.array([1, np.nan, 0], "f4")], "parameters are not all finit"),
    (Network.dense, "statistics", [np.zeros(2, "f4")], "the layers have 0 statistics, and"),
    (Network.dense, "extra", [None], "not a valid model"),
    (Network.dense, "network/layers", WRONG_LAYERS, "not a valid model: "),
    (Network.dense, "networks", [[], {}, [{"layers": [DENSE]}] * 2], "not a valid model: "),
    *((classifier, f"extra/{name}", [each], "not a valid m") for name, each in WRONG_PARTS[::4]),
    *((classifier, f"extra/{at}", wrong, "not a valid mod") for at, wrong in WRONG_ENTRIES.items()),
    (classifier, "extra/card", [7], "not a valid model: card: expected values by names, got 7"),
    (classifier, "extra/card/scores/training/r2", [math.nan, math.inf, "1"],
     "not a valid model: scores: training: r2: expected a number"),
    (regressor, "tensors/scaling.offset", [np.array([0, np.nan, 0]), np.zeros(2), np.zeros(())],
     "not a valid model"),
    (regressor, "tensors/scaling.factor", [np.array([1, -1e-320, 1.0]), np.ones(3, np.float32),
     np.ones((3, 1))], "not a valid model"),
    # Every answer would be infinite.
    (regressor, "tensors/target_scaling.factor", [np.array([1e-320])], "not a valid model"),
    (regressor, "tensors/more", [np.zeros(2)], "not a valid model: unknown arrays: more"),
    *((of_table, f"column/{at}", wrong, "not a valid model") for at, wrong in WRONG_FIELDS.items()),
    (of_table, "tensors/table", [np.zeros(3, np.float32)], "not a valid model: Expecting value"),
    (of_table, "tensors/table", [*map(as_array, (
        b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b'{"columns": [], "missing": []}',
        b'{"columns": [{"kind": "number", "name": "x", "fill": NaN}], "missing": []}',
    ))], "not a valid model"),
    (of_table, "extra/feature_names", [["a"]], "not a valid model: feature_names: are not those"),
    (of_table, "extra/scaling", ["standardize"], "not a valid model: 'scaling.offset' is missing"),
    (ensemble, "tensors/residuals.ratios", [np.array([[2.0], [1.0]]), np.array([[np.nan]]),
     np.array([[-1.0], [1.0]]), np.ones((2, 2)), np.ones((0, 1))],
     "not a valid model: residuals: expected"),
    (ensemble, "tensors/residuals.added_spread",
     [-np.ones(1), np.array([np.inf]), np.ones(2)],
     "not a valid model: residuals: expected"),
    (ensemble, "tensors/residuals.more", [np.ones(1)], "not a valid model"),
]  # fmt: skip
CASES = [(*given, value, message) for *given, values, message in REFUSED for value in values]


@pytest.mark.case(57, 58, 59, 62, 106)
@pytest.mark.promise(10)
@pytest.mark.parametrize(("make", "place", "value", "message"), CASES, ids=range(len(CASES)))
def test_invalid_models_are_refused(path, make, place, value, message):
    save(make([2, 1]) if make == Network.dense else make(), path)
    change(path, place, value)
    with pytest.raises(ModelFileError, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500 + len(str(path))


#: Parts of a model that do not fit, the argument that the error names, and its start.
WRONG = [
    *((classifier, {name: value}, name, "") for name, value in WRONG_PARTS),
    (ensemble, {"network": Network.dense([1, 1])}, "residuals", "are of an ensemble"),
    (ensemble, {"classes": ("no", "yes")}, "residuals", "are of an ensemble"),
    (ModelCard, {"settings": {"a": object()}}, "settings", ""),
    (ModelCard, {"data_fingerprint": "x"}, "data_fingerprint", ""),
    (ModelCard, {"log": History()}, "log", ""),
]


@pytest.mark.case(57)
@pytest.mark.parametrize(("make", "parts", "argument", "problem"), WRONG)
def test_parts_that_do_not_fit_are_refused_by_name(refused, make, parts, argument, problem):
    with refused(argument, problem):
        replace(make(), **parts)
