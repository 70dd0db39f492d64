"""New rows of several files, scored and compared with the training block by block."""

import numpy as np
import pandas
import pytest
from sklearn.metrics import log_loss, mean_absolute_error, roc_auc_score

from barenet import Task, drift
from barenet.errors import ArgumentError, DataError
from barenet.tasks._new_rows import measure_blocks, open_new_rows

N_ROWS = 900


def table_of(seed, n_rows=N_ROWS):
    """Rows with a class and a number to predict, and every kind of column."""
    rng = np.random.default_rng(seed)
    rows = pandas.DataFrame(
        {
            "size": rng.normal(50 + 10 * seed, 20, n_rows).round(2),
            "rooms": rng.integers(1, 9, n_rows),
            "town": rng.choice(["Rome", "Oslo", "Lima", f"new {seed}"], n_rows),
            "garden": rng.choice(["yes", "no"], n_rows),
            "built": (np.datetime64("1990-01-01") + rng.integers(0, 9_000, n_rows)).astype(str),
        }
    )
    rows.loc[::9, "size"] = np.nan
    rows["price"] = 3 * rows["size"].fillna(50) + 20 * rows["rooms"] + rng.normal(0, 30, n_rows)
    rows["kind"] = pandas.cut(rows["price"], [-1e9, 200, 280, 1e9], labels=["low", "mid", "high"])
    rows["kind"] = rows["kind"].astype(str)
    return rows


@pytest.fixture(scope="module", params=["kind", "price"])
def trained(request):
    """A task with a target of classes or of numbers, and its model."""
    target = request.param
    other = "price" if target == "kind" else "kind"
    task = Task.open(table_of(0).drop(columns=other), target)
    return task, task.train(model="network", epochs=3)


@pytest.fixture
def held_out(trained, tmp_path, monkeypatch):
    """Three files of several blocks each, and the same rows as one frame.

    CSV for the model of classes, and Parquet for that of numbers.
    """
    suffix = "csv" if trained[1].classes else "parquet"
    monkeypatch.setattr("barenet.tables.files._csv_blocks._BLOCK", 10_000)
    rows = table_of(1)
    for number, part in enumerate(np.array_split(np.arange(N_ROWS), 3)):
        path = tmp_path / f"{number}.{suffix}"
        if suffix == "csv":
            rows.iloc[part].to_csv(path, index=False)
        else:
            rows.iloc[part].to_parquet(path, index=False, row_group_size=70)
    return f"{tmp_path}/*.{suffix}", rows


@pytest.mark.case(192)
def test_a_task_of_a_csv_file_is_scored_on_a_parquet_file(tmp_path):
    """Its options of CSV files have no use there; one that is passed for the file is refused."""
    table_of(0).drop(columns="kind").to_csv(tmp_path / "a.csv", index=False, sep=";", decimal=",")
    rows = table_of(1)
    rows.to_parquet(tmp_path / "b.parquet", index=False)
    task = Task.open(tmp_path / "a.csv", "price", delimiter=";", decimal=",")
    predictor = task.train(model="network", epochs=2)
    expected = pytest.approx(task.evaluate(predictor, rows), rel=1e-6)
    assert task.evaluate(predictor, tmp_path / "b.parquet") == expected
    assert task.evaluate(predictor, f"{tmp_path}/*.parquet") == expected
    with pytest.raises(ArgumentError, match=r"^delimiter: not an option of a Parquet file"):
        Task.open(tmp_path / "b.parquet", "price", delimiter=";")


@pytest.mark.case(192)
def test_scores_of_files_are_those_of_their_rows_in_memory(trained, held_out):
    task, predictor = trained
    pattern, rows = held_out
    expected = task.evaluate(predictor, rows)
    assert task.evaluate(predictor, pattern) == pytest.approx(expected, rel=1e-6)
    if predictor.classes is None:
        with pytest.warns(UserWarning, match="unknown categories"):
            error = mean_absolute_error(rows["price"], predictor.predict(rows))
        assert expected["mae"] == pytest.approx(error, rel=1e-6)
    else:
        with pytest.warns(UserWarning, match="unknown categories"):
            p = predictor.predict_proba(rows)
        codes = [predictor.classes.index(kind) for kind in rows["kind"]]
        scores = task.evaluate(predictor, pattern)
        area = roc_auc_score(codes, p, multi_class="ovr")
        assert scores["auc"] == pytest.approx(area, abs=1e-6)
        p = p.astype(np.float64)
        p /= p.sum(axis=1, keepdims=True)
        assert scores["log_loss"] == pytest.approx(log_loss(codes, p), rel=1e-4)


@pytest.mark.case(192)
def test_confusions_of_blocks_are_counted_together(trained, held_out):
    task, predictor = trained
    pattern, rows = held_out
    measured = measure_blocks(
        predictor, open_new_rows(predictor, pattern, task.settings.file), task.metric
    )
    assert measured.rows.n_samples == N_ROWS
    if predictor.classes is not None:
        with pytest.warns(UserWarning, match="unknown categories"):
            table = pandas.crosstab(rows["kind"], predictor.predict(rows))
        table = table.reindex(predictor.classes, columns=predictor.classes, fill_value=0)
        assert (measured.confusion_matrix() == table.to_numpy()).all()


@pytest.mark.case(192)
def test_the_drift_of_files_is_that_of_their_rows_in_memory(trained, held_out):
    _, predictor = trained
    pattern, rows = held_out
    found, expected = drift(predictor, pattern), drift(predictor, rows)
    assert (found.n_rows, found.n_training_rows) == (N_ROWS, expected.n_training_rows)
    assert found.columns == expected.columns
    assert found.scores["new"] == pytest.approx(expected.scores["new"], rel=1e-6)
    assert any(column["unknown"] for column in found.columns)
    assert found.title.endswith(" and 2 more")


def test_rows_without_a_target_and_files_without_rows_are_left_out(trained, held_out, tmp_path):
    task, predictor = trained
    pattern, rows = held_out
    suffix = pattern.rpartition(".")[2]
    target = predictor.target_name
    part = rows[:300].assign(**{target: None})
    for name, table in (("0", part), ("3", rows[:0])):
        if suffix == "csv":
            table.to_csv(tmp_path / f"{name}.csv", index=False)
        else:
            table = table.astype({target: rows[target].dtype})
            table.to_parquet(tmp_path / f"{name}.parquet", index=False, row_group_size=70)
    expected = task.evaluate(predictor, rows[300:])
    assert task.evaluate(predictor, pattern) == pytest.approx(expected, rel=1e-6)
    shift = drift(predictor, pattern)
    assert shift.n_rows == N_ROWS
    assert shift.scores["new"] == pytest.approx(expected, rel=1e-6)
    with pytest.raises(DataError, match=f"column '{target}' has no value in any row"):
        task.evaluate(predictor, tmp_path / f"0.{suffix}")


@pytest.mark.case(189)
def test_new_rows_may_lack_a_column_if_that_is_allowed(trained, held_out, tmp_path):
    _, predictor = trained
    pattern, rows = held_out
    suffix = pattern.rpartition(".")[2]
    part = rows[:300].drop(columns="rooms")
    if suffix == "csv":
        part.to_csv(tmp_path / "0.csv", index=False)
    else:
        part.to_parquet(tmp_path / "0.parquet", index=False)
    message = rf"0\.{suffix}: no column rooms; .*allow_missing_columns=True"
    with pytest.raises(DataError, match=message):
        drift(predictor, pattern)
    task = Task.open(
        table_of(0).drop(columns={"kind", "price"} - {predictor.target_name}),
        predictor.target_name,
    )
    file = task.settings.file
    with pytest.warns(UserWarning, match="^missing columns: 'rooms' in 1 of 3 files$"):
        blocks = open_new_rows(predictor, pattern, file, allow_missing=True)
    found = measure_blocks(predictor, blocks, "accuracy")
    missing = rows.assign(rooms=rows["rooms"].mask(rows.index < 300))
    expected = task.evaluate(predictor, missing)
    assert found.scores == pytest.approx(expected, rel=1e-6)
