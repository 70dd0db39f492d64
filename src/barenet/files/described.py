"""What a model file holds, in words: what it predicts, from what, and where it comes from.

The command and the notebook say the same of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from barenet.data.encoding import TableEncoding
from barenet.errors import printable, some
from barenet.model.layers.dense import Dense
from barenet.model.network import Network

if TYPE_CHECKING:
    from barenet.files.predictor import Predictor
    from barenet.files.training_log import TrainingLog

__all__ = [
    "describe_log",
    "describe_network",
    "describe_predictor",
    "describe_rows",
    "name_of_rows",
    "write_predictor",
]

#: Names that are shown; more make a card that nobody reads.
MOST_NAMES = 8


def write_predictor(predictor: Predictor) -> str:
    """Write what a predictor is shown as.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import Network, Predictor, Scaling
    >>> Predictor(
    ...     network=Network.dense([2, 1]), preprocessing=Scaling.fit("minmax", np.eye(2)),
    ...     classes=None, feature_names=("area", "floor"), target_name="price", dataset="homes",
    ... )
    <Predictor
      predicts     price, a number
      from         2 features: area, floor
      scaling      minmax
      network      2 → 1 identity, 3 parameters of float32
      trained on   homes>
    """
    said = [*describe_predictor(predictor)]
    said.insert(3, ("network", describe_network(predictor.network)))
    return "<Predictor" + "".join(f"\n  {name:<11}  {what}" for name, what in said) + ">"


def describe_predictor(predictor: Predictor) -> Iterator[tuple[str, str]]:
    """Say in some lines what it does, and where it comes from.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import Network, Predictor, Scaling
    >>> predictor = Predictor(
    ...     network=Network.dense([2, 1]), preprocessing=Scaling.fit("minmax", np.eye(2)),
    ...     classes=None, feature_names=("area", "floor"), target_name="price", dataset="",
    ... )
    >>> dict(describe_predictor(predictor))["from"]
    '2 features: area, floor'
    """
    yield "predicts", _predicts(predictor)
    yield "from", _inputs(predictor)
    yield "scaling", _scaling(predictor)
    card = predictor.card
    rows = "" if card is None else describe_rows(card.rows)
    if predictor.dataset or rows:
        dataset = predictor.dataset and printable(predictor.dataset)
        yield "trained on", ": ".join(filter(None, (dataset, rows)))
    if card is not None and card.log is not None:
        yield "trained for", describe_log(card.log)


def describe_rows(rows: Mapping[str, int]) -> str:
    """Say how many rows were for what.

    Examples
    --------
    >>> describe_rows({"training": 1200, "held_out": 300})
    '1,200 training rows, 300 test rows'
    """
    return ", ".join(f"{number:,} {name_of_rows(name)} rows" for name, number in rows.items())


def name_of_rows(key: str) -> str:
    """Return the name of rows from their key on a card, which is ``held_out`` for the test rows."""
    return "test" if key == "held_out" else printable(key).replace("_", " ")


def describe_log(log: TrainingLog) -> str:
    """Say how long a training was, and which epoch was kept.

    Examples
    --------
    >>> from barenet import History
    >>> from barenet.files.training_log import TrainingLog
    >>> describe_log(TrainingLog.of(History({"loss": [0.5, 0.4]}, seed=7)))
    '2 epochs, seed 7'
    """
    ended = log.stopped_because
    why = "" if ended in ("", "completed") else f" ({ended})"
    best = "" if log.best_epoch is None else f", kept the best, epoch {log.best_epoch}"
    engine = f", {log.engine} engine" if log.engine else ""
    return f"{log.n_epochs:,} epoch{'s' * (log.n_epochs != 1)}{why}{best}{engine}, seed {log.seed}"


def describe_network(network: Network) -> str:
    """Say in a line what a network is made of; those in the middle are left out of many layers.

    Examples
    --------
    >>> describe_network(Network.dense([2, 8, 3], hidden="tanh", output="softmax"))
    '2 → 8 tanh → 3 softmax, 51 parameters of float32'
    """
    steps = [str(network.n_inputs or "any")]
    for layer in network.layers:
        name = str(layer.n_out) if isinstance(layer, Dense) else layer.name
        steps.append(name if layer.activation is None else f"{name} {layer.activation.name}")
    if len(steps) > MOST_NAMES:
        steps[MOST_NAMES // 2 : -1] = [f"… ({len(network.layers)} layers)"]
    return f"{' → '.join(steps)}, {network.n_parameters:,} parameters of {network.dtype}"


def _predicts(predictor: Predictor) -> str:
    classes, target = predictor.classes, printable(predictor.target_name)
    if classes is None:
        return f"{target}, {'a number' if predictor.network.n_outputs == 1 else 'numbers'}"
    return f"{target}, one of {len(classes)}: {some(classes, MOST_NAMES)}"


def _inputs(predictor: Predictor) -> str:
    if predictor.image_shape:
        height, width = predictor.image_shape
        return f"images of {height} × {width} pixels"
    names = predictor.feature_names
    return f"{len(names)} feature{'s' * (len(names) != 1)}: {some(names, MOST_NAMES)}"


def _scaling(predictor: Predictor) -> str:
    target, before = predictor.target_scaling, predictor.preprocessing
    how = "column by column" if isinstance(before, TableEncoding) else before.name
    return how + (f", and the target: {target.name}" if target else "")
