"""The pictures of a model agree with its predictions, with its rows and without them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss

from barenet import (
    MLPEnsembleClassifier,
    Network,
    Predictor,
    RunConfig,
    Scaling,
    TableEncoding,
    load,
    load_dataset,
    save,
)
from barenet.cli._main import main
from barenet.cli._play_page import _start
from barenet.errors import ArgumentError, ModelFileError
from barenet.playground.state._address import read_address, write_address
from barenet.playground.state._default_settings import restore
from barenet.playground.state._page_state import DataSettings, NetworkSettings, PageState
from barenet.playground.trainer._interactive_training import InteractiveTraining
from barenet.playground.views._network_view import NetworkView, input_pictures, rasterize
from barenet.playground.views._probe import probe
from barenet.tables.encoding._input_pairs import InputPairs
from barenet.tables.encoding._scaling import KINDS
from barenet.typing import Ensemble

COLOURS = ("red", "blue", "red", "green")
#: The target of the table of flowers, and the column that no model learns from.
KIND = ("--target", "kind", "--drop", "name")


def row(n: int) -> str:
    height = "" if n % 40 == 7 else f"{(n % 3) * 2 + (n * 7 % 11) / 9:.3}"
    width = f"{(n * 5 % 13) / 4 - n % 3:.3}"
    words = f"{COLOURS[n % 4]},{('no', 'yes', 'no')[n % 3]},2024-0{1 + n % 9}-11,{'abc'[n % 3]}"
    return f"n{n},{height},{width},{words}\n"


ROWS = "name,height,width,colour,wet,sown,kind\n" + "".join(map(row, range(180)))


@pytest.fixture
def prepared_of(store):
    """Open a model; returns the data and the network that the page shows."""

    def prepare(path, rows=""):
        state = store.initial_model_state(path, rows)
        prepared = store.prepare(state.data)
        return prepared, prepared.make_network(state.networks[0])

    return prepare


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def flowers(folder) -> str:
    (folder / "flowers.csv").write_text(ROWS)
    return str(folder / "flowers.csv")


def trained(folder: Path, data: str, *options: str) -> Path:
    """A model of the command line, made once for all tests."""
    out = folder / ("-".join([Path(data).stem, *options]).replace("/", "") or "run")
    if not out.exists():
        settings = ["--epochs", "3", "--no-plots", "--no-baselines", "--out", str(out), *options]
        assert main(["train", data, *settings]) == 0
    return out / "model.safetensors"


@pytest.fixture
def run(capfd):
    """Run a command, and return its JSON."""

    def run(*words):
        capfd.readouterr()
        assert main([*words, "--json"]) == 0
        return json.loads(capfd.readouterr().out)

    return run


def measured(prepared, network):
    """The scores that the page first shows of a network."""
    settings = prepared.model.settings if prepared.model else NetworkSettings()
    return prepared.make_setup(settings).evaluate(0, network, "")


def outputs(prepared, network):
    """The outputs of the page's network on the plane, and the raw points there."""
    return network.predict(prepared.inputs("grid", 6)), prepared.plane.grid(6)


@pytest.mark.parametrize(("target", "with_rows"), [("kind", True), ("width", False)])
def test_a_model_of_mixed_columns_is_shown_with_its_predictions(
    prepared_of, folder, flowers, target, with_rows
):
    path = trained(folder, flowers, "--target", target, "--drop", "name")
    prepared, network = prepared_of(path, flowers if with_rows else "")
    model = load(path)
    assert prepared.plane.names == (("height", "width") if target == "kind" else ("height",))
    fixed = "their median or most frequent value"
    assert prepared.fixed_at == (fixed if with_rows else f"{fixed}, text at the first category")
    found, points = outputs(prepared, network)
    assert np.isfinite(found).all() and len(prepared.training[1]) == 144 * with_rows
    rasterize(network, prepared), input_pictures(prepared)
    assert (prepared.confusion_matrix(network) is None) == (not with_rows or target == "width")
    assert prepared.predictor(network).feature_names == model.feature_names
    if with_rows:  # else the first category stands for the most frequent one
        usual = {"width": 0.0, "colour": "red", "wet": "no", "sown": "2024-05-11", "kind": "a"}
        columns = {name: [value] * len(points) for name, value in usual.items()}
        axes = {name: points[:, at].tolist() for at, name in enumerate(prepared.plane.names)}
        expected = model.network.predict(model.inputs({**columns, **axes}))
        assert found == pytest.approx(expected, abs=1e-5)
        assert len(prepared.training[1]) + len(prepared.test[1]) == 180
        assert measured(prepared, network).loss > 0


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:each of height, sown alone predicts:UserWarning")
def test_the_map_of_an_ensemble_is_that_of_all_networks(prepared_of, folder, flowers):
    """With numbers in pieces along the axes, and the first network drawn."""
    data = load_dataset(flowers, target="kind")
    ensemble = MLPEnsembleClassifier(drop=["name"], max_iter=2, random_state=0)
    ensemble.fit(data.X, np.array(data.classes)[data.y])
    predictor = Predictor.from_estimator(ensemble, target_name="kind", dataset="flowers.csv")
    path = folder / "several.safetensors"
    save(predictor, path)
    prepared, network = prepared_of(path, flowers)
    assert np.array_equal(network.parameters, predictor.first_network.parameters)
    assert prepared.plane.names == ("height", "width")
    axes = dict(zip(prepared.plane.names, prepared.plane.grid(6).T.tolist(), strict=True))
    usual = {"colour": "red", "wet": "no", "sown": "2024-05-11"}
    rows = {name: [value] * 36 for name, value in usual.items()} | axes
    found = prepared.outputs(network, "grid", 6)
    assert found == pytest.approx(predictor.outputs(rows), abs=1e-5)
    test, y = data.X[prepared.is_test], data.y[prepared.is_test]
    expected = predictor.outputs(test)
    matrix = confusion_matrix(y, expected.argmax(axis=1), labels=range(3)).tolist()
    assert prepared.confusion_matrix(network) == matrix
    joined = prepared.predictor(network)
    assert joined.outputs(test) == pytest.approx(expected, abs=1e-6), "saved as a whole"
    scores = measured(prepared, network)
    assert scores.test_score == pytest.approx(accuracy_score(y, expected.argmax(axis=1)))
    assert scores.test_loss == pytest.approx(log_loss(y, expected), rel=1e-4)
    alone = network.predict(prepared.inputs("grid", 6))
    assert np.abs(prepared.outputs(network, "grid", 6) - alone).max() > 1e-3
    view, place = NetworkView(prepared.model.settings, prepared, None), prepared.plane.grid(6)[7]
    probed = probe(view, 0, tuple(place))
    assert probed["prediction"] == pytest.approx(found[7], abs=1e-5)
    assert probed["networks"] == len(predictor.network.networks) > 1
    assert probed["layers"][-1]["outputs"] == pytest.approx(alone[7], abs=1e-5)
    assert probed["raw"][0] == pytest.approx(place[0]) != probed["inputs"][0]
    assert "backward" not in probed, "a place has no target"
    words = prepared.describe()["settings"]
    assert words.startswith("The map, the scores and the confusion matrix are those of all 16 net")


@pytest.mark.parametrize(("n_networks", "with_rows"), [(1, True), (3, False)])
def test_a_model_with_inputs_for_pairs_of_columns_is_shown_with_its_predictions(
    prepared_of, folder, flowers, n_networks, with_rows
):
    data = load_dataset(flowers, target="kind")
    encoding = TableEncoding.fit(data.X, drop=["name"])
    colours = range(len(encoding.used_by_name["colour"].inputs))
    pairs = InputPairs("colour", "wet", tuple((number, 0) for number in colours))
    encoding = replace(encoding, pairs=(pairs,))
    networks = []
    for seed in range(n_networks):
        sizes = [encoding.n_inputs, 6, 3]
        network = Network.dense(sizes, hidden="tanh", output="softmax", seed=seed)
        network.parameters[:] *= 3  # so that each input matters
        networks.append(network)
    model = networks[0]
    if n_networks > 1:
        model = Ensemble(networks)
    predictor = Predictor(
        network=model,
        preprocessing=encoding,
        classes=data.classes,
        feature_names=encoding.feature_names,
        target_name="kind",
        dataset="flowers.csv",
    )
    path = folder / f"pairs{n_networks}.safetensors"
    save(predictor, path)
    prepared, network = prepared_of(path, flowers if with_rows else "")
    moved = prepared.with_fixed(("wet", "true"))
    places = prepared.plane.grid(6)
    columns = {"sown": ["2024-05-11"] * 36}
    for name, values in zip(prepared.plane.names, places.T.tolist(), strict=True):
        columns[name] = values
    colour = "red"
    if not with_rows:  # the first category stands for the most frequent one
        colour = "blue"
        sown = encoding.used_by_name["sown"].fill_value
        columns["sown"] = [str(np.datetime64(sown, "s"))] * 36
    for shown, wet in ((prepared, "no"), (moved, "yes")):
        rows = {**columns, "colour": [colour] * 36, "wet": [wet] * 36}
        expected = predictor.outputs(rows)
        assert shown.outputs(network, "grid", 6) == pytest.approx(expected, abs=1e-4)
    view = NetworkView(prepared.model.settings, prepared, None)
    probed = probe(view, 0, tuple(places[7]))
    assert probed["prediction"] == pytest.approx(prepared.outputs(network, "grid", 6)[7], abs=1e-5)
    rasterize(network, prepared)


def test_a_model_with_missing_values_is_saved_with_their_replacements(
    store, prepared_of, folder, flowers, run
):
    """Evaluated and opened once more, it has the scores of the page."""
    key = store.open_table("flowers.csv", Path(flowers))
    data = DataSettings(source=key, target="kind", features=("all",), test_size=0.2)
    prepared = store.prepare(data)
    network = prepared.make_network(NetworkSettings())
    path = folder / "saved.safetensors"
    save(prepared.predictor(network), path)
    shown = measured(prepared, network)
    every = np.average([shown.score, shown.test_score], weights=[144, 36])
    assert run("evaluate", str(path), flowers)["metrics"]["accuracy"] == pytest.approx(every)
    again, _ = prepared_of(path, flowers)
    assert measured(again, network).loss == pytest.approx(shown.loss, rel=1e-5)
    rows, _ = store.tables[key].load(data).split(0.2)
    fills = {each.name: each.fill for each in again.encoding.used if each.name == "height"}
    assert fills == {"height": np.nanmedian(rows.X["height"])}, "of the training rows"


def test_features_of_missing_values_are_refused(store, flowers, refused):
    key = store.open_table("flowers.csv", Path(flowers))
    data = DataSettings(source=key, target="kind", features=("x1", "x2^2"))
    with refused("features", "height, width, where values are missing"):
        store.prepare(data)


@pytest.mark.parametrize("data", ["moons", "diabetes"])
def test_the_scaling_of_a_model_is_kept(prepared_of, folder, data):
    """The command does not scale moons; with a scaling, the page would show another network."""
    path = trained(folder, data)
    prepared, network = prepared_of(path)
    model = load(path)
    found, points = outputs(prepared, network)
    expected = model.network.predict(model.inputs(prepared.plane.rows(points)))
    assert found == pytest.approx(expected, abs=1e-5)
    rasterize(network, prepared)
    assert measured(prepared, network).loss > 0 and prepared.dataset.name == data


def test_the_score_equals_that_of_the_command(store, folder, run):
    out, settings = str(folder / "scored"), ("--samples", "150", "--noise", "0.3", "--epochs", "4")
    received = run("train", "circles", *settings, "--test-size", "0.25", "--no-plots", "--out", out)
    state = _start(out, "", "", store)
    prepared = store.prepare(state.data)
    found = measured(prepared, prepared.make_network(state.networks[0]))
    assert found.test_score == pytest.approx(received["metrics"]["accuracy"])


def test_a_run_is_named_after_its_table_and_takes_no_other(store, folder, flowers, refused):
    path = trained(folder, flowers, *KIND)
    assert _start(str(path.parent), "", "", store).data.rows.startswith("table:")
    with refused("rows"):
        _start("moons", "x.csv", "", store)
    with refused("target"):
        _start(str(path), "", "kind", store)
    other = folder / "other.csv"
    other.write_text("height,kind\n1,a\n2,b\n")
    with pytest.raises(ArgumentError, match=r"other\.csv: no column width, colour, wet, sown"):
        store.initial_model_state(path, str(other))


def test_the_models_own_layers_restore_its_network(prepared_of, folder):
    path = trained(folder, "moons")
    prepared, network = prepared_of(path)
    settings, model = prepared.model.settings, load(path).network
    assert (network.parameters == model.parameters.astype(np.float32)).all()
    assert (prepared.make_network(replace(settings, seed=5)).parameters != model.parameters).any()
    assert prepared.make_network(replace(settings, hidden=(3,))).sizes == (2, 3, 1)


def test_an_address_of_a_model_has_its_own_settings_as_defaults(store, folder):
    opened = _start(str(trained(folder, "moons")), "", "", store)
    source = opened.data.source

    def read(words):
        return read_address(f"data={source}{words}", is_own=True, defaults_for=store.defaults_for)

    assert read("") == opened
    for words in ("", "&net.optimizer=sgd", "&row=17&features=x1~x2"):
        state = read(words)
        assert state.networks[0].has_same_architecture(opened.networks[0]), words
        assert not store.prepare(state.data).replaces_model(state.networks[0])
    two = read("&networks=2&b.net.seed=3")
    assert two.networks == (opened.networks[0], replace(opened.networks[0], seed=3))
    other = read("&net.hidden=7~3")
    assert store.prepare(other.data).replaces_model(other.networks[0])
    for state in (opened, two, other):
        usual = store.defaults_for(source, len(state.networks))
        written = write_address(state, usual)
        assert read_address(written, is_own=True, defaults_for=store.defaults_for) == state
        assert restore(state, usual) == usual, "with its own initial weights"
    assert write_address(opened, store.defaults_for(source)) == f"data={source}".replace(":", "%3A")
    assert store.defaults_for("xor") == PageState.defaults_for("xor")


@pytest.mark.parametrize(
    ("kind", "third", "words"),
    [
        ("standardize", 6.0, "their mean"),
        ("robust", 5.0, "their median"),
        ("minmax", 6.5, "the middle of their range"),
        ("none", 0.0, "0"),
        ("affine", 4.0, "the value that the network sees as 0"),
    ],
)
def test_a_model_of_a_matrix_without_rows(prepared_of, saved, kind, third, words):
    X = np.array([[0.0, 10.0, 5.0], [2.0, 30.0, 5.0], [4.0, 20.0, 8.0]])
    affine = Scaling("affine", np.array([1.0, 20.0, 4.0]), np.array([0.5, 0.1, -2.0]))
    scaling = Scaling.fit(kind, X) if kind in KINDS else affine
    network = Network.dense([3, 4, 2], output="softmax", seed=2)
    path = saved(network, preprocessing=scaling, classes=("no", "yes"))
    prepared, network = prepared_of(path)
    found, points = outputs(prepared, network)
    rows = np.column_stack([points, np.full(len(points), third)])
    assert found == pytest.approx(load(path).outputs(rows), abs=1e-6)
    assert prepared.fixed_at == words and prepared.scaling.name == "none"
    low, high = prepared.plane.low, prepared.plane.high
    if kind != "none":
        assert (low < X[:, :2].min(axis=0)).all() and (high > X[:, :2].max(axis=0)).all()
    picture = rasterize(network, prepared)
    assert picture.output.size == picture.side**2, "one number a point for two classes"


@pytest.mark.parametrize(
    ("names", "data"), [(("p", "q", "r"), "moons"), (("x1", "x2", "sin(x1)"), "diabetes")]
)
def test_a_model_of_unknown_columns_is_shown_without_rows(prepared_of, saved, names, data, refused):
    path = saved(Network.dense([3, 2, 1]), feature_names=names, dataset=data)
    prepared, _ = prepared_of(path)
    assert len(prepared.training[1]) == 0 and prepared.axes == names
    view = NetworkView(prepared.model.settings, prepared, None)
    with refused("row", "the index of one of 0 rows"):
        probe(view, 0, ())
    reports = []
    training = InteractiveTraining(view.setup, reports.append)
    training.send("play")
    training.advance(1.0)
    assert "choose the table" in reports[-1].problem.message


@pytest.mark.parametrize("optimizer", ["nope", "adam:nope=1"])
def test_an_unknown_optimizer_is_ignored(store, folder, optimizer):
    config = RunConfig(optimizer=optimizer, batch_size=7)
    settings = store.initial_model_state(trained(folder, "moons"), "", config).networks[0]
    assert (settings.optimizer, settings.batch_size) == ("adam", 7)


def test_a_model_of_huge_numbers_is_refused(page, post, store, saved):
    network = Network.dense([3, 2, 1], dtype="float64")
    for value, words in ((1e38, "to be drawn"), (1e200, "for float32")):
        network.parameters[:] = value
        path = saved(network)
        with pytest.raises(ValueError, match=words):
            store.initial_model_state(path, "")
    assert post("open/nobody", b"nonsense")[0] == 404
    for content, problem in ((path.read_bytes(), words), (b"nonsense", "the model")):
        status, answer = post(f"open/{page.state['session']}", content)
        assert status == 422 and problem in answer["message"] and "/tmp" not in answer["message"]
    page.run_to(1)


@pytest.fixture
def several(saved) -> Path:
    """A model of two columns that predicts three numbers, each in units of its own."""
    network = Network.dense([2, 5, 3], hidden="tanh", batch_norm=True, seed=3)
    units = Scaling("standardize", np.array([5.0, 6.0, 7.0]), np.array([1.0, 2.0, 4.0]))
    return saved(network, target_scaling=units)


@pytest.mark.integration
def test_one_of_several_outputs_is_shown(store, several, refused):
    state = store.initial_model_state(several, "")
    assert store.models[state.data.source].outputs == ("y 1", "y 2", "y 3")
    pictures, model = [], load(several)
    for place, name in enumerate(["", "y 2", "y 3"]):
        prepared = store.prepare(replace(state.data, target=name))
        network = prepared.make_network(state.networks[0])
        assert prepared.dataset.target_name == f"y {place + 1}"
        picture = rasterize(network, prepared)
        grid = prepared.plane.grid(picture.side)
        exact = model.predict(grid)
        assert prepared.predictor(network).predict(grid) == pytest.approx(exact, rel=1e-5)
        low, high = prepared.target_range
        shown = low + (high - low) * (picture.output.astype(float) + 127) / 254
        expected = np.clip(exact[:, place], low, high)
        assert shown == pytest.approx(expected, abs=(high - low) / 250)
        pictures.append(picture.output.tobytes())
    assert len(set(pictures)) == 3
    changed = prepared.make_network(replace(state.networks[0], hidden=(2,)))
    assert changed.sizes == (2, 2, 3)
    with refused("target", r"unknown 'y 4'.*y 1, y 2, y 3"):
        store.prepare(replace(state.data, target="y 4"))


def test_a_model_of_several_outputs_takes_no_rows(store, several, tmp_path, refused):
    rows = tmp_path / "rows.csv"
    rows.write_text("a,b,y\n" + "1,2,4\n5,6,8\n" * 40)
    with refused("rows", "predicts several numbers"):
        store.initial_model_state(several, str(rows))


@pytest.mark.integration
def test_an_unusable_model_is_an_error(store, tmp_path):
    path = tmp_path / "words.csv"
    path.write_text("colour,kind\n" + "".join(f"{'rgb'[n % 3]},{'ab'[n % 2]}\n" for n in range(40)))
    for arguments, words in (
        ((str(path), "--target", "kind"), r"none of its columns is .*colour"),
        (("moons", "--layers", "2", "300", "1"), r"here: hidden: .* 256"),
        (("moons", "--hidden", "prelu"), "all dense layers, batch norm and dropout"),
        (("moons", "--hidden", "exponential"), r"activation exponential; .*relu"),
    ):
        with pytest.raises((ArgumentError, ModelFileError), match=words):
            store.initial_model_state(trained(tmp_path, *arguments), "")


def test_the_settings_that_a_model_continues_with_are_stated(store, folder):
    """A file alone does not have them; a run has some that the page takes over."""
    path = trained(folder, "moons")
    known = RunConfig(optimizer="adamw", learning_rate=0.02, l2=0.01, batch_size=8)
    for config, words in (RunConfig(), "those chosen here"), (known, "the optimizer, learning"):
        state = store.open_model(path, "", config)
        assert words in store.prepare(state.data).describe()["settings"]
    settings = state.networks[0]
    assert (settings.optimizer, settings.learning_rate, settings.batch_size) == ("adamw", 0.02, 8)
    assert (settings.penalty, settings.penalty_rate) == ("l2", 0.01)


@pytest.mark.case(131)
@pytest.mark.parametrize(
    ("spec", "optimizer", "rate"),
    [("adam:learning_rate=0.05", "adam", 0.05), ("lbfgs:memory=7", "lbfgs:memory=7", 0.01)],
)
def test_a_run_with_options_of_its_optimizer_is_opened(tmp_path, store, spec, optimizer, rate):
    run = tmp_path / "run"
    words = (
        f"train iris --epochs 2 --quiet --no-plots --no-baselines --optimizer {spec} --out {run}"
    )
    assert main(words.split()) == 0
    (settings,) = _start(str(run), "", "", store).networks
    assert (settings.optimizer, settings.learning_rate) == (optimizer, rate)
    settings.run_config(100).make_optimizer()
