"""Every optimizer in the registry: PyTorch's path down a bowl, precision, memory, settings."""

import copy
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from barenet.model._layout import Layout
from barenet.optimization.optimizers import OPTIMIZERS, Adam, Optimizer, as_optimizer

STEPPING = sorted(set(OPTIMIZERS) - {"lbfgs"})

#: Optimizers with a test of their steps by hand, called `test_<name>_…_by_hand`.
BY_HAND = {
    name
    for path in Path(__file__).parent.glob("test_*.py")
    for name in re.findall(r"(?m)^def test_([a-z]+)_.*_by_hand", path.read_text("utf-8"))
}


def make(name):
    """An optimizer for vectors without matrices, with which Muon is AdamW."""
    optimizer = OPTIMIZERS[name]()
    optimizer.layout = Layout([])
    return optimizer


def walk(optimizer, figures, rates=None, dtype="float64"):
    """Take ten steps down the figures' bowl ½ (θ − c)ᵀ H (θ − c)."""
    hessian, minimum = (np.array(figures[name], dtype) for name in ("hessian", "minimum"))
    theta = np.array(figures["start"], dtype)
    points = []
    for step in range(10):
        gradient = hessian @ (theta - minimum)
        optimizer.step(theta, gradient, *(() if rates is None else (rates[step],)))
        points.append(theta.copy())
    return np.array(points)


def test_steps_agree_with_pytorch(pytorch):
    """With a constant rate all agree, momentum too: there it is lr · v, here lr is inside of v."""
    figures = pytorch["optimizers"]
    for paths, rates in (("paths", None), ("paths_with_rates", figures["rates"])):
        for spec, path in figures[paths].items():
            points = walk(as_optimizer(spec), figures, rates)
            np.testing.assert_allclose(points, path, rtol=1e-12, atol=1e-14, err_msg=spec)
    missing = {*STEPPING} - BY_HAND - {spec.partition(":")[0] for spec in figures["paths"]}
    assert not missing, f"add {missing} to tests/oracles/make_pytorch.py, or test_<name>_…_by_hand"


@pytest.mark.parametrize("name", STEPPING)
def test_float32_steps_agree_and_stay_float32(name, pytorch):
    figures = pytorch["optimizers"]
    single, double = make(name), make(name)
    points = walk(single, figures, dtype="float32")
    assert points.dtype == np.float32
    assert all(moment.dtype == np.float32 for moment in single.moments.values())
    np.testing.assert_allclose(points, walk(double, figures), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", STEPPING)
def test_a_step_is_in_place_and_keeps_the_gradient(name):
    optimizer, gradient = make(name), np.array([1.0, -2.0])
    gradient.flags.writeable = False
    theta = np.array([1.0, 1.0])
    view = theta[:]
    optimizer.step(theta, gradient)
    assert np.shares_memory(view, theta)
    assert theta[0] < 1 < theta[1]
    assert optimizer.n_steps == 1


@pytest.mark.parametrize("name", STEPPING)
def test_zero_and_tiny_gradients(name, dtype):
    """Fault 89, and denormals: no division by nothing, and no step out of nothing."""
    optimizer = make(name)
    theta = np.ones(2, dtype)
    for gradient in (np.zeros(2, dtype), np.full(2, np.finfo(dtype).smallest_subnormal)):
        optimizer.step(theta, gradient)
    theta /= (1 - optimizer.learning_rate * getattr(optimizer, "weight_decay", 0)) ** 2
    np.testing.assert_allclose(theta, 1, atol=1e-3)
    empty = make(name)
    empty.step(np.zeros(0, dtype), np.zeros(0, dtype))


@pytest.mark.parametrize("name", STEPPING)
@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_a_copy_continues_from_the_same_state(name, twin_of, pytorch):
    figures = pytorch["optimizers"]
    optimizer = make(name)
    walk(optimizer, figures)
    twin = twin_of(optimizer)
    assert twin.n_steps == 10
    np.testing.assert_array_equal(walk(optimizer, figures), walk(twin, figures))


@pytest.mark.parametrize("name", STEPPING)
def test_reset_clears_the_state(name, pytorch):
    figures = pytorch["optimizers"]
    optimizer = make(name)
    first = walk(optimizer, figures)
    assert set(optimizer.moments) == set(optimizer.moment_names)
    optimizer.reset()
    assert (optimizer.n_steps, optimizer.moments) == (0, {})
    np.testing.assert_array_equal(walk(optimizer, figures), first)


@pytest.mark.parametrize("name", [name for name in STEPPING if OPTIMIZERS[name].moment_names])
def test_moments_of_another_length_are_refused(name):
    optimizer = make(name)
    optimizer.step(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match=r"^optimizer: it has moments of 3 .* has 2; use a new"):
        optimizer.step(np.ones(2), np.ones(2))
    assert optimizer.n_steps == 1


@pytest.mark.parametrize("rate", [-1, 0, float("nan"), float("inf"), "0.1", None, True])
@pytest.mark.parametrize("name", STEPPING)
def test_fault_27_an_invalid_learning_rate(name, rate):
    with pytest.raises(ValueError, match=r"^optimizer: .*learning_rate: expected a number above 0"):
        OPTIMIZERS[name](learning_rate=rate)


def test_moments_are_not_settings():
    optimizer = Adam()
    optimizer.step(np.ones(2), np.ones(2))
    assert optimizer == Adam()
    assert repr(optimizer) == repr(Adam())
    assert all(issubclass(OPTIMIZERS[name], Optimizer) for name in STEPPING)
