from pathlib import Path

import numpy as np
import pytest

from barenet import Network, Predictor, save
from barenet.cli._flags import Flags
from barenet.cli._run_settings import FileOptions, RunSettings
from barenet.cli._trained_model import load_trained
from barenet.data._scaling import Scaling
from barenet.errors import DataError
from barenet.tasks._fit import prepare_network
from barenet.tasks._task import Task


def prepare(settings):
    return prepare_network(Task.from_settings(settings).rows, settings)


def prepared(data: str = "iris", **flags: object):
    return prepare(RunSettings(data=data, config=Flags(**flags)))


def test_rows_are_split_and_scaled_by_the_training_rows():
    experiment = prepared()
    X = experiment.predictor.preprocessing.transform(experiment.training.X)
    assert (experiment.training.n_samples, experiment.test.n_samples) == (120, 30)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1, atol=1e-12)
    assert experiment.validation is None


@pytest.mark.parametrize("scaling", ["standardize", "minmax"])
def test_a_table_is_encoded_by_the_training_rows(penguins, scaling):
    settings = RunSettings(data=str(penguins), target="species", config=Flags(scaling=scaling))
    experiment = prepare(settings)
    encoding = experiment.predictor.preprocessing
    X = encoding.transform(experiment.training.X)
    assert experiment.predictor.network.n_inputs == X.shape[1] == encoding.n_outputs
    mass = X[:, encoding.output_names.index("body_mass_g")]
    least, most = (
        (mass.mean(), mass.std()) if scaling == "standardize" else (mass.min(), mass.max())
    )
    np.testing.assert_allclose([least, most], [0, 1], atol=1e-12)


def test_validation_rows_are_training_rows():
    experiment = prepared(patience=5)
    plateau = prepared(schedule="reduce_on_plateau:patience=2")
    assert experiment.validation.n_samples == plateau.validation.n_samples == 12
    everything = np.vstack([experiment.training.X, experiment.validation.X, experiment.test.X])
    whole = RunSettings(data="iris").load().X
    np.testing.assert_array_equal(np.sort(everything, axis=0), np.sort(whole, axis=0))


def test_every_setting_reaches_train():
    flags = {"epochs": 3, "optimizer": "adam:beta1=0.8", "learning_rate": 0.02, "l1": 0.001}
    flags |= {"clip_norm": 1.0, "batch_size": "full", "dropout": 0.2, "dtype": "float64"}
    experiment = prepared(**flags, schedule="step:every=1,gamma=0.5")
    _, history = experiment.run()
    assert history["learning_rate"] == [0.02, 0.01, 0.005]
    assert experiment.predictor.network.dtype == np.float64
    assert "Dropout(rate=0.2)" in repr(experiment.predictor.network)
    assert len(history["test_accuracy"]) == 3 and not history.validation_loss


def test_a_class_too_rare_for_both_sets_is_split_by_chance():
    few = prepared("moons", samples=4, patience=2, test_size=0.0)
    assert (few.training.n_samples, few.validation.n_samples) == (3, 1)


def test_a_single_row_leaves_none_for_validation():
    with pytest.raises(ValueError, match="patience: it needs a validation set, 10% of the rows"):
        prepared("plane", samples=2, patience=2, test_size=0.5)


def test_defaults_of_the_data_can_be_undone():
    """Moons bring small normal weights, and a long table stops early: both can be refused."""
    moons = prepared("moons", init="auto", hidden=("relu",), batch_norm=True)
    kinds = [layer.name for layer in moons.predictor.network.layers]
    assert kinds == ["dense", "batch_norm", "activate", "dense"]
    inits = [layer.init.name for layer in moons.predictor.network.layers if layer.name == "dense"]
    assert inits == ["he_uniform", "glorot_uniform"]
    assert prepared(patience=0).validation is None and prepared(patience=3).validation is not None


def test_a_folder_without_a_model_is_named(iris):
    with pytest.raises(FileNotFoundError, match=r"there is no model\.safetensors"):
        load_trained(iris.parent)


def test_class_targets_are_refused_for_a_regression_model(line):
    with pytest.raises(DataError, match=r"moons has 2 classes \(0, 1\), and .* predicts numbers"):
        load_trained(line).load("moons", FileOptions())


@pytest.mark.integration
def test_a_model_of_several_numbers_has_no_target_in_a_table(barenet):
    X = np.random.default_rng(0).normal(size=(30, 2))
    several = Predictor(
        network=Network.dense([2, 2]),
        preprocessing=Scaling.fit("standardize", X),
        classes=None,
        feature_names=("x0", "x1"),
        target_name="y",
        dataset="",
    )
    save(several, "two.safetensors")
    Path("two.csv").write_text("x0,x1,y\n" + "".join(f"{a},{b},{a}\n" for a, b in X))
    commands = ("evaluate", "importance", "explain", "plot fit", "plot importance")
    for command in commands:
        name = {"explain": "SOURCE", "plot": "RUN"}.get(command.split()[0], "MODEL")
        for data in ("two.csv",), ():  # the advice is no detour
            assert barenet(*command.split(), "two.safetensors", *data).error == (
                f"barenet {command.split()[0]}: error: {name}: two.safetensors predicts 2 numbers "
                "for each row, and a table has one target; train a model for each"
            )
    assert not list(Path().glob("*.png"))
    barenet("predict", "two.safetensors", "two.csv", "--row", 0).ok()
