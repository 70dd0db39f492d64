"""The metrics of a service, read by the parser of Prometheus' client library."""

import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from barenet import Network, TableEncoding
from barenet.service._served_model import Predicted, ServedModel
from barenet.service._service_metrics import MAX_COLUMNS, OTHER_COLUMNS, ServiceMetrics

sys.path.insert(0, str(Path(__file__).parents[1] / "files"))  # the models of the tests

from predictors import predictor_of


def samples_of(metrics: ServiceMetrics) -> dict[tuple[str, frozenset], float]:
    """The values of metrics, by the names of the samples and their labels."""
    values = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
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
    return ServedModel(
        predictor=predictor, coverage=0.9, sha256="12ab", file="a\\b\udcff.safetensors"
    )


def test_any_name_is_read_as_it_was_written():
    names = ['a "quoted"\nname', "back\\slash", "größe", "comma, {brace}", "\\n"]
    model = served_model(names)
    metrics = ServiceMetrics()
    metrics.use(model)
    metrics.count_rows(Predicted([{}] * 3, dict.fromkeys(names, 2), {names[0]: 1}))
    values = samples_of(metrics)
    assert values["barenet_predicted_rows_total", frozenset()] == 3
    for name in names:
        key = "barenet_missing_values_total", frozenset({("column", name)})
        assert values[key] == 2
    assert values["barenet_unknown_categories_total", frozenset({("column", names[0])})] == 1
    [labels] = [dict(labels) for name, labels in values if name == "barenet_model_info"]
    assert labels["file"] == "a\\b?.safetensors"
    assert labels["sha256"] == "12ab"


def test_the_columns_of_a_wide_table_share_a_count():
    names = [f"c{number}" for number in range(MAX_COLUMNS + 20)]
    metrics = ServiceMetrics()
    metrics.use(served_model(names))
    metrics.count_rows(Predicted([{}], dict.fromkeys(names, 1), {}))
    missing = {
        dict(labels)["column"]: value
        for (name, labels), value in samples_of(metrics).items()
        if name == "barenet_missing_values_total"
    }
    assert len(missing) == MAX_COLUMNS + 1
    assert missing["c0"] == 1 and missing[OTHER_COLUMNS] == 20
