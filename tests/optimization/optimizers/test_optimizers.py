"""Every optimizer in the registry, by PyTorch's path down a bowl; a user-defined one by hand."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from barenet.model._layout import Layout
from barenet.optimization.optimizers import as_optimizer
from barenet.optimizers import OPTIMIZERS, AdaGrad, Adam, Lion, Optimizer, RMSProp

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


def test_every_optimizer_is_compared_with_pytorch_or_by_hand(pytorch):
    tested = BY_HAND | {spec.partition(":")[0] for spec in pytorch["optimizers"]["paths"]}
    remedy = "add it to tests/oracles/make_pytorch.py, or test_<name>_…_by_hand"
    assert tested >= set(STEPPING), remedy


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
def test_zero_and_tiny_gradients(name):
    """Fault 89, and denormals: no division by nothing, and no step out of nothing."""
    dtype = "float32"
    optimizer = make(name)
    theta = np.ones(2, dtype)
    for gradient in (np.zeros(2, dtype), np.full(2, np.finfo(dtype).smallest_subnormal)):
        optimizer.step(theta, gradient)
    theta /= (1 - optimizer.learning_rate * getattr(optimizer, "weight_decay", 0)) ** 2
    np.testing.assert_allclose(theta, 1, atol=1e-3)
    empty = make(name)
    empty.step(np.zeros(0, dtype), np.zeros(0, dtype))


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


@pytest.mark.case(27)
@pytest.mark.parametrize("name", STEPPING)
def test_an_invalid_learning_rate_is_refused(name, refused):
    for rate in (-1, 0, float("nan"), float("inf"), "0.1", None, True):
        with refused("optimizer", "learning_rate"):
            OPTIMIZERS[name](learning_rate=rate)


def test_moments_are_not_settings():
    optimizer = Adam()
    optimizer.step(np.ones(2), np.ones(2))
    assert optimizer == Adam()
    assert repr(optimizer) == repr(Adam())
    assert all(issubclass(OPTIMIZERS[name], Optimizer) for name in STEPPING)


@dataclass
class Average(Optimizer):
    """A step against the average of all gradients so far."""

    name: ClassVar[str] = "average"
    moment_names: ClassVar[tuple[str, ...]] = ("total",)
    learning_rate: float = 0.5

    def update(self, parameters, gradient, rate):
        self.moments["total"] += gradient
        parameters -= rate * self.moments["total"] / self.n_steps


def test_a_user_defined_optimizer_keeps_its_moments():
    optimizer, theta = Average(), np.zeros(2, np.float32)
    optimizer.step(theta, np.array([1, 0], np.float32))
    assert theta.tolist() == [-0.5, 0]
    optimizer.step(theta, np.array([3, 2], np.float32), 0.25)
    assert theta.tolist() == [-1, -0.25]  # −½ − ¼ · 4/2, −¼ · 2/2
    assert optimizer.moments["total"].tolist() == [4, 2]
    assert optimizer.moments["total"].dtype == np.float32
    assert as_optimizer(optimizer) is optimizer


def steps(optimizer, gradients, start=0.0):
    """Where θ is after each step."""
    theta, points = np.array([start]), []
    for gradient in gradients:
        optimizer.step(theta, np.array([gradient]))
        points.append(theta[0])
    return points


def test_adam_in_the_efficient_form_of_the_paper():
    adam = Adam(learning_rate=1, beta1=0.5, beta2=0.75, epsilon=1e-300, epsilon_hat=1.5)
    # α₁ = √(1 − ¾) / (1 − ½) = 1, and the step is α₁ m / (√v + ε̂) = 1 / (1 + 1.5)
    assert steps(adam, [2.0]) == pytest.approx([-0.4])


def test_epsilon_is_outside_the_square_root():
    # η g / (√g² + ε) = 1 / (1 + 3): within the root it would be ½
    for optimizer in (AdaGrad(1, epsilon=3), RMSProp(1, decay=0, epsilon=3), Adam(1, epsilon=3)):
        assert steps(optimizer, [1.0]) == pytest.approx([-0.25])


def test_lion_takes_steps_of_one_length_by_hand():
    """The sign has the mean of before, which keeps 0.5, and the mean keeps 0.25."""
    theta, lion = np.array([1.0, 1.0, 1.0]), Lion(0.1, beta1=0.5, beta2=0.25)
    for gradient in ([4.0, -1e-9, 0.0], [-1.0, -1e-9, 0.0], [-4.0, -1e-9, 0.0]):
        lion.step(theta, np.array(gradient))
    # m is 3, 0, −3 times ...: 0.75 · 4 = 3; 0.25 · 3 − 0.75 = 0; and the signs are of 2, 1 and −2
    np.testing.assert_allclose(theta, [1 - 0.1 - 0.1 + 0.1, 1.3, 1], rtol=1e-12)
    np.testing.assert_allclose(lion.moments["mean"][0], -3, rtol=1e-12)
    decayed = Lion(0.1, weight_decay=0.5)
    decayed.step(theta := np.array([2.0]), np.array([0.0]))
    assert theta.tolist() == [2 * 0.95]
