"""The model file: numbers and names, and nothing that could run.

A safetensors file holds the network's vectors as tensors, and its layers as JSON in the header's
metadata, with a checksum of the whole file. Loading looks the layers' names up in a fixed list; no
code is read from the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from barenet.errors import ModelFileError, in_a_line
from barenet.files.atomic import write_atomically
from barenet.files.model_header import (
    check_seal,
    check_version,
    metadata,
    read_header,
    sealed,
    without_repeats,
)
from barenet.model.layers import LAYERS, layer_from
from barenet.model.layout import Layout
from barenet.model.network import Network

__all__ = [
    "check_layers",
    "load_network",
    "read_model",
    "save",
    "write_model",
]


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


def load_network(path: str | PathLike[str]) -> Network:
    """Load the network of a model file, without the preprocessing that may be stored with it.

    Parameters
    ----------
    path : str or path
        The file: from ``predictor.save``, ``network.save``, ``barenet train`` or a `Checkpoint`.

    Returns
    -------
    Network
        It takes rows as it was trained on, such as scaled ones, and predicts exactly as it did
        when it was saved. For raw rows, use `load`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it is damaged, not a model file, or newer than this version of barenet.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from barenet import Network, load_network
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> network = Network.dense([2, 3, 1], seed=5)
    >>> network.save(path)
    >>> bool((load_network(path).parameters == network.parameters).all())
    True
    """
    return read_model(path)[0]


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
    write_atomically(path, sealed(to_bytes(arrays, metadata=metadata(network, extra, version))))


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
        layer_from(layer.config())


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
            such = f"file such as {inside}" if inside.is_file() else "model file"
            raise FileNotFoundError(f"{path}: is a folder, expected a {such}")
        raise FileNotFoundError(f"{path}: there is no such file")
    data, header = read_header(path)
    said = header.get("__metadata__")
    if not isinstance(said, dict) or "barenet" not in said:
        raise ModelFileError(f"{path}: a safetensors file, but not one of barenet's models")
    try:
        description = json.loads(said["barenet"], object_pairs_hook=without_repeats)
        check_version(path, description["format_version"])
        check_seal(path, data, description["sha256"])
        tensors = _tensors(path, data)
        network, extra = _rebuild(description["network"], tensors), dict(description["extra"])
    except ModelFileError:
        raise
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ModelFileError(f"{path}: not a valid model: {in_a_line(error)}") from error
    return network, extra, tensors


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


def _rebuild(parts: Any, tensors: dict[str, np.ndarray[Any, Any]]) -> Network:
    """Make the layers, and give them the stored numbers."""
    stored = {name: tensors.pop(name) for name in ("parameters", "statistics")}
    if not isinstance(parts, dict) or not isinstance(parts["layers"], list):
        raise ValueError("its network is not a list of layers")
    layers = [layer_from(config) for config in parts["layers"]]
    # Before memory is asked for: what a file says of its size need not be true.
    _check_stored(stored["parameters"], "parameters", (layer.parameter_shapes for layer in layers))
    _check_stored(stored["statistics"], "statistics", (layer.statistic_shapes for layer in layers))
    with np.errstate(all="ignore"):  # Of numbers that are drawn, and then replaced.
        network = Network(layers, dtype=stored["parameters"].dtype)
    network.parameters[:], network.statistics[:] = stored["parameters"], stored["statistics"]
    return network


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
