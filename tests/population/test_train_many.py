"""`train_many`: each network with the bits of `train` alone, and one result for all."""

import _thread
import copy
import os
import pickle
import sys
import threading
import time
from concurrent import futures

import numpy as np
import pytest

from barenet import Checkpoint, Network, save, train, train_many
from barenet.callbacks import Callback, EarlyStopping
from barenet.engines import choose_engine
from barenet.errors import ArgumentError, DivergenceError, ResumeError
from barenet.losses import Huber
from barenet.optimizers import Adam
from barenet.population import _network_run, _thread_pool

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 5)).astype(np.float32)
Y = RNG.integers(0, 3, 90)
ROWS = [RNG.permutation(90)[:40], RNG.integers(0, 90, 70), np.arange(90) % 7 > 0]


def network(seed, layers=(5, 6, 3), **options):
    return Network.dense(layers, output="softmax", seed=seed, **options)


def equal(one, other):
    return (
        np.array_equal(one.parameters, other.parameters)
        and np.array_equal(one.statistics, other.statistics)
        and one.parameters.dtype == other.parameters.dtype
    )


def curves(history):
    return {name: curve for name, curve in history.curves.items() if name != "seconds"}


def assert_alone(result, index, alone, *data, **arguments):
    """A network of a population has the bits and the history of another, trained by `train`."""
    expected, found = train(alone, *(data or (X, Y)), **arguments), result.histories[index]
    assert equal(alone, result.networks[index])
    assert curves(found) == curves(expected)
    for name in ("stop_reason", "engine", "best_epoch"):
        assert getattr(found, name) == getattr(expected, name)


#: Arguments of the networks of a population; those that are missing are the defaults.
MIXTURE = [
    {"epochs": 7},
    {"epochs": 3, "batch_size": 90, "optimizer": "sgd", "validation_data": (X[:9], Y[:9])},
    {"epochs": 5, "batch_size": 7, "optimizer": "rmsprop", "schedule": "cosine", "seed": 3},
    {"epochs": 4, "penalty": ("l1:strength=0.01", "l2:strength=0.1"), "clip": "norm:limit=0.1"},
    {"epochs": 6, "optimizer": "lbfgs", "test_data": (X[::2], Y[::2])},
    {"epochs": 5, "shuffle": False, "validation_data": (X[9:], Y[9:], np.arange(81.0))},
    {"epochs": 9, "engine": "reference", "batch_size": 16, "loss": "squared_error"},
    {"epochs": 5, "schedule": "reduce_on_plateau:patience=1", "optimizer": "momentum:average=0.9"},
]
DEFAULTS = {
    "batch_size": "auto", "optimizer": "adam", "schedule": None, "penalty": None, "clip": None,
    "shuffle": True, "loss": None, "engine": "auto", "seed": 0,
}  # fmt: skip


def mixed_networks():
    kinds = [{}, {"hidden": "tanh"}, {"dropout": 0.3}, {"layers": (5, 3)}, {"dtype": "float64"},
             {}, {"batch_norm": True}, {"layers": (5, 20, 9, 3)}]  # fmt: skip
    return [network(seed, **kind) for seed, kind in enumerate(kinds)]


#: Without metrics, several epochs run at once.
@pytest.mark.parametrize(
    ("threads", "slice_epochs", "metrics"),
    [(1, None, ()), (2, None, "accuracy"), (5, 1, ()), (2, 2, "accuracy")],
)
def test_each_network_has_the_bits_of_train_alone(threads, slice_epochs, metrics):
    names = {name for arguments in MIXTURE for name in arguments}
    each = {name: [arguments.get(name, DEFAULTS.get(name)) for arguments in MIXTURE]
            for name in names}  # fmt: skip
    slices = {"slice_epochs": slice_epochs, "after_slice": len} if slice_epochs else {}
    many = mixed_networks()
    result = train_many(many, X, Y, threads=threads, metrics=metrics, **each, **slices)
    assert result.networks == many and not result.errors
    for index, (alone, arguments) in enumerate(zip(mixed_networks(), MIXTURE, strict=True)):
        assert_alone(result, index, alone, metrics=metrics, **arguments)


@pytest.mark.parametrize(
    ("engine", "optimizer", "weighted"),
    [("compiled", "adam", True), ("compiled", "lbfgs", False), ("reference", "adam", False)],
)
def test_rows_are_the_rows_of_a_copy(engine, optimizer, weighted):
    weight = np.linspace(0.1, 2, 90) if weighted else None
    settings = {"engine": engine, "optimizer": optimizer, "epochs": 6, "metrics": "accuracy"}
    held_out = [np.arange(0, 90, 9), np.arange(5), np.array([3])]
    result = train_many(
        [network(seed) for seed in range(3)], X, Y, rows=ROWS, validation_rows=held_out,
        sample_weight=weight, **settings,
    )  # fmt: skip
    for seed, (rows, others) in enumerate(zip(ROWS, held_out, strict=True)):
        parts = (X, Y) if weight is None else (X, Y, weight)
        given = {} if weight is None else {"sample_weight": weight[rows]}
        given["validation_data"] = tuple(part[others] for part in parts)
        assert_alone(result, seed, network(seed), X[rows], Y[rows], **given, **settings)


def test_the_data_is_never_copied(peak_memory):
    wide = RNG.normal(size=(40_000, 50)).astype(np.float32)  # 8 MB
    y = RNG.integers(0, 3, 40_000)
    networks = [network(seed, (50, 4, 3)) for seed in range(8)]
    train_many([network(0, (50, 4, 3))], wide, y, epochs=1)
    rows = [np.arange(seed, 40_000, 4) for seed in range(8)]
    settings = {"rows": rows, "epochs": 1, "batch_size": 1000, "threads": 2}
    assert peak_memory(train_many, networks, wide, y, **settings) < wide.nbytes


def test_objects_with_a_state_are_copied_for_each_network_and_functions_are_not():
    class Log(list):
        def write(self, run):
            self.append(run.network)

    optimizer, stopping, log = Adam(learning_rate=0.05), EarlyStopping("loss", patience=2), Log()
    settings = {"epochs": 200, "schedule": "reduce_on_plateau", "optimizer": optimizer}
    networks = [network(seed) for seed in range(4)]
    result = train_many(networks, X, Y, callbacks=(stopping, log.write), **settings)
    assert optimizer.n_steps == 0 and stopping.snapshot is None
    for seed, each in enumerate(networks):
        assert log.count(each) == len(result.histories[seed])
        assert_alone(result, seed, network(seed), callbacks=stopping, **copy.deepcopy(settings))


def test_networks_share_a_loss_given_by_name_but_no_object():
    def losses_of(loss):
        networks = [network(seed) for seed in range(3)]
        result = train_many(networks, X, Y, loss=loss, epochs=1)
        return [run.job.loss for run in result.runs]

    one, *others = losses_of("huber:delta=2")
    assert all(other is one for other in others)
    assert len({id(loss) for loss in losses_of(Huber(delta=2))}) == 3


def test_networks_share_settings_without_a_state_and_no_others():
    networks = [network(seed) for seed in range(3)]
    plain = train_many(networks, X, Y, epochs=[2, 1, 2], validation_rows=ROWS[0]).runs
    assert plain[0].config is plain[2].config is not plain[1].config
    moments = [run.job.optimizer.moments for run in plain]
    assert len({id(vectors) for vectors in moments}) == 3
    scheduled = train_many(networks, X, Y, epochs=1, schedule="reduce_on_plateau").runs
    assert len({id(run.config.schedule) for run in scheduled}) == 3


#: Arguments of networks with the same structure, of which each takes the engine of the one before.
ALIKE = [
    {"batch_size": 16},
    {"batch_size": 16, "seed": 5, "optimizer": "adam:learning_rate=0.1,beta1=0.5"},
    {"batch_size": 3, "clip": "norm:limit=0.2"},  # for up to 4 rows, there are other kernels
    {"batch_size": 80, "clip": "norm:limit=0.4", "validation_data": (X[:5], Y[:5])},
    {"batch_size": 3, "clip": "norm:limit=0.4", "validation_data": (X, Y)},
    {"batch_size": 16, "optimizer": "adam:average=0.9"},
    {"batch_size": 2, "optimizer": "adam:average=0.8", "epochs": 1},
    {"batch_size": 16, "optimizer": "muon"},
    {"batch_size": 9, "optimizer": "muon", "epochs": 1},
    {"sample_weight": np.linspace(0, 1, 90)},
    {"engine": "reference"},
    {"engine": "compiled", "optimizer": "sgd:learning_rate=1e30"},
    {"optimizer": "sgd:learning_rate=0.1", "validation_data": (X[:5], Y[:5])},
]


def test_a_network_has_the_bits_of_train_alone_after_any_other_in_its_thread():
    order = [*range(len(ALIKE)), *reversed(range(len(ALIKE)))]
    all_arguments = [{"epochs": 3, **ALIKE[index]} for index in order]
    names = {name for arguments in all_arguments for name in arguments}
    each = {name: [arguments.get(name, DEFAULTS.get(name)) for arguments in all_arguments]
            for name in names}  # fmt: skip
    networks = [network(0, dropout=0.2) for _ in order]
    with pytest.warns(RuntimeWarning, match="2 of 26 networks failed"):
        result = train_many(networks, X, Y, threads=1, **each)
    for index, arguments in enumerate(all_arguments):
        if index not in result.errors:
            assert_alone(result, index, network(0, dropout=0.2), **arguments)


def test_a_thread_makes_one_engine_for_networks_of_one_structure(monkeypatch):
    made = []

    def choose(*arguments):
        made.append(choose_engine(*arguments))
        return made[-1]

    monkeypatch.setattr(_network_run, "choose_engine", choose)
    layers = [(5, 6, 3)] * 4 + [(5, 7, 3)] * 3
    networks = [network(seed, layers[seed]) for seed in range(7)]
    train_many(networks, X, Y, threads=1, epochs=2, seed=[*range(7)])
    assert len(made) == 2
    assert all(vars(engine).get("_programs") is None for engine in made)  # they wait in the pool
    made.clear()
    train_many(networks, X, Y, threads=1, epochs=4, after_slice=len, slice_epochs=2)
    assert len(made) == 7  # between two slices, each network has an engine of its own


def test_a_short_training_takes_few_calls_of_python():
    """Otherwise, Python would limit short trainings on many threads; times are too noisy a test."""
    calls = []

    def count(frame, event, _):
        if event == "call" and f"{os.sep}barenet{os.sep}" in frame.f_code.co_filename:
            calls.append(frame.f_code.co_name)

    def train_all(count_of_networks):
        networks = [network(seed) for seed in range(count_of_networks)]
        seeds = [*range(count_of_networks)]
        calls.clear()
        threading.setprofile(count)
        sys.setprofile(count)
        try:
            train_many(networks, X, Y, epochs=2, seed=seeds, threads=1, progress=False)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        return len(calls)

    train_all(2)
    calls_of_one = (train_all(22) - train_all(2)) / 20
    assert calls_of_one < 220


def test_a_network_that_diverges_does_not_stop_the_others():
    rates = [f"sgd:learning_rate={rate}" for rate in (0.1, 1e30, 0.2)]
    networks = [network(0, hidden="identity", dtype="float32") for _ in range(3)]
    with pytest.warns(RuntimeWarning, match="1 of 3 networks failed; network 1 diverged: the loss"):
        result = train_many(networks, X, Y, optimizer=rates, epochs=5, loss="squared_error")
    assert isinstance(result.errors[1], DivergenceError) and len(result.errors) == 1
    assert [len(history) for history in (result.histories[0], result.histories[2])] == [5, 5]
    assert result.histories[1].stop_reason == "diverged" and result.best() in (0, 2)
    assert np.isnan(result.final("loss")).tolist() == [False, True, False]


def test_a_replacement_reads_indices_of_rows_again_that_were_changed_in_place():
    rows = {"rows": np.arange(40), "validation_rows": np.arange(40, 60)}

    def replace(population):
        if population.epoch == 1:
            for indices in rows.values():
                indices += 20
            population.replace(1, network(7), **rows)

    networks = [network(0), network(1)]
    result = train_many(networks, X, Y, epochs=3, after_slice=replace, **rows)
    held_out = (X[60:80], Y[60:80])
    assert_alone(result, 1, network(7), X[20:60], Y[20:60], epochs=3, validation_data=held_out)


@pytest.mark.parametrize("moment", ["on_epoch", "on_end"])
def test_a_callback_that_fails_for_one_network(moment):
    def fail(_, run):
        if run.network in failing:
            raise KeyError("broken")

    networks = [network(seed) for seed in range(3)]
    failing = networks[1:2]
    callback = type("Fail", (Callback,), {moment: fail})()
    with pytest.warns(RuntimeWarning, match="network 1 .*: 'broken'"):
        result = train_many(networks, X, Y, epochs=2, callbacks=callback)
    assert isinstance(result.errors[1], KeyError) and len(result.errors) == 1
    failing = networks
    with pytest.raises(KeyError):
        train_many(networks, X, Y, epochs=2, callbacks=callback)
    with pytest.raises(ZeroDivisionError):  # and all networks are released
        train_many(networks, X, Y, callbacks=callback, after_slice=lambda population: 1 / 0)
    assert len(train_many(networks, X, Y, epochs=1)) == 3


def test_networks_are_dropped_between_slices():
    seen = []

    def judge(population):
        seen.append((population.epoch, population.active))
        losses = [history.loss[-1] for history in population.histories]
        population.drop(max(population.active, key=losses.__getitem__), "the worst")

    networks = [network(seed) for seed in range(4)]
    result = train_many(networks, X, Y, epochs=20, slice_epochs=3, after_slice=judge)
    assert [len(active) for _, active in seen] == [4, 3, 2, 1]
    assert [epoch for epoch, _ in seen] == [3, 6, 9, 12]
    assert sorted(map(len, result.histories)) == [3, 6, 9, 12]
    for seed, history in enumerate(result.histories):
        alone, last = network(seed), len(history)
        stop = {"callbacks": lambda run, last=last: "the worst" * (run.epoch == last)}
        assert_alone(result, seed, alone, epochs=20, **stop)


def test_networks_are_replaced_between_slices():
    other, ends = network(9, (5, 4, 3)), []

    def replace(population):
        ends.append(population.epoch)
        if population.epoch == 2:
            population.replace(1, other, optimizer="sgd", epochs=3)

    slices = {"slice_epochs": (1, 1, 2), "after_slice": replace}
    result = train_many([network(0), network(1)], X, Y, epochs=6, **slices)
    assert result.networks[1] is other and ends == [1, 2, 4, 6]
    assert_alone(result, 1, network(9, (5, 4, 3)), optimizer="sgd", epochs=3)


#: Calls between two slices, with the argument that is refused.
REFUSED_CALLS = [
    (lambda each: each.replace(-2, network(9), optimiser="sgd"), "optimiser"),
    (lambda each: each.replace(-2, network(9), optimizer="adm"), "optimizer"),
    (lambda each: each.replace(-2, each.networks[1]), "network"),
    (lambda each: each.replace(-2, "net"), "networks"),
    (lambda each: each.replace(99, network(9)), "index"),
    (lambda each: each.drop(3), "index"),
    (lambda each: each.drop("first"), "index"),
    (lambda each: each.drop(0, None), "reason"),
    (lambda each: each.drop(0, ""), "reason"),
    (lambda each: each.best("validation_loss"), "curve"),
]


def test_refused_calls_between_slices_change_nothing(refused):
    def try_all(population):
        for call, argument in REFUSED_CALLS:
            with refused(argument):
                call(population)

    slices = {"slice_epochs": 2, "after_slice": try_all}
    result = train_many([network(0), network(1)], X, Y, epochs=3, **slices)
    assert repr(result) == "<Population: 2 networks, 2 completed>"
    for index in range(2):
        assert_alone(result, index, network(index), epochs=3)


@pytest.mark.parametrize("dropped", [0, 1])
def test_a_network_is_dropped_within_a_slice(dropped):
    seen = []

    def drop(run):
        if seen and run.epoch == 3 and run.network is seen[0].networks[0]:
            seen[0].drop(dropped)
            with pytest.raises(ArgumentError, match="network: is in training"):
                seen[0].replace(0, network(9))

    networks, alone = [network(0), network(1)], network(dropped)
    result = train_many(networks, X, Y, epochs=6, slice_epochs=2, after_slice=seen.append,
                        callbacks=drop, threads=1)  # fmt: skip
    last = len(result.histories[dropped])
    assert last == 3 - dropped and result.histories[dropped].stop_reason == "dropped"
    assert len(result.histories[1 - dropped]) == 6
    train(alone, X, Y, epochs=last)
    assert equal(alone, networks[dropped])


def test_errors_at_the_end_of_a_dropped_network_are_its_own():
    networks = [network(0, hidden="identity"), network(1)]
    rates = ["sgd:learning_rate=1e38", "sgd"]  # the last step is checked when the run ends
    with pytest.warns(RuntimeWarning, match="1 of 2 networks failed"):
        result = train_many(
            networks, X, Y, epochs=3, optimizer=rates, batch_size=90, loss="squared_error",
            slice_epochs=1, after_slice=lambda population: population.drop(0),
        )  # fmt: skip
    assert isinstance(result.errors[0], DivergenceError) and len(result.histories[1]) == 3


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_result_is_copied_and_pickled(copied):
    result = train_many([network(0), network(1)], X, Y, epochs=2, callbacks=EarlyStopping("loss"))
    other = copied(result)
    assert all(map(equal, result.networks, other.networks)) and repr(other) == repr(result)
    assert other.final("loss").tolist() == result.final("loss").tolist()


def test_the_result_as_tables():
    result = train_many([network(0), network(1)], X, Y, epochs=[2, 3], metrics=["accuracy", "r2"])
    table = result.table()
    assert table["network"].tolist() == [0, 0, 1, 1, 1]
    assert table["epoch"].tolist() == [1, 2, 1, 2, 3]
    assert np.isnan(table["accuracy"]).tolist() == [False, False, True, True, True]
    assert table["loss"].tolist() == [*result.histories[0].loss, *result.histories[1].loss]
    assert result.best() == int(np.argmin([history.loss[-1] for history in result.histories]))
    assert repr(result) == "<Population: 2 networks, 2 completed>" and len(result) == 2


def test_the_best_network_by_another_spelling_of_a_curve():
    result = train_many([network(0), network(1)], X, Y, epochs=3, metrics=("accuracy",))
    for history, accuracy in zip(result.histories, (0.9, 0.4), strict=True):
        history["accuracy"][-1] = accuracy
    assert result.best("acc") == result.best("accuracy") == 0


class Locked(Callback):
    def __init__(self):
        self.lock = threading.Lock()


#: Arguments of two networks, the one that is named, and a part of the message.
REFUSED = [
    *(({"networks": wrong}, "networks", "")
      for wrong in ([], [network(0)] * 2, [network(0), "net"])),
    ({"networks": [network(0), network(1, dropout=0.5)], "optimizer": ["adam", "lbfgs"]},
     "optimizer", "network 1: lbfgs can't be used with"),
    ({"epochs": [1, 2, 3]}, "epochs", ""), ({"epochs": (1, 2)}, "epochs", r"got \(1, 2\)"),
    ({"epochs": [5, 0]}, "epochs", "network 1: expected"), ({"epochs": 0}, "epochs", "^epochs: e"),
    ({"epochs": [0, 5]}, "epochs", "network 0: expected"), ({"metrics": ["auc"]}, "metrics", ""),
    *(({"rows": rows}, "rows", "") for rows in (
        [0, 1], np.array([0, 90]), np.array([-1]), np.array([0.5]), np.zeros(90, bool),
        np.zeros(3, bool))),
    ({"rows": list(range(12))}, "rows", r"12 items.* np\.asarray\(...\) is one value"),
    ({"rows": [[0, 1], [0, 99]]}, "rows", "network 1: of X: index 99 is out of bounds"),
    ({"rows": np.arange(5), "sample_weight": np.arange(90) > 4}, "rows", ""),
    ({"validation_rows": np.arange(4), "validation_data": (X, Y)}, "validation_rows", ""),
    *(({"slice_epochs": wrong}, "slice_epochs", "") for wrong in (0, (), (1, 0))),
    *(({name: wrong}, name, "") for name, wrong in {
        "validation_rows": np.array([100]), "after_slice": 5, "progress": "yes", "threads": 0,
        "callbacks": Locked(), "optimizer": ["adam", "adm"], "resume": True, "checkpoint": 5,
        "batchsize": 3, "arguments": {}}.items()),
    ({"callbacks": EarlyStopping()}, "monitor", ""),
    ({"resume": "folder", "checkpoint": "folder"}, "resume", ""),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "argument", "message"), REFUSED)
def test_wrong_arguments_are_refused(arguments, argument, message, refused):
    arguments = {"networks": [network(0), network(1)], "epochs": 2, **arguments}
    networks = [each for each in arguments["networks"] if isinstance(each, Network)]
    before = [each.parameters.copy() for each in networks]
    with refused(argument, message):
        train_many(arguments.pop("networks"), X, Y, **arguments)
    assert all(map(np.array_equal, before, [each.parameters for each in networks]))


class Interrupt(Callback):
    """Interrupts the main thread once, whichever network gets there first, and waits for it."""

    def __init__(self, epoch, monkeypatch):
        self.epoch, self.first, self.stopping = epoch, threading.Lock(), threading.Event()
        monkeypatch.setattr(_thread_pool, "wait", self.wait)

    def wait(self, threads, *interval):
        if not interval:  # the population waits for its end
            self.stopping.set()
        return futures.wait(threads, *interval)

    def __deepcopy__(self, _):
        return self  # one for all networks

    def on_epoch(self, run):
        if run.epoch == self.epoch and self.first.acquire(blocking=False):
            _thread.interrupt_main()
            assert self.stopping.wait(100)


class InterruptAhead(Callback):
    """Interrupts the main thread once, while epochs run ahead; lists how far the networks come."""

    history_only = True

    def __init__(self):
        self.first, self.ended = threading.Lock(), []

    def __deepcopy__(self, _):
        return self

    def on_chunk(self, run):
        if self.first.acquire(blocking=False):
            _thread.interrupt_main()

    def on_end(self, run):
        self.ended.append((run.network, len(run.history)))


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_networks_that_run_ahead(threads):
    callback, networks = InterruptAhead(), [network(seed) for seed in range(3)]
    with pytest.raises(KeyboardInterrupt):
        train_many(networks, X, Y, epochs=10**9, callbacks=callback, threads=threads)
    assert 1 <= len(callback.ended) <= threads  # the others have not begun
    for trained, n_epochs in callback.ended:
        alone = network(networks.index(trained))
        train(alone, X, Y, epochs=n_epochs)
        assert equal(alone, trained)
    assert all(equal(each, network(seed)) for seed, each in enumerate(networks[2:], 2))


class InterruptedPool(futures.ThreadPoolExecutor):
    """Ctrl-C is pressed when a thread has started, and before its future is returned."""

    def submit(self, *arguments):
        super().submit(*arguments)
        time.sleep(0.2)  # enough for an epoch
        raise KeyboardInterrupt


def test_ctrl_c_while_threads_are_started_leaves_no_thread(monkeypatch):
    epochs = []
    monkeypatch.setattr(_thread_pool, "ThreadPoolExecutor", InterruptedPool)
    with pytest.raises(KeyboardInterrupt):
        train_many([network(0), network(1)], X, Y, callbacks=lambda run: epochs.append(run.epoch))
    assert not epochs
    assert not [each for each in threading.enumerate() if each.name.startswith("barenet_")]


@pytest.mark.parametrize("slice_epochs", [None, 3])
def test_an_interrupted_population_resumes_with_the_same_bits(tmp_path, monkeypatch, slice_epochs):
    settings = {"epochs": [30, 5, 12, 30], "rows": [*ROWS, None], "threads": 2,
                "optimizer": ["adam", "sgd", "lbfgs", "adam"]}  # fmt: skip
    if slice_epochs:
        settings |= {"slice_epochs": slice_epochs, "after_slice": len}

    networks = [network(seed) for seed in range(4)]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        interrupt = Interrupt(7, patch)
        train_many(networks, X, Y, checkpoint=tmp_path, callbacks=interrupt, **settings)
    resumed = [network(seed) for seed in range(4)]
    result = train_many(resumed, X, Y, checkpoint=tmp_path, resume=True, **settings)
    whole = train_many([network(seed) for seed in range(4)], X, Y, **settings)
    assert all(map(equal, result.networks, whole.networks))
    assert [*map(curves, result.histories)] == [*map(curves, whole.histories)]
    with pytest.raises(ResumeError, match="X has other values"):
        train_many(resumed, X + 1, Y, checkpoint=tmp_path, resume=True, **settings)


def test_states_of_a_population_before_are_removed_and_no_other_files(tmp_path):
    def interrupt(run):
        if run.epoch == 2:
            run.stop("interrupted", resumable=True)

    settings = {"epochs": 4, "checkpoint": tmp_path}
    train_many([network(0), network(1)], X, Y, callbacks=interrupt, **settings)
    assert {"00000.safetensors", "00001.safetensors"} == {path.name for path in tmp_path.iterdir()}
    others = {"2024-best.safetensors", "20240501.safetensors", "1.safetensors"}
    for name in others:
        (tmp_path / name).write_bytes(b"mine")
    train_many([network(2)], X, Y, **settings)
    assert {path.name for path in tmp_path.glob("*.safetensors")} == others


def interrupted_population(folder, n_networks=2):
    """Save the states of networks that are interrupted, and return them by their names."""

    def interrupt(run):
        run.stop("interrupted", resumable=True)

    networks = [network(seed) for seed in range(n_networks)]
    train_many(networks, X, Y, epochs=4, checkpoint=folder, callbacks=interrupt)
    return contents(folder)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.case(196)
@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("name", ["00042.safetensors", "notes.txt", "run/00000.safetensors"])
def test_a_folder_of_somebody_else_is_refused(tmp_path, refused, name, resume):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    if name == "notes.txt":
        path.write_text("mine")
    else:
        save(network(0), path)
    before = sorted(tmp_path.rglob("*")), path.read_bytes(), tmp_path.stat().st_mtime_ns
    with refused("checkpoint", str(tmp_path)):
        train_many([network(0)], X, Y, epochs=1, checkpoint=tmp_path, resume=resume)
    assert (sorted(tmp_path.rglob("*")), path.read_bytes(), tmp_path.stat().st_mtime_ns) == before


@pytest.mark.case(196)
def test_a_model_or_a_run_among_states_is_refused(tmp_path, refused):
    interrupted_population(tmp_path)

    def save_run(net, path):
        train(net, X, Y, checkpoint=Checkpoint(path, every=1), epochs=1)

    for write in (save, save_run):
        write(network(5), tmp_path / "00042.safetensors")
        before = contents(tmp_path)
        with refused("checkpoint", "00042.safetensors"):
            train_many([network(0)], X, Y, epochs=1, checkpoint=tmp_path)
        assert contents(tmp_path) == before
        (tmp_path / "00042.safetensors").unlink()


@pytest.mark.case(197)
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("epochs", -1),
        ("epochs", [1, "many"]),
        ("optimizer", "adm"),
        ("engine", "fast"),
        ("engine", ["auto", "fast"]),
        ("monitor", EarlyStopping("validation_loss")),
        ("slice_epochs", 0),
        ("after_slice", 3),
        ("callbacks", 3),
        ("progress", "yes"),
        ("threads", 0),
        ("metrics", "accurate"),
        ("validation_data", (X, Y[1:])),
        ("nonsense", 1),
    ],
)
def test_a_refused_argument_changes_no_state(tmp_path, refused, argument, value):
    before = interrupted_population(tmp_path)
    given = {"callbacks" if argument == "monitor" else argument: value}
    with refused(argument):
        train_many([network(0), network(1)], X, Y, checkpoint=tmp_path, **given)
    assert contents(tmp_path) == before


def test_a_refused_argument_leaves_no_folder(tmp_path, refused):
    with refused("slice_epochs"):
        train_many([network(0)], X, Y, checkpoint=tmp_path / "a" / "b", slice_epochs=0)
    assert list(tmp_path.iterdir()) == []


def test_a_second_interruption_waits_for_the_threads(monkeypatch):
    interruptions, last = iter([KeyboardInterrupt] * 3), threading.Event()

    def interrupted(*arguments):
        if error := next(interruptions, None):
            raise error
        last.set()
        return futures.wait(*arguments)

    monkeypatch.setattr(_thread_pool, "wait", interrupted)
    networks = [network(0), network(1)]
    with pytest.raises(KeyboardInterrupt):
        train_many(networks, X, Y, callbacks=lambda run: not last.wait(100), threads=2)
    assert last.is_set()
    assert len(train_many(networks, X, Y, epochs=1)) == 2


def test_networks_that_will_end_equal_are_named():
    X = np.linspace(-1, 1, 20).reshape(-1, 1)
    networks = [Network.dense([1, 3, 1], seed=seed) for seed in (0, 1, 1)]
    with pytest.warns(UserWarning, match="networks 1 and 2 have the same .*seed=index"):
        train_many(networks, X, X[:, 0], epochs=2)
    assert np.array_equal(networks[1].parameters, networks[2].parameters)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("differs", ["seed", "activation", "argument"])
def test_networks_that_differ_are_not(differs):
    X = np.linspace(-1, 1, 20).reshape(-1, 1)
    seeds = [0, 0]
    activations = ["relu", "relu"]
    optimizer = "adam"
    if differs == "seed":
        seeds = [0, 1]
    elif differs == "activation":
        activations = ["relu", "gelu"]
    else:
        optimizer = ["adam:learning_rate=0.1", "adam:learning_rate=0.2"]
    networks = []
    for seed, activation in zip(seeds, activations, strict=True):
        networks.append(Network.dense([1, 3, 1], hidden=activation, seed=seed))
    train_many(networks, X, X[:, 0], epochs=1, optimizer=optimizer)
