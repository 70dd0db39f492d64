"""Saving and loading of models: a `Predictor`, or a bare `Network` or `Ensemble`.

A predictor is stored as its network, with plain data in the header, and with its scalings and the
columns of a table as arrays.
"""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np

from barenet.errors import ArgumentError, ModelFileError
from barenet.files._background_rows import frame_from_bytes, frame_to_bytes
from barenet.files._model_card import ModelCard
from barenet.files._model_file import StoredModel, errors_naming_file, read_model, write_model
from barenet.files._model_path import model_address, model_file
from barenet.files._predictor import Predictor
from barenet.files._safetensors import Arrays
from barenet.model._conformal_residuals import ConformalResiduals
from barenet.model._ensemble import Ensemble, Model
from barenet.model._network import Network
from barenet.storage._file_io import as_address, name_of
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.reading._readers import PLAIN_KIND

#: A class that `load` returns.
ModelClass = TypeVar("ModelClass", Predictor, Network, Ensemble)

#: Stored instead of the name of a scaling; also the name of the array with the encoding.
_TABLE = "table"

#: The names of the arrays of `ConformalResiduals`.
_RATIOS = "residuals.ratios"
_ADDED_SPREAD = "residuals.added_spread"

#: The name of the array with the background rows.
_BACKGROUND = "background"

#: Attributes of a predictor that are stored without conversion.
PLAIN = ("classes", "feature_names", "target_name", "dataset", "image_shape")


def save(model: Predictor | Model | Any, path: str | PathLike[str]) -> None:
    """Write a model to a file atomically.

    Parameters
    ----------
    model : Predictor, Network, Ensemble, or fitted estimator
        A predictor is saved with its preprocessing, the names of its features and classes, and its
        model card. An estimator, or a pipeline or search with one, is saved as its predictor,
        without the parameters and the state that continue its training;
        `Predictor.from_estimator` lists the steps that a pipeline may have, and names the target.
    path : str or path
        The file, or its address, such as ``"s3://bucket/model.safetensors"``; the suffix is
        ``.safetensors`` or none. Read it with `load`.

    Raises
    ------
    ValueError
        If the model can't be stored, such as an estimator that is not fitted or a network with a
        custom layer, or if the file has another suffix; nothing is written.
    OSError
        If the file can't be written; an existing file is left unchanged.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from barenet import Network, load, save
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> save(Network.dense([2, 3, 1]), path)
    >>> load(path)
    Network([Dense(2, 3, 'relu'), Dense(3, 1, 'identity')], dtype='float32')
    """
    name = name_of(path)
    if Path(name).suffix.lower() not in ("", ".safetensors"):
        remedy = "export writes other formats"
        raise ArgumentError.of("path", name, "the suffix .safetensors or none", remedy=remedy)
    if hasattr(model, "fit"):
        model = Predictor.from_estimator(model)
    if isinstance(model, Predictor):
        extra, arrays = _split(model)
        write_model(path, model.network, extra, arrays)
    elif isinstance(model, Network | Ensemble):
        write_model(path, model, {}, {})
    else:
        expected = "a predictor, a network, an ensemble or a fitted estimator"
        raise ArgumentError.of("model", model, expected)


@overload
def load(path: str | PathLike[str]) -> Predictor | Model: ...
@overload
def load(path: str | PathLike[str], expected: type[ModelClass]) -> ModelClass: ...
def load(path: str | PathLike[str], expected: type[Any] | None = None) -> Any:
    """Load a model file.

    Parameters
    ----------
    path : str or path
        A file from `save`, ``barenet train`` or a `Checkpoint`, or the folder of a run, or the
        address of either, such as ``"s3://bucket/model.safetensors"``.
    expected : {Predictor, Network, barenet.typing.Ensemble}, optional
        The class to load. With `Predictor`, a file that holds only a network is an error; with
        `Network`, the network is loaded without the preprocessing that may be stored with it.

    Returns
    -------
    Predictor, Network or Ensemble
        By default, the predictor, which takes raw rows, if the file contains one. Otherwise, the
        network or ensemble, which takes preprocessed rows, as in training. Predictions are exactly
        the same as before the model was saved.

    Raises
    ------
    FileNotFoundError
        If the file does not exist, or the folder has no model.
    DataError
        If the file can't be copied from its address.
    ModelFileError
        If the file is damaged, is not a model file, is newer than this version of barenet, or
        contains a model of another class than `expected`.
    ValueError
        If `expected` is any other class.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from barenet import Network, Predictor, Scaling, load, save
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> predictor = Predictor(
    ...     network=Network.dense([2, 1]), preprocessing=Scaling.fit("minmax", np.eye(2)),
    ...     classes=None, feature_names=("area", "floor"), target_name="price", dataset="homes",
    ... )
    >>> save(predictor, path)
    >>> load(path).feature_names
    ('area', 'floor')
    >>> load(path, Network).sizes
    (2, 1)
    """
    if expected not in (None, Predictor, Network, Ensemble):
        raise ArgumentError.of("expected", expected, "Predictor, Network or Ensemble")
    path = _file_of(path)
    stored = read_model(path)
    if expected is Network or expected is Ensemble:
        return _check_class(stored.model, expected, path)
    if "scaling" not in stored.extra:
        if expected is Predictor:
            raise ModelFileError(f"{path}: holds no preprocessing; use barenet.load()")
        return stored.model
    with errors_naming_file(path, "not a valid model"):
        return _join(stored)


def _check_class(model: Model, expected: type[Any], path: str | PathLike[str]) -> Model:
    """Check that a model is a network or an ensemble, as expected."""
    if isinstance(model, expected):
        return model
    if isinstance(model, Ensemble):
        raise ModelFileError(
            f"{path}: holds several networks, expected one; train one with it as the teacher"
        )
    raise ModelFileError(f"{path}: holds one network, expected an ensemble")


def _file_of(path: str | PathLike[str]) -> str | PathLike[str]:
    """Return the path or address of a model file, which may be in the folder of a run."""
    address = as_address(path)
    return model_address(address) if address else model_file(Path(path))


def _split(predictor: Predictor) -> tuple[dict[str, Any], Arrays]:
    """Return the parts of a predictor besides its network: plain data, and arrays."""
    # The names of scalings replace these; an encoding of a table is in an array.
    extra: dict[str, Any] = {"scaling": _TABLE, "target_scaling": None}
    for name in PLAIN:
        extra[name] = getattr(predictor, name)
    if predictor.text_classes:
        extra["text_classes"] = True
    if predictor.threshold is not None:
        extra["threshold"] = predictor.threshold
    if predictor.target_kind != PLAIN_KIND:
        extra["target_kind"] = predictor.target_kind
    arrays: Arrays = {}
    parts = {"scaling": predictor.preprocessing, "target_scaling": predictor.target_scaling}
    for name, part in parts.items():
        if isinstance(part, Scaling):
            extra[name] = part.name
            arrays[f"{name}.offset"] = part.offset
            arrays[f"{name}.factor"] = part.factor
        elif part is not None:
            text = json.dumps(part.to_dict(), allow_nan=False)
            arrays[_TABLE] = np.frombuffer(text.encode(), np.uint8)
    residuals = predictor.residuals
    if residuals is not None:
        arrays[_RATIOS] = residuals.ratios
        arrays[_ADDED_SPREAD] = residuals.added_spread
    if predictor.background is not None:
        arrays[_BACKGROUND] = frame_to_bytes(predictor.background)
    if predictor.card is not None:
        extra["card"] = predictor.card.to_dict()
    return extra, arrays


def _join(stored: StoredModel) -> Predictor:
    """Make a predictor from its stored parts."""
    extra = stored.extra
    arrays = dict(stored.arrays)
    preprocessing: Any = _read_scaling("scaling", extra, arrays)  # the predictor checks its type
    target_scaling: Any = _read_scaling("target_scaling", extra, arrays)
    residuals = None
    if _RATIOS in arrays:
        ratios = arrays.pop(_RATIOS)
        added_spread = arrays.pop(_ADDED_SPREAD)
        residuals = ConformalResiduals(ratios, added_spread)
    background = frame_from_bytes(arrays.pop(_BACKGROUND)) if _BACKGROUND in arrays else None
    card = ModelCard.from_dict(extra["card"]) if extra.get("card") is not None else None
    if arrays:
        raise ValueError(f"unknown arrays: {', '.join(arrays)}")
    return Predictor(
        network=stored.model,
        preprocessing=preprocessing,
        classes=extra["classes"],
        feature_names=extra["feature_names"] or (),
        target_name=extra["target_name"],
        dataset=extra["dataset"],
        image_shape=extra["image_shape"],
        target_scaling=target_scaling,
        card=card,
        text_classes=extra.get("text_classes", False),
        residuals=residuals,
        background=background,
        threshold=extra.get("threshold"),
        target_kind=extra.get("target_kind", PLAIN_KIND),
    )


def _read_scaling(
    name: str, extra: dict[str, Any], arrays: Arrays
) -> Scaling | TableEncoding | None:
    """Make a scaling or an encoding from its name and its arrays, which are removed."""
    scaling_name = extra[name]
    if scaling_name is None:
        return None
    if scaling_name == _TABLE:
        text = arrays.pop(_TABLE).tobytes()
        return TableEncoding.from_dict(json.loads(text))
    offset = arrays.pop(f"{name}.offset")
    factor = arrays.pop(f"{name}.factor")
    return Scaling(scaling_name, offset, factor)
