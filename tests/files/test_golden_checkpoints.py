"""Checkpoints of earlier versions are resumed, and end as the uninterrupted run does."""

import contextlib
import io
import shutil
from pathlib import Path

import numpy as np
import pytest

from barenet import Checkpoint, Network, load, train, train_many
from barenet.callbacks import EarlyStopping
from barenet.cli._main import main
from barenet.datasets._target_kind import TargetKind
from barenet.files._run_identity import environment
from barenet.layers import BatchNorm, Dense, Dropout
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._ensemble_training import EnsembleTraining
from barenet.population._out_of_fold import OutOfFold

GOLDEN = Path(__file__).parent / "golden" / "checkpoints"

#: Data whose bits are the same everywhere.
X = (np.arange(120).reshape(40, 3) * 7919 % 101 - 50) / 50
Y = (X[:, 0] > X[:, 1]).astype(int)


def network(watch, **saving):
    net = Network([Dense(3, 4), BatchNorm(4), Dropout(0.2), Dense(4, 2, "softmax")], seed=1)
    history = train(
        net, X, Y, sample_weight=np.arange(1, 41) / 40, batch_size=8, epochs=9, seed=4,
        validation_data=(X[:9], Y[:9]), schedule="reduce_on_plateau:patience=1",
        metrics="accuracy", optimizer="adam:average=0.9", penalty="l2:strength=0.01",
        clip="norm:limit=1", callbacks=[EarlyStopping(patience=90), watch], **saving,
    )  # fmt: skip
    return [net.parameters, net.statistics, history.validation_loss]


def lbfgs(watch, **saving):
    net = Network.dense([3, 4, 2], output="softmax", seed=1, dtype="float64")
    settings = {"optimizer": "lbfgs", "epochs": 20, "engine": "reference"}
    return [train(net, X, Y, callbacks=watch, **settings, **saving).loss, net.parameters]


def population(watch, **saving):
    networks = [Network.dense([3, 3, 1], seed=seed) for seed in range(3)]
    settings = {"epochs": [4, 9, 12], "seed": [0, 1, 2], "rows": X[:, 0] > -0.5, "threads": 1}
    train_many(networks, X, X[:, 2], callbacks=watch, **settings, **saving)
    return [each.parameters for each in networks]


def ensemble(watch, checkpoint, resume):
    recipe = EnsembleRecipe(hidden_layer_sizes=(3,), batch_size=8, epochs=8, folds=3, repeats=2)
    rows = OutOfFold(Y, np.full(40, 1 / 40))
    training = EnsembleTraining(X, rows, recipe, TargetKind(n_classes=2))
    training.run(1, watch, checkpoint=Checkpoint(checkpoint, every="never"), resume=resume)
    return [training.best.predictions, *training.best.parameters.values()]


def command(watch, checkpoint, resume):
    new = ["iris", "--layers", "4", "3", "3", "--epochs", "8", "--out", str(checkpoint)]
    arguments = ["--resume", str(checkpoint)] if resume else new
    with contextlib.redirect_stderr(io.StringIO()) as printed:
        assert main(["train", *arguments, "--no-plots", "--checkpoint-every", "3"]) == 0
    assert ("resuming after 3 epochs" in printed.getvalue()) == resume
    return [load(checkpoint / "model.safetensors").network.parameters]


def is_of_this_machine(folder):
    """Whether all bits can be the same: the versions and the processor are."""
    states = [Checkpoint(path).read() for path in folder.glob("*.safetensors")]
    parts = [part for state in states for name, part in state.items() if "surroundings" in name]
    return all(part == environment("compiled" if "numba" in part else "") for part in parts)


@pytest.mark.case(148)
@pytest.mark.filterwarnings("ignore:resume. the run may end in other last digits")
@pytest.mark.parametrize("run", [network, population, ensemble, command, lbfgs])
def test_a_checkpoint_of_an_earlier_version_is_resumed(run, tmp_path):
    epochs = []
    saved = shutil.copytree(GOLDEN / run.__name__, tmp_path / "saved")
    is_same = is_of_this_machine(saved)
    resumed, n_resumed = run(lambda _: epochs.append(1), checkpoint=saved, resume=True), len(epochs)
    (tmp_path / "whole").mkdir()
    whole = run(lambda _: epochs.append(1), checkpoint=tmp_path / "whole", resume=False)
    assert n_resumed < len(epochs) - n_resumed or run is command
    if run is lbfgs:  # its steps depend on the kernels of OpenBLAS; the minimum does not
        resumed_loss, whole_loss = resumed[0], whole[0]
        n_before = len(resumed_loss) - n_resumed
        np.testing.assert_allclose(resumed_loss[:n_before], whole_loss[:n_before], rtol=1e-3)
        assert resumed_loss[-1] < resumed_loss[n_before - 1]
        np.testing.assert_allclose(resumed_loss[-1], whole_loss[-1], atol=1e-4)
        return
    for expected, found in zip(whole, resumed, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0 if is_same else 1e-3)
