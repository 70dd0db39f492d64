"""Model files: saved and loaded to the last bit; any other file is refused."""

import json
import os
import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, strategies as st
from model_bytes import packed, repacked, rewrite, unpacked
from predictors import every_layer

from barenet import MLPClassifier, Network, Predictor, load, save, train
from barenet.activations import ACTIVATIONS, Activation, LeakyReLU, ReLU
from barenet.errors import ArgumentError, ModelFileError
from barenet.initializers import Orthogonal, Zeros
from barenet.layers import BatchNorm, Dense, Layer
from barenet.model._activations import as_activation
from barenet.model.layers import LAYERS
from barenet.typing import Ensemble

X = np.random.default_rng(0).normal(size=(9, 3))


@pytest.fixture
def saved(path):
    """The file of a network with two inputs and an output."""
    save(Network.dense([2, 1]), path)
    return path


def learned(dtype="float32"):
    network = every_layer(dtype)
    train(network, X, [0, 1, 0, 1, 0, 1, 0, 1, 0], epochs=2, batch_size=4, engine="reference")
    return network


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_round_trip_with_every_layer(path, dtype):
    network = learned(dtype)
    assert {layer.name for layer in network.layers} == set(LAYERS)
    save(network, path)
    loaded = load(path)
    assert np.array_equal(loaded.predict(X), network.predict(X))
    assert loaded.dtype == network.dtype and repr(loaded) == repr(network)
    configs = [[layer.config() for layer in each.layers] for each in (loaded, network)]
    assert configs[0] == configs[1]
    for each in (network, loaded):
        train(each, X, [0, 1] * 4 + [0], epochs=2, batch_size=4, engine="reference")
    assert np.array_equal(loaded.parameters, network.parameters)
    assert np.array_equal(loaded.statistics, network.statistics)


@pytest.fixture
def several():
    """Networks of other layers, with statistics."""
    other = Network.dense([3, 5, 2], output="softmax", seed=3)
    return Ensemble([learned(), other, every_layer()])


def test_an_ensemble_round_trips(path, several):
    save(several, path)
    loaded = load(path)
    assert isinstance(loaded, Ensemble)
    assert np.array_equal(loaded.predict(X), several.predict(X))
    for one, other in zip(loaded.networks, several.networks, strict=True):
        assert np.array_equal(one.parameters, other.parameters)
        assert np.array_equal(one.statistics, other.statistics) and repr(one) == repr(other)
    with pytest.raises(ModelFileError, match=r"holds several networks, expected one; train one"):
        load(path, Network)
    with pytest.raises(ModelFileError, match=r"holds no preprocessing; use barenet\.load\(\)"):
        load(path, Predictor)


@pytest.mark.promise(12)
@pytest.mark.integration
@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), st.integers(0, 2**32 - 1))
def test_a_network_of_any_size_that_is_saved_and_loaded_has_the_same_bits(
    tmp_path_factory, sizes, seed
):
    path = tmp_path_factory.mktemp("any") / "m.safetensors"
    network = Network.dense(sizes, seed=seed)
    save(network, path)
    assert np.array_equal(load(path).parameters, network.parameters)


class Times(Layer):
    """X · factor, where only some of the constructor's arguments can be found again."""

    name = "times"

    def __init__(self, factor=1.0, hidden=0.0):
        self.factor, self._hidden = factor, hidden

    def forward(self, X, *, training=False, rng_key=0):
        return self.factor * X, None

    def backward(self, cache, d_output, out):
        return self.factor * d_output


class Swish(Activation):
    name = "swish"

    def __init__(self, beta=1.0):
        self.beta = beta

    def forward(self, Z):
        return Z / (1 + np.exp(-self.beta * Z))


class Polynomial(Activation):
    name = "polynomial"

    def __init__(self, factors=(0.0, 1.0)):
        self.factors = np.asarray(factors)

    def forward(self, Z):
        return np.polynomial.polynomial.polyval(Z, self.factors).astype(Z.dtype)


class Leaky(LeakyReLU):
    name = "leaky"

    def __init__(self, leak=0.1):
        super().__init__(leak)


class Twice(Activation):
    name = "twice"

    def __init__(self, inner="tanh", factor=2.0):
        self.inner, self._factor = as_activation(inner), np.float32(factor)

    def forward(self, Z):
        return self._factor * self.inner.forward(Z)


class Mapped(Activation):
    name = "mapped"

    def __init__(self, function=np.tanh):
        self.function = function

    def forward(self, Z):
        return self.function(Z)


def user_defined(monkeypatch, activation):
    """A network with a user-defined activation, which is registered."""
    monkeypatch.setitem(ACTIVATIONS, activation.name, type(activation))
    return Network([Dense(3, 2, activation)], dtype="float64")


OWN = [Swish(np.float64(2.5)), Polynomial(), Polynomial([1.0, 2.0, 3.0]), Leaky(), Mapped()]


@pytest.mark.parametrize("activation", [*OWN, Twice(), Twice("leaky_relu:slope=0.3")], ids=repr)
def test_user_defined_activations_round_trip(path, monkeypatch, activation):
    network = user_defined(monkeypatch, activation)
    save(network, path)
    assert np.array_equal(load(path).predict(X), network.predict(X))


def other(base, name=None):
    """A class derived from one of barenet's, with its name or another."""
    return type("Other", (base,), {"name": name or base.name})


def one(**parts):
    return Network([Dense(3, 1, **parts)])


#: Models that cannot be saved, and the error, where the classes above are registered.
UNSAVABLE = [
    (lambda: Network([other(Dense, "mine")(3, 1)]), r"^network: .* is not one of barenet's"),
    (MLPClassifier, "MLPClassifier has no network yet; call fit first"),
    (lambda: one(activation=Leaky(0.3)), "loaded: its slope would be 0.1; keep each argument"),
    (lambda: one(activation=Twice(factor=3.0)), "could not be loaded: its _factor would be 2.0"),
    (lambda: one(activation=Mapped(np.sin)), "loaded: its function would be \"<ufunc 'sin'>\""),
    (lambda: Network([Dense(3, 2), Times(2.0, 0.5)]), r"Times\(.* its _hidden would be 0.0; keep"),
    (lambda: Network([Dense(3, 2), Times(np.ones(2))]), r"^network: Times\(.* Object of type nd"),
    (lambda: one(activation=other(ReLU)()), r"^network: Other\(.* loaded: 'relu' is another"),
    (lambda: one(init=other(Orthogonal)()), r"^network: Other\(.* 'orthogonal' is another"),
    (lambda: one(activation=other(Swish, "new")()), r"^activation: .*class: ACTIVATIONS\['new'\]"),
    (lambda: one(init=other(Zeros, "new")()), r"^init: .* class: INITIALIZERS\['new'\] = ...$"),
    (lambda: one(bias_init=other(Zeros, "new")()), r"^bias_init: .*class: INITIALIZERS\['new'\]"),
]


@pytest.mark.parametrize(("make", "problem"), UNSAVABLE)
def test_what_could_not_be_loaded_is_not_saved(path, monkeypatch, make, problem):
    for kind in (Leaky, Twice, Mapped):
        monkeypatch.setitem(ACTIVATIONS, kind.name, kind)
    monkeypatch.setitem(LAYERS, "times", Times)
    with pytest.raises(ArgumentError, match=problem):
        save(make(), path)
    assert not path.exists()


def test_a_class_that_was_defined_again_is_saved(path, monkeypatch):
    """As in a cell of a notebook that was run twice."""
    network = user_defined(monkeypatch, Swish(2.0))
    again = type("Swish", (Activation,), {**vars(Swish)})
    monkeypatch.setitem(ACTIVATIONS, "swish", again)
    save(network, path)
    assert np.array_equal(load(path).predict(X), network.predict(X))


class Rows(Times):
    name = "rows"

    def __init__(self, *factors, scale=1.0, **others):
        self.factors, self.scale, self.others = factors, scale, others
        self.factor = scale * np.prod(factors)

    def config(self):
        return {"layer": self.name, "scale": self.factor}


def test_arguments_without_names_are_refused_unless_config_has_them(path, monkeypatch):
    monkeypatch.setitem(LAYERS, "rows", Rows)
    network = Network([Dense(3, 2), Rows(5.0, 0.25)])
    save(network, path)
    assert np.array_equal(load(path).predict(X), network.predict(X))
    monkeypatch.delattr(Rows, "config")
    with pytest.raises(ArgumentError, match=r"its factors would be \(\); .* a method `config`"):
        save(network, path)
    save(Network([Dense(3, 2), Rows()]), path)


def test_a_missing_file_is_an_error(path):
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors: there is no such file"):
        load(path)
    with pytest.raises(FileNotFoundError, match=r": there is no model\.safetensors$"):
        load(path.parent)
    with pytest.raises(FileNotFoundError, match=f"^{os.devnull}: is not an ordinary file$"):
        load(os.devnull)


@pytest.mark.case(183)
def test_the_folder_of_a_run_is_loaded_as_its_model(path, tmp_path):
    """A link to the folder of the model in use, as every command takes it."""
    run = tmp_path / "runs" / "week1"
    run.mkdir(parents=True)
    save(Network.dense([3, 2], seed=4), run / "model.safetensors")
    current = tmp_path / "current"
    current.symlink_to(run)
    for folder in (run, str(current)):
        for network in (load(folder), load(folder, Network)):
            assert np.array_equal(network.predict(X), load(run / path.name).predict(X))
    with pytest.raises(ModelFileError, match="holds no preprocessing"):
        load(current, Predictor)


@pytest.mark.case(53, 54)
@pytest.mark.promise(9)
@pytest.mark.integration
def test_truncations_and_bytes_after_the_end_are_refused(saved):
    data = saved.read_bytes()
    for wrong in (*(data[:length] for length in range(0, len(data), 7)), data[:-1], data + b"\0"):
        saved.write_bytes(wrong)
        with pytest.raises(ModelFileError, match=r"model\.safetensors: ") as caught:
            load(saved)
    assert "its arrays do not fill it" in str(caught.value)


@pytest.mark.case(56)
@pytest.mark.parametrize(
    ("parameters", "statistics"),
    [([4, 16], [16, 16]), ([0, 12], [16, 16]), ([0, 12], [8, 8]), ([0, 12], [0, 12]),
     ([0, 8], [12, 12]), ([12, 0], [12, 12]), ([-4, 8], [8, 12]), ([0, 2**63], [12, 12])],
)  # fmt: skip
def test_gaps_and_overlaps_with_a_valid_checksum_are_refused(saved, parameters, statistics):
    header, description, numbers = unpacked(saved.read_bytes())
    header["parameters"]["data_offsets"] = parameters
    header["statistics"]["data_offsets"] = statistics
    numbers = numbers.ljust(max(parameters[1] % 2**20, 12), b"\0")
    saved.write_bytes(repacked(header, description, numbers))
    with pytest.raises(ModelFileError, match="damaged"):
        load(saved)


LISTENED = """
import sys
import numpy as np
from barenet import Predictor, load
load(sys.argv[1])  # what is imported on the way is there now
heard = []
sys.addaudithook(lambda event, _: heard.append(event))
load(sys.argv[1])
events = set(heard)
bad = {"pickle.find_class", "exec", "marshal.loads", "os.system", "subprocess.Popen"}
print(sorted(events & bad), "open" in events)
"""


@pytest.mark.promise(8)
@pytest.mark.integration
def test_loading_runs_no_code_and_unpickles_nothing(path):
    """By the audit events of Python itself."""
    save(learned(), path)
    command = [sys.executable, "-c", LISTENED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[] True\n"


class Hostile:
    """An object that writes a file when it is unpickled."""

    def __reduce__(self):
        return open, ("ran", "w")


def onnx_of(place):
    """A model of ONNX whose weights are in another file."""
    onnx = pytest.importorskip("onnx", reason="the hostile file is made with it")
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[2], data_location=1)
    tensor.external_data.add(key="location", value=place)
    graph = onnx.GraphProto(name="g", initializer=[tensor])
    return onnx.ModelProto(graph=graph).SerializeToString()


OTHERS = [
    lambda: pickle.dumps(Hostile()),
    *(lambda place=place: onnx_of(place) for place in ("../secret", "/etc/passwd")),
    *(
        lambda length=length, header=header: struct.pack("<Q", length) + header
        for length in (2**64 - 1, 2**40, 100_000_000, 2**20, 1000, 3, 1, 0)
        for header in (b"", b"{}", b"{" + b" " * 1000, b"[" * 1000)
    ),
]


@pytest.mark.case(55, 60, 61)
@pytest.mark.promise(8)
@pytest.mark.parametrize("make", OTHERS)
def test_other_files_are_refused_and_not_run(path, monkeypatch, make):
    """Headers of any claimed length, a pickle, and paths in a model of ONNX, which none follows."""
    monkeypatch.chdir(path.parent)
    path.write_bytes(make())
    for expected in (None, Predictor, Network):
        with pytest.raises(ModelFileError, match="not a model file, or a damaged one"):
            load(path, expected)
    assert [*path.parent.iterdir()] == [path]


DENSE = {"layer": "dense", "n_in": 2, "n_out": 1}


@pytest.mark.case(106)
@pytest.mark.parametrize("checksum", ["a" * 400, "", 7, None, "0" * 64, "A" * 64])
def test_an_invalid_checksum_is_refused(saved, checksum):
    header, description, numbers = unpacked(saved.read_bytes())
    text = json.dumps(description | {"sha256": checksum})
    header["__metadata__"]["barenet"] = text
    saved.write_bytes(packed(json.dumps(header), numbers))
    with pytest.raises(ModelFileError, match="its checksum does not match"):
        load(saved)


@pytest.mark.case(106)
def test_loading_draws_no_initial_weights(path, monkeypatch):
    """An orthogonal matrix of 16 MB takes seconds, and would be replaced at once."""
    network = Network.dense([2, 1])
    save(network, path)
    rewrite(path, network={"layers": [{**DENSE, "bias_init": "normal:std=1e300"}]})
    monkeypatch.setattr(Network, "initialize", None)
    assert np.array_equal(load(path).parameters, network.parameters)


@pytest.mark.case(107)
def test_a_negative_variance_is_refused(path):
    network = Network([Dense(2, 3), BatchNorm(3)])
    save(network, path)
    statistics = np.array([-1, 0, 1, 1, -1e-6, 1], np.float32)
    rewrite(path, statistics=statistics)
    with pytest.raises(ModelFileError, match=r"a variance of BatchNorm\(n_in=3.* is negative"):
        load(path)
    network.statistics[:] = statistics
    with pytest.raises(ValueError, match="is negative"):
        save(network, path)


@pytest.mark.case(178, 198)
@pytest.mark.parametrize("name", ["A.PT", "a.safetensors.gz", "a.onnx"])
def test_another_suffix_is_refused(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(ArgumentError, match=r"^path: expected the suffix \.safetensors or none"):
        save(Network.dense([2, 3, 1]), path)
    assert not path.exists()


@pytest.mark.parametrize("name", ["a", "a.safetensors", "A.SAFETENSORS", "a.v2.safetensors"])
def test_other_names_of_model_files_are_taken(tmp_path, name):
    network = Network.dense([2, 3, 1])
    save(network, tmp_path / name)
    assert (load(tmp_path / name).parameters == network.parameters).all()


def test_load_returns_the_expected_class_or_names_the_problem(tmp_path):
    one = tmp_path / "one.safetensors"
    several = tmp_path / "several.safetensors"
    save(Network.dense([2, 1]), one)
    save(Ensemble([Network.dense([2, 1]), Network.dense([2, 1], seed=1)]), several)
    assert isinstance(load(one, Network), Network)
    assert isinstance(load(several, Ensemble), Ensemble)
    with pytest.raises(ModelFileError, match="holds several networks, expected one; train one"):
        load(several, Network)
    with pytest.raises(ModelFileError, match="holds one network, expected an ensemble"):
        load(one, Ensemble)
    with pytest.raises(ArgumentError, match="expected: expected Predictor, Network or Ensemble"):
        load(one, dict)
