"""The pictures of a model agree with its predictions."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from barenet import (
    Network,
    Predictor,
    RunConfig,
    TableEncoding,
    load,
    load_dataset,
    save,
)
from barenet.cli._main import main
from barenet.cli._play_page import _start
from barenet.errors import ArgumentError, ModelFileError
from barenet.playground.data._opened_models import open_model
from barenet.playground.state._address import read_address, write_address
from barenet.playground.state._default_settings import restore
from barenet.playground.state._page_state import DataSettings, NetworkSettings, PageState
from barenet.playground.views._network_view import NetworkView, input_pictures, rasterize
from barenet.playground.views._probe import probe
from barenet.tables.encoding._input_pairs import InputPairs
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


@pytest.mark.parametrize("target", ["kind", "width"])
def test_a_model_of_mixed_columns_is_shown_with_its_predictions(
    prepared_of, folder, flowers, target
):
    path = trained(folder, flowers, "--target", target, "--drop", "name")
    prepared, network = prepared_of(path, flowers)
    model = load(path)
    assert prepared.plane.names == (("height", "width") if target == "kind" else ("height",))
    assert prepared.fixed_at == "their median or most frequent value"
    found, points = outputs(prepared, network)
    assert np.isfinite(found).all() and len(prepared.training[1]) == 144
    rasterize(network, prepared), input_pictures(prepared)
    assert (prepared.confusion_matrix(network) is None) == (target == "width")
    assert prepared.predictor(network).feature_names == model.feature_names
    usual = {"width": 0.0, "colour": "red", "wet": "no", "sown": "2024-05-11", "kind": "a"}
    columns = {name: [value] * len(points) for name, value in usual.items()}
    axes = {name: points[:, at].tolist() for at, name in enumerate(prepared.plane.names)}
    expected = model.network.predict(model.inputs({**columns, **axes}))
    assert found == pytest.approx(expected, abs=1e-5)
    assert len(prepared.training[1]) + len(prepared.test[1]) == 180
    assert measured(prepared, network).loss > 0


def test_several_networks_and_several_numbers_are_refused(store, saved):
    networks = [Network.dense([2, 3, 1], seed=seed) for seed in range(3)]
    for network, words in (
        (Ensemble(networks), "it is an ensemble of 3 networks; `barenet report` describes it"),
        (Network.dense([2, 3, 3]), "it predicts 3 numbers for each row; `barenet report`"),
    ):
        with pytest.raises(ModelFileError, match=words):
            store.initial_model_state(saved(network), "")


def test_a_model_with_inputs_for_pairs_of_columns_is_shown_with_its_predictions(
    prepared_of, folder, flowers
):
    data = load_dataset(flowers, target="kind")
    encoding = TableEncoding.fit(data.X, drop=["name"])
    colours = range(len(encoding.used_by_name["colour"].inputs))
    pairs = InputPairs("colour", "wet", tuple((number, 0) for number in colours))
    encoding = replace(encoding, pairs=(pairs,))
    network = Network.dense([encoding.n_inputs, 6, 3], hidden="tanh", output="softmax", seed=0)
    network.parameters[:] *= 3  # so that each input matters
    predictor = Predictor(
        network=network,
        preprocessing=encoding,
        classes=data.classes,
        feature_names=encoding.feature_names,
        target_name="kind",
        dataset="flowers.csv",
    )
    path = folder / "pairs.safetensors"
    save(predictor, path)
    prepared, network = prepared_of(path, flowers)
    moved = prepared.with_fixed(("wet", "true"))
    places = prepared.plane.grid(6)
    columns = {"sown": ["2024-05-11"] * 36}
    for name, values in zip(prepared.plane.names, places.T.tolist(), strict=True):
        columns[name] = values
    for shown, wet in ((prepared, "no"), (moved, "yes")):
        rows = {**columns, "colour": ["red"] * 36, "wet": [wet] * 36}
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
    out, settings = str(folder / "scored"), ("circles:samples=150,noise=0.3", "--epochs", "4")
    received = run("train", *settings, "--test-size", "0.25", "--no-plots", "--out", out)
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
    for words in ("", "&net.optimizer=sgd", "&features=x1~x2"):
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
    ("names", "data"),
    [
        (("p", "q", "r"), "moons"),
        (("x1", "x2", "sin(x1)"), "diabetes"),
        (("a", "b", "c"), "my.csv"),
    ],
)
def test_a_model_whose_rows_are_not_here_is_refused(store, saved, names, data, refused):
    path = saved(Network.dense([3, 2, 1]), feature_names=names, dataset=data)
    with refused("rows", "are not here; open the table that it was trained on, too; `barenet rep"):
        store.initial_model_state(path, "")


@pytest.mark.parametrize("optimizer", ["nope", "adam:nope=1"])
def test_an_unknown_optimizer_is_ignored(store, folder, optimizer):
    config = RunConfig(optimizer=optimizer, batch_size=7)
    settings = store.initial_model_state(trained(folder, "moons"), "", config).networks[0]
    assert (settings.optimizer, settings.batch_size) == ("adam", 7)


def test_a_model_of_huge_numbers_is_refused(page, post, store, saved):
    network = Network.dense([3, 2, 1], dtype="float64")
    network.parameters[:] = 1e200
    path = saved(network)
    words = "for float32"
    with pytest.raises(ModelFileError, match=words):
        store.initial_model_state(path, "")
    assert post("open/nobody", b"nonsense")[0] == 404
    for content, problem in ((path.read_bytes(), words), (b"nonsense", "the model")):
        status, answer = post(f"open/{page.state['session']}", content)
        assert status == 422 and problem in answer["message"] and "/tmp" not in answer["message"]
    page.run_to(1)


@pytest.mark.integration
def test_an_unusable_model_is_an_error(store, tmp_path):
    for arguments, words in (
        (("moons", "--layers", "2", "300", "1"), r"here: hidden: .* 256"),
        (("moons", "--hidden", "prelu"), "all dense layers and dropout.*barenet report"),
        (("moons", "--batch-norm"), "all dense layers and dropout"),
        (("moons", "--hidden", "exponential"), r"activation exponential; .*relu"),
    ):
        with pytest.raises((ArgumentError, ModelFileError), match=words):
            store.initial_model_state(trained(tmp_path, *arguments), "")


def test_a_network_that_learns_on_has_no_threshold(saved):
    network = Network.dense([2, 1], output="sigmoid", seed=0)
    model = open_model(saved(network, classes=("no", "yes"), threshold=0.3))
    assert model.predictor.threshold is None


def test_the_settings_that_a_model_continues_with_are_stated(store, folder):
    """A file alone does not have them; a run has some that the page takes over."""
    path = trained(folder, "moons")
    steps = {"optimizer": "adamw", "learning_rate": 0.02, "batch_size": 8}
    known = RunConfig(**steps, penalty="l2:strength=0.01")
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
