"""Load a model file: a `Predictor`, or a bare `Network` where the file holds nothing else."""

from __future__ import annotations

from os import PathLike

from barenet.errors import ModelFileError, in_a_line
from barenet.files.model_file import read_model
from barenet.files.predictor import Predictor
from barenet.files.predictor_parts import WRONG, check_parts, read_parts
from barenet.model.network import Network

__all__ = ["load"]


def load(path: str | PathLike[str]) -> Predictor | Network:
    """Load a model file.

    Parameters
    ----------
    path : str or path
        The file: from ``predictor.save``, ``network.save``, ``barenet train`` or a `Checkpoint`.

    Returns
    -------
    Predictor or Network
        The predictor, which takes raw rows, if the file holds one; else the network, which takes
        preprocessed rows, as in training. `load_network` always returns the network. Both predict
        exactly as they did when they were saved.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it is damaged, not a model file, or newer than this version of barenet.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from barenet import Network, Predictor, Scaling, load
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> network = Network.dense([2, 1], seed=5)
    >>> network.save(path)
    >>> load(path)
    Network([Dense(2, 1, 'identity')], dtype='float32')
    >>> Predictor(
    ...     network=network, preprocessing=Scaling.fit("minmax", np.eye(2)),
    ...     classes=None, feature_names=("area", "floor"), target_name="price", dataset="homes",
    ... ).save(path)
    >>> load(path).feature_names
    ('area', 'floor')
    """
    network, extra, tensors = read_model(path)
    if "scaling" not in extra:
        return network
    try:
        predictor = Predictor(network=network, **read_parts(extra, tensors))
        check_parts(predictor)
    except WRONG as error:
        raise ModelFileError(f"{path}: not a valid model: {in_a_line(error)}") from error
    return predictor
