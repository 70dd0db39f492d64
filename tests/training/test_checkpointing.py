"""Checkpointing: a run that is interrupted anywhere and resumed equals the uninterrupted run."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from barenet import Checkpoint, Network, train
from barenet.callbacks import Callback, EarlyStopping, TimeLimit
from barenet.engines import ENGINES
from barenet.errors import DivergenceError
from barenet.layers import BatchNorm, Dense, Dropout
from barenet.optimization.optimizers import as_optimizer
from barenet.optimizers import OPTIMIZERS, Adam
from barenet.schedules import SCHEDULES
from barenet.training import _mini_batch_loop as mini_batch_loop

RNG = np.random.default_rng(0)
X = RNG.normal(size=(61, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
WEIGHT = RNG.random(61)
PATIENCE = 8


class Interrupt(Callback):
    """Interrupt a run at the first chunk from this step on, as a signal would."""

    def __init__(self, step):
        self.step = step

    def on_chunk(self, run):
        if (run.epoch - 1) * run.n_batches + run.batch >= self.step:
            run.stop("interrupted", resumable=True)


@pytest.fixture
def chunks_of_one_batch(monkeypatch):
    """Interrupt a run after any batch, and resume it with chunks of other lengths."""

    def short(yes=True):
        monkeypatch.setattr(mini_batch_loop, "CHUNK_SECONDS", 0 if yes else 0.1)

    return short


def network(dtype="float32", seed=1):
    layers = [Dense(3, 6), BatchNorm(6), Dropout(0.2), Dense(6, 2, "softmax")]
    return Network(layers, seed=seed, dtype=dtype)


def settings(**more):
    """Settings for a run with seven batches per epoch, the last of which has one row."""
    usual = {"batch_size": 10, "epochs": 11, "metrics": "accuracy", "sample_weight": WEIGHT}
    return {**usual, "validation_data": (X[:20], Y[:20], WEIGHT[:20]), "seed": 4, **more}


def learn(*callbacks, net=None, data=(X, Y), **more):
    """Train, and return all that a resumed run must reproduce."""
    net = network() if net is None else net
    optimizer = as_optimizer(more.pop("optimizer", "adam"))
    stopping = EarlyStopping(patience=PATIENCE)
    history = train(
        net, *data, optimizer=optimizer, callbacks=[stopping, *callbacks], **settings(**more)
    )
    return outcome(net, optimizer, history, stopping)


def outcome(net, optimizer, history, stopping):
    vectors = {"parameters": net.parameters, "statistics": net.statistics}
    vectors |= getattr(optimizer, "moments", {})
    measured = {name: curve for name, curve in history.curves.items() if name != "seconds"}
    plain = {"steps": getattr(optimizer, "n_steps", None), "waited": stopping.waited}
    plain |= {"best_epoch": history.best_epoch, "because": history.stop_reason}
    arrays = {name: vector.tobytes() for name, vector in vectors.items()}
    snapshot = None if stopping.snapshot is None else stopping.snapshot.parameters.tobytes()
    return {**measured, **plain, **arrays, "snapshot": snapshot}


def differing(one, other):
    return [name for name in {**one, **other} if one.get(name) != other.get(name)]


def quick(optimizer):
    """A network without dropout and batch norm for L-BFGS, whose steps are its iterations."""
    if optimizer != "lbfgs":
        return network(), {"epochs": 11, "schedule": "reduce_on_plateau:patience=2"}
    net = Network.dense([3, 6, 2], output="softmax", seed=1, dtype="float64")
    more = {"epochs": 60, "batch_size": None, "validation_data": (X, Y, WEIGHT)}
    return net, {"optimizer": "lbfgs:tolerance=1e-15", **more}


@pytest.mark.parametrize("ends", [(1, 17, 34), pytest.param(range(1, 51), marks=pytest.mark.slow)])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_promise_05_fifty_ends_of_every_optimizer(
    optimizer, engine, ends, tmp_path, chunks_of_one_batch
):
    net, more = quick(optimizer)
    more = {"optimizer": optimizer, "engine": engine, **more}
    whole = learn(net=net.copy(), **more)
    assert len(whole["loss"]) > 8 and whole["parameters"] != net.parameters.tobytes()
    for step in ends:
        kept = {"checkpoint": tmp_path / f"{step}", **more}
        chunks_of_one_batch()
        part = learn(Interrupt(step), net=net.copy(), **kept)
        assert part["because"] == "interrupted"
        assert step == (len(part["loss"]) if optimizer == "lbfgs" else part["steps"])
        chunks_of_one_batch(step % 2 == 0)
        resumed = learn(net=net.copy(), **kept, resume=True)
        assert differing(whole, resumed) == [], step


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_resumes_in_the_middle_of_an_epoch(schedule, tmp_path, chunks_of_one_batch):
    more = {"schedule": schedule, "optimizer": "momentum"}
    whole = learn(**more)
    chunks_of_one_batch()
    for step in (3, 25):
        kept = {"checkpoint": tmp_path / f"{step}", **more}
        learn(Interrupt(step), **kept)
        assert differing(whole, learn(**kept, resume=True)) == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_run_that_is_interrupted_repeatedly(optimizer, dtype, tmp_path, chunks_of_one_batch):
    net, more = quick(optimizer)
    net = net.copy(dtype)
    more = {"epochs": more["epochs"] // 3, "optimizer": optimizer}
    whole = learn(net=net.copy(), **more)
    chunks_of_one_batch()
    for step in range(1, 22, 5):
        kept = {"checkpoint": tmp_path / "again", "resume": True}
        learn(Interrupt(step), net=net.copy(), **kept, **more)
    assert differing(whole, learn(net=net.copy(), **kept, **more)) == []


def test_penalties_clipping_ordered_rows_and_bytes(tmp_path, chunks_of_one_batch):
    pixels = RNG.integers(0, 256, (61, 3), np.uint8)
    more = {"penalty": ["l1:strength=1e-3", "l2:strength=1e-3"], "clip": "norm:limit=0.5"}
    more |= {"shuffle": False, "scale": 1 / 255, "validation_data": None}
    more |= {"data": (pixels, Y), "epochs": 4}
    net = Network.dense([3, 6, 2], output="softmax", seed=1)

    def go(*callbacks, **kept):
        twin = net.copy()
        history = train(twin, *kept.pop("data"), batch_size=10, callbacks=list(callbacks), **kept)
        return twin.parameters.tobytes(), history.loss

    whole = go(**more)
    chunks_of_one_batch()
    for step in (1, 7, 20):
        kept = {"checkpoint": tmp_path / f"{step}", **more}
        go(Interrupt(step), **kept)
        assert go(**kept, resume=True) == whole


def test_the_interrupted_network_and_optimizer_can_resume(tmp_path, chunks_of_one_batch):
    """As in a notebook, where the objects have taken steps already."""
    chunks_of_one_batch()
    whole = learn()
    net, optimizer, kept = network(), Adam(), {"checkpoint": tmp_path / "kept", **settings()}
    for end in (Interrupt(11), Interrupt(30), Callback()):
        stopping = EarlyStopping(patience=PATIENCE)
        history = train(
            net, X, Y, optimizer=optimizer, callbacks=[stopping, end], **kept, resume=True
        )
    assert differing(whole, outcome(net, optimizer, history, stopping)) == []


def test_a_time_limit_can_be_resumed(tmp_path):
    whole = learn()
    kept, rounds = {"checkpoint": tmp_path / "kept", "resume": True}, 0
    part = {"because": "1e-09 seconds were over"}
    while part["because"] == "1e-09 seconds were over":
        part, rounds = learn(TimeLimit(1e-9), **kept), rounds + 1
    assert differing(whole, part) == [] and rounds > 9


def test_a_finished_run_takes_no_more_steps(tmp_path, monkeypatch):
    for epochs in (11, 500):  # all of them, or until early stopping has ended it
        kept = {"checkpoint": Checkpoint(tmp_path / f"{epochs}", every=1), "epochs": epochs}
        whole = learn(**kept)
        assert whole["because"] == "completed" or epochs == 500
        with monkeypatch.context() as change:
            for engine in ENGINES.values():
                change.setattr(engine, "run", None)
            again = learn(**kept, resume=True)
        assert differing(whole, again) == []


def test_a_rate_that_a_callback_changes_in_the_middle_of_an_epoch(tmp_path, chunks_of_one_batch):
    """It takes effect in the next epoch."""
    chunks_of_one_batch()

    def go(*more, **kept):
        optimizer = Adam(learning_rate=0.01)

        class Slower(Callback):
            def on_chunk(self, run):
                if (run.epoch, run.batch) == (3, 3):
                    optimizer.learning_rate = 0.002

        return learn(Slower(), *more, optimizer=optimizer, schedule="cosine", **kept)

    whole = go()
    for step in (16, 18):
        kept = {"checkpoint": tmp_path / f"{step}"}
        go(Interrupt(step), **kept)
        assert differing(whole, go(**kept, resume=True)) == []


class Average(Callback):
    """A user-defined callback with a number and an array as its state."""

    def on_start(self, run):
        self.epochs, self.sum = 0, np.zeros_like(run.network.parameters)

    def on_epoch(self, run):
        self.epochs += 1
        self.sum += run.network.parameters

    def on_end(self, run):
        run.network.parameters = self.sum / max(self.epochs, 1)

    def state_dict(self):
        return {"epochs": self.epochs, "sum": self.sum}

    def load_state_dict(self, state):
        self.epochs, self.sum = state["epochs"], state["sum"]


def test_the_state_of_a_user_defined_callback(tmp_path, chunks_of_one_batch):
    chunks_of_one_batch()
    whole, kept = learn(Average()), {"checkpoint": tmp_path / "kept"}
    learn(Average(), Interrupt(30), **kept)
    # Callbacks without state may differ.
    assert differing(whole, learn(Callback(), Average(), **kept, resume=True)) == []
    with pytest.raises(ValueError, match="callback 1 was Average, and is nothing"):
        learn(**kept, resume=True)


def test_a_divergence_is_repeated(tmp_path, chunks_of_one_batch):
    chunks_of_one_batch()
    more = {"optimizer": "sgd:learning_rate=300", "data": (X * 100, Y), "loss": "squared_error"}
    more |= {"validation_data": None, "metrics": ()}

    def go(*callbacks, **kept):
        net = Network.dense([3, 6, 2], seed=1)
        with pytest.raises(DivergenceError) as caught:
            targets = np.column_stack([Y, 1 - Y])
            train(
                net, more["data"][0], targets, optimizer=more["optimizer"], epochs=9,
                batch_size=10, callbacks=callbacks, **kept,
            )  # fmt: skip
        return str(caught.value), net.parameters.tobytes()

    with pytest.warns(RuntimeWarning):
        whole = go()
    every = Checkpoint(tmp_path / "kept", every="0.000001ms")
    with pytest.warns(RuntimeWarning):
        assert go(checkpoint=every) == whole
    assert every.path.exists()
    assert go(checkpoint=every.path, resume=True) == whole  # and does not warn again


CHANGED = {
    "epochs": ({"epochs": 10}, "epochs was 11, and is 10"),
    "batch_size": ({"batch_size": 11}, "batch_size was 10, and is 11"),
    "seed": ({"seed": 5}, "seed was 4, and is 5"),
    "optimizer": ({"optimizer": "sgd"}, r"optimizer was Adam\(.*\), and is SGD\(learning_rate=0"),
    "rate": (
        {"optimizer": "adam:learning_rate=0.1"},
        r"optimizer was Adam\(learning_rate=0.001, .*=0.1, ",
    ),
    "schedule": ({"schedule": "cosine"}, r"schedule was Constant\(\), and is Cosine\("),
    "penalty": ({"penalty": "l2:strength=0.1"}, r"penalty 0 was nothing, and is L2\(str"),
    "clip": ({"clip": "value:limit=1"}, r"clip was nothing, and is ClipValue\(limit=1.0\)"),
    "shuffle": ({"shuffle": False}, "shuffle was True, and is False"),
    "engine": ({"engine": "reference"}, "engine was compiled, and is reference"),
    "metrics": ({"metrics": ()}, "metrics was accuracy, and is nothing"),
    "scale": ({"scale": 2.0}, r"scale was 1\.0, and is 2\.0"),
    "dtype": ({"net": network("float64")}, "dtype was float32, and is float64"),
    "layers": (
        {"net": Network.dense([3, 6, 2], output="softmax")},
        r"layer 1 was BatchNorm\(.*\), and is Dense\(6, 2, 'softmax'\); layer 2 was Dropout",
    ),
    "rows": ({"data": (X[:-1], Y[:-1]), "sample_weight": WEIGHT[:-1]}, "X was 61 × 3 of float64, "),
    "dtype_of_X": ({"data": (X.astype("f"), Y)}, "X was 61 × 3 of float64, and is 61 × 3 of floa"),
    "one_number": ({"data": (X + np.eye(61, 3) * 1e-12, Y)}, "X has other values$"),
    "one_label": ({"data": (X, np.where(np.arange(61) == 7, 1 - Y, Y))}, "y has other values"),
    "weights": ({"sample_weight": None}, "sample_weight was 61 of float32, and is nothing"),
    "validation": (
        {"validation_data": (X[:20] + 1, Y[:20], WEIGHT[:20])},
        "validation_data's X has other values",
    ),
    "test": ({"test_data": (X[:20], Y[:20])}, "test_data's X was nothing, and is 20 × 3 of"),
}


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """The checkpoint of a run that was interrupted in its third epoch."""
    path = tmp_path_factory.mktemp("interrupted") / "run"
    learn(Interrupt(17), checkpoint=path)
    return path


@pytest.mark.parametrize(("more", "message"), CHANGED.values(), ids=CHANGED)
def test_fault_73_another_run_is_refused_with_what_has_changed(interrupted, more, message):
    before = interrupted.read_bytes()
    more = {"optimizer": "adam", **more}
    net, optimizer = more.pop("net", network()).copy(), as_optimizer(more.pop("optimizer"))
    vectors = net.parameters.copy()
    with pytest.raises(
        ValueError, match=f"^resume: the checkpoint is of another run: (.*; )?{message}"
    ):
        learn(net=net, optimizer=optimizer, **more, resume=True, checkpoint=interrupted)
    assert np.array_equal(net.parameters, vectors) and not optimizer.n_steps
    assert interrupted.read_bytes() == before


def test_fault_73_patience_is_a_setting(interrupted):
    with pytest.raises(ValueError, match=r"callback 0 was EarlyStopping\(.*=8, .* patience=7, "):
        train(
            network(), X, Y, callbacks=EarlyStopping(patience=7), resume=interrupted, **settings()
        )


def test_the_same_numbers_in_another_place_are_the_same_data(interrupted, tmp_path):
    np.save(tmp_path / "X.npy", np.asfortranarray(X))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert mapped.flags.f_contiguous
    whole = learn()
    for rows in (mapped, X[::-1].copy()[::-1], np.repeat(X, 2, axis=1)[:, ::2]):
        assert differing(whole, learn(data=(rows, Y), resume=interrupted)) == []


def test_other_versions_warn(interrupted, monkeypatch):
    from barenet.training import _run_identity as run_identity

    monkeypatch.setattr("importlib.metadata.version", {"numpy": "0.1"}.get)
    run_identity._version.cache_clear()
    try:
        with pytest.warns(UserWarning, match=r"other last digits .*numpy was .*, and is 0\.1;"):
            learn(resume=interrupted)
    finally:
        run_identity._version.cache_clear()


def test_resume_without_a_checkpoint(tmp_path):
    with pytest.raises(ValueError, match=r"^resume: True resumes from the check"):
        learn(resume=True)
    with pytest.raises(FileNotFoundError, match=r"^resume: .*missing: there is no checkpoint"):
        learn(resume=tmp_path / "missing")
    kept = {"checkpoint": tmp_path / "none yet", "resume": True}
    assert differing(learn(), learn(**kept)) == []


def test_a_run_resumed_from_elsewhere_saves_in_its_own_place(interrupted, tmp_path):
    before = interrupted.read_bytes()
    place = Checkpoint(tmp_path / "own", every=1)
    assert differing(learn(), learn(resume=interrupted, checkpoint=place)) == []
    assert interrupted.read_bytes() == before and place.path.exists()


def test_lbfgs_resumes_without_repeating_evaluations(tmp_path, monkeypatch):
    net, more = quick("lbfgs")
    kept = {"checkpoint": tmp_path / "kept", **more}
    learn(Interrupt(20), net=net.copy(), **kept)
    known = len(Checkpoint(tmp_path / "kept").read()["optimizer"]["values"])
    assert known >= 20
    engine = ENGINES["compiled"]
    calls, compute = [], engine.value_and_gradient

    def counting(self):
        calls.append(1)
        return compute(self)

    monkeypatch.setattr(engine, "value_and_gradient", counting)
    learn(net=net.copy(), **kept)
    total = len(calls)
    learn(net=net.copy(), **kept, resume=True)
    assert len(calls) - total == total - known


class Spoil(Callback):
    """Multiply the parameters, once, in the middle of the fourth epoch."""

    def __init__(self, factor):
        self.factor = factor

    def on_chunk(self, run):
        if (run.epoch, run.batch) == (4, 4):
            run.network.parameters *= self.factor


def test_a_divergence_after_a_resume_restores_the_epoch_before(tmp_path, chunks_of_one_batch):
    chunks_of_one_batch()

    def go(*callbacks, **kept):
        net = network()
        try:
            train(net, X, Y, epochs=6, batch_size=10, callbacks=callbacks, **kept)
        except DivergenceError as error:
            assert (error.epoch, error.batch) == (4, 5)
        else:
            assert callbacks[0].step == 3 * 7 + 2
        return net.parameters.tobytes()

    kept = {"checkpoint": tmp_path / "kept"}
    part = go(Interrupt(3 * 7 + 2), **kept)
    assert part != go(Spoil(np.inf), **kept, resume=True) == go(Spoil(np.inf))


def test_a_resumed_run_warns_of_new_problems_only(tmp_path, chunks_of_one_batch):
    chunks_of_one_batch()

    def go(*callbacks, **kept):
        net = Network.dense([3, 1], seed=1, dtype="float64")
        train(net, X, Y, epochs=6, batch_size=10, callbacks=callbacks, optimizer="adam", **kept)

    with pytest.warns(RuntimeWarning, match="the loss grew from") as whole:
        go(Spoil(1e9))
    for step, n_warnings in [(3 * 7 + 2, 1), (3 * 7 + 6, 0)]:  # before it, and after it
        kept = {"checkpoint": tmp_path / f"{step}"}
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            go(Spoil(1e9), Interrupt(step), **kept)
        with warnings.catch_warnings(record=True) as resumed:
            warnings.simplefilter("always")
            go(Spoil(1e9), **kept, resume=True)
        assert [str(each.message) for each in resumed] == [str(each.message) for each in whole][
            :n_warnings
        ]
