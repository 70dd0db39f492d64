"""The data sets that the page offers, with the settings that suit them, and the losses."""

from typing import Any

from barenet.data._generated import GENERATED
from barenet.data._named import EMBEDDED

#: Epochs per second by default: one for each picture.
PACE = 30.0

#: Maximum and default standard deviation of the noise of the generated data sets.
NOISES = {
    "circles": (0.4, 0.06),
    "xor": (3.0, 0.0),
    "gaussians": (4.0, 1.0),
    "spirals": (1.5, 0.1),
    "moons": (0.6, 0.15),
    "plane": (0.5, 0.0),
    "hills": (0.5, 0.0),
    "sine": (0.5, 0.05),
}

#: Data sets with a small picture on the page, and their titles.
DRAWN = {
    "circles": "Circle",
    "xor": "XOR",
    "gaussians": "Gaussian",
    "spirals": "Spiral",
    "moons": "Moons",
    "digits": "Digits",
    "plane": "Plane",
    "hills": "Multi-gaussian",
    "sine": "Sine",
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
