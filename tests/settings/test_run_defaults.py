"""The settings of a run: those given, then the data set's or the table's, then the defaults."""

import dataclasses

import numpy as np
import pytest

from barenet import RunConfig, load_dataset
from barenet.losses import LOSSES, SquaredError
from barenet.settings._run_defaults import resolve_config, table_defaults


def resolve(name, *, rows=None, own=True, **given):
    """Complete settings for a data set, or for a table of its rows, without settings of its own."""
    dataset = load_dataset(name)
    if not own:
        dataset = dataclasses.replace(dataset, defaults={})
    if rows is not None:
        dataset = dataclasses.replace(dataset, X=np.zeros((rows, dataset.n_features)))
    return resolve_config(RunConfig(**given), dataset)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        # given over the data set's own over the defaults
        ("moons", {"epochs": 7}, {"epochs": 7, "hidden": ("tanh",), "dropout": 0.0}),
        # layers, output and loss by the data
        ("iris", {"own": False}, {"layers": (4, 64, 32, 3), "output": "softmax"}),
        ("moons", {"own": False}, {"layers": (2, 64, 32, 1), "loss": "binary_cross_entropy"}),
        ("plane", {"own": False}, {"layers": (2, 64, 32, 1), "loss": "squared_error"}),
        ("moons", {"layers": (2, 3, 2), "own": False}, {"loss": "categorical_cross_entropy"}),
        # a table by its number of rows
        ("iris", {"own": False}, {"penalty": ("l2:strength=0.025",), "patience": None}),
        ("iris", {"own": False}, {"hidden": ("tanh",)}),
        ("iris", {"own": False, "rows": 2000}, {"patience": 30, "epochs": 300}),
        ("iris", {"own": False, "rows": 2000, "patience": 3}, {"patience": 3}),
        ("digits", {}, {"hidden": ("relu",)}),
        ("digits", {"own": False}, {"penalty": ("none",)}),  # images
        # settings that were chosen for another one
        ("moons", {"optimizer": "sgd"}, {"learning_rate": 0.01}),
        ("moons", {"optimizer": "adam:beta1=0.8"}, {"learning_rate": None}),
        ("moons", {"optimizer": "adam", "learning_rate": 0.5}, {"learning_rate": 0.5}),
        ("sine", {"output": "sigmoid"}, {"loss": "squared_error"}),
        ("moons", {"layers": (2, 2), "output": "softmax"}, {"loss": "categorical_cross_entropy"}),
        ("digits", {"epochs": 60}, {"verbose_epoch": 6}),
        ("digits", {"epochs": 3000}, {"verbose_epoch": None}),
        ("digits", {"epochs": 3000, "verbose_epoch": 6}, {"verbose_epoch": 6}),
    ],
)  # fmt: skip
def test_settings_are_completed(name, options, expected):
    config = resolve(name, **options)
    assert {setting: getattr(config, setting) for setting in expected} == expected


@pytest.mark.parametrize("of_differences", [True, False])
def test_the_target_is_scaled_for_a_custom_loss_of_differences(monkeypatch, of_differences):
    members = {"name": "custom", "of_differences": of_differences}
    monkeypatch.setitem(LOSSES, "custom", type("Custom", (SquaredError,), members))
    config = resolve("plane", own=False, loss="custom")
    expected = "standardize" if of_differences else "none"
    assert config.target_scaling == expected


def test_table_settings_depend_on_the_number_of_rows():
    strengths = [table_defaults(n).make_penalties()[0].strength for n in (0, 1, 30, 353, 3000)]
    assert strengths == [3.0, 3.0, 0.1, 0.0085, 0.001]
    assert [table_defaults(n).patience for n in (999, 1000)] == [None, 30]
    assert [table_defaults(n).batch_size for n in (5, 999, 9_999, 10_000)] == [5, 32, 32, 128]
