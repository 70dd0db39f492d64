import json

from barenet.data._datasets import DATASETS
from barenet.model._activations import ACTIVATIONS
from barenet.optimization._schedules import SCHEDULES, as_schedule
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.playground._catalog import catalog
from barenet.playground._page_state import PageState
from barenet.playground._wire_format import decode


def test_the_catalog_offers_everything_in_the_library():
    received = json.loads(json.dumps(catalog({}), allow_nan=False))
    names = {entry["name"] for entry in received["data"]}
    downloads = {name for name, named in DATASETS.items() if named.kind == "images"}
    assert names >= set(DATASETS) - downloads
    assert set(received["optimizers"]) == set(OPTIMIZERS)
    assert set(received["activations"]) >= set(ACTIVATIONS) - {
        "softmax",
        "ascending",
        "exponential",
    }
    assert {as_schedule(spec).name for spec in received["schedules"]} == set(SCHEDULES)
    for entry in received["data"]:
        assert not entry["drawn"] or 50 <= len(entry["points"]) <= 200


def test_catalog_defaults_equal_the_servers():
    received = json.loads(json.dumps(catalog({})))
    assert decode(PageState, received["defaults"], "state") == PageState()
    for entry in received["data"]:
        assert decode(PageState, entry["preset"], "state") == PageState.suited(entry["name"])
