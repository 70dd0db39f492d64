from __future__ import annotations

import json

from barenet.data.datasets import DATASETS
from barenet.model.activations import ACTIVATIONS
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.optimization.schedules import SCHEDULES, as_schedule
from barenet.playground.catalog import catalog
from barenet.playground.state import State


def test_it_offers_what_the_library_has():
    told = json.loads(json.dumps(catalog(), allow_nan=False))
    names = {entry["name"] for entry in told["data"]}
    downloads = {name for name, named in DATASETS.items() if named.kind == "images"}
    assert names >= set(DATASETS) - downloads
    assert set(told["optimizers"]) == set(OPTIMIZERS)
    assert set(told["activations"]) >= set(ACTIVATIONS) - {"softmax", "exponential"}
    assert {as_schedule(spec).name for spec in told["schedules"]} == set(SCHEDULES)
    for entry in told["data"]:
        assert not entry["shown"] or 50 <= len(entry["points"]) <= 200


def test_the_defaults_are_the_servers_own():
    told = json.loads(json.dumps(catalog()))
    assert State.read(told["defaults"]) == State()
    for entry in told["data"]:
        assert State.read(entry["suited"]) == State.suited(entry["name"])
