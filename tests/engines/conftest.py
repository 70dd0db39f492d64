"""Jobs for engines, and the comparison of another engine with the reference."""

from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
import pytest

from barenet import Network
from barenet.engines import CompiledEngine, Job, ReferenceEngine
from barenet.engines.simd._calls import invoke
from barenet.model._array_dataset import validate_arrays
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import as_optimizer

TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


@pytest.fixture(scope="session")
def call() -> Callable[..., None]:
    """Call the function at an address, with the addresses of two records, and two numbers."""

    @nb.njit(nogil=True)
    def call_function(function, step, operands, start, stop):
        invoke(function, step, operands, start, stop)

    return call_function


@pytest.fixture(scope="session")
def make_job() -> Callable[..., Job]:
    """Make a job for a network; X and y are random where they are not given."""

    def make(
        network: Network, X: Any = None, y: Any = None, *, loss: Any = None, n_rows: int = 20,
        optimizer: Any = "sgd", sample_weight: Any = None, **settings: Any,
    ) -> Job:  # fmt: skip
        rng, loss = np.random.default_rng(1), as_loss(loss, network.output_activation)
        X = rng.normal(size=(n_rows, network.n_inputs)) if X is None else X
        y = (
            targets_for(loss.name, X.shape[0], network.n_outputs // loss.outputs_per_target)
            if y is None
            else y
        )
        rows = validate_arrays(network, loss, X, y, sample_weight)
        rule = as_optimizer(optimizer)
        return Job(network=network, rows=rows, loss=loss, optimizer=rule, seed=5, **settings)

    return make


def targets_for(loss: str, n_rows: int, n_outputs: int) -> Any:
    rng = np.random.default_rng(2)
    if loss.startswith("categorical"):
        return np.eye(n_outputs)[rng.integers(n_outputs, size=n_rows)]
    if loss.startswith("binary") or loss in ("poisson", "tweedie"):
        return rng.integers(2, size=(n_rows, n_outputs))
    if loss == "gamma":
        return rng.gamma(2.0, size=(n_rows, n_outputs))
    return rng.normal(size=(n_rows, n_outputs))


@pytest.fixture(scope="session")
def assert_engines_agree(make_job) -> Callable[..., None]:
    """Compare gradients, steps with a last batch that is smaller, and outputs."""

    def check(
        make_network: Callable[[], Network], batch_size: int = 8, weighted: bool = False,
        n_rows: int = 37, engine: Any = CompiledEngine, **settings: Any,
    ) -> None:  # fmt: skip
        rng = np.random.default_rng(3)
        weight = rng.random(n_rows) * (rng.random(n_rows) > 0.2) if weighted else None
        settings |= {"sample_weight": weight, "n_rows": n_rows}
        jobs = [make_job(make_network(), **settings) for _ in range(2)]
        expected = results_of(ReferenceEngine(jobs[0]), batch_size)
        found = results_of(engine(jobs[1]), batch_size)
        for one, other in zip(expected, found, strict=True):
            assert one.dtype == other.dtype
            scale = np.abs(one).max(initial=1e-3) * TOLERANCE[jobs[0].network.dtype.name]
            np.testing.assert_allclose(other, one, rtol=0, atol=scale)

    return check


def results_of(engine: ReferenceEngine, batch_size: int) -> list[Any]:
    job, network = engine.job, engine.job.network
    before = [*engine.value_and_gradient(), *engine.evaluate(job.rows)]
    order = np.random.default_rng(4).permutation(len(job.rows.X))
    rates = np.full(-(-len(order) // batch_size), 0.001)
    reports = [engine.run([order], batch_size, rates, visit * len(rates)) for visit in range(2)]
    curves = (np.concatenate(each) for each in zip(*reports, strict=True))
    changed = [network.parameters, network.statistics, *job.optimizer.moments.values()]
    return list(map(np.asarray, (*before, *curves, *changed, engine.evaluate(job.rows)[1])))
