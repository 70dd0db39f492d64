"""The parts of a predictor as a model file holds them: plain data for the header, and arrays.

What is read is what a stranger may have written; it is checked like what is saved.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.encoding import TableEncoding
from barenet.data.scaling import Scaling
from barenet.errors import brief, in_a_line
from barenet.files.model_card import ModelCard
from barenet.files.model_header import MAX_HEADER, has_room, without_repeats
from barenet.files.plain import as_tuple, check_mapping, check_text

if TYPE_CHECKING:
    from barenet.files.predictor import Predictor

__all__ = ["WRONG", "check_parts", "read_parts", "write_parts"]

#: What the header says instead of a scaling's name, and the array that then holds the encoding.
_TABLE = "table"

#: What a part that is not what it should be may raise.
WRONG = (LookupError, TypeError, ValueError, OverflowError, AttributeError, RecursionError)


def write_parts(predictor: Predictor) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Take a predictor apart."""
    extra: dict[str, Any] = {
        "scaling": _TABLE,
        "target_scaling": predictor.target_scaling and predictor.target_scaling.name,
        "classes": predictor.classes,
        "feature_names": predictor.feature_names,
        "target_name": predictor.target_name,
        "dataset": predictor.dataset,
        "image_shape": predictor.image_shape,
    }
    if predictor.text_classes:
        extra["text_classes"] = True
    arrays: dict[str, NDArray[Any]] = {}
    if isinstance(predictor.preprocessing, TableEncoding):
        text = json.dumps(predictor.preprocessing.to_dict(), allow_nan=False)
        arrays[_TABLE] = np.frombuffer(text.encode(), np.uint8)
    else:
        extra["scaling"] = predictor.preprocessing.name
        arrays["scaling.offset"] = predictor.preprocessing.offset
        arrays["scaling.factor"] = predictor.preprocessing.factor
    if predictor.target_scaling is not None:
        arrays["target_scaling.offset"] = predictor.target_scaling.offset
        arrays["target_scaling.factor"] = predictor.target_scaling.factor
    if (card := predictor.card) is not None:
        extra["card"] = card.to_dict()
        if not has_room(predictor.network, extra):
            extra["card"] = card.shortened().to_dict()
    return extra, arrays


def read_parts(extra: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Put the parts of a predictor together again."""
    table, card = extra["scaling"] == _TABLE, extra.get("card")
    parts = {
        "preprocessing": _encoding(tensors) if table else _scaling("scaling", extra, tensors),
        "target_scaling": _scaling("target_scaling", extra, tensors)
        if extra["target_scaling"] is not None
        else None,
        "classes": as_tuple(extra["classes"]),
        "text_classes": extra.get("text_classes", False),
        "feature_names": as_tuple(extra["feature_names"]) or (),
        "target_name": extra["target_name"],
        "dataset": extra["dataset"],
        "image_shape": as_tuple(extra["image_shape"]),
        "card": None if card is None else _card(card),
    }
    if tensors:
        raise ValueError(f"arrays that belong to nothing: {', '.join(tensors)}")
    return parts


def _card(plain: Any) -> ModelCard:
    """Read the card, which every error names."""
    try:
        return ModelCard.from_dict(check_mapping(plain, "card"))
    except WRONG as error:
        what = in_a_line(error)
        raise ValueError(what if what.startswith("card: ") else f"card: {what}") from error


def check_parts(predictor: Predictor) -> None:
    """Refuse parts that are not what they should be, or don't fit each other."""
    width, outputs = predictor.network.n_inputs, predictor.network.n_outputs
    if width is None or outputs is None:
        raise ValueError("network: has no layer that says how many inputs it takes")
    _check_preprocessing(predictor, width)
    if predictor.classes is not None:
        fitting = {1: {2}}.get(outputs, {outputs})
        _check_names("classes", predictor.classes, fitting, f"{outputs} outputs")
        if len(set(predictor.classes)) < len(predictor.classes) or "" in predictor.classes:
            raise ValueError("classes: expected different names, none of them empty")
        if wide := [name for name in predictor.classes if name != name.strip()]:
            raise ValueError(
                f"classes: {brief(wide[0])} has spaces around it, which are taken off where a "
                "table is read, so it would never be met; take them off before the network learns"
            )
    if type(predictor.text_classes) is not bool:
        raise ValueError(f"text_classes: expected True or False, got {predictor.text_classes!r}")
    if predictor.target_scaling is not None:
        _check_width("target_scaling", predictor.target_scaling, outputs, "outputs")
        if predictor.classes is not None:
            raise ValueError("target_scaling: classes are not scaled")
    check_text(predictor.target_name, "target_name", MAX_HEADER)
    if not isinstance(predictor.dataset, str):  # a file's name, which may be no Unicode
        raise ValueError(f"dataset: expected text, got {predictor.dataset!r}")
    if predictor.image_shape is not None:
        _check_shape(predictor.image_shape, width)
    if not isinstance(predictor.card, ModelCard | None):
        raise ValueError(f"card: expected a ModelCard, got {predictor.card!r}")


def _check_preprocessing(predictor: Predictor, width: int) -> None:
    """Refuse what does not make the network's inputs of the features."""
    encoding, names = predictor.preprocessing, predictor.feature_names
    if not isinstance(encoding, TableEncoding):
        _check_names("feature_names", names, {width}, f"{width} inputs")
        return _check_width("preprocessing", encoding, width, "inputs")
    if encoding.n_outputs != width:
        raise ValueError(f"preprocessing: gives {encoding.n_outputs} numbers for {width} inputs")
    if names != encoding.feature_names:
        raise ValueError("feature_names: are not those that the preprocessing takes")
    return None


def _encoding(tensors: dict[str, NDArray[Any]]) -> TableEncoding:
    """Read the records of a table's columns."""
    text = tensors.pop(_TABLE)
    if text.dtype != np.uint8:
        raise ValueError(f"{_TABLE}: expected bytes, got {text.dtype}")
    return TableEncoding.from_dict(
        json.loads(text.tobytes().decode(), object_pairs_hook=without_repeats)
    )


def _scaling(name: str, extra: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Scaling:
    return Scaling(extra[name], tensors.pop(f"{name}.offset"), tensors.pop(f"{name}.factor"))


def _check_names(argument: str, names: Any, sizes: set[int], purpose: str) -> None:
    if not isinstance(names, tuple):
        raise ValueError(f"{argument}: expected a tuple of text, got {names!r}")
    for name in names:
        check_text(name, argument, MAX_HEADER)
    if len(names) not in sizes:
        raise ValueError(f"{argument}: {len(names)} of them for {purpose}")


def _check_width(argument: str, scaling: Any, width: int, purpose: str) -> None:
    if not isinstance(scaling, Scaling):
        raise ValueError(f"{argument}: expected a Scaling, got {scaling!r}")
    if len(scaling.offset) != width:
        raise ValueError(f"{argument}: is of {len(scaling.offset)} features for {width} {purpose}")


def _check_shape(shape: Any, width: int) -> None:
    whole = isinstance(shape, tuple) and all(type(side) is int and side > 0 for side in shape)
    if not whole or len(shape) != 2 or math.prod(shape) != width:
        raise ValueError(
            f"image_shape: expected height and width, of {width} pixels, got {shape!r}"
        )
