"""The format of model files: numbers and names, and no code.

It is a safetensors file of the network's vectors and other arrays, with a JSON description in the
metadata of its header and a checksum of the whole file. Header and entries are checked before any
number is read, and only requested arrays are read, so a file can't take more memory than its reader
allows. The names of layers are looked up in a fixed list.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError, ModelFileError, brief, in_a_line
from barenet.files._atomic import write_atomically
from barenet.model._architecture import chain_widths
from barenet.model._layout import Layout
from barenet.model._network import Network
from barenet.model.layers import LAYERS, BatchNorm, Layer, layer_from

Arrays = dict[str, NDArray[Any]]

#: Maximum number of bytes of a header, which has no numbers.
MAX_HEADER = 2**20

#: Maximum number of dimensions of an array.
MOST_DIMENSIONS = 32

#: Bytes that are read at a time of arrays that are only hashed.
BLOCK = 2**20

#: The data types by their names in a header; all are little-endian.
TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "C64": "<c8", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip

#: Replaces the checksum while it is computed.
_NO_CHECKSUM = "0" * 64

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


def metadata(description: dict[str, Any]) -> dict[str, str]:
    """The metadata of a header, without a checksum."""
    return {"barenet": json.dumps({**description, "sha256": _NO_CHECKSUM})}


def to_bytes(description: dict[str, Any], arrays: Arrays) -> bytes:
    """The content of a file."""
    from safetensors.numpy import save

    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    data = save(contiguous, metadata=metadata(description))
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    check_size(len(header))
    at = 8 + header.rindex(_NO_CHECKSUM.encode())
    checksum = hashlib.sha256(data).hexdigest().encode()
    return data[:at] + checksum + data[at + len(checksum) :]


def check_size(size: int) -> None:
    """Refuse a header of more bytes than a file has room for."""
    if size > MAX_HEADER:
        problem = f"its layers and names take {size:,} bytes, and a model file has room for "
        raise ArgumentError(f"{problem}{MAX_HEADER:,}", argument="network")


class Entry(NamedTuple):
    """An array of a file; `start` and `stop` are byte offsets from the end of the header."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    stop: int


class Reader:
    """An open file, whose header has been read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        start = stream.read(8)
        length, left = int.from_bytes(start, "little"), os.fstat(stream.fileno()).st_size - 8
        if len(start) < 8 or length > min(left, MAX_HEADER):
            allowed = f"{max(left, 0):,} in the file and {MAX_HEADER:,} allowed"
            raise ValueError(f"it claims a header of {length:,} bytes, of {allowed}")
        self._head = start + stream.read(length)
        header = parse_json(self._head[8:])
        if self._head[8:9] != b"{":
            raise ValueError("no header")
        self._metadata = header.pop("__metadata__", None)
        #: The entries by name, in the order of their bytes.
        self.entries = _entries(header, left - length)

    def description(self) -> dict[str, Any]:
        """The description of the content, with the checksum."""
        if not isinstance(self._metadata, dict) or "barenet" not in self._metadata:
            raise ModelFileError("a safetensors file, but not one of barenet's models")
        return dict(parse_json(self._metadata["barenet"]))

    def arrays(self, names: Collection[str], checksum: object) -> Arrays:
        """Read the named arrays, and check all bytes."""
        digest, arrays = hashlib.sha256(self._without(checksum)), {}
        for entry in self.entries.values():
            if entry.name in names:
                array = arrays[entry.name] = np.empty(entry.shape, entry.dtype)
                content = array.reshape(-1).view(np.uint8)
                self._stream.readinto(content)  # type: ignore[attr-defined]
                digest.update(content.data)
                continue
            for at in range(entry.start, entry.stop, BLOCK):
                digest.update(self._stream.read(min(BLOCK, entry.stop - at)))
        if digest.hexdigest() != checksum:
            raise ModelFileError("damaged: its checksum does not match")
        return arrays

    def _without(self, checksum: object) -> bytes:
        """The head of the file before its checksum was inserted."""
        if not isinstance(checksum, str) or not re.fullmatch(r"[0-9a-f]{64}", checksum):
            return b""
        at = self._head.rfind(checksum.encode(), 8)
        return self._head[:at] + _NO_CHECKSUM.encode() + self._head[at + len(_NO_CHECKSUM) :]


def parse_json(text: str | bytes) -> Any:
    """Read JSON; refuse a repeated name of an object, of which Python would keep the last."""
    text = text if isinstance(text, str) else text.decode()
    return json.loads(text, object_pairs_hook=_unique_names)


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a name occurs twice")
    return result


def _entries(header: dict[str, Any], size: int) -> dict[str, Entry]:
    """The entries of a header; they must fill the file without gaps and overlaps."""
    entries = [_entry(name, value) for name, value in header.items()]
    entries.sort(key=lambda entry: (entry.start, entry.stop))
    end = 0
    for entry in entries:
        if entry.start != end:
            raise ValueError(f"{brief(entry.name)} begins at byte {entry.start:,}, not at {end:,}")
        end = entry.stop
    if end != size:
        raise ValueError(f"its arrays take {end:,} bytes, and the file has {size:,}")
    return {entry.name: entry for entry in entries}


def _entry(name: str, value: Any) -> Entry:
    try:
        dtype, shape = np.dtype(TYPES[value["dtype"]]), tuple(value["shape"])
        start, stop = value["data_offsets"]
        if not all(type(number) is int and 0 <= number < 2**63 for number in (*shape, start, stop)):
            raise ValueError("expected whole numbers")
        if len(shape) > MOST_DIMENSIONS or math.prod(shape) * dtype.itemsize != stop - start:
            raise ValueError("expected as many bytes as the shape takes")
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{brief(name)} is not the entry of an array: {brief(value)}") from error
    return Entry(name, dtype, shape, start, stop)


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
        with naming(path, "not a model file, or a damaged one"):
            reader = Reader(stream)
        with naming(path, "not a valid model"):
            return _read_body(reader, with_state)


@contextmanager
def naming(path: FilePath, problem: str) -> Iterator[None]:
    """Turn the errors of an invalid file into one that names it."""
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
