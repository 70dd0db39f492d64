"""Model files: out and back to the last bit, and nothing but a model gets in."""

from __future__ import annotations

import json
import pickle
import struct
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import barenet
from barenet import (
    Activate,
    BatchNorm,
    Dense,
    Dropout,
    LayerNorm,
    ModelFileError,
    Network,
    Predictor,
    load,
    train,
)
from barenet.data.scaling import Scaling
from barenet.model.layers import LAYERS

X = np.random.default_rng(0).normal(size=(9, 3))


def every_layer(dtype="float32"):
    layers = [
        Dense(3, 4, "leaky_relu:slope=0.2", init="orthogonal:gain=0.5"),
        BatchNorm(4, momentum=0.5, epsilon=1e-3),
        Activate("elu:alpha=0.3"),
        Dropout(0.25),
        LayerNorm(4),
        Dense(4, 2, "softmax", bias_init="normal:std=2"),
    ]
    network = Network(layers, seed=7, dtype=dtype)
    train(network, X, [0, 1, 0, 1, 0, 1, 0, 1, 0], epochs=2, batch_size=4)
    return network


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_there_and_back_with_every_layer(path, dtype):
    network = every_layer(dtype)
    assert {layer.name for layer in network.layers} == set(LAYERS)
    network.save(path)
    loaded = load(path)
    assert np.array_equal(loaded.parameters, network.parameters)
    assert np.array_equal(loaded.statistics, network.statistics)
    assert np.array_equal(loaded.predict(X), network.predict(X))
    assert loaded.dtype == network.dtype and repr(loaded) == repr(network)
    assert [layer.config() for layer in loaded.layers] == [
        layer.config() for layer in network.layers
    ]


def test_the_same_model_gives_the_same_bytes(path):
    for _ in range(5):
        every_layer().save(path)
        first = path.read_bytes()
        every_layer().save(path)
        assert path.read_bytes() == first


@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), st.integers(0, 2**32 - 1))
def test_there_and_back_of_any_size(tmp_path_factory, sizes, seed):
    path = tmp_path_factory.mktemp("any") / "m.safetensors"
    network = Network.dense(sizes, seed=seed)
    network.save(path)
    assert np.array_equal(load(path).parameters, network.parameters)


def test_a_loaded_network_learns_on(path):
    network = every_layer()
    network.save(path)
    loaded = load(path)
    y = [0, 1] * 4 + [0]
    for each in (network, loaded):
        train(each, X, y, epochs=2, batch_size=4)
    assert np.array_equal(loaded.parameters, network.parameters)


def test_a_layer_of_ones_own_can_not_be_saved(path):
    class Mine(Dense):
        name = "mine"

    with pytest.raises(ValueError, match=r"Dense\(3, 1, 'identity'\) is not one of barenet's"):
        Network([Mine(3, 1)]).save(path)
    assert not path.exists()


def test_a_missing_file_is_named(path):
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors: there is no such file"):
        load(path)
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        load(path.parent)


def test_fault_53_every_truncation_is_refused(path):
    Network.dense([2, 2, 1]).save(path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError, match=r"model\.safetensors: "):
            load(path)


def test_fault_60_a_hostile_pickle_is_refused_and_not_run(path, tmp_path):
    marker = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return open, (str(marker), "w")

    path.write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(ModelFileError, match="not a model file, or a damaged one"):
        load(path)
    assert not marker.exists()


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 100_000_000])
def test_fault_55_a_header_of_any_claimed_length(path, length):
    path.write_bytes(struct.pack("<Q", length) + b"{}")
    with pytest.raises(ModelFileError):
        load(path)


def rewrite(path, **changes):
    """Change a saved file's card or tensors as somebody with safetensors would."""
    from safetensors import safe_open
    from safetensors.numpy import save

    with safe_open(path, framework="numpy") as file:
        card = json.loads(file.metadata()["barenet"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name, value in changes.items():
        (tensors if name in ("parameters", "statistics") else card)[name] = value
    text = changes.get("text", json.dumps(card))
    path.write_bytes(save(tensors, {changes.get("key", "barenet"): text}))


DENSE = {"layer": "dense", "n_in": 2, "n_out": 1}
REFUSED = {
    "key": ("torch", "not one of barenet's models"),
    "format_version": (99, "has format version 99, and this barenet reads up to 1"),
    "text": ("[[" * 100_000, "not a valid model"),
    "parameters": (np.array([1, np.nan, 0], np.float32), "parameters are not all finite"),
    "extra": (None, "not a valid model"),
    "statistics": (np.zeros(2, np.float32), "the layers have 0 statistics, and"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_faults_57_58_59_62_what_can_not_be_a_model_is_refused(path, what):
    Network.dense([2, 1]).save(path)
    value, message = REFUSED[what]
    rewrite(path, **{what: value})
    with pytest.raises(ModelFileError, match=message):
        load(path)


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [{"layer": "densest"}],
        [{"layer": "dense", "n_in": 2}],
        [{**DENSE, "n_in": 7}],
        [{**DENSE, "n_in": 10**8}],
        [{**DENSE, "n_in": 10**9}],
        [{**DENSE, "activation": "import os"}],
        [{**DENSE, "extra": 1}],
        ["dense"],
        7,
    ],
)
def test_fault_57_layers_that_are_none(path, layers):
    Network.dense([2, 1]).save(path)
    rewrite(path, network={"layers": layers})
    with pytest.raises(ModelFileError, match="not a valid model"):
        load(path)


def predictor(classes=("no", "yes"), outputs=2):
    return Predictor(
        network=Network.dense([3, 4, outputs], output="softmax" if outputs > 1 else "sigmoid"),
        scaling=Scaling.fit("standardize", X),
        classes=classes,
        feature_names=("a", "b", "c"),
        target_name="answer",
        dataset="nine rows",
    )


@pytest.mark.parametrize(
    ("classes", "outputs"), [(("no", "yes"), 2), (("no", "yes"), 1), (None, 1)]
)
def test_a_predictor_there_and_back(path, classes, outputs):
    first = predictor(classes, outputs)
    first.save(path)
    second = Predictor.load(path)
    assert np.array_equal(first.predict(X), second.predict(X))
    assert second.classes == classes and second.feature_names == ("a", "b", "c")
    assert (second.target_name, second.dataset, second.image_shape) == ("answer", "nine rows", None)


def test_a_predictor_scales_raw_rows_and_names_the_classes():
    model = predictor()
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    expected = model.network.predict(scaled)
    assert model.probabilities(X) == pytest.approx(expected, abs=1e-6)
    names = np.where(expected[:, 1] > expected[:, 0], "yes", "no")
    assert model.predict(X).tolist() == names.tolist()


def test_a_scaled_target_is_given_back_in_its_own_units(path):
    y = np.array([[10.0], [30.0]])
    model = replace(predictor(None, 1), target_scaling=Scaling.fit("standardize", y))
    inside = model.network.predict((X - X.mean(axis=0)) / X.std(axis=0))
    assert model.predict(X) == pytest.approx(20 + 10 * inside[:, 0], rel=1e-5)
    assert model.targets([10.0, 30.0]).tolist() == [-1, 1]
    model.save(path)
    assert np.array_equal(Predictor.load(path).predict(X), model.predict(X))


def test_one_sigmoid_output_has_two_probabilities():
    model = predictor(outputs=1)
    p = model.probabilities(X)
    assert p.shape == (9, 2) and np.allclose(p.sum(axis=1), 1)
    assert np.array_equal(p[:, 1:], model.outputs(X))


def test_numbers_have_no_probabilities():
    with pytest.raises(ValueError, match="predicts numbers"):
        predictor(None, 1).probabilities(X)


def test_the_two_kinds_of_files_are_told_apart(path):
    predictor().save(path)
    with pytest.warns(UserWarning, match=r"trained on scaled inputs; Predictor\.load\(\)"):
        load(path)
    Network.dense([2, 1]).save(path)
    with pytest.raises(ModelFileError, match=r"holds a network alone; barenet\.load\(\) reads it"):
        Predictor.load(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(barenet.load(path), Network)


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": ["a", "b", "c"]},
        {"feature_names": ["a"]},
        {"image_shape": [2, 2]},
        {"classes": None, "scaling": None, "feature_names": 7},
    ],
)
def test_fault_57_a_predictor_whose_parts_do_not_fit(path, changes):
    from safetensors import safe_open

    predictor().save(path)
    with safe_open(path, framework="numpy") as file:
        extra = json.loads(file.metadata()["barenet"])["extra"]
    rewrite(path, extra={**extra, **changes})
    with pytest.raises(ModelFileError):
        Predictor.load(path)
