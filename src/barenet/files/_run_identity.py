"""The identity of a run: its settings as text, its data as checksums, and its environment.

Each part is stored under its name, so that an error on resuming can list what has changed.
"""

import hashlib
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from barenet._messages import printable
from barenet._sparse_rows import SparseRows
from barenet.engines import Engine
from barenet.engines._block_rows import BlockRows
from barenet.model._array_dataset import ArrayDataset
from barenet.training._callbacks import Callback
from barenet.training._epoch import TrainingConfig


def settings_of(
    engine: Engine, config: TrainingConfig, callbacks: Mapping[str, Callback]
) -> dict[str, Any]:
    """Return everything that determines the steps of a run, except the data."""
    job = engine.job
    settings: dict[str, Any] = {
        "engine": engine.name,
        "dtype": job.network.dtype.name,
        "seed": job.seed,
        "loss": job.loss,
        "optimizer": job.optimizer,
        "clip": job.clipping,
        "scale": job.rows.scale,
        "epochs": config.epochs,
        "batch_size": config.batch_size,
        "shuffle": config.shuffle,
        "schedule": config.schedule,
        "metrics": ", ".join(config.metrics) or None,
    }
    frozen_layers = []
    for number, layer in enumerate(job.network.layers):
        if layer.parameter_shapes and not layer.trainable:
            frozen_layers.append(str(number))
    if frozen_layers:  # earlier versions saved no such setting
        settings["frozen layers"] = ", ".join(frozen_layers)
    if job.limits is not None:
        content = job.limits.lower.tobytes() + job.limits.upper.tobytes()
        settings["limits of parameters"] = hashlib.sha256(content).hexdigest()[:16]
    settings.update(callbacks)
    settings.update(numbered("layer", job.network.layers))
    settings.update(numbered("penalty", job.penalties))
    return {name: _in_words(value) for name, value in settings.items()}


def data_of(
    rows: ArrayDataset, held_out: Mapping[str, ArrayDataset], checksum: Callable[..., str]
) -> dict[str, Any]:
    """Return the shapes and checksums of the data."""
    described: dict[str, Any] = {}
    for prefix, data in {"": rows, **held_out}.items():
        if isinstance(data, BlockRows):
            described |= data.layout
        names = ("X", "y", "sample_weight", "scale", "rows")
        for name, array in zip(names, data.in_memory, strict=True):
            if isinstance(array, np.ndarray | SparseRows):
                label = f"{prefix}_data's {name}" if prefix else name
                described[label] = {"shape": _shape_of(array), "sha256": checksum(array)}
    return described


def _shape_of(array: Any) -> str:
    """Describe the shape and the type of an array, and whether sparse rows have runs."""
    sizes = " × ".join(str(size) for size in array.shape)
    shape = f"{sizes} of {array.dtype}"
    if getattr(array, "runs", ()):
        shape += " with runs"
    return shape


def environment(engine: str) -> dict[str, Any]:
    """Return the versions and the processor, which the last bits of a number may depend on."""
    packages = ["barenet", "numpy", "scipy"]
    if engine == "compiled":
        packages += ["numba", "llvmlite"]
    is_jax = engine.partition(":")[0] == "jax"
    if is_jax:
        packages += ["jax", "jaxlib"]
    surroundings = {package: import_module(package).__version__ for package in packages}
    surroundings["machine"] = platform.machine()
    if engine == "compiled":
        from barenet.engines.simd._processor import vector_bits

        surroundings["bits of a vector"] = vector_bits()
    if is_jax:
        from barenet.engines.jax._jax_library import first_device

        surroundings["device"] = first_device().device_kind
    return surroundings


def numbered(name: str, objects: Sequence[Any]) -> dict[str, Any]:
    """Name objects by their kind and position: "layer 0", "layer 1"."""
    return {f"{name} {position}": item for position, item in enumerate(objects)}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Describe the differences between two identities."""
    differences = []
    for name in {**before, **now}:
        if before.get(name) == now.get(name):
            continue
        was = _shape_or_setting(before.get(name))
        is_now = _shape_or_setting(now.get(name))
        if was == is_now:
            differences.append(f"{name} has other values")
        else:
            differences.append(f"{name} was {_shown(was)}, and is {_shown(is_now)}")
    return "; ".join(differences)


def _shape_or_setting(value: Any) -> Any:
    """Return the shape of an array, which has a shape and a checksum, or an unchanged setting."""
    return value.get("shape") if isinstance(value, dict) else value


def _shown(value: Any) -> str:
    return "nothing" if value is None else printable(value)


def _in_words(value: Any) -> Any:
    """Format a setting the same in every process: by its repr, or else the name of its class."""
    if value is None or isinstance(value, str | int | float):
        return value
    inherited: object = type(value).__repr__
    if inherited is object.__repr__:
        return type(value).__name__
    return re.sub(" at 0x[0-9a-fA-F]+", "", repr(value))
