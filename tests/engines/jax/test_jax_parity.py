"""The JAX engine against the reference, and both against figures from elsewhere.

The registries are swept, so an entry that is added is compared, or refused and so seen. Each
program takes a second to compile, so several activations share a network, and only what differs
is computed.
"""

from functools import partial

import numpy as np
import pytest

from barenet import Network
from barenet.activations import ACTIVATIONS
from barenet.engines import JaxEngine, ReferenceEngine
from barenet.engines.jax._jax_library import settings
from barenet.engines.jax._printed_functions import update_rule
from barenet.layers import LAYERS, ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm, PReLU
from barenet.losses import LOSSES
from barenet.model._parameter_limits import ParameterLimits
from barenet.optimization.optimizers import as_optimizer
from barenet.optimizers import OPTIMIZERS, ClipNorm, ClipValue
from barenet.penalties import L1, L2

jax = pytest.importorskip("jax", reason="JAX is not installed: make test-jax")

#: They alternate where a product of other parameters is swept.
DTYPES = ("float32", "float64")
STEPPING = [*sorted(set(OPTIMIZERS) - {"lbfgs"}), "adam:epsilon=0.1,epsilon_hat=0.2"]
STEPPING += ["sgd:average=0.8", "adam:average=0.5", "muon:average=0.9"]


@pytest.fixture
def assert_jax_agrees(assert_engines_agree):
    return partial(assert_engines_agree, engine=JaxEngine)


def every_layer(dtype):
    layers = [
        LayerNorm(5), Dense(5, 18, "relu"), BatchNorm(18), ActivationLayer("silu"), Dropout(0.3),
        LayerNorm(18), Dense(18, 33, "gelu"), BatchNorm(33), PReLU(33), Dropout(0.1),
        Dense(33, 3, "softmax"),
    ]  # fmt: skip
    return Network(layers, seed=1, dtype=dtype)


def assert_same_gradients(make_job, make_network, **settings):
    """Compare the loss and its gradient."""
    found = []
    for engine in (ReferenceEngine, JaxEngine):
        job = make_job(make_network(), **settings)
        found.append(engine(job).value_and_gradient())
    (expected_loss, expected), (loss, gradient) = found
    tolerance = {"float32": 1e-4, "float64": 1e-10}[gradient.dtype.name]
    assert loss == pytest.approx(expected_loss, rel=tolerance)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=tolerance * scale)


def assert_same_steps(make_job, make_network, **settings):
    """Compare the losses and the vectors of two batches."""
    found = []
    for engine in (ReferenceEngine, JaxEngine):
        job = make_job(make_network(), **settings)
        running = engine(job)
        order = np.arange(20)
        report = running.run([order], 10, np.full(2, 0.001), 0)
        moments = job.optimizer.moments.values()
        found.append([job.network.parameters, *moments, *report])
    for expected, seen in zip(*found, strict=True):
        tolerance = {"float32": 1e-4, "float64": 1e-10}[job.network.dtype.name]
        scale = np.abs(expected).max(initial=1e-3)
        np.testing.assert_allclose(seen, expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize(
    ("batch_size", "dtype"),
    [(8, "float64"), pytest.param(1, "float32", marks=pytest.mark.slow)],
)
def test_every_layer_agrees(batch_size, dtype, assert_jax_agrees):
    assert {layer.name for layer in every_layer(dtype).layers} == set(LAYERS)
    assert_jax_agrees(partial(every_layer, dtype), batch_size, optimizer="momentum")


@pytest.mark.parametrize("first", range(0, len(ACTIVATIONS), 5))
def test_every_activation_agrees(first, make_job):
    """One layer has each of five activations."""
    names = list(ACTIVATIONS)[first : first + 5]

    def make():
        layers = [Dense(6, 6, name) for name in names]
        return Network([*layers, Dense(6, 3)], seed=1, dtype=DTYPES[first % 2])

    assert_same_gradients(make_job, make, loss="squared_error")


PAIRS = [("quantile:levels=[0.1,0.5,0.6]", "ascending"), ("categorical_focal:gamma=0", "softmax")]
for loss_name, loss_class in LOSSES.items():
    outputs = loss_class.on_logits or loss_class.activations or ("identity",)
    PAIRS += [(loss_name, output_name) for output_name in outputs]


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_every_loss_agrees_on_every_output(loss, output, make_job):
    dtype = DTYPES[PAIRS.index((loss, output)) % 2]
    n_out = 4 if loss == "gaussian_nll" else 3
    make = partial(Network.dense, [5, n_out], output=output, dtype=dtype, seed=1)
    assert_same_gradients(make_job, make, loss=loss, sample_weight=np.arange(20.0))


SETTINGS = {
    "plain": {},
    "penalties": {"penalties": [L2([0.1]), L1(0.01)]},
    "norm": {
        "clipping": ClipNorm(0.1),
        "penalties": [L2(0.3, normalize_by_batch=True), L1(0.2, normalize_by_batch=True)],
    },
    "value": {"clipping": ClipValue(0.01)},
}


@pytest.mark.parametrize("name", STEPPING)
def test_every_optimizer_agrees(name, make_job):
    """Each with one of the settings."""
    number = STEPPING.index(name)
    settings = list(SETTINGS.values())[number % len(SETTINGS)]
    make = partial(Network.dense, [5, 4], seed=1, dtype=DTYPES[number % 2])
    weight = np.arange(20.0)
    assert_same_steps(make_job, make, optimizer=name, sample_weight=weight, **settings)


def test_limits_of_the_parameters_agree(make_job):
    def make():
        network = Network.dense([5, 4], seed=1, dtype="float64")
        limit = np.full(network.n_parameters, 0.05)
        network._limits = ParameterLimits(-limit, limit)
        return network

    assert_same_steps(make_job, make, optimizer="adam")


@pytest.mark.parametrize(
    ("loss", "output", "y"), [("categorical_cross_entropy", "softmax", "classes")]
)
def test_the_loss_and_its_gradient_agree_with_pytorch(pytorch, loss, output, y, make_job):
    """PyTorch's weights are (out, in), so here they are transposed, and so are their gradients."""
    figures = pytorch["network"]
    network = Network([Dense(3, 4, "tanh"), LayerNorm(4), Dense(4, 3, output)], dtype="float64")

    def flat(arrays):
        modules = (0, 2, 3)  # its tanh is module 1
        parts = []
        for slot in network.layout.slots:
            kind = "bias" if slot.name == "bias" else "weight"
            parts.append(np.transpose(arrays[f"{modules[slot.layer]}.{kind}"]).ravel())
        return np.concatenate(parts)

    network.parameters[:] = flat(figures["parameters"])
    targets = np.array(figures[y])
    if y == "classes":
        targets = np.eye(3)[targets]
    job = make_job(network, np.array(figures["X"]), targets, loss=loss)
    value, gradient = JaxEngine(job).value_and_gradient()
    assert value == pytest.approx(figures[loss]["value"], rel=1e-12)
    np.testing.assert_allclose(gradient, flat(figures[loss]["gradients"]), rtol=1e-11, atol=1e-14)


def test_printed_steps_agree_with_pytorch(pytorch):
    figures = pytorch["optimizers"]
    hessian = np.array(figures["hessian"])
    for spec, path in figures["paths"].items():
        optimizer = as_optimizer(spec)
        if not optimizer.elementwise:
            continue
        rule = update_rule(type(optimizer))
        theta = np.array(figures["start"])
        moments = {name: np.zeros_like(theta) for name in optimizer.moment_names}
        points = []
        for _ in path:
            factors = rule.factors_of(optimizer, np.array([optimizer.learning_rate]))
            optimizer.n_steps += 1
            gradient = hessian @ (theta - figures["minimum"])
            with settings():
                theta, moments = rule.step(theta, moments, gradient, factors)
            theta = np.array(theta)
            points.append(theta)
        np.testing.assert_allclose(points, path, rtol=1e-12, atol=1e-14, err_msg=spec)
