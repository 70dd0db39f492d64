"""The format of model files, which contain numbers and names, but no code.

A model file is a safetensors file with the vectors of the network and other arrays. The metadata in
its header contain a JSON description, with the checksum of the whole file. Reading a file never
runs code from it; the names of layers are looked up in a fixed list.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import Configurable
from barenet._messages import brief, in_a_line, with_addresses
from barenet._registry import plain
from barenet.errors import ArgumentError, ModelFileError
from barenet.files._safetensors import Arrays, deserialize, end_of_header, serialize
from barenet.model._architecture import chain_widths
from barenet.model._ensemble import Ensemble, Model, networks_of
from barenet.model._layout import Layout
from barenet.model._network import Network
from barenet.model.layers import LAYERS, BatchNorm, Layer, layer_from
from barenet.storage._atomic_write import write_atomically
from barenet.storage._file_io import FREE_MEMORY, NO_MEMORY, local_path

FilePath = str | PathLike[str]

#: Replaces the checksum while it is computed.
_NO_CHECKSUM = "0" * 64

#: Increased when the previous version can't read a file. barenet 0.3 wrote 1 to 6, depending on the
#: parts of a model; 7 adds a threshold.
FORMAT_VERSION = 7

#: The arrays of the network itself; for an ensemble, the concatenated arrays of all its networks.
VECTORS = ("parameters", "statistics")

#: Errors that an invalid file may raise.
INVALID = (LookupError, TypeError, ValueError, OverflowError, AttributeError, RecursionError)


class StoredModel(NamedTuple):
    """A network or an ensemble, with the additional JSON and arrays of its file."""

    model: Model
    extra: dict[str, Any]
    arrays: Arrays


class _Architecture(NamedTuple):
    """A network without its numbers."""

    layers: list[Layer]
    #: The widths from the input to the output.
    sizes: tuple[int, ...]
    layout: Layout
    statistics_layout: Layout


def write_model(path: FilePath, model: Model, extra: dict[str, Any], tensors: Arrays) -> None:
    """Write a network or an ensemble, with additional JSON and arrays."""
    networks = networks_of(model)
    for network in networks:
        check_numbers(network)
        check_layers(network)
    arrays = dict(tensors)
    arrays["parameters"] = _joined([network.parameters for network in networks])
    arrays["statistics"] = _joined([network.statistics for network in networks])
    configs = []
    for network in networks:
        layers = [layer.config() for layer in network.layers]
        configs.append({"layers": layers})
    description: dict[str, Any] = {"format_version": FORMAT_VERSION}
    if isinstance(model, Ensemble):
        description["networks"] = configs
    else:
        description["network"] = configs[0]
    description["extra"] = extra
    write_atomically(path, to_bytes(description, arrays))


def _joined(vectors: list[NDArray[Any]]) -> NDArray[Any]:
    """Concatenate vectors; a single one is not copied."""
    return vectors[0] if len(vectors) == 1 else np.concatenate(vectors)


def check_layers(network: Network) -> None:
    """Reject a network that could be written but not read again."""
    for layer in network.layers:
        if LAYERS.get(layer.name) is not type(layer):
            problem = f"{layer!r} is not one of barenet's layers, so it could not be loaded"
            remedy = "register its class in barenet.layers.LAYERS, here and where it is loaded"
            raise ArgumentError(problem, argument="network", remedy=remedy)
        try:
            text = json.dumps(layer.config())
            loaded = _layer_from(json.loads(text))
        except ArgumentError:
            raise
        except INVALID as error:
            raise _not_loadable(layer, in_a_line(error)) from error
        # A custom `config` may store other values than the attributes.
        has_own_config = type(layer).config is not Layer.config
        # `trainable` is a setting of the training, not of the network that is loaded.
        not_compared = {*layer.parameter_shapes, *layer.statistic_shapes, "trainable"}
        for name, part in vars(layer).items():
            may_be_left_out = has_own_config and not isinstance(part, Configurable)
            if name in not_compared or may_be_left_out:
                continue
            _check_same(layer, name, part, vars(loaded).get(name))


def _check_same(owner: Any, name: str, part: Any, loaded: Any) -> None:
    """Reject an attribute, such as an activation, that would be loaded as something else."""
    if isinstance(part, Configurable):
        if _full_name(part) != _full_name(loaded):
            remedy = "give its class a name of its own, and register it"
            raise _not_loadable(part, f"{part.name!r} is another class", remedy)
        for inner, value in vars(part).items():
            _check_same(part, inner, value, vars(loaded).get(inner))
        return
    value = plain(part)
    loaded_value = plain(loaded)
    is_same = type(value) is type(loaded_value)
    if isinstance(value, str | float | int | tuple):  # types whose repr shows the whole value
        is_same = is_same and repr(value) == repr(loaded_value)
    if not is_same:
        raise _not_loadable(owner, f"its {name} would be {loaded_value!r}")


def _full_name(part: object) -> str:
    """Return the module and the name of an object's class."""
    part_class = type(part)
    return f"{part_class.__module__}.{part_class.__qualname__}"


def _not_loadable(part: object, reason: str, remedy: str = "") -> ArgumentError:
    """Return the error for a layer, or part of a layer, that a model file can't describe."""
    if not remedy:
        remedy = "keep each argument of the constructor in an attribute of its name"
        if isinstance(part, Layer):
            remedy += ", or write a method `config`"
    problem = f"{part!r} could not be loaded: {reason}"
    return ArgumentError(problem, argument="network", remedy=remedy)


def _layer_from(config: Any) -> Layer:
    """Make a layer, which may be user-defined or have a user-defined activation."""
    try:
        return layer_from(config)
    except ArgumentError as error:
        if error.problem.startswith("unknown") and error.expected:
            names = {"layer": "LAYERS", "activation": "ACTIVATIONS"}
            registry = names.get(error.argument, "INITIALIZERS")
            error.remedy = f"register a user-defined class: {registry}[{brief(error.value)}] = ..."
        raise


def read_model(path: FilePath) -> StoredModel:
    """Read a network or an ensemble, with its JSON and arrays."""
    file = local_path(path)
    _check_exists(file)
    with errors_naming_file(path, "not a model file, or a damaged one"):
        description, tensors = from_bytes(file.read_bytes())
    with errors_naming_file(path, "not a valid model"):
        version = description["format_version"]
        if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
            limit = f"this barenet reads up to {FORMAT_VERSION}; install a newer barenet"
            raise ModelFileError(f"has format version {brief(version)}, and {limit}")
        extra = dict(description["extra"])
        if "networks" in description:
            networks = list(_networks(description["networks"], tensors))
            return StoredModel(Ensemble(networks), extra, tensors)
        networks = list(_networks([description["network"]], tensors))
        return StoredModel(networks[0], extra, tensors)


@contextmanager
def errors_naming_file(path: FilePath, problem: str) -> Iterator[None]:
    """Name the file in every error that an invalid file raises."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error
    except MemoryError as error:
        raise ModelFileError(f"{path}: {NO_MEMORY}; {FREE_MEMORY}") from error
    except INVALID as error:
        raise ModelFileError(f"{path}: {problem}: {in_a_line(error)}") from error


def _check_exists(path: Path) -> None:
    shown = with_addresses(path)
    if path.is_dir():
        inside = path / "model.safetensors"
        example = f"file such as {inside}" if inside.is_file() else "model file"
        raise FileNotFoundError(f"{shown}: is a folder, expected a {example}")
    if not path.is_file():
        problem = "is not an ordinary file" if path.exists() else "there is no such file"
        raise FileNotFoundError(f"{shown}: {problem}")


def _networks(parts: Any, tensors: Arrays) -> Iterator[Network]:
    """Make the networks from their layers and their slices of the vectors, which are removed."""
    if not isinstance(parts, list) or not parts:
        raise ValueError("its networks are not a list")
    architectures = [_architecture(part) for part in parts]
    sizes = [architecture.layout.size for architecture in architectures]
    parameters_of = _split_vector("parameters", tensors, sizes)
    sizes = [architecture.statistics_layout.size for architecture in architectures]
    statistics_of = _split_vector("statistics", tensors, sizes)
    for at, architecture in enumerate(architectures):
        parameters = parameters_of[at]
        state = {
            "layers": architecture.layers,
            "sizes": architecture.sizes,
            "layout": architecture.layout,
            "statistics_layout": architecture.statistics_layout,
            "parameters": parameters,
            "statistics": statistics_of[at].astype(parameters.dtype, copy=False),
        }
        network = Network.__new__(Network)  # skips drawing initial numbers, which can take long
        network.__setstate__(state)
        check_numbers(network)
        yield network


def _split_vector(name: str, tensors: Arrays, sizes: list[int]) -> list[NDArray[Any]]:
    """Remove a vector of all networks, and split it into those of each network."""
    vector = tensors.pop(name)
    ends = np.cumsum(sizes)
    if vector.shape != (ends[-1],) or vector.dtype not in (np.float32, np.float64):
        content = f"the file holds {vector.dtype} of shape {vector.shape}"
        raise ValueError(f"the layers have {ends[-1]} {name}, and {content}")
    return np.split(vector, ends[:-1])


def _architecture(part: Any) -> _Architecture:
    """Make the layers of a network, and the positions of their numbers in its vectors."""
    if not isinstance(part, dict) or not isinstance(part["layers"], list):
        raise ValueError("its network is not a list of layers")
    layers = [_layer_from(config) for config in part["layers"]]
    layout = Layout(layer.parameter_shapes for layer in layers)
    statistics_layout = Layout(layer.statistic_shapes for layer in layers)
    return _Architecture(layers, chain_widths(layers), layout, statistics_layout)


def check_numbers(network: Network, argument: str = "network") -> None:
    """Reject parameters that are not finite, and negative variances."""
    for name in VECTORS:
        if not np.isfinite(getattr(network, name)).all():
            raise ArgumentError(f"its {name} are not all finite numbers", argument=argument)
    for layer in network.layers:
        if isinstance(layer, BatchNorm) and (layer.variance < 0).any():
            raise ArgumentError(f"a variance of {layer!r} is negative", argument=argument)


def to_bytes(description: dict[str, Any], arrays: Arrays) -> bytes:
    """Build the content of a file."""
    text = json.dumps({**description, "sha256": _NO_CHECKSUM})
    data = serialize(arrays, {"barenet": text})
    checksum = hashlib.sha256(data).hexdigest()
    return _replaced(data, _NO_CHECKSUM, checksum)


def from_bytes(data: bytes) -> tuple[dict[str, Any], Arrays]:
    """Read the description and the arrays of a file, and compare its checksum."""
    arrays, metadata = deserialize(data)
    if "barenet" not in metadata:
        raise ModelFileError("a safetensors file, but not one of barenet's models")
    description = dict(json.loads(metadata["barenet"]))
    checksum = str(description["sha256"])
    without_checksum = _replaced(data, checksum, _NO_CHECKSUM)
    if hashlib.sha256(without_checksum).hexdigest() != checksum:
        raise ModelFileError("damaged: its checksum does not match")
    return description, arrays


def _replaced(data: bytes, checksum: str, other: str) -> bytes:
    """Replace the checksum, which occurs last in the header."""
    start = data.rfind(checksum.encode(), 8, end_of_header(data))
    end = start + len(checksum)
    return data[:start] + other.encode() + data[end:]
