"""Sets: the data sets that the page offers, their names and noise, and the losses of a task."""

from __future__ import annotations

from barenet.data.embedded import EMBEDDED
from barenet.data.generated import GENERATED

__all__ = ["LOSSES", "NAMED", "NOISES", "SHOWN", "noise_of"]

#: How much noise the page lets one choose, and how much there is if nobody does.
NOISES: dict[str, tuple[float, float]] = {
    "circles": (0.4, 0.06),
    "xor": (3.0, 0.0),
    "gaussians": (4.0, 1.0),
    "spirals": (1.5, 0.1),
    "moons": (0.6, 0.15),
    "plane": (0.5, 0.0),
    "hills": (0.5, 0.0),
    "sine": (0.5, 0.05),
}

#: The data sets that the page draws as a picture to choose, and what they are called there.
SHOWN = {
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

#: Every data set that can be chosen: those that need no download.
NAMED = tuple(dict.fromkeys([*SHOWN, *GENERATED, *EMBEDDED]))

#: What can be made small, by the task.
LOSSES: dict[str, dict[str, str]] = {
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


def noise_of(name: str, said: float) -> float:
    """Tell how much noise a data set is made with.

    Parameters
    ----------
    name : str
        The data set.
    said : float
        Its standard deviation; below 0 for the usual one.

    Returns
    -------
    float
        0 or more.
    """
    return NOISES.get(name, (0.0, 0.0))[1] if said < 0 else said
