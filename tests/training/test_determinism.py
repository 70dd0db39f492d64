"""Determinism: a seed decides every bit, in any process, with any threads and chunks."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from barenet import Network, train
from barenet.engines import _threads as cores
from barenet.layers import BatchNorm, Dense, Dropout
from barenet.training import _loop as loop

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 300)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype(int)

SCRIPT = """
import hashlib, sys
import numpy as np
from barenet import MLPClassifier, Network, train
X = np.random.default_rng(0).normal(size=(60, 5)).astype("float32")
Y = (X[:, 0] > 0).astype(int)
for engine in ("reference", "compiled"):
    network = Network.dense([5, 9, 2], output="softmax", dropout=0.2, seed=3)
    history = train(
        network, X, Y, epochs=4, engine=engine, metrics={"accuracy"}, seed=7, threads=1,
        penalty=["l1:strength=1e-4", "l2:strength=1e-4"], validation_data=(X[:9], Y[:9]),
    )
    numbers = [network.parameters.tobytes(), repr(history.loss + history.validation_loss).encode()]
    print(engine, hashlib.sha256(b"".join(numbers)).hexdigest())
model = MLPClassifier((6,), max_iter=4, random_state=0, early_stopping=True).fit(X, Y.astype(str))
print("estimator", hashlib.sha256(model.network_.parameters.tobytes()).hexdigest())
"""


def learn(n_inputs=20, **more):
    """Train a network that is large enough for several threads to have rows and tiles."""
    hidden = [Dense(n_inputs, 130), BatchNorm(130), Dropout(0.3), Dense(130, 70)]
    network = Network([*hidden, Dense(70, 2, "softmax")], seed=1)
    settings = {"epochs": 2, "batch_size": 64, "seed": 5, **more}
    history = train(network, X[:, :n_inputs], Y, **settings)
    measured = repr([history.loss, history["gradient_norm"]]).encode()
    vectors = network.parameters.tobytes() + network.statistics.tobytes()
    return hashlib.sha256(vectors + measured).hexdigest()


@pytest.fixture
def four_cores(monkeypatch):
    """As many threads as are asked for, also on a machine that has fewer cores."""
    monkeypatch.setattr(cores, "allowed_cores", lambda: 4)


RUNS = [3, pytest.param(100, marks=pytest.mark.slow)]


@pytest.mark.promise(6)
@pytest.mark.parametrize("n_runs", RUNS)
@pytest.mark.parametrize("n_inputs", [20, 300])  # the wide ones are taken in parts
def test_a_hundred_runs_on_one_two_and_four_threads_give_the_same_bits(
    n_inputs, n_runs, four_cores
):
    runs = {
        threads: {learn(n_inputs, threads=threads) for _ in range(n_runs)} for threads in (1, 2, 4)
    }
    assert len(set.union(*runs.values())) == 1


@pytest.mark.promise(6)
@pytest.mark.parametrize("n_runs", RUNS)
def test_a_hundred_runs_of_the_reference_give_the_same_bits(n_runs):
    found = {learn(engine="reference", epochs=1) for _ in range(n_runs)}
    assert len(found) == 1 and learn(engine="reference", epochs=1, seed=6) not in found


@pytest.mark.case(95)
@pytest.mark.integration
def test_another_process_with_other_hashes_gets_the_same_bits():
    """Sets have another order there, and nothing may depend on it."""
    outputs = set()
    for hash_seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0 and done.stdout.count("\n") == 3, done.stderr
        outputs.add(done.stdout)
    assert len(outputs) == 1


@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize("optimizer", ["adam:average=0.9", "muon"])
def test_bits_do_not_depend_on_chunk_lengths(engine, optimizer, monkeypatch):
    """The lengths depend on the clock."""
    more = {"engine": engine, "optimizer": optimizer, "batch_size": 16, "epochs": 1}
    found = set()
    for seconds in (0, 1e-3, 10):
        monkeypatch.setattr(loop, "CHUNK_SECONDS", seconds)
        found.add(learn(**more))
    assert len(found) == 1
