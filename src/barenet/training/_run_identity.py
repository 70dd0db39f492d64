"""Identity of a run: its settings, its data and its environment, compared before it is resumed.

Settings are saved as text and data as checksums, each by its name, so that a refusal can list the
changes.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from barenet.engines import Engine
from barenet.errors import printable
from barenet.model._array_dataset import ArrayDataset
from barenet.training._callbacks import Callback
from barenet.training._config import TrainingConfig

T = TypeVar("T")

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
    arrays = _arrays(rows)
    for part, measured in held_out.items():
        arrays |= {f"{part}_data's {name}": array for name, array in _arrays(measured).items()}
    return {name: _describe(array) for name, array in arrays.items() if array is not None}


def _arrays(rows: ArrayDataset) -> dict[str, NDArray[Any] | None]:
    """The arrays of a data set by name."""
    return {"X": rows.X, "y": rows.y, "sample_weight": rows.sample_weight}


def environment(engine: str) -> dict[str, Any]:
    """Versions and processor, which the last bits of a number may depend on."""
    packages = ["barenet", "numpy", "scipy"]
    processor: dict[str, Any] = {"machine": platform.machine()}
    if engine == "compiled":
        from barenet.engines.simd._processor import vector_bits

        packages += ["numba", "llvmlite"]
        processor["bits of a vector"] = vector_bits()
    return {**{package: _version(package) for package in packages}, **processor}


def stateful_callbacks(callbacks: Sequence[Callback]) -> list[Callback]:
    """The callbacks with a state; a resumed run may have others besides."""
    return [each for each in callbacks if type(each).state_dict is not Callback.state_dict]


def numbered(name: str, things: Sequence[T]) -> dict[str, T]:
    """Name things by their kind and position: "layer 0", "layer 1"."""
    return {f"{name} {place}": thing for place, thing in enumerate(things)}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Describe the differences.

    Examples
    --------
    >>> changes({"epochs": "10", "seed": "0"}, {"epochs": "20", "seed": "0"})
    'epochs was 10, and is 20'
    """
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
    inherited = "__repr__" not in {name for kind in type(value).__mro__[:-1] for name in vars(kind)}
    return type(value).__name__ if inherited else repr(value)


def checksum(array: NDArray[Any]) -> str:
    """Compute the SHA-256 of an array's values."""
    digest = hashlib.sha256()
    for block in _blocks(array):
        digest.update(block)
    return digest.hexdigest()


def _describe(array: NDArray[Any]) -> dict[str, str]:
    shape = " × ".join(map(str, array.shape))
    return {"shape": f"{shape} of {array.dtype}", "sha256": checksum(array)}


def _blocks(array: NDArray[Any]) -> Iterator[memoryview]:
    """The values in C order, some rows at a time: X may be larger than the memory."""
    rows = max(1, BLOCK // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        yield np.ascontiguousarray(array[start : start + rows]).view(np.uint8).data


@cache
def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version  # slow, and rarely needed

    try:
        return version(package)
    except PackageNotFoundError:
        return None
