"""What the JAX engine refuses, with or without JAX: each in one line, with an engine that can."""

import numpy as np
import pytest
import scipy.sparse

from barenet import Network, train
from barenet.activations import ACTIVATIONS
from barenet.engines.jax import _jax_engine, _jax_library
from barenet.errors import ArgumentError, MissingExtraError
from barenet.layers import Dense
from barenet.streams._stream import stream

X = np.random.default_rng(0).normal(size=(12, 2))


class MyTanh(ACTIVATIONS["tanh"]):
    name = "mine"


def test_a_user_defined_part():
    network = Network([Dense(2, 3, MyTanh()), Dense(3, 1)])
    message = (
        r"^engine: jax cannot run this: MyTanh\(\) is user-defined, in NumPy; "
        "use engine='reference'$"
    )
    with pytest.raises(ArgumentError, match=message):
        train(network, X, X[:, 0], engine="jax")


def test_a_sparse_matrix_that_is_too_large(monkeypatch):
    monkeypatch.setattr(_jax_engine, "MOST_NUMBERS", 23)
    message = "X is sparse, and as a dense array on the device it would have 24 numbers"
    with pytest.raises(ArgumentError, match=f"{message}; use engine='compiled'"):
        train(Network.dense([2, 1]), scipy.sparse.csr_array(X), X[:, 0], engine="jax")


def test_a_stream(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("x,y\n" + "1.5,2.5\n2.5,0.5\n" * 20, "utf-8")
    rows = stream(file, "y")
    message = "jax cannot run this: rows in blocks are not in memory; use engine='compiled'"
    with pytest.raises(ArgumentError, match=message):
        train(Network.dense([rows.n_inputs, 1]), rows, engine="jax")


def test_a_missing_package_is_one_line_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.delitem(vars(_jax_library), "jax", raising=False)
    monkeypatch.setitem(_jax_library.MODULES, "jax", "barenet_has_no_such_module")
    message = r"^the engine 'jax' needs jax: pip install '.\[jax\]', in a copy of the repository$"
    with pytest.raises(MissingExtraError, match=message):
        train(Network.dense([2, 1]), X, X[:, 0], engine="jax")


@pytest.mark.parametrize("spec", ["jax:precision=half", "jax:precison=tf32", "compiled:threads=2"])
def test_an_option_that_does_not_exist(spec, refused):
    with refused("engine"):
        train(Network.dense([2, 1]), X, X[:, 0], engine=spec)
