"""The model file: numbers and names, and nothing that could run.

A safetensors file holds the network's vectors as tensors, and its layers as JSON in the header's
metadata, with a checksum of the whole file. Loading looks the layers' names up in a fixed list; no
code is read from the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from barenet.errors import ModelFileError, brief, in_a_line
from barenet.files.atomic import write_atomically
from barenet.model.layers import LAYERS, Layer
from barenet.model.layout import Layout
from barenet.model.network import Network
from barenet.registry import lookup

__all__ = [
    "FORMAT_VERSION",
    "check_header",
    "check_layers",
    "has_room",
    "load",
    "read_model",
    "save",
    "without_repeats",
    "write_model",
]

#: Raised when a file of this version could not be read by the version before. What that one could
#: read is written as 1 still; 2 is a predictor with the encoding of a table.
FORMAT_VERSION = 2

#: Most bytes of a header: names and layers, no numbers.
MAX_HEADER = 2**20

#: Bytes of a header that the places of a predictor's arrays, and how its training ended, take at
#: most.
_ROOM = 4096

#: Stands where the checksum will, while the checksum is computed.
_NO_CHECKSUM = "0" * 64


def save(network: Network, path: str | PathLike[str]) -> None:
    """Write a network to a model file.

    Parameters
    ----------
    network : Network
        Of barenet's own layers.
    path : str or path
        Where to.

    Raises
    ------
    ValueError
        If the network has a layer that barenet does not know.
    OSError
        If the file can't be written; an old file there is left as it was.
    """
    write_model(path, network, {}, {})


def load(path: str | PathLike[str]) -> Network:
    """Read a network from a model file.

    Parameters
    ----------
    path : str or path
        The file, from ``network.save`` or ``barenet train``.

    Returns
    -------
    Network
        It predicts the same, to the last bit.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it is damaged, not a model file, or newer than this version of barenet.

    Warns
    -----
    UserWarning
        If the file also holds what is done to raw rows before the network sees them;
        `Predictor.load` applies it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from barenet import Network, load
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> network = Network.dense([2, 3, 1], seed=5)
    >>> network.save(path)
    >>> bool((load(path).parameters == network.parameters).all())
    True
    """
    network, extra, _ = read_model(path)
    if extra.get("scaling"):
        warnings.warn(
            f"{path} was trained on scaled inputs; Predictor.load() treats raw rows the same way",
            UserWarning,
            stacklevel=2,
        )
    return network


def write_model(
    path: str | PathLike[str],
    network: Network,
    extra: dict[str, Any],
    tensors: dict[str, np.ndarray[Any, Any]],
    version: int = 1,
) -> None:
    """Write a network with more that belongs to it.

    Parameters
    ----------
    path : str or path
        Where to.
    network : Network
        Of barenet's own layers.
    extra : dict
        Plain data, kept as JSON.
    tensors : dict of str to ndarray
        Arrays besides the network's own.
    version : int, default 1
        The first version of the format that has all of this.
    """
    from safetensors.numpy import save as to_bytes

    if not (np.isfinite(network.parameters).all() and np.isfinite(network.statistics).all()):
        raise ValueError("network: its parameters are not all finite numbers, so it is not saved")
    check_layers(network)
    own = {"parameters": network.parameters, "statistics": network.statistics}
    arrays = {name: np.ascontiguousarray(array) for name, array in {**tensors, **own}.items()}
    # In one entry, as safetensors writes several in random order: the same model, the same bytes.
    data = to_bytes(arrays, metadata=_metadata(network, extra, version))
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    _check_room(len(header))
    at = 8 + header.rindex(_NO_CHECKSUM.encode())
    checksum = hashlib.sha256(data).hexdigest().encode()
    write_atomically(path, data[:at] + checksum + data[at + len(checksum) :])


def check_header(network: Network, extra: dict[str, Any]) -> None:
    """Refuse names and layers that a model file has no room for.

    Parameters
    ----------
    network : Network
        Of barenet's own layers.
    extra : dict
        As for `write_model`.

    Raises
    ------
    ValueError
        If they are too many, or too long.
    """
    _check_room(_size(network, extra))


def has_room(network: Network, extra: dict[str, Any]) -> bool:
    """Tell if names and layers fit into a model file.

    Parameters
    ----------
    network : Network
        Of barenet's own layers.
    extra : dict
        As for `write_model`.

    Returns
    -------
    bool
        True if `check_header` would not refuse them.
    """
    return _size(network, extra) <= MAX_HEADER


def _size(network: Network, extra: dict[str, Any]) -> int:
    """How many bytes a header takes, at most."""
    return len(json.dumps(_metadata(network, extra, FORMAT_VERSION))) + _ROOM


def _metadata(network: Network, extra: dict[str, Any], version: int) -> dict[str, str]:
    """All of a header but the places of the arrays; the checksum comes later."""
    description = {
        "format_version": version,
        "network": {"layers": [layer.config() for layer in network.layers]},
        "extra": extra,
        "sha256": _NO_CHECKSUM,
    }
    return {"barenet": json.dumps(description)}


def _check_room(size: int) -> None:
    if size > MAX_HEADER:
        raise ValueError(
            f"network: its layers and names take {size:,} bytes, "
            f"and a model file has room for {MAX_HEADER:,}"
        )


def check_layers(network: Network) -> None:
    """Refuse a network that could be written and not be read again.

    Parameters
    ----------
    network : Network
        What is to be written.

    Raises
    ------
    ValueError
        If it has a layer that barenet does not know.
    """
    for layer in network.layers:
        if LAYERS.get(layer.name) is not type(layer):
            raise ValueError(
                f"network: {layer!r} is not one of barenet's layers, so nobody could load it; "
                "barenet.LAYERS[name] = its class makes it one, here and where it is loaded"
            )
        _layer(layer.config())


def read_model(
    path: str | PathLike[str],
) -> tuple[Network, dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Read a network with all that belongs to it.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    network : Network
        With its parameters and statistics.
    extra : dict
        Plain data.
    tensors : dict of str to ndarray
        Arrays besides the network's own.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If the file can't be used; the message says why.
    """
    if not Path(path).is_file():
        if Path(path).is_dir():
            inside = Path(path) / "model.safetensors"
            raise FileNotFoundError(f"{path}: is a folder, expected a file such as {inside}")
        raise FileNotFoundError(f"{path}: there is no such file")
    data, header = _read(path)
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or "barenet" not in metadata:
        raise ModelFileError(f"{path}: a safetensors file, but not one of barenet's models")
    try:
        description = json.loads(metadata["barenet"], object_pairs_hook=without_repeats)
        _check_version(path, description["format_version"])
        _check_checksum(path, data, description["sha256"])
        tensors = _tensors(path, data)
        network, extra = _rebuild(description["network"], tensors), dict(description["extra"])
    except ModelFileError:
        raise
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ModelFileError(f"{path}: not a valid model: {in_a_line(error)}") from error
    return network, extra, tensors


def _read(path: str | PathLike[str]) -> tuple[bytes, dict[str, Any]]:
    """Read the file and its header; the header's length is not believed before it is checked."""
    with Path(path).open("rb") as stream:
        start = stream.read(8)
        length, left = int.from_bytes(start, "little"), os.fstat(stream.fileno()).st_size - 8
        if len(start) < 8 or length > min(left, MAX_HEADER):
            raise ModelFileError(
                f"{path}: not a model file, or a damaged one: it claims a header of {length:,} "
                f"bytes, of {max(left, 0):,} in the file and {MAX_HEADER:,} allowed"
            )
        text = stream.read(length)
        try:
            header = json.loads(text.decode(), object_pairs_hook=without_repeats)
        except (ValueError, RecursionError) as error:
            raise ModelFileError(
                f"{path}: not a model file, or a damaged one: "
                f"its header is no JSON: {in_a_line(error)}"
            ) from error
        if not text.startswith(b"{"):
            raise ModelFileError(f"{path}: not a model file, or a damaged one: no header")
        if (claimed := _claimed_end(header)) not in (None, left - length):
            raise ModelFileError(
                f"{path}: damaged: {claimed:,} bytes of numbers are claimed, and the file has "
                f"{left - length:,}"
            )
        return start + text + stream.read(), header


def _claimed_end(header: dict[str, Any]) -> int | None:
    """How many bytes of arrays a header speaks of; None where it makes no sense, which is found."""
    entries = [entry for name, entry in header.items() if name != "__metadata__"]
    try:
        return max((int(entry["data_offsets"][1]) for entry in entries), default=0)
    except (LookupError, TypeError, ValueError, OverflowError):
        return None


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that is there twice, of which JSON would keep the last."""
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a name is there twice")
    return result


def _check_checksum(path: str | PathLike[str], data: bytes, checksum: object) -> None:
    """Compute the checksum of the file as it was before its checksum was put in."""
    text = checksum.encode() if isinstance(checksum, str) else b""
    at = data.rfind(text, 8, 8 + int.from_bytes(data[:8], "little"))
    view = memoryview(data)
    found = hashlib.sha256(view[:at])
    found.update(_NO_CHECKSUM.encode())
    found.update(view[at + len(_NO_CHECKSUM) :])
    if at < 0 or found.hexdigest() != checksum:
        raise ModelFileError(f"{path}: damaged: its checksum does not match")


def _tensors(path: str | PathLike[str], data: bytes) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    """Let safetensors read the arrays, which checks offsets and sizes."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    try:
        return from_bytes(data)
    except SafetensorError as error:
        raise ModelFileError(
            f"{path}: not a model file, or a damaged one: {in_a_line(error)}"
        ) from error


def _check_version(path: str | PathLike[str], version: object) -> None:
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        raise ModelFileError(
            f"{path}: has format version {brief(version)}, and this barenet reads up to "
            f"{FORMAT_VERSION}; install a newer barenet"
        )


def _rebuild(parts: Any, tensors: dict[str, np.ndarray[Any, Any]]) -> Network:
    """Make the layers, and give them the stored numbers."""
    stored = {name: tensors.pop(name) for name in ("parameters", "statistics")}
    if not isinstance(parts, dict) or not isinstance(parts["layers"], list):
        raise ValueError("its network is not a list of layers")
    layers = [_layer(config) for config in parts["layers"]]
    # Before memory is asked for: what a file says of its size need not be true.
    _check_stored(stored["parameters"], "parameters", (layer.parameter_shapes for layer in layers))
    _check_stored(stored["statistics"], "statistics", (layer.statistic_shapes for layer in layers))
    with np.errstate(all="ignore"):  # Of numbers that are drawn, and then replaced.
        network = Network(layers, dtype=stored["parameters"].dtype)
    network.parameters[:], network.statistics[:] = stored["parameters"], stored["statistics"]
    return network


def _layer(config: Any) -> Layer:
    if not isinstance(config, dict):
        raise ValueError(f"{config!r} is not a layer")
    arguments = {name: value for name, value in config.items() if name != "layer"}
    return lookup(LAYERS, config["layer"], "layer")(**arguments)


def _check_stored(
    stored: np.ndarray[Any, Any], name: str, shapes: Iterable[dict[str, tuple[int, ...]]]
) -> None:
    """Hold a stored vector against the layers that it is for."""
    size = Layout(shapes).size
    if stored.shape != (size,) or stored.dtype not in (np.float32, np.float64):
        raise ValueError(
            f"the layers have {size} {name}, and the file holds {stored.dtype} "
            f"of shape {stored.shape}"
        )
    if not np.isfinite(stored).all():
        raise ValueError(f"its {name} are not all finite numbers")
