"""The digit pad: the classes of a drawing, and the test rows behind the confusion matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from barenet.errors import ArgumentError
from barenet.playground._network_view import NetworkView
from barenet.playground._wire_format import finite

#: Maximum number of test rows of a cell of the confusion matrix.
MAX_SHOWN = 24


def classify(view: NetworkView, pixels: Sequence[float]) -> dict[str, Any]:
    """Compute the probabilities of the classes of one image, given row by row as in the data."""
    prepared = view.prepared
    count = prepared.dataset.n_features
    if prepared.dataset.image_shape is None:  # the page has not yet received the new data
        return {"probabilities": []}
    if len(pixels) != count:
        raise ArgumentError.of("pixels", len(pixels), f"a list of {count} numbers")
    with np.errstate(all="ignore"):
        probabilities = prepared.predictor(view.current()).probabilities(np.array([pixels]))[0]
    return {"probabilities": finite(probabilities)}


def test_image(view: NetworkView, number: int) -> dict[str, Any]:
    """Take a test image by its number, beginning again after the last."""
    prepared = view.prepared
    if prepared.dataset.image_shape is None or not len(prepared.test_rows):
        raise ArgumentError("there are no test images", argument="row", remedy="choose the digits")
    number %= len(prepared.test_rows)
    pixels = np.asarray(prepared.dataset.X)[prepared.test_rows[number]]
    truth = int(prepared.test[1][number])
    return {"row": number, "pixels": pixels.astype(float).tolist(), "truth": truth}


def list_cell(view: NetworkView, truth: int, predicted: int) -> dict[str, Any]:
    """List the test rows of one class that the network predicts as another, the surest first."""
    prepared, report = view.prepared, view.latest
    classes, rows = prepared.classes or (), prepared.dataset
    for name, value in (("row", truth), ("column", predicted)):
        if not 0 <= value < len(classes):
            raise ArgumentError.of(name, value, f"the index of one of {len(classes)} classes")
    with np.errstate(all="ignore"):
        probabilities = prepared.test_probabilities(view.current(report))
    is_listed = prepared.test[1][: len(probabilities)] == truth
    found = np.flatnonzero(is_listed & (probabilities.argmax(axis=1) == predicted))
    shown = found[np.argsort(-probabilities[found, predicted], kind="stable")][:MAX_SHOWN]
    is_image = rows.image_shape is not None
    values = np.asarray(rows.X) if is_image else prepared.points
    return {
        "epoch": report.epoch,
        "truth": truth,
        "predicted": predicted,
        "count": len(found),
        "rows": np.round(values[prepared.test_rows[shown]], 4).tolist(),
        "probabilities": finite(probabilities[shown][:, [truth, predicted]]),
    }
