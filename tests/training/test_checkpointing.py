"""Checkpointing: a run that is interrupted anywhere and resumed equals the uninterrupted run."""

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
from barenet.training import _epoch, _loop as loop

RNG = np.random.default_rng(0)
X = RNG.normal(size=(61, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
WEIGHT = RNG.random(61)
PATIENCE = 8
#: Seven batches per epoch, the last of which has one row.
SETTINGS = {
    "batch_size": 10, "epochs": 11, "metrics": "accuracy", "sample_weight": WEIGHT, "seed": 4,
    "validation_data": (X[:20], Y[:20], WEIGHT[:20]),
}  # fmt: skip


def at_steps(few, many):
    """Interrupt at a few steps; at many in the long tests."""
    return pytest.mark.parametrize("steps", [few, pytest.param(many, marks=pytest.mark.slow)])


class Interrupt(Callback):
    """Interrupt a run at the first chunk from this step on, as a signal would."""

    def __init__(self, step):
        self.step = step

    def on_chunk(self, run):
        if (run.epoch - 1) * run.n_batches + run.batch >= self.step:
            run.stop("interrupted", resumable=True)


@pytest.fixture(autouse=True)
def chunks_of_one_batch(monkeypatch):
    """Interrupt a run after any batch."""
    monkeypatch.setattr(loop, "CHUNK_SECONDS", 0)


def network(dtype="float32", seed=1):
    layers = [Dense(3, 6), BatchNorm(6), Dropout(0.2), Dense(6, 2, "softmax")]
    return Network(layers, seed=seed, dtype=dtype)


def learn(*callbacks, net=None, data=(X, Y), optimizer="adam", **more):
    """Train, and return all that a resumed run must reproduce."""
    net, optimizer = network() if net is None else net, as_optimizer(optimizer)
    stopping = EarlyStopping(patience=PATIENCE)
    settings = {**SETTINGS, "callbacks": [stopping, *callbacks], **more}
    history = train(net, *data, optimizer=optimizer, **settings)
    vectors = {"parameters": net.parameters, "statistics": net.statistics}
    vectors |= getattr(optimizer, "moments", {})
    if stopping.snapshot is not None:
        vectors["snapshot"] = stopping.snapshot.parameters
    plain = {name: curve for name, curve in history.curves.items() if name != "seconds"}
    plain |= {"steps": getattr(optimizer, "n_steps", None), "waited": stopping.waited}
    plain |= {"best_epoch": history.best_epoch, "because": history.stop_reason}
    return {**plain, **{name: vector.tobytes() for name, vector in vectors.items()}}


def differing(one, other):
    return [name for name in {**one, **other} if one.get(name) != other.get(name)]


def quick(optimizer):
    """A network without dropout and batch norm for L-BFGS, whose steps are its iterations."""
    if optimizer != "lbfgs":
        return network(), {"optimizer": optimizer, "schedule": "reduce_on_plateau:patience=2"}
    net = Network.dense([3, 6, 2], output="softmax", seed=1, dtype="float64")
    more = {"epochs": 60, "batch_size": None, "validation_data": (X, Y, WEIGHT)}
    return net, {"optimizer": "lbfgs:tolerance=1e-15", **more}


@pytest.mark.promise(5)
@pytest.mark.integration
@at_steps((1, 18), range(1, 51))
@pytest.mark.parametrize(
    ("engine", "optimizer"),
    [
        *(
            (engine, optimizer)
            for engine in ("reference", "compiled")
            for optimizer in (*OPTIMIZERS, "adam:average=0.9")
        ),
        ("jax", "lbfgs"),
        ("jax", "adam:average=0.9"),
        # Programs of JAX are compiled for each optimizer, which takes seconds.
        *(
            pytest.param("jax", optimizer, marks=pytest.mark.slow)
            for optimizer in OPTIMIZERS
            if optimizer != "lbfgs"
        ),
    ],
)
def test_fifty_interruptions_of_every_optimizer_change_no_bit(
    optimizer, engine, steps, tmp_path, monkeypatch
):
    net, more = quick(optimizer)
    whole = learn(net=net.copy(), engine=engine, **more)
    assert len(whole["loss"]) > 8 and whole["parameters"] != net.parameters.tobytes()
    for step in steps:
        saving = {"checkpoint": tmp_path / f"{step}", "engine": engine, **more}
        part = learn(Interrupt(step), net=net.copy(), **saving)
        assert part["because"] == "interrupted"
        assert step == (len(part["loss"]) if optimizer == "lbfgs" else part["steps"])
        with monkeypatch.context() as change:  # also with chunks of other lengths
            change.setattr(loop, "CHUNK_SECONDS", 0.1 * (step % 2))
            resumed = learn(net=net.copy(), **saving, resume=True)
        assert differing(whole, resumed) == [], step


def test_a_time_limit_can_be_resumed(tmp_path):
    saving, rounds = {"checkpoint": tmp_path / "run", "resume": True, "epochs": 2}, 0
    part = {"because": "the time limit of 1e-09 s was reached"}
    while part["because"] == "the time limit of 1e-09 s was reached":
        part, rounds = learn(TimeLimit(1e-9), **saving), rounds + 1
    assert differing(learn(epochs=2), part) == [] and rounds > 9


@pytest.mark.parametrize("epochs", [11, 200])  # all of them, or until early stopping has ended it
def test_resuming_a_finished_run_takes_no_steps(epochs, tmp_path, monkeypatch):
    saving = {"checkpoint": Checkpoint(tmp_path / "run", every=1), "epochs": epochs}
    whole = learn(**saving)
    assert (whole["because"] == "completed") == (epochs == 11)
    for engine in ENGINES.values():
        monkeypatch.setattr(engine, "run", None)
    assert differing(whole, learn(**saving, resume=True)) == []


def test_a_run_stopped_before_its_first_step_resumes(tmp_path):
    class Stop(Callback):
        def on_start(self, run):
            run.stop("not now", resumable=True)

    assert learn(Stop(), checkpoint=tmp_path / "run")["because"] == "not now"
    assert differing(learn(), learn(checkpoint=tmp_path / "run", resume=True)) == []


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


class Slower(Callback):
    """Changes the learning rate within an epoch; the next one has the new rate."""

    def __init__(self):
        self.optimizer = Adam(learning_rate=0.01)

    def on_chunk(self, run):
        if (run.epoch, run.batch) == (3, 3):
            self.optimizer.learning_rate = 0.002


def slower():
    callback = Slower()
    return [callback], {"optimizer": callback.optimizer, "schedule": "cosine"}


def penalized():
    rows = np.arange(183, dtype=np.uint8).reshape(61, 3), Y
    penalties = {"penalty": ["l1:strength=1e-3", "l2:strength=1e-3"], "clip": "norm:limit=0.5"}
    net = Network.dense([3, 6, 2], output="softmax", seed=1)
    return [], {
        "net": net, "data": rows, "scale": 1 / 255, "shuffle": False, "sample_weight": None,
        **penalties,
    }  # fmt: skip


#: Callbacks and arguments of runs, each time in new objects.
RUNS = {
    **{name: lambda name=name: ([], {"schedule": name}) for name in SCHEDULES},
    "penalties, clipping, ordered rows and bytes": penalized,
    "a learning rate changed within an epoch": slower,
    "a user-defined callback": lambda: ([Average()], {}),
}


@at_steps((3, 18), (1, 3, 7, 8, 16, 17, 18, 22, 25, 44))
@pytest.mark.parametrize("name", RUNS)
def test_a_run_resumes_within_an_epoch(name, steps, tmp_path):
    callbacks, settings = RUNS[name]()
    whole = learn(*callbacks, **settings)
    for step in steps:
        callbacks, settings = RUNS[name]()
        part = learn(*callbacks, Interrupt(step), **settings, checkpoint=tmp_path / f"{step}")
        assert part["because"] == "interrupted"
        callbacks, settings = RUNS[name]()
        # Callbacks without a state may differ.
        resumed = learn(Callback(), *callbacks, **settings, resume=tmp_path / f"{step}")
        assert differing(whole, resumed) == [], step


class InterruptTurn(Callback):
    """Interrupt a run at the n-th chunk or part of a measurement."""

    def __init__(self, turn):
        self.left = turn

    def on_chunk(self, run):
        self.left -= 1
        if not self.left:
            run.stop("interrupted", resumable=True)


@at_steps((1, 19, 46), range(1, 60))
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_run_interrupted_during_evaluation_resumes(optimizer, steps, tmp_path, monkeypatch):
    monkeypatch.setattr(_epoch, "ROW_MULTIPLE", 8)  # it measures eight rows at a time
    monkeypatch.setattr(_epoch, "MAX_MULTIPLICATIONS", 0)
    net, more = quick(optimizer)
    whole = learn(net=net.copy(), **more)
    for turn in steps:
        saving = {"checkpoint": tmp_path / f"{turn}", **more}
        assert learn(InterruptTurn(turn), net=net.copy(), **saving)["because"] == "interrupted"
        assert differing(whole, learn(net=net.copy(), **saving, resume=True)) == []


def test_equal_data_in_other_arrays_are_the_same_data(tmp_path):
    learn(Interrupt(17), checkpoint=tmp_path / "run")
    np.save(tmp_path / "X.npy", np.asfortranarray(X))
    mapped, whole = np.load(tmp_path / "X.npy", mmap_mode="r"), learn()
    for rows in (mapped, X[::-1].copy()[::-1], np.repeat(X, 2, axis=1)[:, ::2]):
        assert differing(whole, learn(data=(rows, Y), resume=tmp_path / "run")) == []


def test_a_run_resumed_from_another_file_saves_to_its_own(tmp_path):
    learn(Interrupt(17), checkpoint=tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    place = Checkpoint(tmp_path / "own", every=1)
    assert differing(learn(), learn(resume=tmp_path / "run", checkpoint=place)) == []
    assert (tmp_path / "run").read_bytes() == before and place.path.exists()


def test_lbfgs_resumes_without_repeating_evaluations(tmp_path, monkeypatch):
    net, more = quick("lbfgs")
    saving = {"checkpoint": tmp_path / "run", **more}
    learn(Interrupt(20), net=net.copy(), **saving)
    saved = Checkpoint(tmp_path / "run").read()["optimizer"]
    assert len(saved["steps"]) == len(saved["gradient_changes"]) == 10  # its memory
    engine = ENGINES["compiled"]
    calls, compute = [], engine.value_and_gradient
    monkeypatch.setattr(engine, "value_and_gradient", lambda self: calls.append(1) or compute(self))
    learn(net=net.copy(), **saving)
    total = len(calls)
    learn(net=net.copy(), **saving, resume=True)
    assert len(calls) - total == total - saved["n_evaluations"] < total - 20


class Spoil(Callback):
    """Multiply the parameters, once, in the middle of the fourth epoch."""

    def __init__(self, factor):
        self.factor = factor

    def on_chunk(self, run):
        if (run.epoch, run.batch) == (4, 4):
            run.network.parameters *= self.factor


def test_a_divergence_after_a_resume_restores_the_epoch_before(tmp_path):
    def go(*callbacks, **saving):
        net = network()
        with pytest.raises(DivergenceError) as caught:
            train(net, X, Y, epochs=6, batch_size=10, callbacks=callbacks, **saving)
        assert (caught.value.epoch, caught.value.batch) == (4, 5)
        return net.parameters.tobytes()

    settings, saving = {"epochs": 6, "batch_size": 10}, {"checkpoint": tmp_path / "run"}
    train(network(), X, Y, callbacks=Interrupt(3 * 7 + 2), **settings, **saving)
    assert go(Spoil(np.inf), **saving, resume=True) == go(Spoil(np.inf))


@pytest.mark.parametrize(("step", "n_warnings"), [(3 * 7 + 2, 1), (3 * 7 + 6, 0)])
def test_a_resumed_run_repeats_no_warnings(step, n_warnings, tmp_path):
    def messages(*callbacks, **saving):
        net = Network.dense([3, 1], seed=1, dtype="float64")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            train(net, X, Y, epochs=6, batch_size=10, callbacks=[Spoil(1e9), *callbacks], **saving)
        return [str(each.message) for each in caught]

    whole = messages()
    assert len(whole) == 1 and "the loss grew from" in whole[0]
    messages(Interrupt(step), checkpoint=tmp_path / "run")
    assert messages(checkpoint=tmp_path / "run", resume=True) == whole[:n_warnings]
