"""A model is shown as it predicts, with its rows and without them."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from barenet import load_predictor, save
from barenet.cli._main import main
from barenet.data._datasets import load_dataset
from barenet.data._run_config import RunConfig
from barenet.data._scaling import KINDS, NAMES, Scaling
from barenet.files._predictor import Predictor
from barenet.model._network import Network
from barenet.playground._evaluation import confusion_matrix, evaluate
from barenet.playground._file_store import FileStore
from barenet.playground._page_state import DataSettings, NetworkSettings
from barenet.playground._rasterize import input_pictures, rasterize
from barenet.playground._run_setup import build_network, make_predictor, make_task
from barenet.playground._update_explanation import raw_inputs

COLOURS = ("red", "blue", "red", "green")


def row(n: int) -> str:
    height = "" if n % 40 == 7 else f"{(n % 3) * 2 + (n * 7 % 11) / 9:.3}"
    width = f"{(n * 5 % 13) / 4 - n % 3:.3}"
    words = f"{COLOURS[n % 4]},{('no', 'yes', 'no')[n % 3]},2024-0{1 + n % 9}-11,{'abc'[n % 3]}"
    return f"n{n},{height},{width},{words}\n"


ROWS = "name,height,width,colour,wet,sown,kind\n" + "".join(map(row, range(180)))


@pytest.fixture
def store():
    with closing(FileStore()) as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("models")


def trained(folder: Path, data: str, *options: str) -> Path:
    """A model of the command line, made once for all tests."""
    out = folder / ("-".join([Path(data).stem, *options]).replace("/", "") or "run")
    if not out.exists():
        said = ["--epochs", "3", "--no-plots", "--no-baselines", "--out", str(out), *options]
        assert main(["train", data, *said]) == 0
    return out / "model.safetensors"


def table(folder: Path) -> str:
    path = folder / "flowers.csv"
    path.write_text(ROWS)
    return str(path)


def measured(settings, prepared, network):
    """What the page first says of a network."""
    return evaluate(0, network, make_task(settings, prepared, network), settings.loss)


def answers(prepared, network, side=6):
    """What the page's network says on the plane, and the raw points there."""
    return network.predict(prepared.grid(side)), prepared.plane.grid(side)


@pytest.mark.parametrize("target", ["kind", "width"])
@pytest.mark.parametrize("with_rows", [True, False])
def test_a_model_of_mixed_columns_is_asked_as_it_predicts(store, folder, capfd, target, with_rows):
    csv = table(folder)
    path = trained(folder, csv, "--target", target, "--drop", "name")
    state = store.initial_model_state(path, csv if with_rows else "")
    prepared = store.prepare(state.data)
    network = build_network(state.networks[0], prepared)
    assert prepared.plane.names == (("height", "width") if target == "kind" else ("height",))
    kept = "their median or most frequent value"
    assert prepared.fixed_at == (kept if with_rows else f"{kept}, text at the first category")
    said, points = answers(prepared, network)
    usual = {"width": 0.0, "colour": "red", "wet": "no", "sown": "2024-05-11", "kind": "a"}
    if with_rows:  # else the first category stands for the commonest one
        columns = {name: [value] * len(points) for name, value in usual.items()}
        axes = {name: points[:, at].tolist() for at, name in enumerate(prepared.plane.names)}
        model = load_predictor(path)
        raw = model.network.predict(model.inputs({**columns, **axes}))
        assert said == pytest.approx(raw, abs=1e-5)
        assert prepared.training.n_samples + prepared.test.n_samples == 180
        shown = raw_inputs(prepared, prepared.training.X[0])
        assert len(shown) - shown.count(None) == len(prepared.plane.names), "words have no units"
    assert np.isfinite(said).all() and prepared.training.n_samples == 144 * with_rows
    rasterize(network, prepared), input_pictures(prepared)
    if with_rows:
        assert measured(state.networks[0], prepared, network).loss > 0
    assert (confusion_matrix(network, prepared) is None) == (not with_rows or target == "width")
    assert make_predictor(network, prepared).feature_names == load_predictor(path).feature_names
    capfd.readouterr()


@pytest.mark.parametrize("features", [("x1", "x2"), ("x2",), ("all",)])
def test_a_model_of_a_table_with_holes_is_saved_with_what_fills_them(
    store, folder, barenet_run, features
):
    """Of the page's own rows it says the same: evaluated, asked, and opened once more."""
    csv = table(folder)
    key = store.open_table("flowers.csv", Path(csv))
    data = DataSettings(source=key, target="kind", features=features, test_size=0.2)
    prepared = store.prepare(data)
    network = build_network(NetworkSettings(), prepared)
    path = folder / "saved.safetensors"
    save(make_predictor(network, prepared), path)
    shown = measured(NetworkSettings(), prepared, network)
    told = barenet_run(["evaluate", str(path), csv, "--json"])
    every = np.average([shown.score, shown.test_score], weights=[144, 36])
    assert told["metrics"]["accuracy"] == pytest.approx(every)
    again = store.prepare(store.initial_model_state(path, csv).data)
    opened = measured(NetworkSettings(), again, network)
    assert opened.loss == pytest.approx(shown.loss, rel=1e-5)
    for each in (prepared, again):
        row = raw_inputs(each, each.training.X[5])
        assert row == pytest.approx(prepared.training.X[5].tolist()), "in the table's units"
    heights = [float(said) for line in ROWS.splitlines()[1:] if (said := line.split(",")[1])]
    fills = {each.name: each.fill for each in again.model.predictor.preprocessing.columns}
    assert fills.get("height", np.median(heights)) == np.median(heights)


@pytest.mark.parametrize("data", ["moons", "digits", "hills", "iris", "sine", "diabetes"])
def test_a_named_sets_own_scaling_is_kept(store, folder, capfd, data):
    """Moons are not scaled by the command: a page that scales them would show another network."""
    path = trained(folder, data)
    state = store.initial_model_state(path, "")
    prepared = store.prepare(state.data)
    network, model = build_network(state.networks[0], prepared), load_predictor(path)
    said, points = answers(prepared, network)
    raw = model.network.predict(model.inputs(prepared.plane.rows(points)))
    assert said == pytest.approx(raw, abs=1e-5)
    rasterize(network, prepared)
    assert measured(state.networks[0], prepared, network).loss > 0
    assert prepared.dataset.name == data
    capfd.readouterr()


def test_the_score_is_the_commands_own(store, folder, barenet_run):
    """The same rows are held out, and the same is measured on them."""
    out = folder / "scored"
    settings = ["--samples", "150", "--noise", "0.3", "--test-size", "0.25", "--epochs", "4"]
    told = barenet_run(["train", "circles", *settings, "--json", "--no-plots", "--out", str(out)])
    from barenet.cli._play import _start

    state = _start(str(out), "", "", store)
    prepared = store.prepare(state.data)
    found = measured(state.networks[0], prepared, build_network(state.networks[0], prepared))
    assert found.test_score == pytest.approx(told["metrics"]["accuracy"])


@pytest.fixture
def barenet_run(capfd):
    import json

    def run(words):
        assert main(words) == 0
        return json.loads(capfd.readouterr().out)

    return run


def test_a_run_tells_where_its_table_is(store, folder, capfd):
    from barenet.cli._play import _start

    path = trained(folder, table(folder), "--target", "kind", "--drop", "name")
    assert _start(str(path.parent), "", "", store).data.rows.startswith("table:")
    with pytest.raises(ValueError, match="rows: they go with a model"):
        _start("moons", "x.csv", "", store)
    with pytest.raises(ValueError, match="target: a model has its own"):
        _start(str(path), "", "kind", store)
    capfd.readouterr()


def test_rows_of_another_table_are_refused_by_name(store, folder, capfd):
    path = trained(folder, table(folder), "--target", "kind", "--drop", "name")
    other = folder / "other.csv"
    other.write_text("height,kind\n1,a\n2,b\n")
    with pytest.raises(ValueError, match=r"has no column width, colour, wet, sown"):
        store.initial_model_state(path, str(other))
    capfd.readouterr()


def test_other_layers_make_a_new_network_and_the_same_ones_the_models(store, folder, capfd):
    path = trained(folder, "moons")
    state = store.initial_model_state(path, "")
    prepared, settings = store.prepare(state.data), state.networks[0]
    model = load_predictor(path).network
    assert (
        build_network(settings, prepared).parameters == model.parameters.astype(np.float32)
    ).all()
    assert (build_network(settings.copy(seed=5), prepared).parameters != model.parameters).any()
    assert build_network(settings.copy(hidden=(3,)), prepared).sizes == (2, 3, 1)
    capfd.readouterr()


def test_a_network_of_functions_is_opened_as_it_was_saved(server, page, ask, store, tmp_path):
    page.configure(features=["x1", "x1^2", "sin(x2)"])
    page.send("run_to", epoch=2)
    page.wait_for(lambda network: network["epoch"] == 2 and not network["playing"])
    picture, weights = page.arrays["0.output"].copy(), page.arrays["0.weights"].copy()
    _, _, body = ask(f"/{server.token}/model/{page.state['session']}/0")
    status, _, _ = ask(
        f"/{server.token}/open/{page.state['session']}",
        "POST",
        [("Host", server.host), ("Origin", server.origin)],
        body,
    )
    assert status == 200
    page.wait_for(lambda network: network["epoch"] == 0)
    assert page.state["data"]["inputs"] == ["x1", "x1^2", "sin(x2)"]
    assert (page.arrays["0.weights"] == weights).all()
    assert picture.shape == page.arrays["0.output"].shape


def test_a_model_without_rows_is_watched_and_learns_when_they_come(
    server, page, ask, folder, capfd
):
    path = trained(folder, table(folder), "--target", "kind", "--drop", "name")
    own = [("Host", server.host), ("Origin", server.origin)]
    place = f"/{server.token}/open/{page.state['session']}"
    assert ask(place, "POST", own, path.read_bytes())[0] == 200
    page.wait_for(lambda network: network["newest"] is None)
    assert page.state["data"]["rows"] == [0, 0] and page.state["data"]["required"][-1] == "kind"
    page.send("play")
    told = page.wait_for(lambda network: network["failed"])
    assert "choose the table" in told["message"] and "several" not in told["message"]
    page.send("edit", network=0, layer=0, row=0, column=0, value=3.0)
    page.wait_for(lambda network: network["edits"])
    assert page.arrays["0.weights"][0] == 3.0
    key = server.sessions.store.upload_table("flowers.csv", ROWS.encode())
    assert page.configure(rows=key)["type"] == "state"
    page.send("step")
    assert page.wait_for(lambda network: network["epoch"] == 1)["newest"][3] > 0.3
    capfd.readouterr()


@pytest.mark.parametrize("kind", NAMES)
def test_a_model_of_a_matrix_without_rows(store, tmp_path, kind):
    X = np.array([[0.0, 10.0, 5.0], [2.0, 30.0, 5.0], [4.0, 20.0, 8.0]])
    path = tmp_path / "model.safetensors"
    made = Predictor(
        network=Network.dense([3, 4, 2], output="softmax", seed=2),
        preprocessing=Scaling.fit(kind, X)
        if kind in KINDS
        else Scaling(kind, np.array([1.0, 20.0, 4.0]), np.array([0.5, 0.1, -2.0])),
        classes=("no", "yes"),
        feature_names=("a", "b", "c"),
        target_name="answer",
        dataset="mine.csv",
    )
    save(made, path)
    state = store.initial_model_state(path, "")
    prepared = store.prepare(state.data)
    said, points = answers(prepared, build_network(state.networks[0], prepared))
    third = {
        "standardize": X[:, 2].mean(),
        "robust": np.median(X[:, 2]),
        "minmax": 6.5,
        "none": 0.0,
        "affine": 4.0,
    }[kind]
    rows = np.column_stack([points, np.full(len(points), third)])
    assert said == pytest.approx(made.outputs(rows), abs=1e-6)
    words = {
        "standardize": "their mean",
        "robust": "their median",
        "minmax": "the middle of their range",
        "none": "0",
        "affine": "the value that the network sees as 0",
    }
    assert prepared.fixed_at == words[kind] and prepared.scaling.name == "none"
    low, high = prepared.plane.low, prepared.plane.high
    if kind != "none":
        assert (low < X[:, :2].min(axis=0)).all() and (high > X[:, :2].max(axis=0)).all()
    picture = rasterize(build_network(state.networks[0], prepared), prepared)
    assert picture.output.size == picture.side**2, "one number a point for two classes"


def test_a_model_of_other_columns_of_a_named_set_is_shown_without_its_rows(store, tmp_path):
    path = tmp_path / "model.safetensors"
    scaling = Scaling.fit("standardize", np.array([[1.0, 0.0, 3.0], [2.0, 1.0, 5.0]]))
    parts = {"preprocessing": scaling, "classes": None, "target_name": "y"}
    for names, dataset in ((("p", "q", "r"), "moons"), (("x1", "q", "sin(x1)"), "iris")):
        network = Network.dense([3, 2, 1])
        save(Predictor(network=network, feature_names=names, dataset=dataset, **parts), path)
        prepared = store.prepare(store.initial_model_state(path, "").data)
        assert prepared.training.n_samples == 0 and prepared.axes == names


def test_functions_of_columns_that_are_not_known_are_told(store, tmp_path):
    path = tmp_path / "model.safetensors"
    save(
        Predictor(
            network=Network.dense([2, 3], output="softmax"),
            preprocessing=Scaling.fit("standardize", np.array([[1.0, 0.0], [2.0, 1.0]])),
            classes=load_dataset("iris").classes,
            feature_names=("x1", "sin(x2)"),
            target_name="species",
            dataset="iris",
        ),
        path,
    )
    with pytest.raises(
        ValueError, match=r"trained on x1, sin\(x2\), and iris has sepal.* not known"
    ):
        store.initial_model_state(path, "")


def test_an_optimizer_that_is_not_known_is_passed_over(store, folder, capfd):
    path = trained(folder, "moons")
    for said in ("nope", "5", "adam:nope=1"):
        state = store.initial_model_state(path, "", RunConfig(optimizer=said, batch_size=7))
        assert (state.networks[0].optimizer, state.networks[0].batch_size) == ("adam", 7)
    capfd.readouterr()


@pytest.fixture
def saved(tmp_path):
    """A model of three columns whose parameters are all one number."""

    def saved_model(value: float) -> Path:
        network = Network.dense([3, 2, 1], dtype="float64")
        network.parameters[:] = value
        save(
            Predictor(
                network=network,
                preprocessing=Scaling.fit(
                    "standardize", np.array([[1.0, 0.0, 3.0], [2.0, 1.0, 5.0]])
                ),
                classes=None,
                feature_names=("a", "b", "c"),
                target_name="y",
                dataset="rows.csv",
            ),
            tmp_path / "model.safetensors",
        )
        return tmp_path / "model.safetensors"

    return saved_model


@pytest.mark.parametrize(("value", "words"), [(1e200, "for float32"), (1e38, "to be drawn")])
def test_a_model_of_numbers_too_large_is_refused_and_the_page_stays(
    server, page, ask, store, saved, value, words
):
    path = saved(value)
    with pytest.raises(ValueError, match=words):
        store.initial_model_state(path, "")
    own = [("Host", server.host), ("Origin", server.origin)]
    place = f"/{server.token}/open/{page.state['session']}"
    status, _, body = ask(place, "POST", own, path.read_bytes())
    assert status == 422 and words in body.decode() and str(path.parent) not in body.decode()
    page.send("step")
    page.wait_for(lambda network: network["epoch"] == 1)


@pytest.fixture
def several(tmp_path) -> Path:
    """A model of two columns that predicts three numbers, each in units of its own."""
    network = Network.dense([2, 5, 3], hidden="tanh", batch_norm=True, seed=3)
    save(
        Predictor(
            network=network,
            preprocessing=Scaling("standardize", np.array([1.0, 2.0]), np.array([0.5, 2.0])),
            target_scaling=Scaling(
                "standardize", np.array([5.0, 6.0, 7.0]), np.array([1.0, 2.0, 4.0])
            ),
            classes=None,
            feature_names=("a", "b"),
            target_name="y",
            dataset="rows.csv",
        ),
        tmp_path / "several.safetensors",
    )
    return tmp_path / "several.safetensors"


def test_of_several_numbers_one_is_shown_as_the_model_predicts_it(store, several):
    data = store.initial_model_state(several, "").data
    assert store.models[data.source].outputs == ("y 1", "y 2", "y 3")
    seen = []
    for place, name in enumerate(["", "y 2", "y 3"]):
        prepared = store.prepare(dataclasses.replace(data, target=name))
        network = build_network(store.initial_model_state(several, "").networks[0], prepared)
        assert network.n_outputs == 1 and prepared.dataset.target_name == f"y {place + 1}"
        grid = prepared.plane.grid(6)
        shown = make_predictor(network, prepared).predict(grid)
        assert shown == pytest.approx(load_predictor(several).predict(grid)[:, place], rel=1e-5)
        seen.append(rasterize(network, prepared).output)
    assert (seen[0] != seen[1]).any() and (seen[1] != seen[2]).any()
    with pytest.raises(ValueError, match=r"target: unknown 'y 4'.*y 1, y 2, y 3"):
        store.prepare(dataclasses.replace(data, target="y 4"))


def test_of_several_numbers_no_table_is_learned(store, several, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("a,b,y\n" + "1,2,4\n5,6,8\n" * 40)
    with pytest.raises(ValueError, match=r"rows: .* predicts several numbers .* without rows"):
        store.initial_model_state(several, str(rows))


def test_a_model_of_several_numbers_says_that_it_is_only_shown(server, page, ask, several):
    own = [("Host", server.host), ("Origin", server.origin)]
    place = f"/{server.token}/open/{page.state['session']}"
    assert ask(place, "POST", own, several.read_bytes())[0] == 200
    page.wait_for(lambda network: network["newest"] is None)
    page.send("play")
    told = page.wait_for(lambda network: network["failed"])
    assert "several numbers is only shown" in told["message"] and "choose" not in told["message"]


def test_what_cannot_be_shown_is_told(store, folder, tmp_path, capfd):
    path = tmp_path / "words.csv"
    path.write_text("colour,kind\n" + "".join(f"{'rgb'[n % 3]},{'ab'[n % 2]}\n" for n in range(40)))
    model = trained(tmp_path, str(path), "--target", "kind")
    with pytest.raises(ValueError, match=r"none of its columns is numeric.*colour"):
        store.initial_model_state(model, "")
    wide = trained(tmp_path, "moons", "--layers", "2", "300", "1")
    with pytest.raises(ValueError, match=r"cannot be drawn here: hidden: expected .* 256"):
        store.initial_model_state(wide, "")
    curved = trained(tmp_path, "moons", "--hidden", "exponential")
    with pytest.raises(ValueError, match=r"not know the activation exponential; it knows .*relu"):
        store.initial_model_state(curved, "")
    capfd.readouterr()


def test_settings_that_are_not_its_own_are_named(store, folder, capfd):
    """A file alone does not have them; of a run, those that the page has no place for are named."""
    path = trained(folder, "moons")

    def words(recipe):
        return store.models[store.open_model(path, "", recipe).data.source].ignored_settings()

    assert "continues with those chosen here" in words(RunConfig())
    own = RunConfig(optimizer="adamw", learning_rate=0.02, l2=0.01, shuffle=True, batch_size=8)
    assert words(own) == words(dataclasses.replace(own, loss="binary_cross_entropy")) == ""
    assert words(RunConfig(loss="mine")).endswith("training: loss mine.")
    other = dataclasses.replace(own, schedule="cosine", clip_norm=1.0, patience=5, l1=0.1)
    assert words(other) == (
        "It continues without some settings of its own training: schedule cosine, patience 5, "
        "l1 0.1, clip_norm 1.0."
    )
    capfd.readouterr()
