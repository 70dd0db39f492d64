"""Loading: what a model file holds, a network alone or a predictor around one."""

from __future__ import annotations

from os import PathLike

from barenet.errors import ModelFileError, in_a_line
from barenet.files.model_file import read_model
from barenet.files.predictor import Predictor
from barenet.files.predictor_parts import WRONG, check_parts, read_parts
from barenet.model.network import Network

__all__ = ["load_model"]


def load_model(path: str | PathLike[str]) -> Predictor | Network:
    """Read a model file, whichever of the two it holds.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    Predictor or Network
        A network where nothing is known of raw rows.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If the file can't be used.
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
