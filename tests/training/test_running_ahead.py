"""Several epochs in one call of an engine: the same results as one epoch at a time."""

import warnings

import numpy as np
import pytest

from barenet import Network, train
from barenet.callbacks import Callback, EarlyStopping
from barenet.engines import CompiledEngine
from barenet.engines.compiled import _program_pool
from barenet.engines.compiled._program_pool import POOL
from barenet.errors import DivergenceError
from barenet.optimizers import Adam

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4)).astype(np.float32)
Y = RNG.integers(0, 3, 50)


class Watch(Callback):
    """Looks at the network after each epoch, so epochs run one by one."""

    def on_epoch(self, run):
        pass


class StopAt(Callback):
    def __init__(self, epoch, history_only):
        self.epoch, self.history_only = epoch, history_only

    def on_epoch(self, run):
        assert len(run.history) == run.epoch
        if run.epoch == self.epoch:
            run.stop("reached")


def network(output="softmax", **options):
    return Network.dense([4, 6, 3], output=output, seed=1, **options)


def curves(history):
    return {name: curve for name, curve in history.curves.items() if name != "seconds"}


def outcome(settings, *callbacks, **options):
    """All that a run leaves: parameters, statistics, moments, curves, warnings or the error."""
    trained, optimizer = network(**options), Adam(learning_rate=0.01)
    settings = {"optimizer": optimizer, "epochs": 60, "batch_size": 16, "y": Y, **settings}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            history = train(trained, X, callbacks=callbacks, **settings)
            end = curves(history), history.stop_reason
        except DivergenceError as error:
            end = str(error), error.epoch, error.batch
    moments = [vector.tolist() for vector in optimizer.moments.values()]
    state = trained.parameters.tolist(), trained.statistics.tolist(), optimizer.n_steps, moments
    return repr((*state, end, [str(each.message) for each in caught]))  # NaN equals NaN


#: Arguments of `train`, alternately with and without dropout and batch norm.
CASES = [
    {},
    {"batch_size": 50, "optimizer": "sgd"},
    {"shuffle": False, "schedule": "cosine", "optimizer": "rmsprop"},
    {"sample_weight": np.linspace(0, 1, 50)},
    {"penalty": "l2:strength=0.1", "clip": "norm:limit=0.1", "batch_size": 7},
    {"schedule": "step:every=7"},
    {"optimizer": "sgd:average=0.9", "sample_weight": np.linspace(0, 1, 50)},
    {"optimizer": "muon", "clip": "value:limit=0.1"},
]


OPTIONS = [{"dropout": 0.3}, {"batch_norm": True}, {}]


@pytest.mark.parametrize(
    ("engine", "case", "options"),
    [
        *(("compiled", case, OPTIONS[i % 3]) for i, case in enumerate(CASES)),
        *(("reference", case, OPTIONS[i % 3]) for i, case in enumerate(CASES[4:7])),
        ("jax", CASES[6], {"batch_norm": True}),
    ],
)
def test_the_bits_are_those_of_one_epoch_at_a_time(engine, case, options):
    case = {"epochs": 25, "engine": engine, **case}
    one_by_one = outcome(case, Watch(), **options)
    assert outcome(case, **options) == one_by_one


@pytest.mark.parametrize("epoch", [1, 37, 60])
def test_a_callback_ends_the_run_at_its_epoch(epoch):
    one_by_one = outcome({}, StopAt(epoch, history_only=False))
    assert outcome({}, StopAt(epoch, history_only=True)) == one_by_one


@pytest.mark.parametrize(
    ("optimizer", "rate", "options"),
    [
        ("sgd", 0.6, {}),
        ("adam", 1e30, {"hidden": "identity"}),
        ("rmsprop", 0.01, {"batch_norm": True}),
        ("sgd", 1e30, {"batch_norm": True}),
    ],
)
def test_a_divergence_has_its_epoch_and_restores_the_one_before(optimizer, rate, options):
    for schedule in (None, "step:every=37,gamma=1e30"):  # from the beginning, or all of a sudden
        spec = f"{optimizer}:learning_rate={rate}"
        case = {"optimizer": spec, "y": X[:, :3], "schedule": schedule}
        one_by_one = outcome(case, Watch(), output="identity", **options)
        assert outcome(case, output="identity", **options) == one_by_one


class ShortChunks(Callback):
    def on_start(self, run):
        run.chunk_limit = 1


@pytest.mark.parametrize("measured", [{}, {"validation_data": (X[:20], Y[:20])}])
def test_warnings_do_not_depend_on_the_chunks(measured):
    case = {"optimizer": "sgd:learning_rate=100", "epochs": 40, **measured}
    batch_by_batch = outcome(case, ShortChunks())
    assert "the loss grew from" in batch_by_batch
    assert outcome(case, Watch()) == outcome(case) == batch_by_batch


@pytest.fixture
def calls(monkeypatch):
    """The calls of the compiled engine."""
    calls, run = [], CompiledEngine.run
    monkeypatch.setattr(
        CompiledEngine, "run", lambda self, *args: calls.append(args) or run(self, *args)
    )
    return calls


def test_short_epochs_share_calls(calls):
    train(network(), X, Y, epochs=300, engine="compiled")
    assert len(calls) < 150


@pytest.mark.parametrize(
    "options",
    [
        {"validation_data": (X, Y)},
        {"metrics": "accuracy"},
        {"callbacks": EarlyStopping("loss", patience=500)},
    ],
)
def test_epochs_run_one_by_one_if_the_network_is_read_after_each(calls, options):
    train(network(), X, Y, epochs=30, engine="compiled", **options)
    assert len(calls) >= 30


def test_programs_are_reused_by_jobs_of_the_same_structure():
    POOL.clear()
    train(network(), X, Y, epochs=2, penalty="l2:strength=0.5")
    first = {id(each) for waiting in POOL.waiting.values() for each in waiting}
    options = {"epochs": 3, "seed": 5, "optimizer": "adam:beta1=0.5", "penalty": "l2:strength=0.1"}
    alone = network()
    train(alone, X[:40], Y[:40], **options)
    assert {id(each) for waiting in POOL.waiting.values() for each in waiting} == first
    POOL.clear()
    fresh = network()
    train(fresh, X[:40], Y[:40], **options)
    assert np.array_equal(alone.parameters, fresh.parameters)


def test_a_program_is_discarded_after_a_divergence():
    expected, after = network(), network()
    train(expected, X, Y, epochs=5)
    for rate in (1e30, 1e38):
        with pytest.raises(DivergenceError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            train(network(), X, Y, optimizer=f"sgd:learning_rate={rate}", loss="squared_error")
    train(after, X, Y, epochs=5)
    assert np.array_equal(after.parameters, expected.parameters)


class Mixin:
    def on_epoch(self, run):
        self.seen.add(run.network.parameters.tobytes())


class Derived(Mixin, Callback):
    def __init__(self):
        self.seen = set()


def test_a_mixin_is_called_after_each_epoch():
    callback = type("Grandchild", (Derived,), {})()
    train(network(), X, Y, epochs=100, callbacks=callback)
    assert not callback.history_only and len(callback.seen) == 100


def test_the_pool_is_bounded(monkeypatch):
    monkeypatch.setattr(_program_pool, "MAX_BYTES", 50_000)
    for width in range(2, 40, 4):
        train(Network.dense([4, width, 3], output="softmax"), X, Y, epochs=1)
    programs = [each for waiting in POOL.waiting.values() for each in waiting]
    n_bytes = sum(each.workspace.n_bytes for each in programs)
    assert 0 < n_bytes <= 50_000
    assert POOL.n_bytes == n_bytes
    for key in [key for key, waiting in POOL.waiting.items() for _ in waiting]:
        assert POOL.take(key) is not None
        assert POOL.take(("unknown", key)) is None
    assert POOL.n_bytes == 0  # programs in use don't count
