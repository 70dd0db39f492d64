"""A resume that is refused names the reason, and changes neither the file nor the run's objects."""

import copy
import pickle
import re
from contextlib import nullcontext

import numpy as np
import pytest

from barenet import Checkpoint, Network, train
from barenet.callbacks import Callback, EarlyStopping, TimeLimit
from barenet.engines import ENGINES
from barenet.errors import ArgumentError, ResumeError
from barenet.layers import BatchNorm, Dense, Dropout
from barenet.optimization._schedules import as_schedule
from barenet.optimization.optimizers import as_optimizer
from barenet.schedules import Schedule

RNG = np.random.default_rng(0)
X = RNG.normal(size=(61, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
WEIGHT = RNG.random(61)
HELD_OUT = X[:20], Y[:20], WEIGHT[:20]


class Interrupt(Callback):
    """End a run in the middle of its third epoch."""

    def on_chunk(self, run):
        if run.epoch == 3:
            run.stop("interrupted", resumable=True)


class Counting(Callback):
    """Remembers the epochs, in a list of its own."""

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


def network(dtype="float32"):
    layers = [Dense(3, 6), BatchNorm(6), Dropout(0.2), Dense(6, 2, "softmax")]
    return Network(layers, seed=1, dtype=dtype)


class Parts:
    """Everything of a run that belongs to the user."""

    def __init__(self, kind="adam", **more):
        self.own = {
            "network": network(), "optimizer": as_optimizer(kind), "batch_size": 10,
            "schedule": as_schedule("reduce_on_plateau:patience=1"), "sample_weight": WEIGHT,
            "callbacks": [EarlyStopping(patience=90), Counting(), TimeLimit(1e9)], "X": X, "y": Y,
            "epochs": 11, "metrics": "accuracy", "seed": 4, "validation_data": HELD_OUT,
        }  # fmt: skip
        if kind == "lbfgs":
            net = Network.dense([3, 4, 2], output="softmax")
            self.own |= {"network": net, "schedule": None, "batch_size": None}
        self.own |= more

    def learn(self, *callbacks, **more):
        return train(**self.own | {"callbacks": [*self.own["callbacks"], *callbacks]} | more)

    def bits(self):
        net, parts = self.own["network"], [self.own[name] for name in ("optimizer", "schedule")]
        vectors = net.parameters.tobytes(), net.statistics.tobytes()
        return pickle.dumps((vectors, [vars(p) for p in (*parts, *self.own["callbacks"]) if p]))


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """The checkpoints of runs that were interrupted in their third epoch."""
    folder = tmp_path_factory.mktemp("interrupted")
    for kind in ("adam", "lbfgs", "reference"):
        engine = {"engine": kind} if kind in ENGINES else {}
        Parts("adam" if engine else kind, **engine).learn(Interrupt(), checkpoint=folder / kind)
    return folder


#: Arguments other than those of the run, and the difference that is named.
CHANGED = [
    ({"epochs": 10}, "epochs was 11, and is 10"),
    ({"batch_size": 11}, "batch_size was 10, and is 11"),
    ({"seed": 5}, "seed was 4, and is 5"),
    ({"optimizer": as_optimizer("sgd")}, r"optimizer was Adam\(.*\), and is SGD\(learning_rate=0"),
    ({"optimizer": as_optimizer("adam:beta1=0.1")}, r"optimizer was Adam\(.*=0.9.* is Adam.*=0.1"),
    ({"schedule": as_schedule("cosine")}, r"schedule was ReduceOnPlateau\(.*, and is Cosine\("),
    ({"penalty": "l2:strength=0.1"}, r"penalty 0 was nothing, and is L2\(str"),
    ({"clip": "value:limit=1"}, r"clip was nothing, and is ClipValue\(limit=1.0\)"),
    ({"shuffle": False}, "shuffle was True, and is False"),
    ({"engine": "reference"}, "engine was compiled, and is reference"),
    ({"metrics": ()}, "metrics was accuracy, and is nothing"),
    ({"scale": 2.0}, r"scale was 1\.0, and is 2\.0"),
    ({"network": network("float64")}, "dtype was float32, and is float64"),
    ({"network": Network.dense([3, 6, 2])}, r"layer 1 was BatchNorm\(.*\), and is Dense"),
    ({"X": X[:-1], "y": Y[:-1], "sample_weight": WEIGHT[:-1]}, "X was 61 × 3 of float64, "),
    ({"X": X.astype("f")}, "X was 61 × 3 of float64, and is 61 × 3 of floa"),
    ({"X": X + np.eye(61, 3) * 1e-12}, "X has other values;"),
    ({"y": np.where(np.arange(61) == 7, 1 - Y, Y)}, "y has other values"),
    ({"sample_weight": None}, "sample_weight was 61 of float32, and is nothing"),
    ({"validation_data": (X[:20] + 1, *HELD_OUT[1:])}, "validation_data's X has other values"),
    ({"test_data": HELD_OUT}, "test_data's X was nothing, and is 20 × 3 of"),
    ({"callbacks": [EarlyStopping(patience=7)]}, r"callback 0 was .*=90, .*=7, .*; callback 1"),
]

#: Wrong values of the entries of each part of a state; None for entries that are missing.
INCONSISTENT = {
    "run": {
        "epoch": (10**9,), "batch": (-1,), "stop_reason": (7,), "best_epoch": ("first", 3),
        "curve_loss": (np.zeros(5),), "curve_seconds": (np.zeros((2, 2)),),
    },
    "guard": {
        "parameters": (np.zeros(1, np.float32),), "first_loss": (10**400, None), "warned": (3,),
    },
    "tally": {"seconds": (None,), "losses": (np.zeros(99),)},
    "schedule": {"waited": ([1],), "reductions": (None,)},
    "callback 0": {"parameters": (np.zeros(3, np.float32),), "waited": (None,)},
    "optimizer": {
        "n_steps": (-1,), "learning_rate": (0,), "moment_squares": (None,),
        "moment_mean": (np.zeros(56, np.float64), np.zeros(2, np.float32)),
    },
    "lbfgs": {
        "n_evaluations": (-1,), "steps": (np.zeros((1, 25)),), "gradient_changes": (None,),
        "position": (np.zeros(26, np.float32),), "loss": ("low",),
    },
}  # fmt: skip


def with_entry(part, key, value):
    def change(state):
        own = state["optimizer" if part == "lbfgs" else part]
        own.pop(key) if value is None else own.update({key: value})

    return change


LAST_ENTRY = with_entry("callback 1", "count", None), "not a valid checkpoint: 'count'"
INVALID = [
    ("lbfgs" if part == "lbfgs" else "adam", with_entry(part, key, value), "not a valid checkpo")
    for part, entries in INCONSISTENT.items()
    for key, values in entries.items()
    for value in values
]
MISSING = [
    ("adam", lambda state, part=part: state.pop(part), f"not a valid checkpoint: '{part}'")
    for part in ("run", "guard", "tally", "optimizer", "schedule", "callback 0")
] + [
    ("adam", lambda state, part=part: state.pop(part), f"the check.* of {kind}: {name} was no")
    for part, kind, name in (
        ("settings", "another run", "engine"),
        ("data", "a run with other data", "X"),
    )
]


def refuse(path, parts, message, **more):
    """Objects that an earlier run has used are as before, and so is the file."""
    parts.learn(**{"epochs": 2, **more})
    before, content = parts.bits(), path.read_bytes()
    with pytest.raises(ResumeError, match=f"^resume: {message}"):
        parts.learn(checkpoint=path, resume=True, **more)
    assert parts.bits() == before and path.read_bytes() == content


@pytest.mark.case(73)
@pytest.mark.parametrize(("changed", "message"), CHANGED)
def test_a_changed_run_is_refused_with_the_differences(interrupted, changed, message):
    parts = Parts(**copy.deepcopy(changed))
    is_data = re.match("X|y|sample_weight|validation_data|test_data", message)
    if is_data:
        kind = "a run with other data"
        needed = "the data"
    else:
        kind = "another run"
        needed = "the settings( and the data)?"  # the dtype is that of both
    remedy = f"resume with {needed} of that run, or start a new run without resuming$"
    expected = f"the checkpoint is of {kind}: (.*; )?{message}.*{remedy}"
    refuse(interrupted / "adam", parts, expected)


@pytest.mark.case(118)
@pytest.mark.promise(10)
@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        *INVALID,
        *MISSING,
        *((kind, *LAST_ENTRY) for kind in ("adam", "lbfgs", "reference")),
    ],
)
def test_an_inconsistent_state_is_refused(interrupted, monkeypatch, kind, change, message):
    """The last entry is found when the others are loaded."""
    state = copy.deepcopy(Checkpoint(interrupted / kind).read())
    change(state)
    parts = Parts("adam", engine=kind) if kind in ENGINES else Parts(kind)
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "read", lambda _: state)
        refuse(interrupted / kind, parts, message)
    assert len(parts.learn(resume=interrupted / kind)) == 11  # from the unchanged state


def test_other_versions_warn(interrupted, monkeypatch):
    monkeypatch.setattr(np, "__version__", "0.1")
    with pytest.warns(UserWarning, match=r"other last digits .*numpy was .*, and is 0\.1"):
        Parts().learn(resume=interrupted / "adam")


@pytest.mark.parametrize(
    ("resume", "error", "message"),
    [
        (True, ArgumentError, "True resumes from the check"),
        (None, ArgumentError, "expected a path or a Checkpoint, got None"),
        ("missing", FileNotFoundError, "missing: there is no checkpoint"),
    ],
)
def test_resume_without_a_checkpoint(tmp_path, monkeypatch, resume, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=f"^resume: {message}"):
        Parts().learn(resume=resume)
    assert len(Parts().learn(checkpoint="none yet", resume=True)) == 11


class Own(Schedule):
    """A schedule that is no dataclass."""

    name = "own"

    def __init__(self, option):
        self.option = option

    def factor(self, epoch, epochs):
        return 1 / (1 + epoch)


@pytest.mark.parametrize(
    ("before", "now", "expectation"),
    [
        (2, 3, pytest.raises(ResumeError, match=r"Own\(option=2\), and is .*Own\(option=3\)")),
        (lambda: 2, lambda: 2, nullcontext()),  # functions at several addresses
    ],
)
def test_options_of_an_own_class_are_compared(tmp_path, before, now, expectation):
    Parts(schedule=Own(before)).learn(Interrupt(), checkpoint=tmp_path / "run")
    with expectation:
        assert len(Parts(schedule=Own(now)).learn(resume=tmp_path / "run")) == 11
