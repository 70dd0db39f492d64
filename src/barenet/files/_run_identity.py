"""The identity of a run: its settings as text, its data as checksums, and its environment.

Each is kept by its name, so that a refusal to resume can list the changes.
"""

import platform
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from barenet._sparse_rows import SparseRows
from barenet.engines import Engine
from barenet.engines._block_rows import BlockRows
from barenet.errors import printable
from barenet.model._array_dataset import ArrayDataset
from barenet.training._callbacks import Callback
from barenet.training._epoch import TrainingConfig


def settings_of(
    engine: Engine, config: TrainingConfig, callbacks: Mapping[str, Callback]
) -> dict[str, Any]:
    """Everything but the data that decides the steps of a run."""
    job, network = engine.job, engine.job.network
    settings: dict[str, Any] = {"engine": engine.name, "dtype": network.dtype.name}
    settings |= {name: getattr(job, name) for name in ("seed", "loss", "optimizer")}
    settings |= {"clip": job.clipping, "scale": job.rows.scale}
    same = ("epochs", "batch_size", "shuffle", "schedule")
    settings |= {name: getattr(config, name) for name in same}
    settings |= {"metrics": ", ".join(config.metrics) or None, **callbacks}
    settings |= numbered("layer", network.layers) | numbered("penalty", job.penalties)
    return {name: _in_words(value) for name, value in settings.items()}


def data_of(
    rows: ArrayDataset, held_out: Mapping[str, ArrayDataset], checksum: Callable[..., str]
) -> dict[str, Any]:
    """Shapes and checksums of the data."""
    described: dict[str, Any] = {}
    for prefix, data in {"": rows, **held_out}.items():
        described |= data.layout if isinstance(data, BlockRows) else {}
        arrays = data.in_memory
        for name, array in zip(("X", "y", "sample_weight", "scale", "rows"), arrays, strict=True):
            if isinstance(array, np.ndarray | SparseRows):
                shape = f"{' × '.join(map(str, array.shape))} of {array.dtype}"
                shape += " with runs" * bool(getattr(array, "runs", ()))
                label = f"{prefix}_data's {name}" if prefix else name
                described[label] = {"shape": shape, "sha256": checksum(array)}
    return described


def environment(engine: str) -> dict[str, Any]:
    """Versions and processor, which the last bits of a number may depend on."""
    packages = ["barenet", "numpy", "scipy"] + ["numba", "llvmlite"] * (engine == "compiled")
    found = {package: import_module(package).__version__ for package in packages}
    found["machine"] = platform.machine()
    if engine == "compiled":
        from barenet.engines.simd._processor import vector_bits

        found["bits of a vector"] = vector_bits()
    return found


def numbered(name: str, things: Sequence[Any]) -> dict[str, Any]:
    """Name things by their kind and position: "layer 0", "layer 1"."""
    return {f"{name} {place}": thing for place, thing in enumerate(things)}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Describe the differences."""
    found = []
    for name in {**before, **now}:
        pair = before.get(name), now.get(name)
        if pair[0] != pair[1]:
            was, is_ = (each.get("shape") if isinstance(each, dict) else each for each in pair)
            words = ("nothing" if each is None else printable(each) for each in (was, is_))
            other = "{} was {}, and is {}".format(name, *words)
            found.append(f"{name} has other values" if was == is_ else other)
    return "; ".join(found)


def _in_words(value: Any) -> Any:
    """Text that is the same in every process: the class name where there is no own repr."""
    if value is None or isinstance(value, str | int | float):
        return value
    inherited: object = type(value).__repr__
    if inherited is object.__repr__:
        return type(value).__name__
    return re.sub(" at 0x[0-9a-fA-F]+", "", repr(value))
