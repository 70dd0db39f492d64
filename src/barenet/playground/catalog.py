"""Catalog: what the page offers, read from the library's own registries.

So a data set, an optimizer or an activation that the library gains is on the page at once.
"""

from __future__ import annotations

from typing import Any

from barenet.data.datasets import DATASETS
from barenet.data.generated import GENERATED
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.playground.page_state import MAX_SAMPLES, DataSettings
from barenet.playground.features import FEATURES
from barenet.playground.page_state import HIDDEN_ACTIVATIONS, MAX_LAYERS, MAX_NEURONS
from barenet.playground.page_state import PageState
from barenet.playground.prepared_data import prepare
from barenet.playground.presets import LOSSES, NAMED, NOISES, SHOWN

__all__ = ["catalog"]

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
    """Collect what can be chosen."""
    return {
        "data": [_describe(name) for name in NAMED],
        "features": {name: feature.label for name, feature in FEATURES.items()},
        "activations": HIDDEN_ACTIVATIONS,
        "optimizers": list(OPTIMIZERS),
        "rates": {name: _usual_rate(kind) for name, kind in OPTIMIZERS.items()},
        "schedules": SCHEDULES,
        "losses": LOSSES,
        "limits": {"layers": MAX_LAYERS, "neurons": MAX_NEURONS, "samples": MAX_SAMPLES},
        "defaults": PageState().to_dict(),
    }


def _describe(name: str) -> dict[str, Any]:
    """Tell of one data set; of those shown with some points, for a small picture."""
    most, usual = NOISES.get(name, (1.0, 0.0))
    entry: dict[str, Any] = {
        "name": name,
        "title": SHOWN.get(name, name.replace("_", " ").capitalize()),
        "description": DATASETS[name].description,
        "generated": name in GENERATED,
        "shown": name in SHOWN,
        "noise": {"most": most, "usual": usual},
        "suited": PageState.suited(name).to_dict(),
    }
    return entry | _points(name) if name in SHOWN else entry


def _points(name: str) -> dict[str, Any]:
    prepared = prepare(DataSettings(source=name, samples=160), {})
    stride = -(-len(prepared.points) // 160)
    y = prepared.dataset.y[::stride].astype(float)
    if prepared.classes is None:
        y = (y - y.min()) / (y.max() - y.min())
    positions = prepared.plane.positions(prepared.points[::stride]).astype(float)
    return {
        "task": prepared.dataset.task,
        "classes": len(prepared.classes or ()),
        "points": [
            [round(v, 3) for v in (*place, each)] for place, each in zip(positions, y, strict=True)
        ],
    }


def _usual_rate(kind: Any) -> float | None:
    field = getattr(kind, "__dataclass_fields__", {}).get("learning_rate")
    return field.default if field and isinstance(field.default, float) else None
