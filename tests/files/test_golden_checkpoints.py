"""Checkpoints of earlier versions are resumed, and end as the uninterrupted run does.

`python tests/files/test_golden_checkpoints.py` writes those of this version where there are none.
"""

import contextlib
import io
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from barenet import Checkpoint, Network, load_predictor, train, train_many
from barenet.callbacks import Callback, EarlyStopping
from barenet.cli._main import main
from barenet.files._run_identity import environment
from barenet.layers import BatchNorm, Dense, Dropout
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._ensemble_training import EnsembleTraining
from barenet.population._out_of_fold import OutOfFold

GOLDEN = Path(__file__).parent / "golden" / "checkpoints"

#: Data whose bits are the same everywhere.
X = (np.arange(120).reshape(40, 3) * 7919 % 101 - 50) / 50
Y = (X[:, 0] > X[:, 1]).astype(int)
WEIGHT = np.arange(1, 41) / 40


class Interrupt(Callback):
    """End a run within an epoch, as a signal would, and count the epochs of all runs."""

    finished = 0

    def __init__(self, epoch, resume):
        self.epoch = epoch if resume is False else None

    def on_start(self, run):
        run.chunk_limit = 1

    def on_chunk(self, run):
        if run.epoch == self.epoch and run.batch:
            run.stop("interrupted", resumable=True)

    def on_epoch(self, run):
        Interrupt.finished += 1


class Sum(Callback):
    """A user-defined callback with a state."""

    def on_start(self, run):
        self.sum = np.zeros_like(run.network.parameters)

    def on_epoch(self, run):
        self.sum += run.network.parameters

    def state_dict(self):
        return {"sum": self.sum}

    def load_state_dict(self, state):
        self.sum = state["sum"]


def one_network(place, resume, engine):
    network = Network([Dense(3, 4), BatchNorm(4), Dropout(0.2), Dense(4, 2, "softmax")], seed=1)
    callbacks = [
        EarlyStopping(patience=90),
        total := Sum(),
        Interrupt(5, resume),
    ]
    history = train(
        network, X, Y, sample_weight=WEIGHT, batch_size=8, epochs=9, metrics="accuracy", seed=4,
        validation_data=(X[:9], Y[:9]), schedule="reduce_on_plateau:patience=1", engine=engine,
        optimizer="adam:average=0.9", penalty="l2:strength=0.01", clip="norm:limit=1",
        callbacks=callbacks, checkpoint=place, resume=bool(resume),
    )  # fmt: skip
    return [network.parameters, network.statistics, total.sum, history.validation_loss]


def lbfgs(place, resume):
    network = Network.dense([3, 4, 2], output="softmax", seed=1, dtype="float64")
    history = train(
        network, X, Y, optimizer="lbfgs", epochs=20, callbacks=Interrupt(7, resume),
        checkpoint=place, resume=bool(resume), engine="reference",
    )  # fmt: skip
    return [network.parameters, history.loss]


def population(place, resume):
    networks = [Network.dense([3, 3, 1], seed=seed) for seed in range(3)]
    result = train_many(
        networks, X, X[:, 2], epochs=[4, 9, 12], seed=[0, 1, 2], rows=(X[:, 0] > -0.5), threads=1,
        callbacks=Interrupt(5, resume), checkpoint=place, resume=bool(resume),
    )  # fmt: skip
    return [*(each.parameters for each in networks), result.histories[2].loss]


def ensemble(place, resume):
    recipe = EnsembleRecipe(hidden=(3,), batch_size=8, epochs=8, folds=3, repeats=2)
    training = EnsembleTraining(X, OutOfFold(Y, np.full(40, 1 / 40)), recipe, 2)
    file = Checkpoint(place / "networks.safetensors", every="never")
    training.run(1, Interrupt(4, resume), checkpoint=file, resume=bool(resume))
    return [training.best.predictions, *training.best.parameters.values()]


def command(place, resume):
    """A run of the command line, killed after its first checkpoint."""
    options = ["iris", "--layers", "4", "3", "3", "--epochs", "8", "--out", str(place)]
    arguments = ["--resume", str(place)] if resume else options
    with contextlib.redirect_stderr(io.StringIO()) as printed:
        assert main(["train", *arguments, "--no-plots", "--checkpoint-every", "3"]) == 0
    assert ("resuming after 3 epochs" in printed.getvalue()) == bool(resume)
    return [load_predictor(place / "model.safetensors").network.parameters]


#: Runs that are resumed from a folder, or begin in it.
RUNS = {
    "compiled": partial(one_network, engine="compiled"),
    "reference": partial(one_network, engine="reference"),
    "lbfgs": lbfgs,
    "population": population,
    "ensemble": ensemble,
    "command": command,
}


def is_of_this_machine(folder):
    """Whether all bits can be the same: the versions and the processor are."""
    states = [Checkpoint(path).read() for path in folder.glob("*.safetensors")]
    parts = [part for state in states for name, part in state.items() if "surroundings" in name]
    return all(part == environment(part.get("numba", "") and "compiled") for part in parts)


@pytest.mark.filterwarnings("ignore:resume. the run may end in other last digits")
@pytest.mark.parametrize("name", RUNS)
def test_a_checkpoint_of_an_earlier_version_is_resumed(name, tmp_path):
    place = shutil.copytree(GOLDEN / name, tmp_path / "resumed")
    same = is_of_this_machine(place)
    (tmp_path / "whole").mkdir()
    started = Interrupt.finished
    resumed, resumed_epochs = RUNS[name](place, True), Interrupt.finished - started
    whole, whole_epochs = RUNS[name](tmp_path / "whole", None), Interrupt.finished - started
    assert 2 * resumed_epochs < whole_epochs or name == "command"
    for expected, found in zip(whole, resumed, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0 if same else 1e-3)


def write_golden_files():
    """Interrupt each of the runs that has no file yet."""

    def save(self, run, state):
        saving(self, run, state)
        raise InterruptedError

    for name, run in RUNS.items():
        if not (GOLDEN / name).exists():
            (GOLDEN / name).mkdir(parents=True)
            saving, killed = Checkpoint.save, name == "command"
            Checkpoint.save = save if killed else saving
            with contextlib.suppress(InterruptedError, AssertionError):
                run(GOLDEN / name, False)
            Checkpoint.save = saving


if __name__ == "__main__":
    write_golden_files()
