"""A task from Python is the command on the same rows: the same model file and the same report."""

import unicodedata
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import (
    Checkpoint,
    Network,
    Predictor,
    RunConfig,
    TableEncoding,
    Task,
    load,
    load_dataset,
    save,
    train,
    train_many,
)
from barenet._sparse_rows import SparseRows
from barenet.activations import Tanh
from barenet.cli._flags import Flags, RunSettings
from barenet.cli._main import main
from barenet.errors import ArgumentError, BarenetError
from barenet.losses import Huber
from barenet.model._ensemble import Ensemble
from barenet.optimizers import Adam
from barenet.schedules import Cosine
from barenet.settings._task_settings import TaskSettings
from barenet.tasks._fit import prepare_network
from barenet.tasks._measurement import Measurement


@pytest.fixture
def prices(tmp_path, monkeypatch):
    """A table of a key, a number, a category, a date and a price, some values of it missing."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    size, town = rng.uniform(30, 200, 120).round(1), rng.choice(["Bern", "Oslo", "Rome"], 120)
    table = pd.DataFrame({"key": np.arange(120), "size": size, "town": town})
    table["sold"] = pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d")
    table["price"] = (3 * size + 20 * (town == "Rome")).round(2)
    table.loc[::17, "size"] = np.nan
    table.to_csv("prices.csv", index=False)
    return table


SETTINGS = {
    "ensemble": ({"model": "ensemble", "epochs": 3}, ("--model", "ensemble", "--epochs", "3")),
    "patience": (
        {"model": "network", "patience": 2, "epochs": 9},
        ("--model", "network", "--patience", "2", "--epochs", "9"),
    ),
}


@pytest.mark.integration
@pytest.mark.parametrize("kind", SETTINGS)
def test_the_command_and_a_task_write_the_same_files(prices, kind):
    settings, flags = SETTINGS[kind]
    command = ["train", "prices.csv", "--target", "price", "--out", "run"]
    assert main([*command, *flags]) == 0
    task = Task.open("prices.csv", "price")
    predictor = task.train(**settings)
    save(predictor, "model.safetensors")
    task.report("report.html", predictor)
    for name in ("model.safetensors", "report.html"):
        assert Path(name).read_bytes() == Path("run", name).read_bytes(), name
    card = load("run/model.safetensors").card
    assert task.evaluate(predictor) == card.scores["held_out"]
    if kind != "patience":  # which takes validation rows from those of the training
        assert task.evaluate(predictor, task.training) == card.scores["training"]


def test_rows_in_memory_are_those_of_the_file(prices):
    expected = Task.open("prices.csv", "price").train(model="network", layers=(10, 3, 1), epochs=2)
    for data, target in (
        (prices.to_dict("list"), "price"),
        (prices.to_dict("records"), "price"),
        (prices.drop(columns="price"), prices["price"]),
    ):
        task = Task.open(data, target)
        assert [column.kind for column in task.columns] == ["dropped", "number", "category", "date"]
        predictor = task.train(RunConfig(layers=(10, 3, 1)), model="network", epochs=2)
        np.testing.assert_array_equal(predictor.predict(prices), expected.predict(prices))


def test_an_array_of_targets_goes_with_a_column_y():
    places = {"x": np.arange(40.0), "y": np.arange(40.0)[::-1] ** 2}
    task = Task.open(places, np.arange(40.0) % 7)
    assert (task.training.target_name, task.training.feature_names) == ("target", ("x", "y"))
    with pytest.raises(ArgumentError, match="target: there is a column 'target' already"):
        Task.open({**places, "target": np.zeros(40)}, np.arange(40.0))


def test_a_target_is_a_label_or_a_column_of_values():
    y = np.arange(40.0)
    numbered, named = pd.DataFrame({0: y, 1: y % 7}), pd.DataFrame({"x": y})
    paired = pd.DataFrame({("a", "b"): y, ("c", "d"): y % 7})
    for data, target, name in [
        (numbered, 1, "1"), (numbered, ["1"], "1"), (paired, ("c", "d"), "('c', 'd')"),
        (named, pd.DataFrame({"z": y}), "z"), (named, y.reshape(-1, 1), "y"),
        (named, pd.Series(y, name=0), "0"), (named, tuple(y), "y"),
    ]:  # fmt: skip
        task = Task.open(data, target)
        assert (task.training.target_name, task.training.n_samples) == (name, 32)


def test_a_training_whose_time_is_over_goes_on_when_it_is_resumed(prices):
    options = {"model": "network", "epochs": 2000}
    task = Task.open(prices, "price")
    whole = task.train(**options)
    lengths = []
    while not lengths or task.history.resumable:
        predictor = task.train(**options, time_limit="0.2s", checkpoint="c", resume=True)
        lengths.append(len(task.history))
    assert lengths == sorted(lengths) and lengths[-1] == 2000
    np.testing.assert_array_equal(predictor.predict(prices), whole.predict(prices))
    with pytest.raises(BarenetError, match=r"limit of .* was reached within the first"):
        task.train(model="ensemble", time_limit=0.001)
    with pytest.raises(ArgumentError, match="time_limit: expected seconds, or a time such as"):
        task.train(time_limit="soon")


def test_settings_are_objects_and_numbers_of_numpy(prices):
    task = Task.open(prices, "price")
    objects = {
        "model": "network",
        "optimizer": Adam(beta1=0.8),
        "hidden": Tanh(),
        "schedule": Cosine(),
        "loss": Huber(),
    }
    names = {
        "model": "network",
        "optimizer": "adam:beta1=0.8",
        "hidden": "tanh",
        "schedule": "cosine",
        "loss": "huber",
    }
    rates = {"learning_rate": np.float64(0.1), "epochs": 2}, {"learning_rate": 0.1, "epochs": 2}
    one, other = task.train(**objects, **rates[0]), task.train(**names, **rates[1])
    assert one.network.parameters.tolist() == other.network.parameters.tolist()
    assert one.card.settings == other.card.settings


def test_a_number_that_is_missing_for_the_first_time_is_the_median():
    x = np.arange(40.0)
    predictor = Task.open({"x": x, "y": x}, "y", test_size=0, keep_column="x").train(
        model="network", epochs=1
    )
    predictions = predictor.predict({"x": [1, None, 19.5]})
    assert predictions[1] == predictions[2] != predictions[0]


def test_a_matrix_is_a_table_of_numbers():
    X = np.random.default_rng(0).normal(size=(80, 3))
    y = np.where(X[:, 0] + X[:, 1] > 0, "up", "down")
    for data in (X, dict(zip("abc", X.T, strict=True))):
        task = Task.open(data, y, test_size=0.25, split_seed=3)
        assert (task.training.n_samples, task.test.n_samples) == (60, 20)
        predictor = task.train(model="network", epochs=40)
        assert predictor.classes == ("down", "up") and len(task.history) == 40
        kinds = [column.kind for column in predictor.preprocessing.columns]
        assert kinds == ["number"] * 3
        scores = task.evaluate(predictor)
        assert scores == task.evaluate(predictor, task.test) and scores["accuracy"] > 0.8
    assert Task.open("iris").train(model="network", epochs=2).network.sizes == (4, 8, 3)
    folder = Path(__file__).parents[1] / "data" / "mnist_slice"
    assert Task.open("mnist", data_dir=folder).training.n_features == 784


def test_blocks_of_files_are_trained(prices):
    prices.iloc[:60].to_csv("a.csv", index=False)
    prices.iloc[60:].to_csv("b.csv", index=False)
    task = Task.open("[ab].csv", "price", drop=["sold"], test_size=0.2)
    assert task.rows.stream.n_inputs == 5 and 80 <= task.rows.n_training < 100
    predictor = task.train(model="network", epochs=2)
    assert len(predictor.predict(prices)) == 120


def test_a_task_trains_several_models_on_the_same_rows(prices):
    task = Task.open(prices, "price")
    first, other = (
        task.train(model="network", epochs=1),
        task.train(model="network", epochs=1, seed=1),
    )
    assert not np.array_equal(first.predict(prices), other.predict(prices))
    again = task.train(model="network", epochs=1)
    np.testing.assert_array_equal(first.predict(prices), again.predict(prices))
    assert first.preprocessing is other.preprocessing


#: Arguments of `Task.open` and of `Task.train`, the argument of the error, and a part of it.
RARE = {"target": [-5.0, *[1.0, 2.0] * 59, 2.0]}
IRIS, FILE = {"data": "iris", "target": None}, {"data": "prices.csv"}
REFUSALS = [
    ({"target": None}, None, "target", "are key, size, town, sold, price; name the one to"),
    ({"target": "prise"}, None, "target", "did you mean 'price'?"),
    ({"target": [1, 2]}, None, "target", "has 2 rows, and the data have"),
    ({"target": [[1, 2]] * 120}, None, "target", "got [[1, 2], "),
    ({"target": np.arange(120) * 1e-200}, None, "target_scaling", "multiply it by a power of ten"),
    ({"data": {}, "target": [1]}, None, "data", "the table is empty"),
    ({"data": {"a": [1, 2], "price": [1]}}, None, "data", "expected columns of one length, got"),
    ({"data": {"a": 1}, "target": [1]}, None, "data", "column 'a': expected one value in each row"),
    (RARE, None, "test_size", "or use test_size=0; for numbers, the task regression"),
    (
        {"task": "classification"},
        None,
        "task",
        "of data frame has 118 different numbers in 120 rows, "
        "too many for classes; use task='regression'",
    ),
    ({"keep_colum": ["a"]}, None, "keep_colum", "did you mean 'keep_column'?"),
    ({"data": 3, "target": "y"}, None, "data", "expected shape (n_rows, n_columns)"),
    ({"options": {"drop": ["key"]}}, None, "options", "is no argument of Task.open for data frame"),
    (FILE | {"random_state": 7}, None, "random_state", "is no argument of Task.open for"),
    (FILE | {"split_sed": 0}, None, "split_sed", "did you mean 'split_seed'?"),
    (
        {},
        {"model": "network", "layers": 32},
        "layers",
        "got 32; try layers=(10, 8, 1)",
    ),
    ({}, {"hidden_layer_sizes": (8,)}, "hidden_layer_sizes", "is no argument of Task.train"),
    ({}, {"test_size": 0.5}, "test_size", "pass it to Task.open"),
    ({}, {"model": "ensemble", "layers": (4, 1)}, "layers", "is a setting of one network"),
    (IRIS, {"target_scaling": "standardize", "loss": "poisson"}, "loss", "poisson"),
    (IRIS, {"model": "ensemble"}, "model", "this is an option for tables"),
]


@pytest.mark.parametrize(("opened", "trained", "argument", "words"), REFUSALS)
def test_refusals_name_the_argument(prices, opened, trained, argument, words):
    with pytest.raises(BarenetError) as caught:
        Task.open(**{"data": prices, "target": "price", **opened}).train(**trained or {})
    assert caught.value.argument == argument and words in str(caught.value)


@pytest.mark.case(227)
@pytest.mark.parametrize(
    ("settings", "argument", "kind"),
    [
        ({"epochs": 1}, "epochs", Network),
        ({"batch_size": 8, "epochs": 1}, "batch_size", Network),
        ({"quick": True, "epochs": 1}, "quick", Network),
        ({"quick": False, "epochs": 1}, "quick", Ensemble),
    ],
)
def test_a_kind_of_model_without_its_argument_is_a_warning(
    prices, small_ensembles, settings, argument, kind
):
    task = Task.open(prices, "price")
    with pytest.warns(FutureWarning) as warned:
        predictor = task.train(**settings)
    assert isinstance(predictor.network, kind)
    [warning] = warned
    error = warning.message.args[0]
    assert error.argument == argument
    assert error.options["model"] == kind.__name__.lower()
    assert warning.filename == __file__


@pytest.mark.case(227)
def test_one_argument_alone_chooses_the_kind_of_model(prices, monkeypatch):
    """Settings that both kinds have don't change it, and others are refused by name."""
    task = Task.open(prices, "price")
    for shared in ({}, {"epochs": 1}, {"loss": "squared_error"}, {"engine": "auto"}, {"seed": 1}):
        for model in ("ensemble", "network"):
            settings = replace(task.settings, model=model, config=RunConfig(**shared))
            assert settings.is_ensemble == (model == "ensemble")
    teacher = task.train(model="network", epochs=1)
    for other in ({"batch_size": 8}, {"layers": (4, 1)}, {"teacher": teacher}):
        with pytest.raises(ArgumentError) as caught:
            task.train(model="ensemble", **other)
        assert caught.value.argument in other
    with pytest.raises(ArgumentError, match="monotonic: is for ensembles"):
        task.train(model="network", monotonic={"size": 1})
    for wrong in ("Ensemble", "mlp", True):
        with pytest.raises(ArgumentError, match="model: expected 'ensemble' or 'network'"):
            task.train(model=wrong)
    with pytest.raises(ArgumentError, match="quick: contradicts model"):
        task.train(model="ensemble", quick=True)
    assert TaskSettings.from_fields({"data": "a.csv", "quick": True}).model == "network"


def test_settings_of_earlier_versions_have_their_new_names():
    earlier = {"data": "iris", "l1": 0.0, "l2": 0.001, "clip_norm": 1.0}
    config = TaskSettings.from_fields(earlier).config
    assert config.penalty == ("l2:strength=0.001",) and config.clip == "norm:limit=1.0"
    assert TaskSettings.from_fields({"data": "iris", "l1": 0.0}).config.penalty == ("none",)
    for contradicting in ({"clip_norm": 1.0, "clip_value": 2.0}, {"penalty": [], "l1": 0.1}):
        with pytest.raises(ArgumentError, match=r"settings: .*(clip_value|l1)"):
            TaskSettings.from_fields({"data": "iris", **contradicting})
    options = {"samples": 60, "noise": 0.2, "data_seed": 0}
    assert TaskSettings.from_fields({"data": "moons", **options}).data == "moons:samples=60"
    assert TaskSettings.from_fields({"data": "moons", **options, "samples": 200}).data == "moons"


def test_one_record_is_a_row(prices):
    predictor = Task.open(prices, "price", drop=["sold", "town"]).train(model="network", epochs=1)
    with pytest.raises(BarenetError, match=r"^X: .*one value in each row, as in \[row\] for one"):
        predictor.predict({"size": 1.0})


def test_classes_are_compared_by_name():
    iris = load_dataset("iris")
    table = {name: iris.X[:, at] for at, name in enumerate("abcd")}
    table["kind"] = np.array(iris.classes)[iris.y]
    task = Task.open(table, "kind")
    predictor = task.train(model="network", epochs=60)
    some = {name: column[50:] for name, column in table.items()}
    right = predictor.predict(some) == some["kind"]
    assert task.evaluate(predictor, some)["accuracy"] == right.mean() > 0.8
    other = Task.open(some, "kind", test_size=0)
    with pytest.raises(ArgumentError, match=r"^rows: expected rows of 'kind' with its classes"):
        other.evaluate(predictor)


@pytest.mark.integration
def test_a_network_resumes_from_a_path(prices, tmp_path):
    task = Task.open(prices, "price")
    with pytest.raises(ArgumentError, match="resume: True resumes from the checkpoint"):
        task.train(resume=True)
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        task.train(checkpoint=tmp_path / "none" / "c.safetensors")
    path = tmp_path / "c.safetensors"
    trained = task.train(checkpoint=Checkpoint(path, every=1), model="network", epochs=2)
    resumed = task.train(checkpoint=path, resume=True, model="network", epochs=2)
    assert (resumed.predict(prices) == trained.predict(prices)).all()
    saved = Checkpoint(tmp_path / "e", every=1)
    task.train(checkpoint=saved, model="ensemble", epochs=2)
    for file, model in ((path, "ensemble"), (saved, "network")):
        with pytest.raises(ArgumentError) as caught:
            task.train(checkpoint=file, model=model, epochs=2)
        assert caught.value.argument == "checkpoint"
    path.write_bytes(b"damaged")
    with pytest.raises(ArgumentError, match="is damaged, or not a checkpoint"):
        task.train(checkpoint=path, resume=True, model="network", epochs=2)


@pytest.mark.integration
def test_a_report_is_about_its_own_predictor(prices, tmp_path):
    task = Task.open(prices.drop(columns=["town", "sold", "key"]).dropna(), "price", test_size=0)
    first, last = task.train(model="network", epochs=2), task.train(model="network", epochs=3)
    pages = {}
    for name, predictor in {"first": first, "last": last}.items():
        task.report(tmp_path / name, predictor)
        pages[name] = (tmp_path / name).read_text("utf-8")
    assert "on 112 rows that it was trained on" in pages["first"]
    assert 'aria-label="learning curves' not in pages["first"]
    assert "barenet train --config" not in pages["last"]  # the rows are in no file


SPLITS = {  # of the training, of the task opened again, and whether a warning is expected
    "no test set": ({"test_size": 0}, {"test_size": 0, "split_seed": 1}, False),
    "dates": ({"split_by_time": "sold"}, {"split_by_time": "sold", "split_seed": 1}, False),
    "seed": ({}, {"split_seed": 1}, True),
    "size": ({}, {"test_size": 0}, True),
    "group": ({"split_by_group": "town"}, {}, True),
    "no group": ({"drop": ["town"]}, {"split_by_group": "town"}, True),
}


@pytest.mark.filterwarnings("ignore:size alone predicts ")  # in all towns but one
@pytest.mark.parametrize("case", SPLITS)
def test_rows_of_another_split_are_not_new(prices, case):
    first, again, is_warned = SPLITS[case]
    trained, task = (Task.open(prices.dropna(), "price", **options) for options in (first, again))
    predictor, rows = trained.train(model="network", epochs=1), task.test or task.training
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        task.evaluate(predictor)
    count = f"{np.isin(rows.X['key'], trained.training.X['key']).sum()}"
    count = "perhaps some" if case == "group" else count
    problem = f"the network was trained on {count} of these {rows.n_samples} rows"
    expected = f"{problem}, so its scores on new rows may be worse"
    assert [str(each.message) for each in caught] == [expected] * is_warned
    assert all(each.filename == __file__ for each in caught)


@pytest.mark.filterwarnings("ignore:size alone predicts ")  # in all towns but one
@pytest.mark.parametrize(
    ("column", "argument"), [("sold", "split_by_time"), ("town", "split_by_group")]
)
def test_a_deprecated_argument_is_replaced_in_the_settings(prices, column, argument):
    rows = prices.dropna()
    with pytest.warns(FutureWarning) as warned:
        task = Task.open(rows, "price", split_by=column)
    [warning] = warned
    assert warning.message.args[0].options == {argument: column}
    assert warning.filename == __file__
    assert task.settings.split_by is None
    assert getattr(task.settings, argument) == column
    # A model of version 0.3 has the deprecated argument on its card.
    predictor = task.train(model="network", epochs=1)
    settings = {**predictor.card.settings, "split_by": column}
    del settings[argument]
    predictor = replace(predictor, card=replace(predictor.card, settings=settings))
    Task.open(rows, "price", **{argument: column}).evaluate(predictor)  # warns of no seen rows


@pytest.mark.integration
@pytest.mark.parametrize("options", [{"test_size": 0}, {"split_seed": 0}])
def test_a_report_names_the_rows_that_the_predictor_has_seen(prices, options):
    rows = prices.dropna()
    trained, task = Task.open(rows, "price"), Task.open(rows, "price", **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        task.report("report.html", trained.train(model="network", epochs=1))
    numbers = (task.test or task.training).numbers
    n_seen = np.isin(numbers, trained.training.numbers).sum()
    which = f", {n_seen} of which it was trained on." if n_seen else " that it was not trained on."
    page = Path("report.html").read_text("utf-8")
    assert f" on {len(numbers)} rows{which}" in page
    assert ("The linear model" in page) == (n_seen == 0)


def test_rows_of_another_table_are_new(prices):
    rows = prices.drop(columns=["key", "sold"]).dropna()
    rows.iloc[:80].to_csv("first.csv", index=False)
    rows.iloc[80:].to_csv("holdout.csv", index=False)
    predictor = Task.open("first.csv", "price").train(model="network", epochs=1)
    Task.open("holdout.csv", "price", test_size=0).report("report.html", predictor)
    text = Path("report.html").read_text("utf-8")
    assert "on 32 rows of holdout.csv that it was not trained on." in text
    assert "on its training rows" not in text


def test_typed_values_are_the_rows_of_a_training_whose_values_were_texts(tmp_path, monkeypatch):
    """A Parquet file with dates and whole numbers is made of the CSV file of a training."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=80, freq="D").to_numpy()
    rows = pd.DataFrame({"sold": days, "code": rng.integers(1, 4, 80), "area": rng.normal(size=80)})
    rows["opens"] = pd.to_timedelta(rng.integers(0, 1440, 80), unit="m") + pd.Timestamp(
        "2024-01-01"
    )
    rows.loc[3, ["sold", "area"]] = None
    rows["price"] = rng.normal(size=80)
    rows.to_csv("texts.csv", index=False)
    rows.to_parquet("typed.parquet")
    predictor = Task.open("texts.csv", "price", categories=["code"]).train(
        model="network", epochs=1
    )
    of_parquet = Task.open("typed.parquet", "price", categories=["code"]).train(
        model="network", epochs=1
    )
    assert of_parquet.card.data_fingerprint == predictor.card.data_fingerprint


@pytest.mark.parametrize(
    ("column", "place"), [("day", 5), ("size", -5)], ids=["to train on", "to test on"]
)
def test_one_value_far_outside_does_not_decide_on_the_score_of_the_linear_model(column, place):
    rng = np.random.default_rng(0)
    days = np.sort(rng.integers(0, 700, 300))
    rows = pd.DataFrame({"day": np.datetime64("2022-01-01", "us") + days.astype("m8[D]")})
    rows["size"] = rng.permutation(days).astype(float)
    rows["price"] = days + rows["size"] + rng.normal(size=300)
    rows["order"] = rng.permutation(300)
    far = {"day": np.datetime64("9999-12-31", "us"), "size": 1e9}
    rows = rows.sort_values("order")
    rows.loc[rows.index[place], column] = far[column]
    task = Task.open(rows, "price", split_by_time="order", drop=["order"])
    encoding = TableEncoding.fit(task.training.X, numbers="piecewise")
    predictor = Predictor(
        network=Network.dense([encoding.n_inputs, 1], output="identity"),
        preprocessing=encoding,
        classes=None,
        feature_names=encoding.feature_names,
        target_name="price",
        dataset="prices",
    )
    measured = Measurement(predictor, task.test, "r2", fitted_to=task.training)
    scores = {baseline.name: scored.scores for baseline, scored in measured.baselines.items()}
    assert scores["linear"]["r2"] > 0.85


def test_the_metric_of_the_training_stands_first():
    task = Task.open("iris")
    predictor = task.train(model="network", epochs=1, metric="f1")
    assert [*task.evaluate(predictor)][:1] == ["f1"]
    assert [*task.evaluate(task.train(model="network", epochs=1))][:1] == ["accuracy"]


def test_rows_of_the_training_are_a_warning_wherever_they_are(prices):
    rows = prices[["size", "price"]].dropna()
    rows.to_csv("rows.csv", index=False)
    rows.to_parquet("copy.parquet", index=False)
    Path("other").mkdir()
    pd.concat([rows, rows[:1]]).to_csv("other/rows.csv", index=False)
    rows[1:].to_csv("part.csv", index=False)
    task = Task.open("rows.csv", "price")
    predictor = task.train(model="network", epochs=1)
    n_seen = task.training.n_samples
    seen = f"^the network was trained on {n_seen} of these {len(rows)} rows, so its scores on "
    everything = task.rows.dataset
    for known in ("rows.csv", "copy.parquet", rows, everything):
        with pytest.warns(UserWarning, match=seen) as warned:
            task.evaluate(predictor, known)
        assert warned[0].filename == __file__
    with pytest.warns(UserWarning, match="was trained on perhaps some of these"):
        task.evaluate(predictor, "other/rows.csv")
    task.evaluate(predictor, "part.csv")  # warns of no seen rows
    task.evaluate(predictor, rows[1:])


@pytest.mark.filterwarnings("ignore:the network was trained on")
def test_a_file_and_a_data_set_are_measured(prices):
    rows = prices[["size", "price"]].dropna()
    rows.to_csv("hold.csv", index=False, sep=";", decimal=",")
    task = Task.open("hold.csv", "price", decimal=",", test_size=0)
    predictor = task.train(model="network", epochs=1)
    for given in ("hold.csv", Path("hold.csv"), Task.open(rows, "price", test_size=0).training):
        assert task.evaluate(predictor, given) == task.evaluate(predictor, rows)
    for other in (task, 3, object()):
        with pytest.raises(ArgumentError, match=r"^rows: expected"):
            task.evaluate(predictor, other)
    with pytest.raises(ArgumentError, match=r"^data: expected a data frame, records or a matrix"):
        Task.open(task, "price")


@pytest.mark.filterwarnings("ignore:the network was trained on")
def test_a_column_that_is_dropped_needs_no_conversion(prices):
    hours, bins = pd.to_timedelta(prices["key"], "h"), pd.cut(prices["key"], 3)
    unusable = prices.assign(wait=hours, bins=bins)
    one_text = {"keep_column": "key", "missing": "none"}  # each is a list of one
    task = Task.open(unusable, "price", drop=["wait", "bins"], **one_text)
    predictor = task.train(model="network", epochs=1)
    kinds = {"key": "number", "size": "number", "town": "category", "sold": "date"}
    assert {column.name: column.kind for column in task.columns} == kinds
    assert task.evaluate(predictor, unusable) == task.evaluate(predictor, prices)
    with pytest.raises(BarenetError, match=r"data: column 'wait': .* columns={'wait': 'drop'}"):
        Task.open(unusable, "price", drop=["bins"])


@pytest.mark.filterwarnings("ignore:the network was trained on")
def test_names_are_found_without_the_spaces_around_them(prices):
    spaced = prices.rename(columns=lambda name: f" {name} ")
    spaced.to_csv("spaced.csv", index=False)  # which is read without the spaces
    spaced.to_parquet("spaced.parquet")
    lists = {"drop": ["sold"], "keep_column": ["key"], "categories": ["town"]}
    exact = {key: [f" {each} "] for key, [each] in lists.items()}
    some = {"drop": ["sold"], "keep_column": [" key "]}
    for task in (
        Task.open(spaced, "price", **lists),
        Task.open(spaced, " price ", **exact),
        Task.open("spaced.csv", " price ", **some),
        Task.open("spaced.parquet", "price", **some),
    ):
        predictor = task.train(model="network", epochs=1)
        assert [each.kind for each in task.columns] == ["number", "number", "category"]
        for rows in (spaced, prices, prices.to_dict("records")):
            np.testing.assert_array_equal(predictor.predict(rows), predictor.predict(spaced))
            assert task.evaluate(predictor, rows) == task.evaluate(predictor, spaced)
        both = prices.rename(columns={"size": "size  "}).assign(**{"  size": prices["size"]})
        with pytest.raises(BarenetError, match=r"no column '? ?size"):  # either may be meant
            predictor.predict(both)


def test_an_accent_of_its_own_is_part_of_its_letter_in_names(prices):
    """As macOS writes it; both forms look the same in an error."""
    tables = {}
    for form in ("NFC", "NFD"):
        name = unicodedata.normalize(form, "Größe")
        tables[form] = prices[["size", "price"]].rename(columns={"size": name})
        tables[form].to_csv(f"{form}.csv", index=False)
    drop = [unicodedata.normalize("NFD", "Größe")]
    task = Task.open(prices.rename(columns={"size": "Größe"}), "price", drop=drop)
    assert "Größe" not in task.training.feature_names
    predictor = Task.open(tables["NFC"], "price").train(model="network", epochs=1)
    expected = predictor.predict(tables["NFC"])
    np.testing.assert_array_equal(predictor.predict(tables["NFD"]), expected)


def test_no_row_is_left_out_without_a_word(prices):
    prices.loc[:9, "price"] = np.nan
    with pytest.warns(UserWarning, match=r"110 rows \(10 without a target left out"):
        Task.open(prices, "price")


@pytest.mark.case(185)
def test_a_word_that_is_left_out_may_be_a_class(prices):
    prices["kind"] = np.resize(["a", "b", "None"], len(prices))
    expected = r"left out: 'None'\), 6 columns; task='classification' makes these words a class$"
    with pytest.warns(UserWarning, match=expected):
        Task.open(prices, "kind")
    assert Task.open(prices, "kind", task="classification").training.classes == ("None", "a", "b")
    with pytest.warns(UserWarning, match=r"left out: 'None'\), 6 columns$"):
        Task.open(prices, "kind", missing=["None"])


def table_with_wrong(column: str, value: str, row: int) -> dict[str, list[str]]:
    """A table of 300 rows with a number, a boolean and a date, one value of it wrong."""
    numbers = np.random.default_rng(0).normal(size=(2, 300)).round(2)
    table = {
        "size": [str(number) for number in numbers[0]],
        "open": ["yes", "no"] * 150,
        "sold": [f"2024-01-{1 + row % 28:02d}" for row in range(300)],
        "price": [str(number) for number in numbers[1]],
    }
    table[column][row] = value
    return table


@pytest.mark.case(40)
@pytest.mark.parametrize(
    ("column", "value", "part"),
    [("size", "oops", "training"), ("size", "1e400", "test"), ("sold", "someday", "test")],
)
def test_a_value_of_another_kind_in_any_row_is_missing_with_a_warning(column, value, part):
    row = getattr(Task.open(table_with_wrong("size", "0", row=0), "price"), part).numbers[0]
    table = table_with_wrong(column, value, row)
    with pytest.warns(UserWarning, match=f"^column '{column}': 1 of 300 values .* '{value}'"):
        task = Task.open(table, "price")
    stated = Task.open(table, "price", missing=[value])
    for rows, expected in ((task.training, stated.training), (task.test, stated.test)):
        np.testing.assert_array_equal(rows.X[column], expected.X[column])
    predictor = task.train(model="network", epochs=1)
    assert task.evaluate(predictor) == stated.evaluate(stated.train(model="network", epochs=1))


@pytest.mark.parametrize("part", ["training", "test"])
def test_a_category_beside_booleans_of_any_row_makes_names(part):
    row = getattr(Task.open(table_with_wrong("size", "0", row=0), "price"), part).numbers[0]
    task = Task.open(table_with_wrong("open", "maybe", row), "price")
    column = task.train(model="network", epochs=1).preprocessing.used_by_name["open"]
    assert column.kind == "category" and "yes" in column.categories


def prepare(settings):
    return prepare_network(Task.from_settings(settings).rows, settings)


def prepared(data: str = "iris", **flags: object):
    return prepare(RunSettings(data=data, config=Flags(**flags)))


@pytest.mark.parametrize("scaling", ["standardize", "minmax"])
def test_a_table_is_encoded_by_the_training_rows(penguins, scaling):
    settings = RunSettings(data=str(penguins), target="species", config=Flags(scaling=scaling))
    experiment = prepare(settings)
    encoding = experiment.predictor.preprocessing
    X = encoding.transform(experiment.training.X)
    assert experiment.predictor.network.n_inputs == X.shape[1] == encoding.n_inputs
    mass = X[:, encoding.input_names.index("body_mass_g")]
    limits = (np.mean, np.std) if scaling == "standardize" else (np.min, np.max)
    np.testing.assert_allclose([each(mass) for each in limits], [0, 1], atol=1e-12)


def test_validation_rows_are_training_rows_and_decide_no_scaling():
    experiment = prepared(patience=5)
    X = experiment.predictor.preprocessing.transform(experiment.training.X)
    np.testing.assert_allclose([X.mean(axis=0), X.std(axis=0)], [[0] * 4, [1] * 4], atol=1e-12)
    assert (experiment.training.n_samples, experiment.rows.test.n_samples) == (108, 30)
    plateau = prepared(schedule="reduce_on_plateau:patience=2")
    assert experiment.validation.n_samples == plateau.validation.n_samples == 12
    everything = np.vstack([experiment.training.X, experiment.validation.X, experiment.rows.test.X])
    whole = RunSettings(data="iris").load().X
    np.testing.assert_array_equal(np.sort(everything, axis=0), np.sort(whole, axis=0))
    few = prepared("moons:samples=4", patience=2, test_size=0.0)  # split by chance
    assert (few.training.n_samples, few.validation.n_samples) == (3, 1)


def test_every_setting_reaches_train():
    flags = {"epochs": 3, "optimizer": "adam:beta1=0.8", "learning_rate": 0.02}
    flags |= {"penalty": "l1:strength=0.001", "clip": "norm:limit=1"}
    flags |= {"batch_size": "full", "dropout": 0.2, "dtype": "float64"}
    experiment = prepared(**flags, schedule="step:every=1,gamma=0.5")
    _, history = experiment.run()
    assert history["learning_rate"] == [0.02, 0.01, 0.005]
    assert experiment.predictor.network.dtype == np.float64
    assert "Dropout(rate=0.2)" in repr(experiment.predictor.network)
    assert len(history["test_accuracy"]) == 3 and not history.validation_loss


def test_defaults_of_the_data_can_be_undone():
    """Moons bring small normal weights, and a long table stops early: both can be refused."""
    moons = prepared("moons", init="auto", hidden=("relu",), batch_norm=True)
    kinds = [layer.name for layer in moons.predictor.network.layers]
    assert kinds == ["dense", "batch_norm", "activate", "dense"]
    inits = [layer.init.name for layer in moons.predictor.network.layers if layer.name == "dense"]
    assert inits == ["he_uniform", "glorot_uniform"]
    assert prepared(patience=0).validation is None and prepared(patience=3).validation is not None


@pytest.fixture
def labels():
    """A table of labels, which is encoded as 300 inputs of which five are not 0."""
    rng = np.random.default_rng(0)
    columns = {f"c{i}": [f"k{k}" for k in rng.integers(0, 75, 3_000)] for i in range(4)}
    x = rng.normal(size=3_000)
    y = x + [int(label[1:]) / 75 for label in columns["c0"]]
    return Task.open({**columns, "x": x, "y": y}, "y")


def test_a_network_learns_from_entries_as_from_the_dense_rows(labels):
    config = RunConfig(epochs=3, batch_size=64, patience=0)
    settings = replace(labels.settings, config=config, model="network")
    results = []
    for given in ({"threads": 1}, {"threads": 2}, {"X": "dense"}, {"engine": "reference"}):
        fit = prepare_network(labels.rows, settings)
        arguments = fit.arguments() | given
        if "X" in given:
            arguments["X"] = fit.predictor.preprocessing.transform(fit.training.X, np.float32)
        assert isinstance(arguments["X"], SparseRows) == ("X" not in given)
        train(fit.predictor.first_network, **arguments, progress=False)
        results.append(fit.predictor.first_network.parameters)
    assert np.array_equal(results[0], results[1])
    np.testing.assert_allclose(results[2:], [results[0]] * 2, rtol=0, atol=1e-6)


def test_many_networks_learn_from_entries_as_each_alone(labels):
    config = RunConfig(epochs=2, patience=0)
    settings = replace(labels.settings, config=config, model="network")
    fit, other = (prepare_network(labels.rows, settings) for _ in range(2))
    networks = [other.predictor.first_network.copy() for _ in range(2)]
    alone = fit.predictor.first_network
    train(alone, **fit.arguments() | {"progress": False, "seed": 0})
    train_many(networks, **other.arguments() | {"progress": False, "seed": [0, 1]})
    assert np.array_equal(networks[0].parameters, alone.parameters)


def test_background_rows_are_kept_on_request_only(prices):
    task = Task.open("prices.csv", "price")
    settings = {"model": "network", "layers": (10, 3, 1), "epochs": 2}
    assert task.train(**settings).background is None
    background = task.train(**settings, keep_background=True).background
    assert len(background) == min(100, task.training.n_samples)
    assert set(background["town"]) <= {"Bern", "Oslo", "Rome"}
    assert "price" not in background.columns
    with pytest.raises(ValueError, match=r"^keep_background: expected True or False, got 1"):
        task.train(**settings, keep_background=1)


def test_the_argument_overrides_the_setting_that_background_rows_are_kept(prices):
    settings = TaskSettings(data="prices.csv", target="price", keep_background=True)
    task = Task.from_settings(settings)
    network = {"model": "network", "layers": (10, 3, 1), "epochs": 2}
    assert len(task.train(**network).background) == min(100, task.training.n_samples)
    assert task.train(**network, keep_background=False).background is None
    assert task.train(**network, keep_background=True).background is not None
