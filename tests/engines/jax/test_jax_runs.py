"""Whole runs of the JAX engine: bits, programs, random numbers, and the user's own JAX."""

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from barenet import Network, cross_validate, train
from barenet.callbacks import EarlyStopping
from barenet.engines.jax import _jax_engine
from barenet.engines.jax._device_rows import DeviceRows
from barenet.engines.jax._jax_engine import PROGRAMS, JaxEngine
from barenet.engines.jax._jax_layers import integers
from barenet.engines.jax._jax_library import settings
from barenet.estimators import MLPClassifier
from barenet.layers import BatchNorm, Dense, Dropout
from barenet.model._randomness import uniforms
from barenet.training import _epoch

jax = pytest.importorskip("jax", reason="JAX is not installed: make test-jax")

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 5)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype(int)


def make_network(seed=1, dtype="float32"):
    layers = [Dense(5, 12, "tanh"), BatchNorm(12), Dropout(0.2), Dense(12, 2, "softmax")]
    return Network(layers, seed=seed, dtype=dtype)


def test_a_run_in_other_chunks_ends_with_the_same_bits(make_job):
    """A resumed run may have other chunks than one without an interruption."""
    orders = [np.random.default_rng(epoch).permutation(20) for epoch in range(12)]
    rates = np.full(12 * 3, 0.01)
    whole = make_job(make_network(), X[:20], y[:20], optimizer="adam:average=0.9")
    all_losses, all_norms = JaxEngine(whole).run(orders, 8, rates, 0)
    single = make_job(make_network(), X[:20], y[:20], optimizer="adam:average=0.9")
    engine = JaxEngine(single)
    losses = []
    norms = []
    for step in range(36):
        epoch, batch = divmod(step, 3)
        order = orders[epoch][batch * 8 : batch * 8 + 8]
        result = engine.run([order], 8, rates[:1], step)
        losses.append(result.losses[0])
        norms.append(result.gradient_norms[0])
    assert losses == all_losses.tolist()
    assert norms == all_norms.tolist()
    assert whole.network.parameters.tobytes() == single.network.parameters.tobytes()
    assert whole.network.statistics.tobytes() == single.network.statistics.tobytes()
    for name, moment in whole.optimizer.moments.items():
        assert moment.tobytes() == single.optimizer.moments[name].tobytes()


def test_a_checkpoint_names_the_precision_and_the_device(tmp_path, refused):
    file = tmp_path / "run.safetensors"
    options = {"epochs": 2, "checkpoint": file, "batch_size": 16}
    stop = {"callbacks": lambda run: run.stop("interrupted", resumable=True)}
    history = train(make_network(), X, y, engine="jax:precision=tf32", **stop, **options)
    assert history.engine == "jax:precision=tf32"
    with pytest.raises(ValueError, match="engine was jax:precision=tf32, and is jax"):
        train(make_network(), X, y, engine="jax", resume=True, **options)


def test_early_stopping_restores_the_epoch_of_the_reference():
    histories = []
    for engine in ("reference", "jax"):
        network = Network.dense([5, 16, 2], output="softmax", seed=3, dtype="float64")
        histories.append(
            train(
                network, X[:60], y[:60], validation_data=(X[60:], y[60:]), metrics="accuracy",
                optimizer="adam:learning_rate=0.05", epochs=60, engine=engine,
                callbacks=EarlyStopping(patience=5),
            )
        )  # fmt: skip
    expected, history = histories
    assert history.best_epoch == expected.best_epoch
    assert history.engine == "jax"
    for name in ("loss", "validation_loss", "validation_accuracy", "gradient_norm"):
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-9)


def test_rows_of_other_types_are_converted_in_the_batch():
    images = rng.integers(0, 256, size=(40, 5)).astype("uint8")
    networks = []
    for engine in ("reference", "jax"):
        network = Network.dense([5, 4, 1], seed=0)
        weight = np.arange(20)
        options = {"scale": 1 / 255, "epochs": 3, "sample_weight": weight, "engine": engine}
        train(network, images[::2], images[::2, 0] / 255, **options)
        networks.append(network)
    np.testing.assert_allclose(networks[1].parameters, networks[0].parameters, atol=1e-5)


def test_a_sparse_matrix_is_made_dense():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_array(np.where(X > 0.5, X, 0))
    networks = []
    for engine in ("compiled", "jax"):
        network = Network.dense([5, 4, 2], output="softmax", seed=0)
        train(network, matrix, y, epochs=3, engine=engine)
        networks.append(network)
    np.testing.assert_allclose(networks[1].parameters, networks[0].parameters, atol=1e-5)


def test_the_masks_of_dropout_are_those_of_the_reference():
    with settings():
        numbers = np.asarray(integers(np.uint64(2**63 + 12345), (50, 7)))
    expected = uniforms(2**63 + 12345, (50, 7))
    assert np.array_equal(numbers * 2.0**-53, expected)


def test_the_norm_of_a_gradient_that_overflows(make_job):
    network = Network([Dense(1, 1)], dtype="float32")
    network.parameters[:] = [1e30, 0]
    job = make_job(network, [[1.0]], [0.0])
    result = JaxEngine(job).run([np.array([0])], 1, np.array([1e-40]), 0)
    assert result.gradient_norms[0] == pytest.approx(np.sqrt(2) * 1e30, rel=1e-6)


def test_another_rate_needs_no_other_program():
    options = {"epochs": 2, "batch_size": 16, "engine": "jax"}
    penalties = {"penalty": "l2:strength=0.1", "optimizer": "adam:learning_rate=0.1,beta1=0.5"}
    train(make_network(), X, y, **penalties, **options)
    before = {key: program._cache_size() for key, program in PROGRAMS.items()}
    train(
        make_network(seed=5), X, y, optimizer="adam", seed=7, penalty="l2:strength=0.2", **options
    )
    assert {key: program._cache_size() for key, program in PROGRAMS.items()} == before


def test_another_precision_needs_another_program():
    sizes = []
    for precision in ("exact", "tf32", "exact"):
        train(make_network(), X, y, epochs=1, batch_size=15, engine=f"jax:precision={precision}")
        sizes.append(sum(program._cache_size() for program in PROGRAMS.values()))
    assert sizes[0] < sizes[1] == sizes[2]


def test_the_programs_of_old_structures_are_dropped(monkeypatch):
    monkeypatch.setattr(_jax_engine, "PROGRAMS", {})
    monkeypatch.setattr(_jax_engine, "MOST_PROGRAMS", 2)
    for width in (2, 3):
        train(Network.dense([5, width, 2], output="softmax"), X, y, epochs=1, engine="jax")
    structures = {structure for _, structure in _jax_engine.PROGRAMS}
    assert len(_jax_engine.PROGRAMS) == 2 and len(structures) == 1


def test_rows_that_are_measured_in_blocks_are_sent_once(monkeypatch):
    sent, send = [], DeviceRows._send
    monkeypatch.setattr(DeviceRows, "_send", lambda self, rows: sent.append(1) or send(self, rows))
    monkeypatch.setattr(_epoch, "MAX_MULTIPLICATIONS", 1)
    monkeypatch.setattr(_epoch, "ROW_MULTIPLE", 16)
    weight = np.arange(90.0)
    options = {"sample_weight": weight, "metrics": "accuracy", "epochs": 2, "engine": "jax"}
    history = train(make_network(), X, y, validation_data=(X[:80], y[:80]), **options)
    assert len(sent) == 2
    monkeypatch.undo()
    whole = train(make_network(), X, y, validation_data=(X[:80], y[:80]), **options)
    for name in ("accuracy", "validation_loss"):
        assert history[name] == pytest.approx(whole[name], rel=1e-6)


@pytest.mark.integration
def test_jax_keeps_programs_on_disk_if_its_cache_has_a_folder(tmp_path):
    code = (
        "import barenet; barenet.train(barenet.Network.dense([1, 1]), [[1.0]], [2.0], engine='jax')"
    )
    environment = {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    files = []
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        files.append({file.name for file in tmp_path.glob("jit_learn-*-cache")})
    assert len(files[0]) == 1
    assert files[1] == files[0]


def test_the_settings_of_the_users_jax_stay_as_they_are():
    before = dict(jax.config.values)
    train(make_network(dtype="float64"), X, y, epochs=1, engine="jax")
    assert dict(jax.config.values) == before
    assert jax.numpy.arange(3).dtype == np.int32


def test_cross_validation_and_estimators_take_the_engine():
    scores = cross_validate(make_network(), X, y, cv=3, epochs=2, engine="jax")
    assert np.isfinite(scores["test_loss"]).all()
    classifier = MLPClassifier((4,), engine="jax", max_iter=3)
    with pytest.warns(ConvergenceWarning):
        classifier.fit(X, y)
    assert classifier.history_.engine == "jax"
    assert classifier.predict(X).shape == (90,)


def test_a_variable_that_hides_all_devices_is_named():
    code = (
        "import barenet; barenet.train(barenet.Network.dense([1, 1]), [[1.0]], [2.0], engine='jax')"
    )
    environment = {**os.environ, "JAX_PLATFORMS": "cuda", "CUDA_VISIBLE_DEVICES": ""}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    *_, last = result.stderr.strip().splitlines()
    assert last.startswith("barenet.errors.ArgumentError: engine: JAX finds no device with JAX_")
    assert "leave JAX_PLATFORMS unset" in last


def test_the_command_names_the_device_before_the_training(tmp_path):
    command = [sys.executable, "-m", "barenet", "train", "iris", "--engine", "jax", "--epochs", "1"]
    command += ["--out", str(tmp_path / "run")]
    output = subprocess.check_output(command, stderr=subprocess.STDOUT, text=True)
    device = jax.devices()[0].device_kind
    assert output.index(f"training with JAX on this device: {device}") < output.index("epoch 1")
