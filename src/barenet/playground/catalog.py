"""Catalog: what the page offers, read from the library's own registries.

So a data set, an optimizer or an activation that the library gains is on the page at once.
"""

from __future__ import annotations

from typing import Any

from barenet.data.datasets import DATASETS
from barenet.data.embedded import EMBEDDED
from barenet.data.generated import GENERATED
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.playground.design import HIDDEN_ACTIVATIONS, MOST_LAYERS, MOST_NEURONS, Design
from barenet.playground.features import FEATURES
from barenet.playground.scene import MOST_SAMPLES, Scene
from barenet.playground.surfaces import HILLS

__all__ = ["NAMED", "NOISES", "catalog"]

#: How much noise the page lets one choose, and how much there is if nobody does.
NOISES: dict[str, tuple[float, float]] = {
    "circles": (0.4, 0.06),
    "xor": (3.0, 0.0),
    "gaussians": (4.0, 1.0),
    "spirals": (1.5, 0.1),
    "moons": (0.6, 0.15),
    "plane": (0.5, 0.0),
    HILLS: (0.5, 0.0),
    "sine": (0.5, 0.05),
}

#: The data sets that the page draws as a picture to choose, and what they are called there.
SHOWN = {
    "circles": "Circle",
    "xor": "Exclusive or",
    "gaussians": "Gaussian",
    "spirals": "Spiral",
    "moons": "Moons",
    "digits": "Digits",
    "plane": "Plane",
    HILLS: "Multi-gaussian",
    "sine": "Sine",
}

#: Every data set that can be chosen: those that need no download.
NAMED = tuple(dict.fromkeys([*SHOWN, *GENERATED, *EMBEDDED]))

LOSSES = {
    "classification": {
        "": "Cross-entropy",
        "squared_error": "Squared error",
    },
    "regression": {
        "": "Squared error",
        "absolute_error": "Absolute error",
        "huber": "Huber",
    },
}

SCHEDULES = {
    "constant": "Constant",
    "step:every=100": "Halved every 100 epochs",
    "exponential": "Exponential decay",
    "inverse_scaling": "Inverse scaling",
    "cosine": "Cosine",
    "one_cycle": "One cycle",
    "reduce_on_plateau": "Reduce on plateau",
}


def catalog() -> dict[str, Any]:
    """Collect what can be chosen.

    Returns
    -------
    dict
        Plain data for the page.
    """
    return {
        "data": [_describe(name) for name in NAMED],
        "features": {name: feature.label for name, feature in FEATURES.items()},
        "activations": HIDDEN_ACTIVATIONS,
        "optimizers": list(OPTIMIZERS),
        "rates": {name: _usual_rate(kind) for name, kind in OPTIMIZERS.items()},
        "schedules": SCHEDULES,
        "losses": LOSSES,
        "limits": {"layers": MOST_LAYERS, "neurons": MOST_NEURONS, "samples": MOST_SAMPLES},
        "defaults": {"scene": Scene().to_dict(), "design": Design().to_dict()},
    }


def _describe(name: str) -> dict[str, Any]:
    named = DATASETS.get(name)
    classes = getattr(named, "classes", None) if name in GENERATED else ()
    regression = name in (HILLS, "diabetes") or classes is None
    most, usual = NOISES.get(name, (1.0, 0.0))
    return {
        "name": name,
        "title": SHOWN.get(name, name.replace("_", " ").capitalize()),
        "description": named.description if named else "six round hills and valleys to fit",
        "task": "regression" if regression else "classification",
        "generated": name == HILLS or name in GENERATED,
        "shown": name in SHOWN,
        "noise": {"most": most, "usual": usual},
    }


def _usual_rate(kind: Any) -> float | None:
    field = getattr(kind, "__dataclass_fields__", {}).get("learning_rate")
    return field.default if field and isinstance(field.default, float) else None
