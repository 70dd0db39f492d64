"""Identity of a run: its settings, its data and its environment, compared before it is resumed.

Settings are saved as text and data as checksums, each by its name, so that a refusal can list the
changes.
"""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines import Engine
from barenet.errors import printable
from barenet.model._array_dataset import ArrayDataset
from barenet.model._stateful import Stateful
from barenet.training._callbacks import Callback
from barenet.training._run import TrainingConfig

#: Bytes that a checksum takes at a time.
BLOCK = 2**24


def settings_of(
    engine: Engine, config: TrainingConfig, callbacks: Sequence[Callback]
) -> dict[str, Any]:
    """Everything but the data that decides the steps of a run."""
    job, network = engine.job, engine.job.network
    settings = {
        "engine": engine.name,
        "seed": job.seed,
        "dtype": network.dtype.name,
        **numbered("layer", network.layers),
        "loss": job.loss,
        "optimizer": job.optimizer,
        "epochs": config.epochs,
        "batch_size": config.batch_size,
        "shuffle": config.shuffle,
        "schedule": config.schedule,
        **numbered("penalty", job.penalties),
        "clip": job.clipping,
        "scale": job.rows.scale,
        "metrics": ", ".join(config.metrics) or None,
        **numbered("callback", stateful_callbacks(callbacks)),
    }
    return {name: _in_words(value) for name, value in settings.items()}


def data_of(rows: ArrayDataset, held_out: Mapping[str, ArrayDataset]) -> dict[str, Any]:
    """Shapes and checksums of the data."""
    described = {}
    for prefix, data in {"": rows, **held_out}.items():
        for name, array in zip(("X", "y", "sample_weight"), data, strict=False):
            if isinstance(array, np.ndarray):
                shape = f"{' × '.join(map(str, array.shape))} of {array.dtype}"
                label = f"{prefix}_data's {name}" if prefix else name
                described[label] = {"shape": shape, "sha256": checksum(array)}
    return described


def checksum(array: NDArray[Any]) -> str:
    """Compute the SHA-256 of an array's values in C order.

    It takes some rows at a time: X may be larger than the memory.
    """
    digest, n_rows = hashlib.sha256(), max(1, BLOCK // max(1, array[:1].nbytes))
    for start in range(0, len(array), n_rows):
        block = np.ascontiguousarray(array[start : start + n_rows])
        digest.update(block.view(np.uint8).data)
    return digest.hexdigest()


def environment(engine: str) -> dict[str, Any]:
    """Versions and processor, which the last bits of a number may depend on."""
    packages = ["barenet", "numpy", "scipy"] + ["numba", "llvmlite"] * (engine == "compiled")
    found: dict[str, Any] = {package: _version(package) for package in packages}
    found["machine"] = platform.machine()
    if engine == "compiled":
        from barenet.engines.simd._processor import vector_bits

        found["bits of a vector"] = vector_bits()
    return found


def stateful_callbacks(callbacks: Sequence[Callback]) -> list[Callback]:
    """The callbacks with a state; a resumed run may have others besides."""
    return [each for each in callbacks if type(each).state_dict is not Stateful.state_dict]


def numbered(name: str, things: Sequence[Any]) -> dict[str, Any]:
    """Name things by their kind and position: "layer 0", "layer 1"."""
    return {f"{name} {place}": thing for place, thing in enumerate(things)}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Describe the differences."""
    names = [*before, *(name for name in now if name not in before)]
    differing = (name for name in names if before.get(name) != now.get(name))
    return "; ".join(_change(name, before.get(name), now.get(name)) for name in differing)


def _change(name: str, before: Any, now: Any) -> str:
    shapes = [each.get("shape") if isinstance(each, dict) else each for each in (before, now)]
    if shapes[0] == shapes[1]:
        return f"{name} has other values"
    was, is_ = ("nothing" if shape is None else printable(shape) for shape in shapes)
    return f"{name} was {was}, and is {is_}"


def _in_words(value: Any) -> Any:
    """Text that is the same in every process: the class name where there is no own repr."""
    if value is None or isinstance(value, str | int | float):
        return value
    inherited: object = type(value).__repr__
    return type(value).__name__ if inherited is object.__repr__ else repr(value)


@cache
def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version  # slow, and rarely needed

    try:
        return version(package)
    except PackageNotFoundError:
        return None
