"""Contributions of a row's columns to its prediction, by the network as it is now."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet import Network
from barenet.insight.contributions._hybrid_rows import RawBackground
from barenet.insight.contributions._shapley_values import Game, Sampler, exact_values
from barenet.model._array_dataset import class_probabilities
from barenet.model._arrays import FloatArray
from barenet.playground._sentences import Sentence, sentence
from barenet.playground.data._prepared_data import PreparedData
from barenet.playground.state._wire_format import finite

#: Maximum number of columns, and of training rows to compare with. The page requests the
#: contributions several times a second while it trains.
MAX_COLUMNS = 40
MAX_BACKGROUND = 50
#: Maximum number of hybrids of a row for which all coalitions of columns are computed.
EXACT_HYBRIDS = 2**12
#: Standard error at which the estimate ends, as a fraction of the spread of the predictions.
TOLERANCE = 0.03


def contributions_to(prepared: PreparedData, network: Network, index: int) -> dict[str, Any] | None:
    """Compute the contributions of the columns of a row to its class, or to its number.

    None if the row has few columns, which the page does not list, or too many. Columns that are not
    inputs of the network have no contribution.
    """
    columns = prepared.columns
    n_columns = len(columns)
    n_listed = n_columns
    if prepared.raw is not None:
        n_listed = len(prepared.raw.columns)
    if prepared.dataset.image_shape is not None or n_listed <= 2:
        return None
    if not 2 <= n_columns <= MAX_COLUMNS:
        return None
    background = _background(prepared)
    if not len(background):
        return None
    groups = []
    for start, column in columns:
        groups.append(range(start, start + len(column.inputs)))

    def predict(rows: NDArray[Any]) -> FloatArray:
        return _predict(prepared, network, rows)

    row = np.asarray(prepared.dataset.X[[index]], np.float64)
    prediction = predict(row)
    expected = predict(background)
    game = Game(
        hybrids=RawBackground(predict, background, groups).mix(row),
        outputs=prediction,
        background_outputs=expected,
        n_groups=n_columns,
        n_networks=1,
    )
    if 2**n_columns * len(background) <= EXACT_HYBRIDS:
        values = exact_values(game).values
    else:
        values = Sampler(0, TOLERANCE, None).values(game).values
    output = prepared.output
    described: Sentence = prepared.dataset.target_name
    if prepared.classes is not None:
        output = 1  # the second of two classes, whichever is predicted, as in `contributions`
        if len(prepared.classes) > 2:
            output = int(prediction[0].argmax())
        described = sentence("probability of {0}", prepared.classes[output])
    contributed = {}
    for (_, column), value in zip(columns, values[0, :, output], strict=True):
        contributed[column.name] = finite(value)
    return {
        "values": contributed,
        "output": described,
        "is_probability": prepared.classes is not None,
        "prediction": finite(prediction[0, output]),
        "expected": finite(expected[:, output].mean()),
    }


def _background(prepared: PreparedData) -> NDArray[np.float64]:
    """Return some of the training rows, encoded."""
    training = np.flatnonzero(~prepared.is_test)
    step = max(1, -(-len(training) // MAX_BACKGROUND))
    return np.asarray(prepared.dataset.X[training[::step]], np.float64)


def _predict(prepared: PreparedData, network: Network, rows: NDArray[Any]) -> FloatArray:
    """Predict encoded rows, whose inputs of pairs of columns are computed anew."""
    if prepared.encoding is not None and prepared.encoding.pairs:
        prepared.encoding.set_pairs(rows)
    inputs = prepared.features.apply(rows)
    X = prepared.scaling.transform(inputs, np.float32)
    outputs = prepared.predictions(network, X)
    if prepared.classes is not None:
        outputs = class_probabilities(outputs)
    return np.asarray(outputs, np.float64)
