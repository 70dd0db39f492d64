"""Every loss on every output that takes it, against 60 digits, for logits from −30 to 30.

The oracle is the definition of the loss in decimal arithmetic, and its central differences.
"""

from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import cache

import numpy as np
import pytest

from barenet import Network
from barenet.activations import ACTIVATIONS
from barenet.engines import CompiledEngine, Job, ReferenceEngine
from barenet.layers import Dense
from barenet.model._array_dataset import ArrayDataset
from barenet.model.losses import LOSSES, as_loss
from barenet.optimization.optimizers import SGD

LOGITS = (-30, -20, -9, -2, 0, 2, 9, 20, 30)
STEP = Decimal(10) ** -20

CASES = [
    (f"{name}{option}", output)
    for name, kind in LOSSES.items()
    if kind.outputs_per_target == 1
    for option in ((":gamma=0.5", ":gamma=2") if "focal" in name else ("",))
    for output in kind.on_logits or ("identity", "sigmoid", "softplus", "softmax", "exponential")
]


def rates(output: str, z: list[Decimal]) -> tuple[list[Decimal], list[Decimal]]:
    """The outputs, and what is left to 1."""
    powers = [each.exp() for each in z]
    if output == "softmax":
        total = sum(powers)
        return [e / total for e in powers], [(total - e) / total for e in powers]
    if output == "sigmoid":
        return [e / (1 + e) for e in powers], [1 / (1 + e) for e in powers]
    a = {"exponential": powers, "softplus": [(1 + e).ln() for e in powers], "identity": z}[output]
    return a, [1 - each for each in a]


def huber(a: Decimal, u: Decimal, y: Decimal, gamma: Decimal) -> Decimal:
    size = abs(a - y)
    if size <= 1:
        return size**2 / 2
    return size - Decimal("0.5")


def poisson(a: Decimal, u: Decimal, y: Decimal, gamma: Decimal) -> Decimal:
    if y == 0:
        return a
    return a - y - y * (a / y).ln()


def gamma_deviance(a: Decimal, u: Decimal, y: Decimal, gamma: Decimal) -> Decimal:
    return y / a - 1 - (y / a).ln()


def tweedie(a: Decimal, u: Decimal, y: Decimal, gamma: Decimal) -> Decimal:
    """Of the power 3/2: −4 √y + 2 y / √a + 2 √a."""
    return -4 * y.sqrt() + 2 * y / a.sqrt() + 2 * a.sqrt()


def binary(a: Decimal, u: Decimal, y: Decimal, gamma: Decimal) -> Decimal:
    return -y * u**gamma * a.ln() - (1 - y) * a**gamma * u.ln()


def categorical(a: Decimal, u: Decimal, y: Decimal, gamma: Decimal) -> Decimal:
    return -y * u**gamma * a.ln()


#: The definition of each loss of one output, from the output a, u = 1 − a, the target y and the
#: option gamma, which is 0 for losses without it. Other options have their defaults.
EXACT: dict[str, Callable[[Decimal, Decimal, Decimal, Decimal], Decimal]] = {
    "squared_error": lambda a, u, y, gamma: (a - y) ** 2 / 2,
    "absolute_error": lambda a, u, y, gamma: abs(a - y),
    "huber": huber,
    "quantile": lambda a, u, y, gamma: abs(a - y) / 2,
    "poisson": poisson,
    "gamma": gamma_deviance,
    "tweedie": tweedie,
    "binary_cross_entropy": binary,
    "binary_focal": binary,
    "categorical_cross_entropy": categorical,
    "categorical_focal": categorical,
}


def exact(spec: str, output: str, z: list[float], y: list[float]) -> tuple[float, list[float]]:
    """The loss of a row, and its derivatives by the logits."""
    name, _, option = spec.partition(":gamma=")
    assert name in EXACT, f"add {name} to EXACT in tests/model/losses/test_exact.py"
    targets, gamma = [*map(Decimal, y)], Decimal(option or 0)

    def loss(logits: list[Decimal]) -> Decimal:
        parts = zip(*rates(output, logits), targets, strict=True)
        return sum(EXACT[name](a, u, target, gamma) for a, u, target in parts)

    with localcontext(prec=60):
        here, slopes = [*map(Decimal, z)], []
        for at in range(len(z)):
            low, high = ([*here[:at], here[at] + h, *here[at + 1 :]] for h in (-STEP, STEP))
            slopes.append(float((loss(high) - loss(low)) / (2 * STEP)))
        return float(loss(here)), slopes


def rows_for(spec: str, output: str) -> tuple[np.ndarray, np.ndarray]:
    """Logits and targets: one output, or three for a softmax."""
    if output == "softmax":
        Z = np.array([[z, 0, 1.5] for z in LOGITS for _ in range(2)])
        return Z, np.array([[1.0, 0, 0], [0, 1, 0]] * len(LOGITS))
    targets = (0.25, 1) if "_cross" in spec or "focal" in spec else (0.25, 3)
    return np.repeat(LOGITS, 2)[:, None].astype(float), np.array(targets * len(LOGITS))[:, None]


@cache
def expected(spec: str, output: str) -> tuple[float, np.ndarray]:
    """The mean loss of the rows, and the derivative of each."""
    Z, Y = rows_for(spec, output)
    pairs = [exact(spec, output, z, y) for z, y in zip(Z.tolist(), Y.tolist(), strict=True)]
    return np.mean([value for value, _ in pairs]), np.array([slopes for _, slopes in pairs])


@pytest.mark.case(113)
@pytest.mark.parametrize(("spec", "output"), CASES)
def test_every_loss_agrees_on_every_output_on_both_engines(spec, output):
    """In one precision each: that they agree in both is tested with the engines."""
    assert_exact(spec, output, ReferenceEngine, "float64")
    assert_exact(spec, output, CompiledEngine, "float32")


def assert_exact(spec, output, engine, dtype):
    """Weights that are the logits, and rows of the identity: a gradient for each row."""
    Z, Y = rows_for(spec, output)
    n = len(Z)
    network = Network([Dense(n, Z.shape[1], output)], dtype=dtype)
    network.layers[0].weights, network.layers[0].bias = Z, np.zeros(Z.shape[1])
    rows = ArrayDataset(np.eye(n, dtype=dtype), Y.astype(dtype), None)
    loss = as_loss(spec, ACTIVATIONS[output]())
    job = Job(network=network, rows=rows, loss=loss, optimizer=SGD())
    value, gradient = engine(job).value_and_gradient()
    mean, slopes = expected(spec, output)
    found = gradient[: Z.size].reshape(Z.shape) * n
    precision = 2e-6 if dtype == "float32" else 1e-14
    assert value == pytest.approx(mean, rel=precision)
    np.testing.assert_allclose(found, slopes, rtol=precision, atol=precision)
