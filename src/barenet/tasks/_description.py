"""The columns and the origin of a model, in words."""

import re
from collections.abc import Iterator
from typing import Any

from barenet.data._encoding import TableEncoding
from barenet.data._scaling import Scaling
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor


def describe_columns(preprocessing: TableEncoding | Scaling) -> list[dict[str, Any]] | None:
    """How the columns of a table are encoded; None for rows that are all numbers."""
    if not isinstance(preprocessing, TableEncoding):
        return None
    return [
        {"name": each.name, "kind": each.kind, "inputs": len(each.outputs), "how": each.formula}
        for each in preprocessing.columns
    ]


def describe_origin(predictor: Predictor) -> Iterator[tuple[str, str]]:
    """The inputs, the target and the network, and the origin of the model."""
    yield from predictor.description().items()
    card = predictor.card or ModelCard()
    if card.versions:
        versions = ", ".join(f"{name} {each}" for name, each in card.versions.items())
        yield "trained with", re.sub(r"bits of a vector (\d+)", r"vector width \1 bits", versions)
    if card.data_fingerprint:
        yield "data fingerprint", card.data_fingerprint
