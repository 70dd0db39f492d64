"""A model of a table finds its columns by name at every entrance, also where all are numbers.

The oracle is the prediction for the rows in their first order: no entrance may depend on the order
of the columns, and none may score columns that have other names.
"""

import re

import numpy as np
import pandas as pd
import pytest

import barenet
from barenet import Predictor, Scaling, TableEncoding, Task, drift
from barenet._metrics import r2
from barenet.cli._main import main
from barenet.datasets._table_loading import load_table
from barenet.errors import ArgumentError, DataError
from barenet.typing import Dataset, Frame

#: Numbers of different sizes, so that a column in the place of another is a large error.
CENTERS = {"width": 1.0, "depth": 40.0, "height": -300.0}


def numbers(n_rows: int = 240, seed: int = 0) -> pd.DataFrame:
    """Rows of complete numbers, and a target that depends on each of them."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {name: center + rng.normal(size=n_rows) for name, center in CENTERS.items()}
    )
    table["price"] = 3 * table["width"] - 2 * table["depth"] + 0.5 * table["height"]
    return table


SHUFFLED = ["height", "price", "width", "depth"]


@pytest.fixture(scope="module")
def model() -> Predictor:
    """One network of complete numbers."""
    return Task.open(numbers(), "price").train(
        model="network", epochs=60, learning_rate=0.02, hidden=("tanh",)
    )


@pytest.fixture(scope="module")
def older_model() -> Predictor:
    """A model as earlier versions trained it on complete numbers: it scales a matrix."""
    table = numbers()
    X = table[[*CENTERS]].to_numpy()
    scaling = Scaling.fit("standardize", X)
    target_scaling = Scaling.fit("standardize", table[["price"]].to_numpy())
    network = barenet.Network.dense([3, 16, 1], hidden="tanh", seed=0)
    y = target_scaling.transform(table[["price"]].to_numpy())[:, 0]
    barenet.train(network, scaling.transform(X), y, epochs=60)
    return Predictor(
        network=network,
        preprocessing=scaling,
        target_scaling=target_scaling,
        classes=None,
        feature_names=tuple(CENTERS),
        target_name="price",
        dataset="prices.csv",
    )


@pytest.fixture(params=["model", "older_model"])
def any_model(request) -> Predictor:
    return request.getfixturevalue(request.param)


def score(predictor: Predictor, table: pd.DataFrame) -> float:
    """The R² of a model, computed from its predictions alone."""
    y = table["price"].to_numpy().reshape(-1, 1)
    return float(r2(predictor.predict(table[[*CENTERS]]).reshape(-1, 1), y))


@pytest.mark.case(149)
def test_a_table_of_complete_numbers_has_an_encoding_by_name(model):
    assert isinstance(model.preprocessing, TableEncoding)
    assert model.feature_names == tuple(CENTERS)
    assert score(model, numbers()) > 0.9


@pytest.mark.case(149)
def test_a_task_evaluates_columns_by_name(any_model):
    table = numbers(seed=1)
    task = Task.open(table[SHUFFLED], "price", test_size=0.5)
    expected = score(any_model, table.iloc[task.test.numbers])
    assert expected > 0.9
    assert task.evaluate(any_model)["r2"] == pytest.approx(expected, abs=1e-6)
    assert task.evaluate(any_model, task.test)["r2"] == pytest.approx(expected, abs=1e-6)
    training = score(any_model, table.iloc[task.training.numbers])
    assert task.evaluate(any_model, task.training)["r2"] == pytest.approx(training, abs=1e-6)


@pytest.mark.case(149)
def test_a_data_set_of_a_matrix_is_evaluated_by_its_names(any_model, tmp_path):
    table = numbers(seed=1)
    path = tmp_path / "later.csv"
    table[SHUFFLED].to_csv(path, index=False)
    rows = barenet.load_dataset(path, target="price")
    assert isinstance(rows, Dataset) and isinstance(rows.X, np.ndarray)
    task = Task.open(numbers(), "price")
    scores = task.evaluate(any_model, rows)
    assert scores["r2"] == pytest.approx(score(any_model, table), abs=1e-6)
    assert task.evaluate(any_model, path)["r2"] == pytest.approx(scores["r2"], abs=1e-6)
    assert task.evaluate(any_model, table[SHUFFLED])["r2"] == pytest.approx(scores["r2"], abs=1e-6)


@pytest.mark.case(149)
def test_columns_of_other_names_are_refused(any_model, tmp_path):
    renamed = numbers().rename(columns={"depth": "length"})
    task = Task.open(renamed, "price")
    for entrance in (
        lambda: task.evaluate(any_model),
        lambda: task.evaluate(any_model, task.test),
        lambda: task.evaluate(any_model, task.training),
        lambda: task.report(tmp_path / "report.html", any_model),
        lambda: any_model.predict(renamed),
        lambda: drift(any_model, renamed) if any_model.card else any_model.predict(renamed),
    ):
        with pytest.raises(DataError, match=r"no column depth"):
            entrance()
    with pytest.raises(ArgumentError, match=r"teacher: the rows have other columns.* no 'depth'"):
        task.train(teacher=any_model)
    assert not (tmp_path / "report.html").exists()


@pytest.mark.case(149)
@pytest.mark.integration
def test_a_report_has_the_scores_by_name(older_model, tmp_path):
    table = numbers(seed=1)
    task = Task.open(table[SHUFFLED], "price", test_size=0.5)
    path = tmp_path / "report.html"
    task.report(path, older_model)
    expected = score(older_model, table.iloc[task.test.numbers])
    assert f"{expected:.3f}" in path.read_text("utf-8")


@pytest.mark.case(149)
def test_a_student_learns_from_its_teacher_by_name(any_model):
    table = numbers(seed=1)
    task = Task.open(table[SHUFFLED], "price")
    student = task.train(teacher=any_model, epochs=60, learning_rate=0.02)
    assert score(student, table) > 0.9
    # It learned the predictions of the teacher, not those for exchanged columns.
    difference = student.predict(table[[*CENTERS]]) - any_model.predict(table[[*CENTERS]])
    assert np.abs(difference).mean() < 0.2 * table["price"].std()


@pytest.mark.case(149)
def test_weights_to_start_from_are_copied_by_the_names_of_their_inputs(any_model, tmp_path):
    path = tmp_path / "model.safetensors"
    barenet.save(any_model, path)
    sizes = any_model.first_network.sizes
    table = numbers()
    scores = []
    for columns in ([*table], SHUFFLED):
        table[columns].to_csv(tmp_path / "rows.csv", index=False)
        out = tmp_path / f"run-{columns[0]}"
        flags = ["--epochs", "1", "--learning-rate", "1e-12", "--test-size", "0"]
        flags += [
            "--penalty",
            "none",
            "--layers",
            *map(str, sizes),
            "--hidden",
            "tanh",
            "--start-from",
            str(path),
        ]
        command = ["train", str(tmp_path / "rows.csv"), "--target", "price", "--out", str(out)]
        assert main([*command, *flags, "--no-plots", "--no-baselines"]) == 0
        scores.append(score(barenet.load(out / "model.safetensors"), table))
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)
    assert scores[1] > 0.9


@pytest.mark.case(149)
def test_weights_of_other_columns_are_refused(any_model, tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    barenet.save(any_model, path)
    numbers().rename(columns={"depth": "length"}).to_csv(tmp_path / "rows.csv", index=False)
    sizes = [*map(str, any_model.first_network.sizes)]
    command = [
        "train",
        str(tmp_path / "rows.csv"),
        "--target",
        "price",
        "--out",
        str(tmp_path / "run"),
    ]
    flags = ["--start-from", str(path), "--layers", *sizes, "--hidden", "tanh"]
    assert main([*command, *flags]) == 2
    assert re.search(r"--start-from: .* has the inputs depth,", capsys.readouterr().err)


@pytest.mark.case(150)
def test_a_number_beyond_float32_is_an_error_with_its_line_and_column(any_model, tmp_path, capsys):
    value = "-9.5e299"
    path, rows = tmp_path / "model.safetensors", tmp_path / "new.csv"
    barenet.save(any_model, path)
    rows.write_text(f"height,width,depth\n-300,1,40\n-300,{value},40\n-301,1,41\n")
    assert main(["predict", str(path), str(rows)]) == 2
    error = capsys.readouterr().err
    assert "new.csv:3" in error and "'width'" in error and value in error
    rejected, scores = tmp_path / "rejected.csv", tmp_path / "scores.csv"
    command = ["predict", str(path), str(rows), "--out", str(scores), "--rejected", str(rejected)]
    assert main(command) == 0
    assert len(pd.read_csv(scores)) == 2
    assert pd.read_csv(rejected)["line"].tolist() == [3]
    with pytest.raises(DataError, match="column 'width': expected a number nearer") as caught:
        any_model.predict({"height": [1, 2], "width": [1.0, float(value)], "depth": [1, 2]})
    assert (caught.value.row, caught.value.column) == (1, "width")


@pytest.mark.case(151)
def test_booleans_of_a_frame_are_those_of_a_csv_file(tmp_path):
    table = numbers().assign(new=np.arange(240) % 3 == 0)
    table["price"] += 5 * table["new"]
    predictor = Task.open(table, "price").train(model="network", epochs=2)
    path = tmp_path / "rows.csv"
    table.drop(columns="price").to_csv(path, index=False)
    expected = predictor.predict(table)
    rows = load_table(tmp_path / "rows.csv", "new", frame=True)
    assert [column.kind for column in predictor.preprocessing.columns][-1] == "boolean"
    assert rows.n_samples == len(expected)
    assert (
        main(["predict", *_saved(predictor, tmp_path), str(path), "--out", str(tmp_path / "p.csv")])
        == 0
    )
    assert pd.read_csv(tmp_path / "p.csv").iloc[:, -1].to_numpy() == pytest.approx(expected)


@pytest.mark.case(151)
def test_a_missing_value_is_blamed_on_its_own_row(model, older_model):
    table = numbers(6)
    table.loc[3, "depth"] = np.nan
    assert np.isfinite(model.predict(table)).all()  # a median takes its place
    with pytest.raises(DataError, match=r"row 3: column 'depth': expected a number") as caught:
        older_model.predict(table)
    assert (caught.value.row, caught.value.column) == (3, "depth")


def test_a_boundary_and_a_curve_are_drawn_in_the_units_of_the_table():
    rng = np.random.default_rng(0)
    X = rng.uniform(100, 200, (80, 2))
    table = pd.DataFrame(X, columns=["x", "y"])
    table["side"] = np.where(X[:, 0] > X[:, 1], "below", "above")
    from barenet.tasks._pictures import draw

    task = Task.open(table, "side")
    figure = draw("boundary", task.train(model="network", epochs=1), task.test)
    low, high = figure.axes[0].get_xlim()
    assert low < 130 and high > 170
    task = Task.open(table[["x"]].assign(z=3 * table["x"]), "z")
    figure = draw("fit", task.train(model="network", epochs=2), task.test)
    low, high = figure.axes[0].get_xlim()
    assert low < 130 and high > 170  # not the scaled numbers


def test_the_summaries_of_an_older_model_are_compared_by_name(older_model, tmp_path):
    table = numbers()
    task = Task.open(table, "price")
    trained = task.train(model="network", epochs=1)
    card = trained.card
    with_card = Predictor(
        **{name: getattr(older_model, name) for name in Predictor.__dataclass_fields__}
        | {"card": card}
    )
    result = drift(with_card, table[SHUFFLED])
    assert {column["reading"] for column in result.columns} == {"stable"}


def test_a_data_set_selects_columns_by_name():
    rows = barenet.load_dataset("iris")
    names = rows.feature_names[::-1]
    assert np.array_equal(rows.select(names).X, rows.X[:, ::-1])
    assert rows.select(rows.feature_names) is rows
    with pytest.raises(DataError, match="iris: no column petals;"):
        rows.select(["petals"])
    frame = Dataset(
        name="rows",
        X=Frame({"a": np.zeros(2), "b": np.ones(2)}),
        y=np.zeros(2),
        classes=None,
        feature_names=("a", "b"),
        target_name="y",
        description="",
    )
    assert frame.select(["b"]).X.shape == (2, 1) and frame.select(["b"]).feature_names == ("b",)


def _saved(predictor: Predictor, folder) -> list[str]:
    path = folder / "model.safetensors"
    barenet.save(predictor, path)
    return [str(path)]


@pytest.mark.case(150)
def test_the_service_names_the_record_and_the_field(any_model):
    from barenet.service._served_model import ServedModel

    served = ServedModel(predictor=any_model, coverage=0.9, sha256="")
    records = [{"height": 1, "width": 1, "depth": 1}, {"height": 1, "width": 1, "depth": 1e300}]
    with pytest.raises(DataError) as caught:
        served.predict(records)
    assert (caught.value.row, caught.value.column) == (1, "depth")
