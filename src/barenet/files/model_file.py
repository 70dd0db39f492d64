"""The model file: numbers and names, and nothing that could run.

A safetensors file holds the network's vectors as tensors, and its layers as JSON in the header's
metadata, with a checksum of the whole file. Loading looks the layers' names up in a fixed list; no
code is read from the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from barenet.errors import ModelFileError, in_a_line
from barenet.files.atomic import write_atomically
from barenet.files.model_header import (
    check_version,
    metadata,
    read_header,
    sealed,
    unsealed,
    without_repeats,
)
from barenet.files.tensors import Place, places_of, read_tensors
from barenet.model.architecture import chain_widths
from barenet.model.layers import LAYERS, BatchNorm, Layer, layer_from
from barenet.model.layout import Layout
from barenet.model.network import Network

#: Limit in bytes of other arrays (scalings, columns of a table): for each byte of the network's
#: own, and beyond that. A checkpoint has no such limit.
PER_BYTE, FREE = 4, 2**26

#: The arrays of the network itself.
OWN = ("parameters", "statistics")


def write_model(
    path: str | PathLike[str],
    network: Network,
    extra: dict[str, Any],
    tensors: dict[str, np.ndarray[Any, Any]],
    version: int = 1,
) -> None:
    """Write a network with more that belongs to it."""
    from safetensors.numpy import save as to_bytes

    _check_numbers(network)
    check_layers(network)
    own = {name: getattr(network, name) for name in OWN}
    if "checkpoint" not in extra:
        _check_others(
            sum(array.nbytes for array in tensors.values()),
            sum(array.nbytes for array in own.values()),
        )
    arrays = {name: np.ascontiguousarray(array) for name, array in {**tensors, **own}.items()}
    write_atomically(path, sealed(to_bytes(arrays, metadata=metadata(network, extra, version))))


def check_layers(network: Network) -> None:
    """Refuse a network that could be written and not be read again."""
    for layer in network.layers:
        if LAYERS.get(layer.name) is not type(layer):
            raise ValueError(
                f"network: {layer!r} is not one of barenet's layers, so nobody could load it; "
                "barenet.LAYERS[name] = its class makes it one, here and where it is loaded"
            )
        layer_from(layer.config())


def read_model(
    path: str | PathLike[str], *, with_state: bool = False
) -> tuple[Network, dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Read a network with all that belongs to it."""
    _check_there(Path(path))
    with Path(path).open("rb") as stream:
        head, header, size = read_header(path, stream)
        try:
            places = places_of(header, size)
        except ValueError as error:
            raise ModelFileError(
                f"{path}: not a model file, or a damaged one: {in_a_line(error)}"
            ) from error
        metadata = header.get("__metadata__")
        if not isinstance(metadata, dict) or "barenet" not in metadata:
            raise ModelFileError(f"{path}: a safetensors file, but not one of barenet's models")
        try:
            description = json.loads(metadata["barenet"], object_pairs_hook=without_repeats)
            check_version(path, description["format_version"])
            extra = dict(description["extra"])
            layers = _layers(description["network"], places)
            is_checkpoint, checksum = "checkpoint" in extra, description["sha256"]
            if not is_checkpoint:
                own = sum(place.stop - place.start for place in places if place.name in OWN)
                _check_others(size - own, own)
            digest = hashlib.sha256(unsealed(head, checksum))
            names = OWN if is_checkpoint and not with_state else None
            tensors = read_tensors(stream, places, names, digest)
            if digest.hexdigest() != checksum:
                raise ModelFileError(f"{path}: damaged: its checksum does not match")
            network = _network(layers, *[tensors.pop(name) for name in OWN])
        except ModelFileError:
            raise
        except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ModelFileError(f"{path}: not a valid model: {in_a_line(error)}") from error
    return network, extra, tensors


def _check_there(path: Path) -> None:
    """Refuse a path that is not a file."""
    if path.is_dir():
        inside = path / "model.safetensors"
        such = f"file such as {inside}" if inside.is_file() else "model file"
        raise FileNotFoundError(f"{path}: is a folder, expected a {such}")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")


def _layers(parts: Any, places: Sequence[Place]) -> list[Layer]:
    """Create the layers, and compare their sizes with those of the arrays to read."""
    if not isinstance(parts, dict) or not isinstance(parts["layers"], list):
        raise ValueError("its network is not a list of layers")
    layers = [layer_from(config) for config in parts["layers"]]
    listed = {place.name: place for place in places}
    for name, size in (
        ("parameters", Layout(layer.parameter_shapes for layer in layers).size),
        ("statistics", Layout(layer.statistic_shapes for layer in layers).size),
    ):
        place = listed[name]
        if place.shape != (size,) or place.dtype not in (np.float32, np.float64):
            raise ValueError(
                f"the layers have {size} {name}, and the file holds {place.dtype} "
                f"of shape {place.shape}"
            )
    return layers


def _check_others(size: int, own: int) -> None:
    """Refuse more bytes of other arrays than a model needs; `own` are the network's bytes."""
    if size > (most := FREE + PER_BYTE * own):
        raise ValueError(
            f"its scalings and columns take {size:,} bytes; expected at most {most:,} for this "
            "network"
        )


def _network(
    layers: list[Layer], parameters: np.ndarray[Any, Any], statistics: np.ndarray[Any, Any]
) -> Network:
    """Create a network from stored numbers, without drawing initial ones, which can take long."""
    network = Network.__new__(Network)
    state = {"layers": layers, "sizes": chain_widths(layers)}
    layouts = {
        "layout": Layout(layer.parameter_shapes for layer in layers),
        "statistics_layout": Layout(layer.statistic_shapes for layer in layers),
    }
    arrays = {
        "parameters": parameters,
        "statistics": statistics.astype(parameters.dtype, copy=False),
    }
    network.__setstate__(state | layouts | arrays)
    _check_numbers(network)
    return network


def _check_numbers(network: Network) -> None:
    """Refuse parameters that are not finite, and negative variances."""
    for name in OWN:
        if not np.isfinite(getattr(network, name)).all():
            raise ValueError(f"network: its {name} are not all finite numbers")
    for layer in network.layers:
        if isinstance(layer, BatchNorm) and (layer.variance < 0).any():
            raise ValueError(f"network: a variance of {layer!r} is negative")
