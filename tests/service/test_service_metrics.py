"""The metrics of a service, read by the parser of Prometheus' client library."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from barenet import Network, TableEncoding
from barenet.service._served_model import Predicted, ServedModel
from barenet.service._service_metrics import (
    BUCKETS,
    MAX_COLUMNS,
    OTHER_COLUMNS,
    Counter,
    Histogram,
    ServiceMetrics,
)

sys.path.insert(0, str(Path(__file__).parents[1] / "files"))  # the models of the tests

from predictors import predictor_of

prometheus = pytest.importorskip("prometheus_client", reason="the client of Prometheus is missing")


def samples_of(text: str) -> dict[tuple[str, frozenset], float]:
    """The values in a text, by the names of the samples and their labels."""
    from prometheus_client.parser import text_string_to_metric_families

    values = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in values
            values[key] = sample.value
    return values


def served_model(names: list[str]) -> ServedModel:
    rows = {name: ["a", "b"] * 5 for name in names}
    encoding = TableEncoding.fit(rows, categories=names, rare=0)
    network = Network.dense([encoding.n_inputs, 1], seed=1)
    predictor = predictor_of(network, encoding)
    return ServedModel(predictor=predictor, coverage=0.9, sha256="12ab", file="a\\b.safetensors")


def test_any_name_is_read_as_it_was_written():
    names = ['a "quoted"\nname', "back\\slash", "größe", "comma, {brace}", "\\n"]
    model = served_model(names)
    metrics = ServiceMetrics()
    metrics.use(model)
    metrics.count_rows(Predicted([{}] * 3, dict.fromkeys(names, 2), {names[0]: 1}))
    values = samples_of(metrics.render())
    assert values["barenet_predicted_rows_total", frozenset()] == 3
    for name in names:
        key = "barenet_missing_values_total", frozenset({("column", name)})
        assert values[key] == 2
    assert values["barenet_unknown_categories_total", frozenset({("column", names[0])})] == 1
    [labels] = [dict(labels) for name, labels in values if name == "barenet_model_info"]
    assert labels["file"] == "a\\b.safetensors" and labels["format"] == "2"
    assert labels["sha256"] == "12ab"


def test_durations_are_counted_as_by_the_client_library():
    seconds = [0.0, 0.001, 0.0010001, 0.3, 0.3, 30.0, 31.0, 1000.0]
    seconds += np.random.default_rng(0).exponential(0.1, 200).tolist()
    ours = Histogram("seconds", "Durations.", "path")
    registry = prometheus.CollectorRegistry()
    theirs = prometheus.Histogram(
        "seconds", "Durations.", ["path"], buckets=BUCKETS, registry=registry
    )
    for duration in seconds:
        ours.add("/predict", duration)
        theirs.labels("/predict").observe(duration)
    expected = samples_of(prometheus.generate_latest(registry).decode())
    for name, labels in [*expected]:
        if name == "seconds_created":
            del expected[name, labels]
    assert samples_of("\n".join(ours.lines()) + "\n") == expected


def test_counts_of_several_threads_are_added():
    metrics = ServiceMetrics()

    def work(_):
        for _ in range(1000):
            metrics.count_request("/predict", 422, "wrong_value", 0.01)
            metrics.count_rows(Predicted([{}, {}], {"town": 1}, {}))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
    finally:
        sys.setswitchinterval(interval)
    values = samples_of(metrics.render())
    requests = frozenset({("path", "/predict"), ("status", "422")})
    assert values["barenet_requests_total", requests] == 8000
    assert values["barenet_request_seconds_count", frozenset({("path", "/predict")})] == 8000
    assert values["barenet_predicted_rows_total", frozenset()] == 16_000
    assert values["barenet_missing_values_total", frozenset({("column", "town")})] == 8000


def test_the_columns_of_a_wide_table_share_a_count():
    names = [f"c{number}" for number in range(MAX_COLUMNS + 20)]
    metrics = ServiceMetrics()
    metrics.use(served_model(names))
    metrics.count_rows(Predicted([{}], dict.fromkeys(names, 1), {}))
    missing = {
        dict(labels)["column"]: value
        for (name, labels), value in samples_of(metrics.render()).items()
        if name == "barenet_missing_values_total"
    }
    assert len(missing) == MAX_COLUMNS + 1
    assert missing["c0"] == 1 and missing[OTHER_COLUMNS] == 20


def test_a_counter_starts_at_0():
    counter = Counter("rows_total", "Rows.")
    counter.add(count=0)
    assert [*counter.lines()][-1] == "rows_total 0"
