"""The format of model files: numbers and names, and no code.

It is a safetensors file of the network's vectors and other arrays, with a JSON description and a
checksum. The names of layers are looked up in a fixed list.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from barenet.errors import ArgumentError, ModelFileError, brief, in_a_line
from barenet.files._atomic import write_atomically
from barenet.files._safetensors import Arrays, Entry, Reader, check_size, metadata, to_bytes
from barenet.model._architecture import chain_widths
from barenet.model._layout import Layout
from barenet.model._network import Network
from barenet.model.layers import LAYERS, BatchNorm, Layer, layer_from

FilePath = str | PathLike[str]

#: A network, with the additional JSON and arrays.
StoredModel = tuple[Network, dict[str, Any], Arrays]

#: Increased when the version before could not read a file. Files that version 1 can read are
#: written as 1; 2 adds the encoding of a table, classes that are always text, and robust scaling.
FORMAT_VERSION = 2

#: Limit in bytes of other arrays (scalings, columns of a table): for each byte of the network's
#: own, and beyond that. A checkpoint has no such limit.
PER_BYTE, FREE = 4, 2**26

#: The arrays of the network itself.
OWN = ("parameters", "statistics")

#: Errors that an invalid file may raise.
INVALID = (LookupError, TypeError, ValueError, OverflowError, AttributeError, RecursionError)

#: Room in bytes for the entries of a predictor's arrays and the history of its training.
_RESERVED = 2**18


def write_model(
    path: FilePath, network: Network, extra: dict[str, Any], tensors: Arrays, version: int = 1
) -> None:
    """Write a network with additional JSON and arrays."""
    _check_numbers(network)
    check_layers(network)
    own = {name: getattr(network, name) for name in OWN}
    if "checkpoint" not in extra:
        _check_others(*(sum(each.nbytes for each in part.values()) for part in (tensors, own)))
    write_atomically(path, to_bytes(_description(network, extra, version), {**tensors, **own}))


def check_header_size(network: Network, extra: dict[str, Any]) -> None:
    """Refuse more text than a header has room for, before its arrays and history are known."""
    text = json.dumps(metadata(_description(network, extra, FORMAT_VERSION)))
    check_size(len(text) + _RESERVED)


def _description(network: Network, extra: dict[str, Any], version: int) -> dict[str, Any]:
    layers = [layer.config() for layer in network.layers]
    return {"format_version": version, "network": {"layers": layers}, "extra": extra}


def check_layers(network: Network) -> None:
    """Refuse a network that could be written and not be read again."""
    for layer in network.layers:
        if LAYERS.get(layer.name) is not type(layer):
            problem = f"{layer!r} is not one of barenet's layers, so it could not be loaded"
            remedy = "register its class in barenet.layers.LAYERS, here and where it is loaded"
            raise ArgumentError(problem, argument="network", remedy=remedy)
        _layer_from(layer.config())


def _layer_from(config: Any) -> Layer:
    """Make a layer, which may be user-defined or have a user-defined activation."""
    try:
        return layer_from(config)
    except ArgumentError as error:
        if error.problem.startswith("unknown"):
            registry = "LAYERS" if error.argument == "layer" else "ACTIVATIONS"
            error.remedy = f"register a user-defined class: {registry}[{brief(error.value)}] = ..."
        raise


def read_model(path: FilePath, *, with_state: bool = False) -> StoredModel:
    """Read a network with its JSON and arrays; those of a checkpoint only `with_state`."""
    _check_exists(Path(path))
    with Path(path).open("rb") as stream:
        with errors_naming_file(path, "not a model file, or a damaged one"):
            reader = Reader(stream)
        with errors_naming_file(path, "not a valid model"):
            return _read_body(reader, with_state)


@contextmanager
def errors_naming_file(path: FilePath, problem: str) -> Iterator[None]:
    """Let every error of an invalid file name it."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error
    except INVALID as error:
        raise ModelFileError(f"{path}: {problem}: {in_a_line(error)}") from error


def _read_body(reader: Reader, with_state: bool) -> StoredModel:
    """Read the arrays, after checking the description."""
    description, entries = reader.description(), reader.entries
    version = description["format_version"]
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        known = f"this barenet reads up to {FORMAT_VERSION}; install a newer barenet"
        raise ModelFileError(f"has format version {brief(version)}, and {known}")
    extra = dict(description["extra"])
    state = _architecture(description["network"], entries)
    is_checkpoint = "checkpoint" in extra
    if not is_checkpoint:
        sizes = {entry.name: entry.stop - entry.start for entry in entries.values()}
        own = sum(sizes[name] for name in OWN)
        _check_others(sum(sizes.values()) - own, own)
    names = OWN if is_checkpoint and not with_state else entries.keys()
    tensors = reader.arrays(names, description["sha256"])
    state |= {name: tensors.pop(name) for name in OWN}
    state["statistics"] = state["statistics"].astype(state["parameters"].dtype, copy=False)
    network = Network.__new__(Network)  # without drawing initial numbers, which can take long
    network.__setstate__(state)
    _check_numbers(network)
    return network, extra, tensors


def _check_exists(path: Path) -> None:
    if path.is_dir():
        inside = path / "model.safetensors"
        example = f"file such as {inside}" if inside.is_file() else "model file"
        raise FileNotFoundError(f"{path}: is a folder, expected a {example}")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")


def _architecture(parts: Any, entries: Mapping[str, Entry]) -> dict[str, Any]:
    """The state of a network without its vectors, whose sizes are compared with those stored."""
    if not isinstance(parts, dict) or not isinstance(parts["layers"], list):
        raise ValueError("its network is not a list of layers")
    layers = [_layer_from(config) for config in parts["layers"]]
    layouts = {
        "layout": Layout(layer.parameter_shapes for layer in layers),
        "statistics_layout": Layout(layer.statistic_shapes for layer in layers),
    }
    for name, layout in zip(OWN, layouts.values(), strict=True):
        entry = entries[name]
        if entry.shape != (layout.size,) or entry.dtype not in (np.float32, np.float64):
            found = f"the file holds {entry.dtype} of shape {entry.shape}"
            raise ValueError(f"the layers have {layout.size} {name}, and {found}")
    return {"layers": layers, "sizes": chain_widths(layers), **layouts}


def _check_others(size: int, own: int) -> None:
    """Refuse more bytes of other arrays than a network with `own` bytes needs."""
    if size > (most := FREE + PER_BYTE * own):
        problem = f"its scalings and columns take {size:,} bytes; expected at most {most:,}"
        raise ValueError(f"{problem} for this network")


def _check_numbers(network: Network) -> None:
    """Refuse parameters that are not finite, and negative variances."""
    for name in OWN:
        if not np.isfinite(getattr(network, name)).all():
            raise ArgumentError(f"its {name} are not all finite numbers", argument="network")
    for layer in network.layers:
        if isinstance(layer, BatchNorm) and (layer.variance < 0).any():
            raise ArgumentError(f"a variance of {layer!r} is negative", argument="network")
