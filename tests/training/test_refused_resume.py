"""A resume that is refused names the reason, and leaves the user's objects as they were."""

import copy
import pickle

import numpy as np
import pytest

from barenet import Checkpoint, Network, train
from barenet.callbacks import Callback, EarlyStopping, TimeLimit
from barenet.engines import ENGINES
from barenet.errors import ArgumentError, ResumeError
from barenet.layers import BatchNorm, Dense, Dropout
from barenet.optimization._schedules import as_schedule
from barenet.optimization.optimizers import as_optimizer
from barenet.optimizers import OPTIMIZERS
from barenet.schedules import Schedule

RNG = np.random.default_rng(0)
X = RNG.normal(size=(61, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
WEIGHT = RNG.random(61)
SETTINGS = {
    "batch_size": 10, "epochs": 11, "metrics": "accuracy", "sample_weight": WEIGHT, "seed": 4,
    "validation_data": (X[:20], Y[:20], WEIGHT[:20]),
}  # fmt: skip


def network(dtype="float32"):
    layers = [Dense(3, 6), BatchNorm(6), Dropout(0.2), Dense(6, 2, "softmax")]
    return Network(layers, seed=1, dtype=dtype)


class Interrupt(Callback):
    """End a run in the middle of its third epoch."""

    def on_chunk(self, run):
        if run.epoch == 3:
            run.stop("interrupted", resumable=True)


def learn(*callbacks, net=None, data=(X, Y), **more):
    callbacks = [EarlyStopping(patience=8), *callbacks]
    return train(net or network(), *data, callbacks=callbacks, **{**SETTINGS, **more})


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """The checkpoints of runs that were interrupted in their third epoch."""
    folder = tmp_path_factory.mktemp("interrupted")
    learn(Interrupt(), checkpoint=folder / "run")
    learn(Interrupt(), checkpoint=folder / "adam", **SAVED["adam"])
    net, settings = Network.dense([3, 4, 2], output="softmax"), SAVED["lbfgs"]
    learn(Interrupt(), checkpoint=folder / "lbfgs", net=net, **settings)
    return folder


#: Settings of the runs whose states are changed.
SAVED = {
    "adam": {"schedule": "reduce_on_plateau"},
    "lbfgs": {"optimizer": "lbfgs", "batch_size": None},
}

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


@pytest.mark.parametrize(("more", "message"), CHANGED.values(), ids=CHANGED)
def test_fault_73_a_changed_run_is_refused_with_the_differences(interrupted, more, message):
    path = interrupted / "run"
    before, more = path.read_bytes(), {"optimizer": "adam", **more}
    net, optimizer = more.pop("net", network()).copy(), as_optimizer(more.pop("optimizer"))
    vectors = net.parameters.copy()
    expected = f"^resume: the checkpoint is of another run: (.*; )?{message}"
    with pytest.raises(ResumeError, match=expected):
        learn(net=net, optimizer=optimizer, **more, resume=True, checkpoint=path)
    assert np.array_equal(net.parameters, vectors) and not optimizer.n_steps
    assert path.read_bytes() == before


def test_fault_73_patience_is_a_setting(interrupted):
    with pytest.raises(ResumeError, match=r"callback 0 was EarlyStopping\(.*=8, .* patience=7, "):
        train(
            network(), X, Y, callbacks=EarlyStopping(patience=7), resume=interrupted / "run",
            **SETTINGS,
        )  # fmt: skip


def test_other_versions_warn(interrupted, monkeypatch):
    monkeypatch.setattr(np, "__version__", "0.1")
    with pytest.warns(UserWarning, match=r"other last digits .*numpy was .*, and is 0\.1"):
        learn(resume=interrupted / "run")


def test_resume_without_a_checkpoint(tmp_path):
    with pytest.raises(ValueError, match=r"^resume: True resumes from the check"):
        learn(resume=True)
    with pytest.raises(ArgumentError, match=r"^resume: expected a path or a Checkpoint, got None"):
        learn(resume=None)
    with pytest.raises(FileNotFoundError, match=r"^resume: .*missing: there is no checkpoint"):
        learn(resume=tmp_path / "missing")
    assert len(learn(checkpoint=tmp_path / "none yet", resume=True)) == 11


def resume_changed(folder, optimizer, monkeypatch, change):
    """Resume from a changed state with a valid checksum."""
    state = copy.deepcopy(Checkpoint(folder / optimizer).read())
    change(state)
    monkeypatch.setattr(Checkpoint, "read", lambda _: state)
    net = Network.dense([3, 4, 2], output="softmax") if optimizer == "lbfgs" else network()
    before = net.parameters.copy()
    try:
        return learn(net=net, resume=folder / optimizer, **SAVED[optimizer])
    except ValueError:
        assert np.array_equal(net.parameters, before)
        raise


#: Wrong values of the entries of each part of a state.
INCONSISTENT = {
    "run": {
        "epoch": (10**9, "2"), "batch": (-1, 10**6), "stop_reason": (7,),
        "best_epoch": ("first", 3), "curve_loss": (np.zeros(0), np.zeros(5)),
        "curve_seconds": (np.zeros((2, 2)),),
    },
    "monitor": {
        "parameters": (np.zeros(1, np.float32),), "limit": ("high", 10**400), "warned": (3,),
    },
    "epoch": {"seconds": (None,), "losses": (np.zeros(99),)},
    "schedule": {"waited": ([1],)},
    "callback 0": {"best": ("low",), "parameters": (np.zeros(3, np.float32),)},
    "optimizer": {
        "n_steps": (-1,), "learning_rate": (0,), "moment_squares": (None,),
        "moment_mean": (np.zeros(56, np.float64), np.zeros(2, np.float32)),
    },
    "lbfgs": {
        "reported": (99,), "start": (np.zeros(2),), "gradients": (np.zeros((1, 26)),),
        "places": ([1, 2],),
    },
}  # fmt: skip


@pytest.mark.parametrize("optimizer", SAVED)
def test_an_unchanged_state_resumes(interrupted, monkeypatch, optimizer):
    assert len(resume_changed(interrupted, optimizer, monkeypatch, lambda state: None)) == 11


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        (part, key, value)
        for part, entries in INCONSISTENT.items()
        for key, values in entries.items()
        for value in values
    ],
)
def test_promise_17_inconsistent_states_are_refused(interrupted, monkeypatch, part, key, value):
    def change(state):
        state[part.replace("lbfgs", "optimizer")][key] = value

    optimizer = "lbfgs" if part == "lbfgs" else "adam"
    with pytest.raises(ResumeError, match=r"^resume: not a valid checkpoint: .+$"):
        resume_changed(interrupted, optimizer, monkeypatch, change)


@pytest.mark.parametrize(
    "part", ["run", "monitor", "epoch", "optimizer", "schedule", "callback 0", "settings", "data"]
)
def test_promise_17_missing_parts_are_named(interrupted, monkeypatch, part):
    identity = part in ("settings", "data")
    reason = "the checkpoint is of another run: .* was nothing" if identity else f".*: '{part}'"
    with pytest.raises(ResumeError, match=f"^resume: {reason}"):
        resume_changed(interrupted, "adam", monkeypatch, lambda state: state.pop(part))


class Counting(Callback):
    """Remembers the epochs, in a list of its own; its state can be refused late."""

    def __init__(self):
        self.seen = []

    def on_start(self, run):
        self.seen = []

    def on_epoch(self, run):
        self.seen.append(run.epoch)

    def state_dict(self):
        return {"count": len(self.seen)}

    def load_state_dict(self, state):
        self.seen = list(range(state["count"]))


class Parts:
    """Everything of a run that belongs to the user, used by an earlier run already."""

    def __init__(self, optimizer: str, engine: str) -> None:
        layers = [Dense(3, 6), BatchNorm(6), Dense(6, 2, "softmax")]
        net = Network.dense([3, 6, 2], output="softmax", seed=1)
        self.network = net if optimizer == "lbfgs" else Network(layers, seed=1)
        self.optimizer = as_optimizer(optimizer)
        plateau = None if optimizer == "lbfgs" else as_schedule("reduce_on_plateau:patience=1")
        self.schedule, self.engine = plateau, engine
        self.callbacks = [EarlyStopping(patience=90), Counting(), TimeLimit(1e9)]
        self.learn(epochs=4)

    def learn(self, *more: Callback, data=(X, Y), **options: object) -> None:
        train(
            self.network, *data, validation_data=(X, Y), batch_size=None, optimizer=self.optimizer,
            schedule=self.schedule, callbacks=[*self.callbacks, *more], engine=self.engine,
            **options,
        )  # fmt: skip

    def bits(self) -> bytes:
        vectors = (self.network.parameters.tobytes(), self.network.statistics.tobytes())
        parts = [self.optimizer, *self.callbacks] + [self.schedule] * (self.schedule is not None)
        return pickle.dumps((vectors, [vars(part) for part in parts]))


def stop_after_nine(run):
    if len(run.history) == 9:
        run.stop("interrupted", resumable=True)


def without(part, key):
    return lambda state: state[part].pop(key)


def other_steps(state):
    state["optimizer"]["gradients"][3, 0] += 1e-6


SPOILED = {
    "optimizer": without("optimizer", "n_steps"),
    "schedule": without("schedule", "reductions"),
    "first callback": without("callback 0", "waited"),
    "last callback": without("callback 1", "count"),
    "steps": other_steps,
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_fault_118_a_refused_resume_changes_nothing(optimizer, engine, tmp_path, monkeypatch):
    path, read = tmp_path / "run", Checkpoint.read
    Parts(optimizer, engine).learn(stop_after_nine, epochs=60, checkpoint=path)
    parts, content = Parts(optimizer, engine), path.read_bytes()
    before = parts.bits()
    with pytest.raises(ResumeError, match="X has other values"):
        parts.learn(epochs=60, data=(X + 1, Y), resume=path)
    assert parts.bits() == before
    for name in {*SPOILED} - ({"optimizer", "schedule"} if optimizer == "lbfgs" else {"steps"}):

        def spoiled_read(self, spoil=SPOILED[name]):
            state = copy.deepcopy(read(self))
            spoil(state)
            return state

        monkeypatch.setattr(Checkpoint, "read", spoiled_read)
        with pytest.raises(ResumeError, match=r"^resume: (not a valid checkpoint|L-BFGS takes)"):
            parts.learn(epochs=60, resume=path, checkpoint=path)
        assert parts.bits() == before
    assert path.read_bytes() == content


def test_another_option_of_a_class_that_is_no_dataclass_is_refused(tmp_path):
    class Triangle(Schedule):
        name = "triangle"

        def __init__(self, period):
            self.period = period

        def factor(self, epoch, epochs):
            return abs(epoch % self.period / self.period - 0.5)

    learn(Interrupt(), checkpoint=tmp_path / "run", schedule=Triangle(2))
    change = r"schedule was .*Triangle\(period=2\), and is .*Triangle\(period=3\)"
    with pytest.raises(ResumeError, match=change):
        learn(checkpoint=tmp_path / "run", resume=True, schedule=Triangle(3))


def test_a_run_whose_option_is_a_function_is_resumed(tmp_path):
    class Formula(Schedule):
        name = "formula"

        def __init__(self, function):
            self.function = function

        def factor(self, epoch, epochs):
            return self.function(epoch)

    # Functions at several addresses.
    schedules = [Formula(lambda epoch: 1 / (1 + epoch)) for _ in range(3)]
    whole = learn(schedule=schedules[0])
    learn(Interrupt(), checkpoint=tmp_path / "run", schedule=schedules[1])
    resumed = learn(checkpoint=tmp_path / "run", resume=True, schedule=schedules[2])
    assert resumed["loss"] == whole["loss"]
