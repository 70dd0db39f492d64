"""The data sets that the page offers, with the settings that suit them, and the losses."""

from typing import Any

from barenet.data._embedded import EMBEDDED
from barenet.data._generated import GENERATED

#: Epochs per second by default: one for each picture.
PACE = 30.0

#: Data sets with a small picture on the page: titles, and the maximum and default noise.
DRAWN = {
    "circles": ("Circle", 0.4, 0.06),
    "xor": ("XOR", 3.0, 0.0),
    "gaussians": ("Gaussian", 4.0, 1.0),
    "spirals": ("Spiral", 1.5, 0.1),
    "moons": ("Moons", 0.6, 0.15),
    "digits": ("Digits", 1.0, 0.0),
    "plane": ("Plane", 0.5, 0.0),
    "hills": ("Multi-gaussian", 0.5, 0.0),
    "sine": ("Sine", 0.5, 0.05),
}

#: Every data set that needs no download.
NAMED = tuple(dict.fromkeys([*DRAWN, *GENERATED, *EMBEDDED]))

#: Settings that differ from the defaults of `PageState`: with them a network learns a data set
#: within five seconds, from almost any initial weights.
SUITED: dict[str, dict[str, Any]] = {
    "xor": {"hidden": (8,), "activations": ("relu",)},
    "gaussians": {"hidden": (2,), "activations": ("tanh",)},
    "spirals": {"hidden": (10, 8), "activations": ("silu", "silu"), "pace": 100.0},
    "moons": {"hidden": (8,), "activations": ("relu",), "learning_rate": 0.03},
    "digits": {
        "test_size": 0.3,
        "hidden": (48,),
        "activations": ("relu",),
        "learning_rate": 0.003,
        "batch_size": 32,
    },
    "iris": {
        "axes": ("petal length (cm)", "petal width (cm)"),
        "test_size": 0.3,
        "hidden": (8,),
        "activations": ("tanh",),
    },
    "wine": {"features": ("all",), "test_size": 0.3, "hidden": (4,), "activations": ("tanh",)},
    "breast_cancer": {
        "features": ("all",),
        "hidden": (4,),
        "activations": ("tanh",),
        "penalty": "l2",
        "penalty_rate": 0.01,
    },
    "hills": {"hidden": (8, 8), "activations": ("silu", "silu"), "pace": 100.0},
    "sine": {"hidden": (8, 8), "activations": ("silu", "silu"), "pace": 100.0},
    "diabetes": {"features": ("all",), "test_size": 0.3, "hidden": (), "activations": ()},
}

#: Losses by task, and their titles.
LOSSES: dict[str, dict[str, str]] = {
    "classification": {"": "Cross-entropy", "squared_error": "Squared error"},
    "regression": {"": "Squared error", "absolute_error": "Absolute error", "huber": "Huber"},
}
