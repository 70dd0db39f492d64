"""Ensembles with an input for each day: what they predict, and what their exports do."""

import json
import runpy

import numpy as np
import pandas
import pytest

from barenet import MLPEnsembleRegressor, Task, export, load, save
from barenet.datasets._target_kind import TargetKind
from barenet.population._prepared_training import prepare_ensemble_training
from barenet.tasks._fit import note_on_inputs

pytestmark = pytest.mark.usefixtures("small_ensembles")


def sales(seed, n_days=60, n_rows=600):
    """Sales of four stores: an effect of each day, which the date alone doesn't tell."""
    rng = np.random.default_rng(seed)
    day = rng.integers(0, n_days, n_rows)
    store = rng.integers(0, 4, n_rows)
    y = 2 * rng.normal(size=n_days)[day] + store + 0.3 * rng.normal(size=n_rows)
    date = pandas.Timestamp("2024-01-01") + pandas.to_timedelta(day, unit="D")
    return pandas.DataFrame({"date": date, "store": store}), y


def split(table, y):
    return table[:400], y[:400], table[400:], y[400:]


def test_an_effect_of_each_day_is_learned_and_new_days_have_none():
    X, y, X_test, y_test = split(*sales(0))
    model = MLPEnsembleRegressor(random_state=0, max_iter=48).fit(X, y)
    assert model.score(X_test, y_test) > 0.9
    later = pandas.to_datetime(["2031-05-01", "2031-05-08"])  # both are Thursdays, beyond the bins
    new = pandas.DataFrame({"date": later, "store": [1, 1]})
    first, second = model.predict(new)
    assert first == pytest.approx(second, abs=0.5), "no day's effect"


def test_days_are_named_in_the_note_of_a_run():
    X, y = sales(1)
    prepared = prepare_ensemble_training(X, y[:, np.newaxis], TargetKind(n_numbers=1))
    assert len(prepared.chosen.days["date"]) == 60
    note = note_on_inputs(prepared.chosen, {})
    assert "60 days of 'date' have an input of their own, chosen by the error on rows" in note


@pytest.mark.integration
def test_files_and_exports_predict_the_same(tmp_path):
    table, y = sales(2)
    table["date"] += pandas.to_timedelta(np.arange(len(y)) % 1440, unit="min")
    task = Task.open(table.assign(sales=y), "sales", test_size=0.25)
    predictor = task.train(threads=1, seed=0)
    days = predictor.preprocessing.used_by_name["date"].days
    assert len(days) == 60
    rows = task.test.X
    expected = predictor.predict(rows)
    save(predictor, tmp_path / "m.safetensors")
    assert np.array_equal(load(tmp_path / "m.safetensors").predict(rows), expected)
    export(predictor, tmp_path / "m.py")
    module = runpy.run_path(str(tmp_path / "m.py"))
    columns = [rows.columns[name] for name in predictor.feature_names]
    exported = module["predict"]([list(row) for row in zip(*columns, strict=True)])
    np.testing.assert_allclose(exported, expected, rtol=1e-5, atol=1e-5)
    export(predictor, tmp_path / "m.json")
    written = json.loads((tmp_path / "m.json").read_text("utf-8"))
    assert str(days[0]) in json.dumps(written)
