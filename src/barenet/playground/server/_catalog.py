"""The choices on the page, from the library's registries."""

import importlib.metadata
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from barenet.datasets._dataset_loading import DATASETS
from barenet.datasets._named_datasets import GENERATED
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.lessons._lessons import CONTROLS, HIGHLIGHTS, Course
from barenet.playground.state import _page_state as page
from barenet.playground.state._features import FEATURES
from barenet.playground.views._network_view import point_arrays

#: Number of points in a small picture.
N_POINTS = 160


def catalog(course: Course, course_file: str = "") -> dict[str, Any]:
    """Collect the choices, including the lessons of a course and the name of its file."""
    return {
        **network_choices(),
        "data": [_describe(name) for name in page.NAMED],
        "course": course_file,
        "lessons": [lesson.describe() for lesson in course.values()],
        "controls": CONTROLS,
        "highlights": HIGHLIGHTS,
    }


def network_choices() -> dict[str, Any]:
    """Collect the choices of a network and its training."""
    rates = {}
    for name, optimizer in OPTIMIZERS.items():
        rates[name] = getattr(optimizer, "learning_rate", None)  # L-BFGS has none
    return {
        "features": {name: feature.label for name, feature in FEATURES.items()},
        "activations": page.HIDDEN_ACTIVATIONS,
        "optimizers": list(OPTIMIZERS),
        "rates": rates,
        "schedules": page.CHOICES["schedules"],
        "losses": page.LOSSES,
        "limits": page.LIMITS,
    }


def documentation_address() -> str:
    """Return the address of the documentation in the package's metadata; empty if it has none."""
    try:
        addresses = importlib.metadata.metadata("barenet").get_all("Project-URL") or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    for entry in addresses:
        label, _, address = entry.partition(", ")
        # Before a release, capitals stand for an account that is not chosen yet.
        is_chosen = urlsplit(address).netloc.islower()
        if label == "Documentation" and is_chosen:
            return address
    return ""


def title_of(name: str) -> str:
    """Return the title of a data set on the page."""
    if name in page.DRAWN:
        return page.DRAWN[name].title
    name_in_words = name.replace("_", " ").capitalize()
    title: str = page.CHOICES["titles"].get(name, name_in_words)
    return title


def _describe(name: str) -> dict[str, Any]:
    """Describe a data set, including some points for its small picture if it has one."""
    max_noise = 1.0
    default_noise = 0.0
    if name in page.DRAWN:
        drawn = page.DRAWN[name]
        max_noise = drawn.max_noise
        default_noise = drawn.default_noise
    entry = {
        "name": name,
        "title": title_of(name),
        "description": DATASETS[name].description,
        "generated": name in GENERATED,
        "drawn": name in page.DRAWN,
        "noise": {"max": max_noise, "default": default_noise},
    }
    if name not in page.DRAWN:
        return entry
    data = page.DataSettings(source=name, samples=N_POINTS)
    prepared = prepare_named(data, max_images=N_POINTS)  # principal components take time
    arrays = point_arrays(prepared, N_POINTS)
    columns = [arrays["positions"], arrays["values"]]
    points = np.column_stack(columns).astype(float)
    return {
        **entry,
        "task": prepared.dataset.task,
        "classes": len(prepared.classes or ()),
        "points": points.round(3).tolist(),
    }
