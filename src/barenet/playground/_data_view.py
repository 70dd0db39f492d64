"""The data as the page shows them: descriptions in JSON, and the points and inputs to draw."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.playground._prepared_data import PreparedData
from barenet.playground._rasterize import drawn_inputs, input_pictures

#: Maximum number of points that are drawn.
MAX_POINTS = 1500
#: Maximum number of inputs that are named, and of columns that can be axes.
MAX_NAMES, MAX_AXES = 64, 200


def describe_data(prepared: PreparedData) -> dict[str, Any]:
    """Describe the data."""
    dataset, plane = prepared.dataset, prepared.plane
    table, model = prepared.table, prepared.model
    return {
        "name": dataset.name,
        "description": dataset.description,
        "task": dataset.task,
        "classes": dataset.classes,
        "target": dataset.target_name,
        "rows": [prepared.training.n_samples, prepared.test.n_samples],
        "columns": list(prepared.axes[:MAX_AXES]),
        "table": table.numeric if table else None,
        "commands": table.commands(dataset.target_name) if table else [],
        "required": model.required_columns if model else None,
        "outputs": model.outputs if model else [],
        "image": dataset.image_shape,
        "curve": prepared.is_curve,
        "axes": plane.names,
        "low": plane.low.tolist(),
        "high": plane.high.tolist(),
        "features": prepared.features.names,
        "inputs": prepared.inputs.feature_names[:MAX_NAMES],
        "drawn_inputs": drawn_inputs(prepared),
        "mean_image": _mean_image(prepared),
        "n_inputs": prepared.inputs.n_features,
        "scaling": prepared.scaling.name,
        "target_scaling": getattr(prepared.target_scaling, "name", "none"),
        "fixed_at": prepared.fixed_at,
        "settings": model.ignored_settings() if model else "",
        "range": prepared.target_range,
    }


def point_arrays(prepared: PreparedData, limit: int = MAX_POINTS) -> dict[str, NDArray[Any]]:
    """Positions and values of some points, and the pictures of the inputs."""
    chosen = slice(None, None, -(-len(prepared.points) // limit) or 1)
    y = prepared.dataset.y.astype(float)
    if prepared.classes is None:
        low, high = prepared.target_range
        y = (y - low) / ((high - low) or 1.0)
    inputs, scales = input_pictures(prepared)
    return {
        "positions": prepared.plane.positions(prepared.points[chosen]),
        "values": y[chosen].astype(np.float32),
        "tests": prepared.is_test[chosen].astype(np.uint8),
        "inputs": inputs,
        "scales": np.array(scales, np.float32),
    }


def _mean_image(prepared: PreparedData) -> list[float]:
    """The mean of all images, each pixel from 0 to 1; empty for other data."""
    if prepared.dataset.image_shape is None:
        return []
    mean = np.mean(prepared.dataset.X, axis=0)
    return np.round(mean / (mean.max() or 1.0), 3).tolist()
