"""The step that reads tables: by way of a number for each column, to the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from barenet import MLPClassifier, TablePreprocessor
from barenet.errors import DataError
from barenet.files.exports._inference_program import program_of


def test_by_way_of_numbers_to_the_same_bits(dated):
    program = program_of(dated.model)
    values = program.table.values(dated.X)
    assert values.shape == (len(dated.outputs), program.n_inputs)
    assert np.array_equal(program.outputs(values), dated.outputs)


def test_a_real_table(passengers):
    program = program_of(passengers.model)
    outputs = program.outputs(program.table.values(passengers.X))
    np.testing.assert_allclose(outputs, passengers.outputs, rtol=0, atol=1e-6)
    assert program.sketch().startswith(f"{program.n_inputs} -> encode -> 8 -> relu -> 1 -> ")


def test_the_numbers_by_hand(table):
    program = program_of(table.model)
    columns = {name: at for at, name in enumerate(program.feature_names)}
    values = program.table.values(table.X)
    assert values[:3, columns["age"]].tolist()[:2] == [1, 3.5]
    assert np.isnan(values[[2, 6, 7], columns["age"]]).all()  # nothing, NA and -999
    assert values[:3, columns["open"]].tolist() == [1, 0, 1]
    towns = program.table.columns[columns["town"]].categories
    places = values[:, columns["town"]]
    assert towns[int(places[1])] == towns[int(places[2])] == "Rome"
    assert places[10] == len(towns)  # Paris, which it has not seen
    assert np.isnan(places[11])


def test_places_that_there_are_not_are_any_other(table):
    program = program_of(table.model)
    at = program.feature_names.index("town")
    values = program.table.values(table.X)[[10] * 4]
    values[:, at] = [99, -1, 1e30, values[0, at]]
    outputs = program.outputs(values)
    assert (outputs == outputs[3]).all()


def test_wrong_values_are_refused_as_they_are_by_the_model(table):
    rows = {**table.X, "age": ["many", *table.X["age"][1:]]}
    with pytest.raises(DataError, match="column 'age': expected a number, got 'many'"):
        program_of(table.model).table.values(rows)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_pipeline_of_columns_and_an_estimator(table, dtype):
    names = {name: values[:10] for name, values in table.X.items()}
    y = np.arange(10) % 3
    columns = TablePreprocessor(
        categories=["town", "code"], missing=["NA", "?", "-999"], dtype=dtype
    )
    classifier = MLPClassifier(4, solver="lbfgs", max_iter=1000, random_state=0)
    pipeline = make_pipeline(columns, classifier).fit(names, y)
    program = program_of(pipeline)
    assert program.dtype == dtype and program.classes == (0, 1, 2)
    assert program.feature_names == tuple(table.X)
    outputs = program.outputs(program.table.values(table.X))
    assert np.array_equal(outputs, pipeline.predict_proba(table.X))
