import json

from barenet.data._datasets import DATASETS
from barenet.model._activations import ACTIVATIONS
from barenet.optimization._schedules import SCHEDULES, as_schedule
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.playground._catalog import catalog


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
