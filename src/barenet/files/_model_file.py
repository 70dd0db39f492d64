"""The format of model files: numbers and names, and no code.

A safetensors file has the network's vectors as arrays, and its layers as JSON in the metadata of
the header, with a checksum of the whole file. The names of layers are looked up in a fixed list.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from barenet.errors import ArgumentError, ModelFileError, in_a_line
from barenet.files._atomic import write_atomically
from barenet.files._model_header import (
    add_checksum,
    check_version,
    metadata,
    read_header,
    unique_names,
    without_checksum,
)
from barenet.files._tensors import TensorEntry, read_tensors, tensor_entries
from barenet.model._architecture import chain_widths
from barenet.model._layout import Layout
from barenet.model._network import Network
from barenet.model.layers import LAYERS, BatchNorm, Layer, layer_from

Arrays = dict[str, np.ndarray[Any, Any]]

#: Limit in bytes of other arrays (scalings, columns of a table): for each byte of the network's
#: own, and beyond that. A checkpoint has no such limit.
PER_BYTE, FREE = 4, 2**26

#: The arrays of the network itself.
OWN = ("parameters", "statistics")

#: Errors that an invalid file may raise.
INVALID = (LookupError, TypeError, ValueError, OverflowError, RecursionError)


def write_model(
    path: str | PathLike[str],
    network: Network,
    extra: dict[str, Any],
    tensors: Arrays,
    version: int = 1,
) -> None:
    """Write a network with additional JSON and arrays."""
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
    data = to_bytes(arrays, metadata=metadata(network, extra, version))
    write_atomically(path, add_checksum(data))


def check_layers(network: Network) -> None:
    """Refuse a network that could be written and not be read again."""
    for layer in network.layers:
        if LAYERS.get(layer.name) is not type(layer):
            raise ArgumentError(
                f"{layer!r} is not one of barenet's layers, so it could not be loaded",
                argument="network",
                remedy="register its class in barenet.layers.LAYERS, here and where it is loaded",
            )
        layer_from(layer.config())


def read_model(
    path: str | PathLike[str], *, with_state: bool = False
) -> tuple[Network, dict[str, Any], Arrays]:
    """Read a network with its JSON and arrays; those of a checkpoint only `with_state`."""
    _check_exists(Path(path))
    with Path(path).open("rb") as stream:
        try:
            head, header, size = read_header(stream)
            entries = tensor_entries(header, size)
        except INVALID as error:
            problem = f"not a model file, or a damaged one: {in_a_line(error)}"
            raise ModelFileError(f"{path}: {problem}") from error
        try:
            return _read_body(stream, head, header, entries, with_state)
        except ModelFileError as error:
            raise ModelFileError(f"{path}: {error}") from error
        except INVALID as error:
            raise ModelFileError(f"{path}: not a valid model: {in_a_line(error)}") from error


def _read_body(
    stream: BinaryIO,
    head: bytes,
    header: dict[str, Any],
    entries: list[TensorEntry],
    with_state: bool,
) -> tuple[Network, dict[str, Any], Arrays]:
    """Read the arrays, after checking the metadata."""
    text = header.get("__metadata__")
    if not isinstance(text, dict) or "barenet" not in text:
        raise ModelFileError("a safetensors file, but not one of barenet's models")
    description = json.loads(text["barenet"], object_pairs_hook=unique_names)
    check_version(description["format_version"])
    extra = dict(description["extra"])
    layers = _layers(description["network"], entries)
    is_checkpoint, checksum = "checkpoint" in extra, description["sha256"]
    if not is_checkpoint:
        own = sum(entry.stop - entry.start for entry in entries if entry.name in OWN)
        _check_others(sum(entry.stop - entry.start for entry in entries) - own, own)
    digest = hashlib.sha256(without_checksum(head, checksum))
    names = OWN if is_checkpoint and not with_state else None
    tensors = read_tensors(stream, entries, names, digest)
    if digest.hexdigest() != checksum:
        raise ModelFileError("damaged: its checksum does not match")
    network = _network(layers, *[tensors.pop(name) for name in OWN])
    return network, extra, tensors


def _check_exists(path: Path) -> None:
    if path.is_dir():
        inside = path / "model.safetensors"
        example = f"file such as {inside}" if inside.is_file() else "model file"
        raise FileNotFoundError(f"{path}: is a folder, expected a {example}")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")


def _layers(parts: Any, entries: Sequence[TensorEntry]) -> list[Layer]:
    """Make the layers, after comparing their sizes with those of the arrays."""
    if not isinstance(parts, dict) or not isinstance(parts["layers"], list):
        raise ValueError("its network is not a list of layers")
    layers = [layer_from(config) for config in parts["layers"]]
    by_name = {entry.name: entry for entry in entries}
    for name, size in (
        ("parameters", Layout(layer.parameter_shapes for layer in layers).size),
        ("statistics", Layout(layer.statistic_shapes for layer in layers).size),
    ):
        entry = by_name[name]
        if entry.shape != (size,) or entry.dtype not in (np.float32, np.float64):
            raise ValueError(
                f"the layers have {size} {name}, and the file holds {entry.dtype} "
                f"of shape {entry.shape}"
            )
    return layers


def _check_others(size: int, own: int) -> None:
    """Refuse more bytes of other arrays than a network with `own` bytes needs."""
    if size > (most := FREE + PER_BYTE * own):
        problem = f"its scalings and columns take {size:,} bytes; expected at most {most:,}"
        raise ValueError(f"{problem} for this network")


def _network(
    layers: list[Layer], parameters: np.ndarray[Any, Any], statistics: np.ndarray[Any, Any]
) -> Network:
    """Make a network of stored numbers, without drawing initial ones, which can take long."""
    network = Network.__new__(Network)
    network.__setstate__(
        {
            "layers": layers,
            "sizes": chain_widths(layers),
            "layout": Layout(layer.parameter_shapes for layer in layers),
            "statistics_layout": Layout(layer.statistic_shapes for layer in layers),
            "parameters": parameters,
            "statistics": statistics.astype(parameters.dtype, copy=False),
        }
    )
    _check_numbers(network)
    return network


def _check_numbers(network: Network) -> None:
    """Refuse parameters that are not finite, and negative variances."""
    for name in OWN:
        if not np.isfinite(getattr(network, name)).all():
            raise ArgumentError(f"its {name} are not all finite numbers", argument="network")
    for layer in network.layers:
        if isinstance(layer, BatchNorm) and (layer.variance < 0).any():
            raise ArgumentError(f"a variance of {layer!r} is negative", argument="network")
